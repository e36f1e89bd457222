//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::sql::{self, Format};
use crate::{Clock, Outcome, demo};

/// Recent tweets about the President of Brazil, from the X API to SQL, whole on this machine.
#[derive(Debug, Parser)]
#[command(name = "local", version, args_conflicts_with_subcommands = true)]
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
}

impl Cli {
    /// Carries the command out.
    pub async fn run(self, clock: Clock) -> Outcome {
        match self.command.unwrap_or(Command::Demo) {
            Command::Demo => demo::run(&self.lake, clock).await,
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
        }
    }
}
