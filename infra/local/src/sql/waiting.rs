//! The progress line of a slow statement.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use tokio::task::JoinHandle;

/// How long a statement may take before the line appears.
const PATIENCE: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(200);

/// A line on standard error that reports the progress of the statement. It appears after two seconds, only on a
/// terminal, and is cleared on drop.
pub(super) struct Waiting {
    bar: ProgressBar,
    appears: JoinHandle<()>,
}

impl Waiting {
    /// Starts the wait; `files` is the number of files to be read, 0 until it is known.
    pub(super) fn start(files: &Arc<AtomicUsize>) -> Self {
        let files = Arc::clone(files);
        let style = ProgressStyle::with_template("{spinner} {activity}, {elapsed}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let style = style.with_key("activity", move |_: &ProgressState, line: &mut dyn std::fmt::Write| {
            let _ = line.write_str(&activity(files.load(Ordering::Relaxed))); // writes to memory
        });
        let bar = ProgressBar::new_spinner().with_style(style); // draws nothing where standard error is not a terminal
        let ticking = bar.clone();
        let appears = tokio::spawn(async move {
            tokio::time::sleep(PATIENCE).await;
            ticking.enable_steady_tick(TICK);
        });
        Self { bar, appears }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.appears.abort();
        self.bar.finish_and_clear();
    }
}

fn activity(files: usize) -> String {
    match files {
        0 => "planning".to_owned(),
        1 => "reading 1 file".to_owned(),
        files => format!("reading {files} files"),
    }
}
