use crate::error::Error;
use crate::status::Status;

/// Why a run ends before its whole span is read and stored. Steps return it as their error, so `?` takes it to the end of the run.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Another run holds the lease or has written the cursor: this run writes nothing more.
    Lost,
    /// There is nothing to do, or the time, a cap or the attempts are used up. What is left is for the next run.
    Early(Status),
    /// The token cannot be read, or X refused or repeats itself: an operator must act. Posts read so far can still be stored.
    Refused(Box<Error>),
    /// A step failed: this run writes nothing more, and its lease expires.
    Failed(Box<Error>),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(Box::new(error))
    }
}
