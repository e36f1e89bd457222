//! Objects below `tweets/` that are not RAW files.

use tweets::NotARawFile;

use crate::Outcome;
use crate::output::line;

/// How many of them are named.
const SHOWN: usize = 10;

/// An object that was ignored, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Its key.
    pub key: String,
    /// Why it is not a RAW file.
    pub reason: NotARawFile,
}

/// Prints how many objects were ignored, and the first of them.
pub(crate) fn report_ignored(ignored: &[Ignored]) -> Outcome {
    if ignored.is_empty() {
        return Ok(());
    }
    line(&format!("{} ignored, not RAW files:", ignored.len()))?;
    ignored.iter().take(SHOWN).try_for_each(|Ignored { key, reason }| line(&format!("  {key}: {reason}")))?;
    if ignored.len() > SHOWN { line(&format!("  and {} more", ignored.len() - SHOWN)) } else { Ok(()) }
}
