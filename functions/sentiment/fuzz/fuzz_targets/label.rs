//! Compares the crate with its slow reference on fuzzed texts.
//!
//! Each input is used twice: as a text, and as a list of pieces, because mutated bytes rarely form an emoji.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use reference::Reference;

#[path = "../../tests/reference/mod.rs"]
mod reference;
#[path = "../../tests/texts/pieces.rs"]
mod pieces;

static REFERENCE: LazyLock<Reference> = LazyLock::new(Reference::new);
static SYMBOLS: LazyLock<Vec<String>> = LazyLock::new(|| REFERENCE.symbols());

fuzz_target!(|bytes: &[u8]| {
    agree(&String::from_utf8_lossy(bytes));
    agree(&bytes.chunks(2).map(piece).collect::<String>());
});

/// Returns the piece or the symbol that a pair of bytes selects: the lowest bit of the first byte selects the kind.
fn piece(bytes: &[u8]) -> &'static str {
    let index = usize::from(bytes[0] >> 1) + 128 * usize::from(*bytes.get(1).unwrap_or(&0));
    if bytes[0] & 1 == 0 { pieces::PIECES[index % pieces::PIECES.len()] } else { &SYMBOLS[index % SYMBOLS.len()] }
}

fn agree(text: &str) {
    let label = sentiment::label(text);
    let fast = (label.sentimento.as_str().to_owned(), label.simbolo.map(str::to_owned));
    assert_eq!(fast, REFERENCE.label(text), "{text:?}");
}
