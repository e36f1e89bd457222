//! Laws that hold for every text.

#[path = "texts/mod.rs"]
mod texts;

use proptest::prelude::*;
use sentiment::{Sentimento, label};

/// The lexicon, with the quotes of its one quoted row taken off.
fn symbols() -> Vec<String> {
    let rows = include_str!("../lexicon.csv").lines().skip(1);
    rows.filter_map(|row| match row.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\",").map(|(symbol, _)| symbol.to_owned()),
        None => row.split_once(',').map(|(symbol, _)| symbol.to_owned()),
    })
    .collect()
}

fn text() -> impl Strategy<Value = String> {
    texts::text(symbols(), 10)
}

/// A span that section 3 masks whole, with no `h` that could begin a t.co link inside another one.
fn masked_span() -> impl Strategy<Value = String> {
    let tail = "[a-gi-zA-GI-Z0-9_:;=()\\[\\]{}<>/\\\\^*'.@#❤😂-]{0,12}";
    prop_oneof![
        "(https?|HTTPS?)://(t\\.co|T\\.CO)/[A-Za-z0-9]{0,10}",
        ("https?:/{1,3}", tail)
            .prop_map(|(scheme, tail)| format!("{scheme}{tail}"))
            .prop_filter("not t.co", |link| !link.contains("//t.co/")),
        tail.prop_map(|tail| format!("www.x{tail}")),
        "@[A-Za-z0-9_]{1,12}",
        "#[A-Za-z0-9_áçõÉ]{1,12}",
    ]
}

proptest! {
    #[test]
    fn any_string_has_a_label(text in any::<String>()) {
        let _ = label(&text);
    }

    #[test]
    fn simbolo_is_a_lexicon_form_and_null_exactly_when_neutro(text in text()) {
        let label = label(&text);
        prop_assert_eq!(label.simbolo.is_none(), label.sentimento == Sentimento::Neutro);
        if let Some(symbol) = label.simbolo {
            prop_assert!(symbols().iter().any(|known| known == symbol));
        }
    }

    /// A space ends every mask, entity and run, so what follows it can only be seen by the two rules that look ahead of
    /// it: `: (` is refused before any `)`, and the faces that start with `D` before a word on the same line (L8). For
    /// these two, what follows starts on a new line and has no `)`.
    #[test]
    fn what_follows_the_first_symbol_and_a_space_changes_nothing(text in text(), more in text()) {
        let before = label(&text);
        if let Some(symbol) = before.simbolo {
            let looks_ahead = symbol == ": (" || symbol.starts_with('D');
            let more = if looks_ahead { format!("\n{}", more.replace([')', '）'], "")) } else { more };
            prop_assert_eq!(label(&format!("{text} {more}")), before);
        }
    }

    /// Between blanks, since `:` before a mention that starts a word would be another face than `:` alone.
    #[test]
    fn a_masked_span_never_yields_a_symbol(text in text(), span in masked_span(), more in "( |\n)[a-w ]{0,5}") {
        prop_assert_eq!(label(&span).simbolo, None);
        if label(&text).simbolo.is_none() {
            prop_assert_eq!(label(&format!("{text} {span}{more}")).simbolo, None);
        }
    }

    /// The answer does not depend on whether the author's client wrote entities.
    #[test]
    fn escaping_changes_nothing(text in "[a-zD<>:()&'\"3; ]{0,12}") {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        prop_assert_eq!(sentiment::unescape(&escaped), text.as_str());
        if sentiment::unescape(&text) == text {
            prop_assert_eq!(label(&escaped), label(&text));
        }
    }
}
