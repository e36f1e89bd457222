//! Texts composed of pieces that matter to the rules, far denser in symbols and near-symbols than tweets.

use pieces::PIECES;
use proptest::prelude::*;

pub mod pieces;

/// Generates a text of up to `pieces` pieces, about a third of them symbols of the lexicon, some truncated.
pub fn text(symbols: Vec<String>, pieces: usize) -> impl Strategy<Value = String> {
    let symbol = prop::sample::select(symbols);
    let cut = (symbol.clone(), 0..4_usize).prop_map(|(symbol, length)| symbol.chars().take(length).collect());
    let piece = prop_oneof![
        6 => prop::sample::select(PIECES).prop_map(str::to_owned),
        2 => symbol,
        1 => cut,
    ];
    prop::collection::vec(piece, 0..=pieces).prop_map(|pieces| pieces.concat())
}
