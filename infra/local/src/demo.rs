//! `cargo run`: runs the pipeline on an emulated X API, then SQL on the result.

use std::path::Path;
use std::time::Duration;

use emulators::x_api::Options;
use humantime::format_duration;
use ingest::{Config, DEFAULT_QUERY, Wire};

use crate::lake::{Lake, RAW_BUCKET, SECRET_ID, Source, emulator_secret};
use crate::output::{line, quoted};
use crate::pipeline::Pipeline;
use crate::progress::Progress;
use crate::serve::start_x_api;
use crate::sql::{Format, Session};
use crate::{Clock, Outcome};

/// Default folder of a lake of emulated posts.
pub const DEFAULT_LAKE: &str = ".lake";

const TABLES: [(&str, &str); 3] = [
    (
        "Sentiment",
        "SELECT sentimento, count(*) AS tweets, round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS percent
         FROM tweets GROUP BY sentimento ORDER BY tweets DESC",
    ),
    (
        "Symbols",
        "SELECT simbolo, sentimento, count(*) AS tweets FROM tweets WHERE simbolo IS NOT NULL
         GROUP BY simbolo, sentimento ORDER BY tweets DESC, simbolo LIMIT 8",
    ),
    (
        "Latest tweets",
        "SELECT criado_em, tipo, sentimento, simbolo, substr(replace(texto, chr(10), ' '), 1, 60) AS texto
         FROM tweets ORDER BY id DESC LIMIT 8",
    ),
];

/// Runs the demo in the lake at `root`; with `every`, captures new posts at this interval until the process ends.
pub async fn run(root: &Path, every: Option<Duration>, clock: Clock) -> Outcome {
    let lake = Lake::open(root, clock, &emulator_secret())?;
    lake.claim(Source::Emulator)?;
    let server = start_x_api(0, Options::default(), clock).await?;
    let progress = Progress::on(lake.s3());
    progress.line(&format!("X API (emulated) at {}, S3 in {}", server.url(), root.display()));

    let config = config(&server.url())?;
    let wire = Wire::http(&config.x_api_base_url)?;
    let mut pipeline = Pipeline::open(&lake, config, wire, clock).await?;
    let caught = pipeline.catch_up(&progress, u64::MAX).await;
    progress.finish();
    let caught = caught?;

    line(&format!(
        "{} new tweets in {} new RAW files, {} run(s), {}. At X's prices this read {} posts for ${:.2}.",
        caught.posts, caught.files, caught.runs, caught.status, caught.posts_read, caught.estimated_usd
    ))?;
    let session = Session::open(&lake.ref_dir(), clock()).await?;
    let mut printed = Ok(());
    for (title, query) in TABLES {
        line(&format!("\n{title}"))?;
        printed = printed.and(session.print(query, Format::Table).await);
    }
    let other = if root == Path::new(DEFAULT_LAKE) { String::new() } else { format!(" --lake {}", quoted(root)) };
    let again = if other.is_empty() { String::new() } else { format!(" --{other}") };
    line(&format!(
        "\nRAW   {}\nREF   {}\n\nTry next:\n  cargo run -- sql{other} \"SELECT count(*) FROM tweets\"\n  \
         cargo run -- sql --list  # the saved questions\n  \
         cargo run{again}  # again: adds only posts that are new since\n  cargo run -- --help",
        quoted(&lake.raw_dir().join("tweets")),
        quoted(&lake.ref_dir().join("tweets"))
    ))?;
    let Some(every) = every else { return pipeline.all_refined().and(printed) };
    printed?;
    line(&format!("\nCapturing more every {}, until Ctrl-C. Look at them with: cargo run -- panel{other}", format_duration(every)))?;
    loop {
        tokio::time::sleep(every).await;
        let caught = pipeline.catch_up(&progress, u64::MAX).await?;
        if caught.posts > 0 {
            line(&format!("{} {} new tweets", clock().format("%H:%M:%SZ"), caught.posts))?;
        }
    }
}

/// Returns the configuration of ingest as the template sets it, with its defaults.
pub(crate) fn config(x_api_base_url: &str) -> Outcome<Config> {
    let variables = [
        ("RAW_BUCKET", RAW_BUCKET),
        ("X_SECRET_ID", SECRET_ID),
        ("SEARCH_QUERY", DEFAULT_QUERY),
        ("X_API_BASE_URL", x_api_base_url),
        ("MAX_POSTS_PER_MONTH", "0"), // emulated posts are free
    ];
    let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Ok(Config::from_env(variable)?)
}
