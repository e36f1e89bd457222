//! Where a stream gets its input: the files of the lake, or the lines of a socket.

use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;
use word_counts::Post;

use super::capture::Capture;
use super::checkpoint::{Checkpoint, Input};
use super::files::Files;
use super::log::Log;
use super::options::{Options, Origin, Pace};
use super::socket::Lines;
use crate::lake::ref_dir;
use crate::{Clock, Outcome};

/// Pause before the lake is looked at again if it has nothing new.
const LAKE_POLL: Duration = Duration::from_millis(500);
/// The same if looking costs a run of `ingest`: the X API answers 450 requests in 15 minutes.
const CAPTURE_POLL: Duration = Duration::from_secs(5);

/// An open source of input.
pub(super) enum Feed {
    Lake {
        /// Captures and refines new posts; `None` if other programs do.
        capture: Option<Box<Capture>>,
        files: Files,
    },
    Socket(Lines),
}

impl Feed {
    /// Opens the source of a stream. The lake is created with its first posts if nothing else fills it.
    pub async fn open(root: &Path, options: &Options, log: Log, checkpoint: &Checkpoint, clock: Clock) -> Outcome<Self> {
        match &options.source {
            Origin::Lake => {
                let capture = if options.no_ingest { None } else { Some(Box::new(Box::pin(Capture::open(root, clock)).await?)) };
                Ok(Self::Lake { capture, files: Files::below(ref_dir(root)) })
            }
            Origin::Tcp(address) => {
                let until_closed = matches!(options.pace(), Pace::Once | Pace::SingleBatch);
                Ok(Self::Socket(Lines::receive(address.clone(), log, checkpoint.counted, until_closed, clock)?))
            }
        }
    }

    /// Brings in what is to be counted: new posts, or, if the stream is to end by itself, all lines until the other side
    /// closes.
    pub async fn gather(&mut self, pace: Pace) -> Outcome {
        match (self, pace) {
            (Self::Lake { capture: Some(capture), .. }, _) => Box::pin(capture.catch_up()).await,
            (Self::Lake { capture: None, .. }, _) => Ok(()),
            (Self::Socket(lines), Pace::Once | Pace::SingleBatch) => lines.closed().await,
            (Self::Socket(lines), _) => lines.check().await,
        }
    }

    /// Takes note of what can be counted now.
    pub fn look(&mut self, checkpoint: &Checkpoint) {
        match self {
            Self::Lake { files, .. } => files.look(&checkpoint.folded),
            Self::Socket(lines) => lines.look(),
        }
    }

    /// Returns whether something noted is not counted yet.
    pub fn is_waiting(&self, checkpoint: &Checkpoint) -> bool {
        match self {
            Self::Lake { files, .. } => files.is_waiting(),
            Self::Socket(lines) => lines.is_waiting(checkpoint.counted),
        }
    }

    /// Calls `fold` with the next input of at most `max` files or lines, or with exactly the planned one; returns `None`
    /// if there is none.
    pub fn fold(
        &mut self,
        checkpoint: &Checkpoint,
        planned: Option<&Input>,
        max: usize,
        fold: impl FnMut(&Post<'_>),
    ) -> Outcome<Option<Input>> {
        match self {
            Self::Lake { files, .. } => {
                let planned = match planned {
                    Some(Input::Files(keys)) => Some(&**keys),
                    _ => None,
                };
                let keys = files.fold(planned, max, fold);
                Ok((!keys.is_empty()).then_some(Input::Files(keys)))
            }
            Self::Socket(lines) => {
                let (planned, max) = match planned {
                    Some(&Input::Lines { end }) => (Some(end), usize::MAX),
                    _ => (None, max),
                };
                let end = lines.fold(checkpoint.counted, planned, max, fold)?;
                Ok((end > checkpoint.counted).then_some(Input::Lines { end }))
            }
        }
    }

    /// Returns the input of a trigger without any.
    pub fn nothing(&self, checkpoint: &Checkpoint) -> Input {
        match self {
            Self::Lake { .. } => Input::Files(Vec::new()),
            Self::Socket(_) => Input::Lines { end: checkpoint.counted },
        }
    }

    /// Waits until there may be something to count.
    pub async fn more(&mut self, checkpoint: &Checkpoint) -> Outcome {
        match self {
            Self::Lake { files, .. } if files.is_waiting() => Ok(()),
            Self::Lake { capture, .. } => {
                sleep(if capture.is_some() { CAPTURE_POLL } else { LAKE_POLL }).await;
                Ok(())
            }
            Self::Socket(lines) => lines.more(checkpoint.counted).await,
        }
    }

    /// Takes note that the input of a checkpoint is counted.
    pub fn counted(&self, checkpoint: &Checkpoint) -> Outcome {
        match self {
            Self::Lake { .. } => Ok(()),
            Self::Socket(lines) => lines.trim(checkpoint.counted),
        }
    }

    /// Fails if some of the input could not be counted.
    pub fn all_counted(self) -> Outcome {
        match self {
            Self::Lake { capture, files } => capture.map_or(Ok(()), |capture| capture.all_refined()).and(files.all_counted()),
            Self::Socket(_) => Ok(()),
        }
    }
}
