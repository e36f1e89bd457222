//! From the text of a tweet to its sentiment, by the first symbol in it: an emoticon, a kaomoji or an emoji.
//!
//! ```
//! use sentiment::{Sentimento, label};
//!
//! let label = label("te amo &lt;3");
//! assert_eq!(label.sentimento, Sentimento::Positivo);
//! assert_eq!(label.simbolo, Some("<3"));
//! ```
//!
//! A function of the text and of the lexicon that is compiled in (`lexicon.csv`), and of nothing else: no I/O, no state,
//! no dependency. A text is normalised (`normalise`), what is not prose is masked (`mask`), and the places where an entry
//! of the lexicon occurs are weighed from the left (`search`, `rules`). A text that normalisation does not change is
//! labelled without an allocation.
//!
//! Irony is not detected, and neither is laughter in letters (`kkkk`, `rsrs`).

mod depth;
mod lexicon;
mod mask;
mod neighbour;
mod normalise;
mod place;
mod post;
mod rules;
mod search;
mod stops;

pub use lexicon::LEXICON_VERSION;
pub use normalise::unescape;
pub use post::{Post, text_to_scan};
use search::NotAsItIs;

/// The value of the column `sentimento`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sentimento {
    /// The first symbol of the text is a happy one.
    Positivo,
    /// The first symbol of the text is a sad or an angry one.
    Negativo,
    /// The text has no symbol.
    Neutro,
}

impl Sentimento {
    /// The value as the column holds it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Positivo => "Positivo",
            Self::Negativo => "Negativo",
            Self::Neutro => "Neutro",
        }
    }
}

/// What the first symbol of a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// `Neutro` if and only if there is no symbol.
    pub sentimento: Sentimento,
    /// The symbol as the lexicon spells it, whatever its form in the text: `:)` for `：）` and for `:)))))`.
    pub simbolo: Option<&'static str>,
}

/// Labels a text as the API gives it, that is with its HTML entities.
pub fn label(text: &str) -> Label {
    let found = search::first_symbol_as_it_is(text).unwrap_or_else(|NotAsItIs| search::first_symbol(&normalise::normalise(text)));
    match found {
        Some(entry) => Label { sentimento: entry.sentimento, simbolo: Some(entry.symbol) },
        None => Label { sentimento: Sentimento::Neutro, simbolo: None },
    }
}
