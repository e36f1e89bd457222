//! The command line.

use std::io::{Read as _, stdin};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::NaiveDate;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser, Subcommand};
use emulators::x_api::Options;

use crate::demo::DEFAULT_LAKE;
use crate::live::{LIVE_LAKE, Live};
use crate::sql::{self, Format};
use crate::{Clock, Outcome, Usage, Variable, bulk, demo, lake, panel, reprocess, serve, stream};

/// Recent tweets about the President of Brazil, from the X API to SQL, entirely on this machine.
#[derive(Debug, Parser)]
#[command(name = "local", version)]
#[command(after_help = "Examples:\n  cargo run\n  cargo run -- sql \"SELECT sentimento, count(*) FROM tweets GROUP BY 1\"\n  \
    cargo run -- live --token-file token.txt\n  cargo run -- live --help\n\n\
    Results go to standard output, progress and errors to standard error.\n\
    Exit codes: 0 success; 1 failure, and the message says what to do; 2 invalid command line; 3 stopped early, run it again to continue.")]
pub struct Cli {
    /// Folder that holds the two buckets [default: .lake, for `live` .lake-live].
    #[arg(long, global = true, value_name = "DIR")]
    lake: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the pipeline on emulated posts and shows tables of the result (the default).
    #[command(after_help = "Examples:\n  cargo run\n  cargo run -- demo --lake /tmp/lake\n  cargo run -- demo --every 10s")]
    Demo {
        /// Interval at which more posts are captured, such as 10s, until the process is ended.
        #[arg(long, value_name = "TIME", value_parser = stream::positive_duration)]
        every: Option<Duration>,
    },
    /// Runs the pipeline against the real X API. Costs money: shows the maximum cost and asks first.
    #[command(after_help = "Examples:\n  X_BEARER_TOKEN=… cargo run -- live\n  \
        cargo run -- live --query '\"presidente do Brasil\" lang:pt' --token-file token.txt --max-posts 200\n  \
        pass show x-token | cargo run -- live --token-file - --yes\n\n\
        The next `live` on the same lake continues where this one stopped. One run reads until it has caught up or --max-posts are read;\n\
        exit code 3 means that more are pending. Real posts are never mixed with emulated ones: `live` has a folder of its own, .lake-live.")]
    Live(Live),
    /// Runs refine on RAW again, after a change of refine or of the lexicon.
    #[command(after_help = "Examples:\n  cargo run -- reprocess\n  cargo run -- reprocess --from 2026-11-01 --to 2026-11-23\n  \
        cargo run --release -- reprocess --raw downloads/raw --ref downloads/ref")]
    Reprocess {
        /// First day, by the date in the RAW key (UTC).
        #[arg(long, value_name = "YYYY-MM-DD")]
        from: Option<NaiveDate>,
        /// Last day, inclusive.
        #[arg(long, value_name = "YYYY-MM-DD")]
        to: Option<NaiveDate>,
        /// Folder of RAW files to refine, instead of the lake: no S3, all cores, every file.
        #[arg(long, value_name = "DIR", requires = "reference", conflicts_with_all = ["from", "to"])]
        raw: Option<PathBuf>,
        /// Folder for the Parquet files of `--raw`.
        #[arg(long = "ref", value_name = "DIR", requires = "raw")]
        reference: Option<PathBuf>,
    },
    /// Serves the emulated S3, Secrets Manager and X API on fixed ports of 127.0.0.1, for clients outside this process.
    #[command(after_help = "Example:\n  cargo run -- serve        # then, in another terminal, paste the lines it prints\n  \
        aws s3 ls s3://xpto-raw/tweets/ --recursive")]
    Serve {
        /// Port of S3 and Secrets Manager.
        #[arg(long, default_value_t = 9810, value_name = "PORT")]
        aws_port: u16,
        /// Port of the X API.
        #[arg(long, default_value_t = 9811, value_name = "PORT")]
        x_port: u16,
        /// Searches per 15 minutes that the X API answers before it returns 429.
        #[arg(long, default_value_t = Options::default().search_limit, value_name = "COUNT")]
        x_search_limit: u32,
    },
    /// Queries the lake with SQL; the table is `tweets`, the views `tweets_atuais` and `palavras`.
    #[command(after_help = "Examples:\n  cargo run -- sql \"SELECT count(*) FROM tweets\"\n  \
        cargo run -- sql \"SELECT * FROM tweets WHERE ano = 2026 AND mes = 11\" --format json\n  cargo run -- sql --list\n  \
        cargo run -- sql -f infra/athena/sentimento_por_dia.sql\n  cargo run -- sql \"$(cat infra/athena/sentimento_por_dia.sql)\"")]
    Sql {
        /// SQL statement. It may begin with a comment.
        #[arg(required_unless_present_any = ["file", "list"], conflicts_with_all = ["file", "list"], allow_hyphen_values = true)]
        statement: Option<String>,
        /// Lists the saved questions, with what each one answers.
        #[arg(long, conflicts_with = "file")]
        list: bool,
        /// File that contains the statement, `-` for standard input.
        #[arg(short, long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Output format of rows.
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Counts words as tweets or lines of a socket arrive, with the output modes and windows of Spark's Structured
    /// Streaming.
    #[command(after_help = "Examples:\n  cargo run -- stream --mode update --every 10s\n  \
        cargo run -- stream --mode append --window 10m --slide 5m --late 30s --once\n  \
        cargo run -- stream --mode complete --window 10m --once --top 5 --sink json:words.json\n  \
        cargo run -- stream --source tcp://127.0.0.1:3456 --mode complete    # with `nc -lk 3456` in another terminal\n\n\
        State is kept in the lake's folder, in stream.<query>.json: the same query continues where it stopped, however it ended.")]
    Stream(stream::Options),
    /// Shows the lake on a page of 127.0.0.1 that follows new posts. Without a lake, creates one of emulated posts.
    #[command(after_help = "Examples:\n  cargo run -- panel\n  cargo run -- panel --lake .lake-live --port 9000 --no-open")]
    Panel(panel::Options),
    /// Writes the charts of some days into one HTML file: aggregates and links, no texts of posts.
    #[command(after_help = "Example:\n  cargo run -- report --out report.html --from 2026-11-01 --to 2026-11-30")]
    Report(panel::ReportOptions),
}

impl Usage {
    /// Prints the error and the usage as clap prints its own, and exits with 2.
    pub fn exit(&self) -> ! {
        Cli::command().error(self.kind, &self.text).exit()
    }
}

impl Cli {
    /// Parses the command line. An argument that is too long for a name or a number is not repeated in an error: it may
    /// be the token.
    pub fn read() -> Result<Self, clap::Error> {
        const CHARS_MAX: usize = 20;
        Self::try_parse().map_err(|mut error| {
            for kind in [ContextKind::InvalidValue, ContextKind::InvalidArg, ContextKind::InvalidSubcommand] {
                let is_of_user = |text: &str| text.chars().count() > CHARS_MAX && !text.contains(['<', ' ']);
                if matches!(error.get(kind), Some(ContextValue::String(text)) if is_of_user(text)) {
                    error.insert(kind, ContextValue::String("…".to_owned()));
                }
            }
            error
        })
    }

    /// Runs the command. Two commands read the environment: `live` the token, `panel` whether there is a display.
    pub async fn run(self, clock: Clock, variable: Variable) -> Outcome {
        let command = self.command.unwrap_or(Command::Demo { every: None });
        let default_lake = if matches!(command, Command::Live(_)) { LIVE_LAKE } else { DEFAULT_LAKE };
        let named = self.lake.clone();
        let lake = self.lake.unwrap_or_else(|| default_lake.into());
        lake::check_name(&lake)?;
        match command {
            Command::Demo { every } => demo::run(&lake, every, clock).await,
            Command::Live(live) => live.run(&lake, clock, variable).await,
            Command::Reprocess { raw: Some(raw), reference: Some(reference), .. } => bulk::run(&raw, &reference),
            Command::Reprocess { from, to, .. } => reprocess::run(&lake, from, to, clock).await,
            Command::Serve { aws_port, x_port, x_search_limit } => {
                let options = Options { search_limit: x_search_limit, ..Options::default() };
                serve::run(&lake, aws_port, x_port, options, clock).await
            }
            Command::Sql { list: true, .. } => sql::list(Path::new("infra/athena")),
            Command::Sql { statement, file, format, .. } => {
                let statement = match (statement, file) {
                    (Some(statement), _) => checked(statement)?,
                    (None, Some(file)) => read_statement(&file)?,
                    (None, None) => String::new(),
                };
                sql::run(&lake, &statement, format, clock)
            }
            Command::Stream(options) => stream::run(&lake, &options, clock).await,
            Command::Panel(options) => panel::run(named, &options, clock, variable).await,
            Command::Report(options) => panel::report(&lake, &options, clock).await,
        }
    }
}

/// Accepts a statement that begins with a `--` comment, as the saved questions do; a single word that starts with `-`
/// is an unknown option.
fn checked(statement: String) -> Outcome<String> {
    if statement.starts_with('-') && !statement.contains(char::is_whitespace) {
        return Err(Usage { kind: ErrorKind::UnknownArgument, text: format!("unexpected argument '{statement}' found") }.into());
    }
    Ok(statement)
}

fn read_statement(file: &Path) -> Outcome<String> {
    let mut statement = String::new();
    let (read, place) = if file == Path::new("-") {
        (stdin().read_to_string(&mut statement), "standard input".to_owned())
    } else {
        (std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut statement)), file.display().to_string())
    };
    match read {
        Ok(_) => Ok(statement),
        Err(error) => Err(format!("cannot read {place}: {error}; `sql --list` shows the saved ones").into()),
    }
}
