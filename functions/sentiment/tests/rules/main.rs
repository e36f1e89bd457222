//! Cases beyond the worked examples, by the section and rule of the specification that decides them.
//!
//! A row is a text as the API returns it and its first symbol, `""` if it has none. The sentiment of each symbol is checked
//! once, by `every_symbol_alone_is_found`.

use sentiment::{Sentimento, label};

mod families;
mod find;
mod first_character;
mod last_character;
mod mask;
mod normalise;
mod tweets;

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, want) in cases {
        let label = label(text);
        assert_eq!(label.simbolo.unwrap_or_default(), *want, "{text:?}");
        assert_eq!(label.simbolo.is_none(), label.sentimento == Sentimento::Neutro, "{text:?}");
    }
}

/// Every symbol alone in a text is found, with the sentiment of its row.
#[test]
fn every_symbol_alone_is_found() {
    for row in csv::Reader::from_reader(include_bytes!("../../lexicon.csv").as_slice()).records() {
        let row = row.unwrap();
        let label = label(&row[0]);
        assert_eq!((label.simbolo, label.sentimento.as_str()), (Some(&row[0]), &row[1]));
    }
}
