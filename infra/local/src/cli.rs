//! The command line.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Parser, Subcommand};

use crate::sql::{self, Format};
use crate::{Clock, Outcome, bulk, demo, reprocess, serve, stream};

/// Recent tweets about the President of Brazil, from the X API to SQL, whole on this machine.
#[derive(Debug, Parser)]
#[command(name = "local", version)]
#[command(after_help = "Examples:\n  cargo run\n  cargo run -- sql \"SELECT sentimento, count(*) FROM tweets GROUP BY 1\"\n  \
    cargo run -- sql -f question.sql --format csv > answer.csv")]
pub struct Cli {
    /// Folder that stands for the two buckets.
    #[arg(long, global = true, default_value = ".lake", value_name = "DIR")]
    lake: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the pipeline over emulated posts and shows tables of the result (the default).
    Demo,
    /// Puts RAW through refine once more, after a change of refine or of the lexicon.
    #[command(after_help = "Examples:\n  cargo run -- reprocess\n  cargo run -- reprocess --from 2026-11-01 --to 2026-11-23\n  \
        cargo run --release -- reprocess --raw downloads/raw --ref downloads/ref")]
    Reprocess {
        /// First day, by the date in the RAW key (UTC).
        #[arg(long, value_name = "YYYY-MM-DD")]
        from: Option<NaiveDate>,
        /// Last day, included.
        #[arg(long, value_name = "YYYY-MM-DD")]
        to: Option<NaiveDate>,
        /// Folder of RAW files to refine, instead of the lake: no S3, all cores, every file.
        #[arg(long, value_name = "DIR", requires = "reference", conflicts_with_all = ["from", "to"])]
        raw: Option<PathBuf>,
        /// Folder that the Parquet files of `--raw` go to.
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
    },
    /// Asks the lake in SQL; the table is `tweets`.
    #[command(after_help = "Examples:\n  cargo run -- sql \"SELECT count(*) FROM tweets\"\n  \
        cargo run -- sql \"SELECT * FROM tweets WHERE ano = 2026 AND mes = 11\" --format json\n  cargo run -- sql -f question.sql")]
    Sql {
        /// The statement.
        #[arg(required_unless_present = "file", conflicts_with = "file")]
        statement: Option<String>,
        /// A file with the statement.
        #[arg(short, long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// How rows are printed.
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Counts words as tweets arrive, in windows of creation time, with the output modes of Spark's Structured Streaming.
    #[command(after_help = "Examples:\n  cargo run -- stream --mode update --every 10s\n  \
        cargo run -- stream --mode append --window 10m --slide 5m --late 30s --once\n  \
        cargo run -- stream --mode complete --window 10m --once --top 5 --sink json:words.json\n\n\
        State is kept in the lake's folder, in stream.<query>.json: the same query goes on where it stopped, however it ended.")]
    Stream(stream::Options),
}

impl Cli {
    /// Carries the command out.
    pub async fn run(self, clock: Clock) -> Outcome {
        match self.command.unwrap_or(Command::Demo) {
            Command::Demo => demo::run(&self.lake, clock).await,
            Command::Reprocess { raw: Some(raw), reference: Some(reference), .. } => bulk::run(&raw, &reference),
            Command::Reprocess { from, to, .. } => reprocess::run(&self.lake, from, to, clock).await,
            Command::Serve { aws_port, x_port } => serve::run(&self.lake, aws_port, x_port, clock).await,
            Command::Sql { statement, file, format } => {
                let statement = match (statement, file) {
                    (Some(statement), _) => statement,
                    (None, Some(file)) => {
                        std::fs::read_to_string(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?
                    }
                    (None, None) => String::new(),
                };
                sql::run(&self.lake, &statement, format).await
            }
            Command::Stream(options) => stream::run(&self.lake, &options, clock).await,
        }
    }
}
