//! Compares the crate with its slow reference, and counts its allocations: none for a text that section 2 does not change.

#[path = "reference/mod.rs"]
mod reference;
#[path = "texts/mod.rs"]
mod texts;

use allocation_counter::measure;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reference::{Reference, normalised};
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

fn allocations(text: &str) -> u64 {
    let label = || {
        label(text);
    };
    measure(label).count_total
}

#[test]
fn a_text_is_copied_at_most_once() {
    for (text, want) in [
        ("", 0),
        ("ação “já” @a #b https://t.co/c www.d.e (veja:) :(", 0),
        ("(: ( : ) http://a/ ) D: a", 0),
        ("te amo &lt;3", 1),
        ("&amp;&amp;&amp; d’água — 👍🏽", 1),
    ] {
        assert_eq!(allocations(text), want, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_text_that_does_not_change_is_not_copied(text in texts::text(Reference::new().symbols(), 12)) {
        if normalised(&text).into_iter().eq(text.chars()) {
            prop_assert_eq!(allocations(&text), 0, "{:?}", text);
        }
    }
}
