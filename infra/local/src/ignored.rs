//! Objects below `tweets/` that are not RAW files.

use tweets::NotARawFile;

use crate::Outcome;
use crate::output::line;

/// Maximum number of ignored objects that are named in the output.
const SHOWN: usize = 10;

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
    line(&format!("{} ignored, not RAW files:", ignored.len()))?;
    ignored.iter().take(SHOWN).try_for_each(|Ignored { key, reason }| line(&format!("  {key}: {reason}")))?;
    if ignored.len() > SHOWN { line(&format!("  and {} more", ignored.len() - SHOWN)) } else { Ok(()) }
}
