//! Derives the sentiment of a tweet from the first symbol in its text: an emoticon, a kaomoji or an emoji.
//!
//! ```
//! use sentiment::{Sentimento, label};
//!
//! let label = label("te amo &lt;3");
//! assert_eq!(label.sentimento, Sentimento::Positivo);
//! assert_eq!(label.simbolo, Some("<3"));
//! ```
//!
//! The label depends only on the text and on the lexicon that is compiled in (`lexicon.csv`): no I/O, no state. The
//! modules follow the sections of the specification, `docs/sentiment.md`:
//!
//! 1. `text` selects the text to scan.
//! 2. `normalise` unescapes, folds and deletes characters.
//! 3. `mask` hides links, mentions, hashtags and leftover entities.
//! 4. `find` searches what remains from left to right, for the entries of the `lexicon`.
//! 5. `allowed` decides whether an entry counts where it occurs.
//!
//! A text that normalisation does not change is labelled without allocating, and the running time is linear in the length
//! of the text.
//!
//! Irony is not detected, and neither is spelled-out laughter (`kkkk`, `rsrs`).

mod allowed;
mod depth;
mod find;
mod lexicon;
mod mask;
mod neighbour;
mod normalise;
mod scan;
mod text;

pub use lexicon::{LEXICON_VERSION, Sentimento};
pub use normalise::unescape;
pub use text::{Post, text_to_scan};

/// The sentiment of a text and the symbol that decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// `Neutro` if and only if `simbolo` is `None`.
    pub sentimento: Sentimento,
    /// The symbol as the lexicon spells it, not as the text does: `:)` for both `：）` and `:)))))`.
    pub simbolo: Option<&'static str>,
}

/// Labels a text as the API returns it, with its HTML entities.
pub fn label(text: &str) -> Label {
    let text = normalise::normalise(text);
    match find::first_symbol(&text) {
        Some(entry) => Label { sentimento: entry.sentimento, simbolo: Some(entry.symbol) },
        None => Label { sentimento: Sentimento::Neutro, simbolo: None },
    }
}
