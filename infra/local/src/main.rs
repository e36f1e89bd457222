//! Entry point of the local pipeline: `cargo run`.

use std::process::ExitCode;

use local::{Unfinished, Usage, cli::Cli};

/// Exit code of a run that succeeded and left work for the next run.
const UNFINISHED: u8 = 3;

#[expect(clippy::disallowed_methods, reason = "main is where the clock and the environment are read")]
#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::read().unwrap_or_else(|usage| usage.exit());
    let Err(error) = cli.run(chrono::Utc::now, |name| std::env::var(name).ok()).await else { return ExitCode::SUCCESS };
    if local::is_output_closed(&*error) {
        return ExitCode::SUCCESS; // the reader closed the pipe
    }
    if let Some(usage) = error.downcast_ref::<Usage>() {
        usage.exit();
    }
    let unfinished = error.is::<Unfinished>();
    local::message(&format!("{}: {}", if unfinished { "stopped" } else { "error" }, local::with_causes(&*error)));
    if unfinished { ExitCode::from(UNFINISHED) } else { ExitCode::FAILURE }
}
