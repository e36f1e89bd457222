//! Lines on standard output, which may be a pipe whose reader has seen enough.

use std::io::{self, Write as _, stdout};

use crate::Outcome;

/// Writes one line. `println!` would panic where this fails with [`io::ErrorKind::BrokenPipe`], and `main` then ends quietly.
pub fn line(text: &str) -> Outcome {
    let mut out = stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(error.into()),
        Err(error) => Err(format!("cannot write to standard output: {error}").into()),
    }
}

/// Whether a command failed only because nobody reads its output any more.
pub fn is_closed(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
