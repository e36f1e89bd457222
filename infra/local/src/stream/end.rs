//! What ends a stream from outside: Ctrl-C, or a reader of its output that has gone away.

use tokio::sync::watch;

use super::options::{Destination, Options, Origin, Pace};
use crate::{Outcome, output};

/// Exit code of a process that is interrupted before it can end by itself, as of a shell.
const INTERRUPTED: i32 = 130;

/// Watches for the end from its creation on, also while a trigger runs.
pub(super) struct EndWatch(watch::Receiver<Option<Ending>>);

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The user pressed Ctrl-C. A second Ctrl-C ends the process at once.
    Interrupted,
    /// Nobody reads the rows any more.
    OutputClosed,
}

impl EndWatch {
    /// Starts to watch. A run that counts what the lake has and exits is not watched: Ctrl-C ends its process, which
    /// loses nothing.
    pub fn start(options: &Options) -> Self {
        let (sender, receiver) = watch::channel(None);
        let is_short = options.source == Origin::Lake && matches!(options.pace(), Pace::Once | Pace::SingleBatch);
        let prints = matches!(options.sink, Destination::Console | Destination::Stdout);
        tokio::spawn(async move {
            let closed = async {
                if prints {
                    output::closed().await;
                } else {
                    std::future::pending::<()>().await;
                }
            };
            let interrupted = async {
                if is_short || tokio::signal::ctrl_c().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            let ending = tokio::select! {
                () = interrupted => Ending::Interrupted,
                () = closed => Ending::OutputClosed,
            };
            sender.send_replace(Some(ending));
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(INTERRUPTED); // a trigger may be waiting for a reader; what it did not commit is repeated
            }
            std::future::pending::<()>().await; // keeps the sender: a receiver without one would fail
        });
        Self(receiver)
    }

    /// Returns why the stream should end now, if it should.
    pub fn now(&self) -> Option<Ending> {
        *self.0.borrow()
    }

    /// Does the work, unless the stream ends before it is done.
    pub async fn before(&mut self, work: impl Future<Output = Outcome>) -> Outcome<Option<Ending>> {
        tokio::select! {
            biased;
            ended = self.0.wait_for(Option::is_some) => Ok(ended.ok().and_then(|ending| *ending)),
            done = work => done.map(|()| None),
        }
    }
}
