//! Entry point of the laptop: `cargo run`.

use std::process::ExitCode;

use clap::Parser as _;
use local::cli::Cli;

#[expect(clippy::disallowed_methods, reason = "main is where the clock is read")]
#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().run(chrono::Utc::now).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  caused by: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}
