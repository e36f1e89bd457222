//! The crate against its slow reference.

#[path = "reference/mod.rs"]
mod reference;
#[path = "texts/mod.rs"]
mod texts;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reference::Reference;
use sentiment::label;

#[test]
fn agrees_on_twenty_thousand_texts() {
    agrees_on(20_000);
}

/// `cargo test --release -p sentiment --test reference -- --ignored` (about a minute).
#[test]
#[ignore = "a million texts take minutes in debug"]
fn agrees_on_a_million_texts() {
    agrees_on(1_000_000);
}

fn agrees_on(cases: u32) {
    let reference = Reference::new();
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let texts = texts::text(reference.symbols(), 12);
    let outcome = TestRunner::new(config).run(&texts, |text| {
        let label = label(&text);
        let fast = (label.sentimento.as_str().to_owned(), label.simbolo.map(str::to_owned));
        prop_assert_eq!(fast, reference.label(&text), "{:?}", text);
        Ok(())
    });
    if let Err(disagreement) = outcome {
        panic!("{disagreement}");
    }
}
