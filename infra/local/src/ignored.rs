//! Objects below `tweets/` that are not RAW files.

use tweets::NotARawFile;

use crate::Outcome;
use crate::output::{line, listed};

/// An object that was ignored, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Key of the object.
    pub key: String,
    /// Reason why the object is not a RAW file.
    pub reason: NotARawFile,
}

/// Prints the number of ignored objects and the first of them.
pub(crate) fn report_ignored(ignored: &[Ignored]) -> Outcome {
    if ignored.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = ignored.iter().map(|Ignored { key, reason }| format!("{key}: {reason}")).collect();
    line(&format!("{} ignored, not RAW files:{}", ignored.len(), listed(&named)))
}
