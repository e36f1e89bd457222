//! `live` from the user's side: real processes against the X API emulator on a socket.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use emulators::server::Server;
use emulators::x_api::{Corpus, EMULATOR_TOKEN, Fault, Options, XEmulator};

use crate::local;

/// The X API on a socket, served until the value is dropped.
struct XApi {
    emulator: XEmulator,
    server: Server,
    _runtime: tokio::runtime::Runtime,
}

impl XApi {
    fn start() -> Self {
        Self::behind(chrono::TimeDelta::zero())
    }

    /// Creates a server whose clock is behind that of the processes under test.
    #[expect(clippy::disallowed_methods, reason = "the processes under test read the real clock too")]
    fn behind(time: chrono::TimeDelta) -> Self {
        let emulator = XEmulator::new(Corpus::seeded(1), Options::default());
        let answering = emulator.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(Server::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), move |request| {
            let answer = answering.respond(&request, chrono::Utc::now() - time);
            async move { answer }
        }));
        Self { emulator, server: server.unwrap(), _runtime: runtime }
    }

    /// Returns `local live` against this server, with only the token in the environment.
    fn live(&self, lake: &Path, arguments: &[&str]) -> Command {
        let mut command = local(lake, &[&["live", "--x-api-url", &self.server.url()], arguments].concat());
        command.env("X_BEARER_TOKEN", EMULATOR_TOKEN);
        command
    }

    /// Returns the number of posts served, each of which X would bill.
    fn posts(&self) -> u64 {
        self.emulator.served().posts
    }
}

/// Returns exit code, standard output and standard error, after checking that neither contains the token.
fn run_command(mut command: Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(!stdout.contains(EMULATOR_TOKEN) && !stderr.contains(EMULATOR_TOKEN), "{stdout}{stderr}");
    (status.code().unwrap(), stdout, stderr)
}

#[track_caller]
fn check(command: Command, code: i32, want: &str) -> String {
    let (status, stdout, stderr) = run_command(command);
    assert_eq!(status, code, "{stdout}{stderr}");
    assert!(stderr.contains(want), "expected `{want}` in:\n{stderr}");
    stdout + &stderr
}

/// Returns the number of rows in the lake, and how many of them are the only row of their tweet.
fn rows(lake: &Path) -> (u64, u64) {
    let statement = "SELECT count(*) AS rows, count(DISTINCT id) AS tweets FROM tweets";
    let (_, stdout, stderr) = run_command(local(lake, &["sql", statement, "--format", "json"]));
    let counted: serde_json::Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"));
    (counted["rows"].as_u64().unwrap(), counted["tweets"].as_u64().unwrap())
}

/// Returns every file below a folder that contains a text.
fn holding(dir: &Path, text: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| match std::fs::read(&path) {
        Ok(bytes) => Vec::from_iter(bytes.windows(text.len()).any(|window| window == text.as_bytes()).then_some(path)),
        Err(_) => holding(&path, text),
    });
    found.collect()
}

#[test]
fn live_shows_the_cost_reads_and_resumes_where_it_stopped() {
    let (x_api, dir) = (XApi::start(), tempfile::tempdir().unwrap());
    let lake = dir.path().join("lake");
    let shown = check(x_api.live(&lake, &["--yes"]), 0, "Cost    at most $5.00 for 1,000 posts at $0.005; $0.005 for the count is spent");
    assert!(shown.contains("the last 30 minutes, --lookback-minutes") && shown.contains("complete"), "{shown}");
    let served = x_api.emulator.served();
    assert_eq!(served.counts, 1, "matching posts are counted once");
    assert!(served.posts > 0);
    // The number read is the number announced, except for posts that arrived in between.
    let announced = shown.lines().find_map(|line| line.strip_prefix("Posts   ")?.split(' ').next()).unwrap().replace(',', "");
    let announced: u64 = announced.parse().unwrap();
    assert!((announced..announced + 5).contains(&served.posts), "{shown}");
    assert_eq!(rows(&lake), (served.posts, served.posts));

    std::thread::sleep(std::time::Duration::from_secs(2));
    let shown = check(x_api.live(&lake, &["--yes"]), 0, "(where the last run stopped)");
    assert!(!shown.contains("--lookback-minutes"), "{shown}");
    assert_eq!(rows(&lake), (x_api.posts(), x_api.posts()), "each post is paid for once: {shown}");
    assert_eq!(holding(&lake, EMULATOR_TOKEN), Vec::<std::path::PathBuf>::new(), "no file holds the token");
}

#[test]
fn no_more_posts_than_the_cap_are_paid_for() {
    let (x_api, dir) = (XApi::start(), tempfile::tempdir().unwrap());
    let arguments = ["--yes", "--max-posts", "60", "--lookback-minutes", "1440"];
    let shown = check(x_api.live(dir.path(), &arguments), 3, "stopped: the cap of 60 posts is reached and more are pending");
    assert!(shown.contains("at most $0.30 for 60 posts"), "{shown}");
    assert!((51..=60).contains(&x_api.posts()), "{}", x_api.posts());
    let first = x_api.posts();
    // The rest of the sweep and the new posts are counted separately, because a sweep keeps its query.
    let other = ["--yes", "--max-posts", "60", "--query", "presidente lang:pt"];
    let shown = check(x_api.live(dir.path(), &other), 3, "in the middle of another query, which is finished first");
    assert!(shown.contains("$0.010 for the count is spent"), "{shown}");
    assert!((51..=60).contains(&(x_api.posts() - first)));
    assert_eq!(rows(dir.path()), (x_api.posts(), x_api.posts()));

    let month = ["--yes", "--max-posts-per-month", "130"];
    let shown = check(x_api.live(dir.path(), &month), 3, "stopped: this month's 130 posts have been read");
    assert!(shown.contains("at most $0.0"), "{shown}");
    assert!(x_api.posts() <= 130, "{}", x_api.posts());
}

#[test]
fn live_asks_before_it_spends() {
    let (x_api, dir) = (XApi::start(), tempfile::tempdir().unwrap());
    let shown = check(x_api.live(dir.path(), &[]), 2, "add --yes to continue without asking");
    assert!(shown.contains("Usage:"), "{shown}");
    assert_eq!(x_api.emulator.served().requests, 0, "not even the count is paid for");
}

#[test]
fn the_token_comes_from_a_file_a_pipe_or_the_environment() {
    let (x_api, dir) = (XApi::start(), tempfile::tempdir().unwrap());
    let file = dir.path().join("token.txt");
    let lake = dir.path().join("lake");
    let with = |text: &str, from: &str| {
        std::fs::write(&file, text).unwrap();
        let mut command = x_api.live(&lake, &["--yes", "--max-posts", "10", "--lookback-minutes", "1440", "--token-file", from]);
        command.env_remove("X_BEARER_TOKEN").stdin(std::fs::File::open(&file).unwrap());
        command
    };
    let path = file.to_str().unwrap();
    check(with(&format!("{EMULATOR_TOKEN}\n"), path), 3, "the cap of 10 posts is reached");
    check(with(&format!("{{\"bearer_token\": \"{EMULATOR_TOKEN}\"}}"), "-"), 3, "the cap of 10 posts is reached");
    check(with(&format!("{{\"token_type\":\"bearer\",\"access_token\":\"{EMULATOR_TOKEN}\"}}"), "-"), 3, "the cap of 10 posts is reached");
    check(with(&format!("\u{feff}{EMULATOR_TOKEN}\r\n"), path), 3, "the cap of 10 posts is reached");
    check(with("<html>", path), 1, "token.txt holds no bearer token; it must be the token alone");
    check(with("", "-"), 1, "standard input holds no bearer token");
    check(with("\u{feff}", path), 1, "token.txt holds no bearer token");
    let pasted = with("", EMULATOR_TOKEN); // `run_command` checks that it is not printed
    check(pasted, 1, "cannot read the token from the file that --token-file names: No such file");
    check(with("", "/nowhere/token"), 1, "cannot read the token from /nowhere/token: No such file");
    let mut without = x_api.live(&lake, &["--yes"]);
    without.env_remove("X_BEARER_TOKEN");
    check(without, 1, "there is no token; set X_BEARER_TOKEN, or name a file with --token-file FILE");
}

/// The token is sent to the address on the command line: no variable and no proxy can redirect it.
#[test]
fn only_the_token_is_read_from_the_environment() {
    let (x_api, dir) = (XApi::start(), tempfile::tempdir().unwrap());
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let mut command = x_api.live(dir.path(), &["--yes", "--max-posts", "10", "--lookback-minutes", "1440"]);
    for name in ["X_API_BASE_URL", "AWS_ENDPOINT_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        command.env(name, format!("http://{}", trap.local_addr().unwrap()));
    }
    command.env("SEARCH_QUERY", "-refused").env("MAX_POSTS_PER_RUN", "refused");
    check(command, 3, "the cap of 10 posts is reached");
    assert_eq!(trap.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "a request reached the trap");
}

#[test]
fn wrong_options_are_reported_before_any_request() {
    const PASTED: &str = "AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid";
    let (x_api, dir) = (XApi::start(), tempfile::tempdir().unwrap());
    let long = "é".repeat(513);
    for (arguments, want) in [
        (&["--query", ""][..], "--query is empty"),
        (&["--query", &long], "--query has 513 characters; the X API accepts 1 to 512"),
        (&["--query", "-lang:pt"], "--query only excludes"),
        (&["--max-posts", "5"], "5 is not in 10..=100000"),
        (&["--max-posts", "many"], "invalid digit"),
        (&["--lookback-minutes", "10081"], "10081 is not in 1..=10080"),
        (&["--expansions", "author_id"], "unexpected argument '--expansions'"),
    ] {
        check(x_api.live(dir.path(), &[&["--yes"], arguments].concat()), 2, want);
    }
    for (arguments, want) in
        [(&["--max-posts", PASTED][..], "invalid value '…' for '--max-posts <POSTS>'"), (&[PASTED], "unexpected argument '…'")]
    {
        let shown = check(x_api.live(dir.path(), arguments), 2, want);
        assert!(!shown.contains("AAAA"), "{shown}");
    }
    assert_eq!(x_api.emulator.served().requests, 0);
    for url in ["http://api.x.com", "http://localhost:1", "api.x.com"] {
        let mut command = local(dir.path(), &["live", "--yes", "--x-api-url", url]);
        command.env("X_BEARER_TOKEN", EMULATOR_TOKEN);
        check(command, 2, "--x-api-url must be an https address (http only on 127.0.0.1): the bearer token is sent there");
    }
}

#[test]
fn refusals_of_x_are_reported_with_the_next_step() {
    let (x_api, dir) = (XApi::start(), tempfile::tempdir().unwrap());
    for (fault, want) in [
        (Fault::Unauthorized, "refused the bearer token (401); check X_BEARER_TOKEN or --token-file"),
        (Fault::CreditsDepleted, "buy credits in the X developer console"),
        (Fault::ClientNotEnrolled, "enrol it in a project"),
        (Fault::UsageCapExceeded, "usage cap of the account is reached"),
        (Fault::RateLimited, "X API rate limit reached; the window resets at"),
        (Fault::InvalidRequest, "check --query"),
        (Fault::Html(503), "gave no usable answer"),
        (Fault::HtmlInstead, "an answer without a total"),
    ] {
        x_api.emulator.always(Some(fault));
        let shown = check(x_api.live(dir.path(), &["--yes"]), 1, want);
        assert!(!shown.contains("secret `"), "advice is about this command: {shown}");
    }
}

#[test]
fn a_refusal_in_the_middle_keeps_what_was_read_and_the_next_run_resumes() {
    let (x_api, dir) = (XApi::start(), tempfile::tempdir().unwrap());
    // After the count and one page: the posts read before it are in REF.
    x_api.emulator.script([None, None, Some(Fault::CreditsDepleted)]);
    let arguments = ["--yes", "--lookback-minutes", "1440"]; // even a quiet night falls in a day of hundreds of posts
    check(x_api.live(dir.path(), &arguments), 1, "buy credits in the X developer console");
    assert_eq!(rows(dir.path()).0, 100);
    // With an open sweep, two counts are requested: for the sweep and for newer posts. A rate limit in the middle ends
    // the command successfully, with the exit code for unfinished work.
    x_api.emulator.script([None, None, None, Some(Fault::RateLimited)]);
    check(x_api.live(dir.path(), &arguments), 3, "stopped: X's rate limit is reached; run the same command again in 15 minutes");
    assert_eq!(rows(dir.path()), (x_api.posts(), x_api.posts()));
}

#[test]
fn an_outage_in_the_middle_keeps_what_was_read() {
    let (x_api, dir) = (XApi::start(), tempfile::tempdir().unwrap());
    x_api.emulator.script([None, None]); // the count and one page
    x_api.emulator.always(Some(Fault::Html(503)));
    check(
        x_api.live(dir.path(), &["--yes", "--lookback-minutes", "1440"]),
        3,
        "stopped: X gave no usable answer; run the same command again",
    );
    assert_eq!(rows(dir.path()), (x_api.posts(), x_api.posts()));
    assert_eq!(x_api.posts(), 100);
}

#[test]
fn an_x_api_that_does_not_answer_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut nobody = local(dir.path(), &["live", "--yes", "--x-api-url", &format!("http://{closed}")]);
    nobody.env("X_BEARER_TOKEN", EMULATOR_TOKEN);
    check(nobody, 1, "gave no usable answer");
}

/// A response that X repeats endlessly, and a clock ahead of X's, once made the command send requests without a pause.
#[test]
fn requests_never_repeat_endlessly() {
    let json = |body: &str| Fault::Other { status: 200, content_type: "application/json".into(), body: body.into() };
    for (body, want) in [
        (r#"{"meta":{"result_count":0,"next_token":"t"}}"#, "X API repeated an earlier answer, twice"),
        (r#"{"meta":{"result_count":3}}"#, "the body has no posts and a result_count of 3"),
        (r#"{"meta":{}}"#, "the body has no posts and no result_count of 0"),
    ] {
        let (x_api, dir) = (XApi::start(), tempfile::tempdir().unwrap());
        x_api.emulator.script([None]); // the count
        x_api.emulator.always(Some(json(body)));
        check(x_api.live(dir.path(), &["--yes"]), 1, want);
        assert!(x_api.emulator.served().requests <= 5, "{body}: {} requests", x_api.emulator.served().requests);
    }
    let (x_api, dir) = (XApi::behind(chrono::TimeDelta::seconds(30)), tempfile::tempdir().unwrap());
    check(x_api.live(dir.path(), &["--yes"]), 0, "s ahead of the X API's; posts that arrived since are left to the next run");
    let requests = x_api.emulator.served().requests;
    assert!(requests <= 10, "a count and the searches of two runs: {requests}");
    let (rows, tweets) = rows(dir.path());
    assert_eq!(rows, tweets);
    assert!(rows > 0 && rows <= x_api.posts(), "posts above the top are left to the next run");
}

#[test]
fn an_answer_not_from_x_is_reported_as_such() {
    let (x_api, dir) = (XApi::start(), tempfile::tempdir().unwrap());
    let other = |status, body: &str| Fault::Other { status, content_type: "text/html; charset=utf-8".into(), body: body.into() };
    for (fault, want) in [
        (other(401, "<html>"), "answered 401 in a form that is not X's (text/html, 6 bytes)"),
        (other(403, "<html>"), "answered 403 in a form that is not X's (text/html, 6 bytes)"),
        (other(400, "<html>"), "answered 400 in a form that is not X's (text/html, 6 bytes)"),
        (Fault::EmptyNotFound, "answered 404 in a form that is not X's (an empty body)"),
        (Fault::HtmlInstead, "an answer without a total (text/html,"),
    ] {
        x_api.emulator.always(Some(fault));
        let shown = check(x_api.live(dir.path(), &["--yes"]), 1, want);
        assert!(!["--query", "X_BEARER_TOKEN", "enrol", "X_API_BASE_URL"].iter().any(|blamed| shown.contains(blamed)), "{shown}");
    }
}

#[test]
fn real_and_emulated_posts_have_different_lakes() {
    let (x_api, dir) = (XApi::start(), tempfile::tempdir().unwrap());
    let (demo, live) = (dir.path().join("demo"), dir.path().join("live"));
    let brief = ["--yes", "--max-posts", "10", "--lookback-minutes", "1440"];
    assert_eq!(run_command(local(&demo, &[])).0, 0);
    check(x_api.live(&live, &brief), 3, "the cap of 10 posts");
    let requests = x_api.emulator.served().requests;
    let next_step = "name another folder with --lake";
    check(x_api.live(&demo, &brief), 1, &format!("holds emulated posts, and posts of the X API are not mixed with them; {next_step}"));
    assert_eq!(x_api.emulator.served().requests, requests, "refused before anything is paid for");
    for command in ["demo", "serve"] {
        check(local(&live, &[command]), 1, &format!("holds posts of the X API, and emulated posts are not mixed with them; {next_step}"));
    }
    // A lake from before the source was recorded belongs to the demo.
    std::fs::remove_file(demo.join("source.txt")).unwrap();
    check(x_api.live(&demo, &brief), 1, "holds emulated posts");

    // Each command has its own default folder.
    for (command, folder) in [(&["live", "--yes"][..], ".lake-live"), (&["demo"], ".lake")] {
        let mut command_in = Command::new(env!("CARGO_BIN_EXE_local"));
        command_in.args(command).env_clear().env("X_BEARER_TOKEN", EMULATOR_TOKEN).current_dir(dir.path()).stdin(Stdio::null());
        if command[0] == "live" {
            command_in.args(["--x-api-url", &x_api.server.url()]);
        }
        assert_eq!(run_command(command_in).0, 0);
        assert!(dir.path().join(folder).join("source.txt").exists(), "{folder}");
    }
}
