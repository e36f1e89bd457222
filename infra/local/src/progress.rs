//! Live progress: a refreshing line on a terminal, plain lines in a pipe.

use std::io::{IsTerminal as _, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use emulators::s3::{EmbeddedS3, ObjectCreated};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use crate::lake::{RAW_BUCKET, REF_BUCKET};
use crate::output::{message, shown, shown_in_line};

/// Reports files as they appear. Progress goes to standard error, results to standard output.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    raw_files: Arc<AtomicU64>,
    ref_files: Arc<AtomicU64>,
}

impl Progress {
    /// Reports every object that this S3 stores.
    pub fn on(s3: &EmbeddedS3) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner()
                .with_style(ProgressStyle::with_template("{spinner} {elapsed} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        let progress = Self { bar, raw_files: Arc::default(), ref_files: Arc::default() };
        let listener = progress.clone();
        s3.on_object_created(move |created| listener.created(created));
        progress
    }

    fn created(&self, created: &ObjectCreated) {
        let zone = match created.bucket.as_str() {
            RAW_BUCKET if created.key.starts_with(tweets::RAW_PREFIX) => {
                self.raw_files.fetch_add(1, Ordering::Relaxed);
                "RAW"
            }
            REF_BUCKET => {
                self.ref_files.fetch_add(1, Ordering::Relaxed);
                "REF"
            }
            _ => return,
        };
        match &self.bar {
            Some(bar) => {
                let (raw, refined) = (self.raw_files.load(Ordering::Relaxed), self.ref_files.load(Ordering::Relaxed));
                bar.set_message(format!("{raw} RAW files, {refined} Parquet files · {}", shown_in_line(&created.key)));
            }
            None => print_line(&format!("{zone}  {}  {}", created.key, HumanBytes(created.size))),
        }
    }

    /// Prints a permanent line.
    pub fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(shown(text)),
            None => print_line(text),
        }
    }

    /// Clears the refreshing line.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Prints a line of progress. A failed write is ignored, so that work continues when nobody reads the progress.
fn print_line(text: &str) {
    message(&format!("{text}\n"));
}
