//! Properties of every text.

#[path = "texts/mod.rs"]
mod texts;

use proptest::prelude::*;
use sentiment::{Sentimento, label};

fn symbols() -> Vec<String> {
    let mut rows = csv::Reader::from_reader(include_bytes!("../lexicon.csv").as_slice());
    rows.records().flatten().map(|row| row[0].to_owned()).collect()
}

fn text() -> impl Strategy<Value = String> {
    texts::text(symbols(), 10)
}

/// A span that section 3 masks completely, without an `h` that could start a t.co link inside another link.
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

    /// A space ends every mask, entity and run, so only two rules look beyond it: 5.3 refuses `: (` if any `)` follows, and L8
    /// refuses a face that starts with `D` if a word follows on the same line. For those, the added text starts on a new line
    /// and has no `)`.
    #[test]
    fn text_after_the_first_symbol_and_a_space_changes_nothing(text in text(), more in text()) {
        let before = label(&text);
        if let Some(symbol) = before.simbolo {
            let looks_ahead = symbol == ": (" || symbol.starts_with('D');
            let more = if looks_ahead { format!("\n{}", more.replace([')', '）'], "")) } else { more };
            prop_assert_eq!(label(&format!("{text} {more}")), before);
        }
    }

    /// The span is between blanks: glued to the text, it could complete a symbol or end one.
    #[test]
    fn a_masked_span_never_yields_a_symbol(text in text(), span in masked_span(), more in "( |\n)[a-w ]{0,5}") {
        prop_assert_eq!(label(&span).simbolo, None);
        if label(&text).simbolo.is_none() {
            prop_assert_eq!(label(&format!("{text} {span}{more}")).simbolo, None);
        }
    }

    /// A text and its escaped form have the same label.
    #[test]
    fn escaping_changes_nothing(text in "[a-zD<>:()&'\"3; ]{0,12}") {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        prop_assert_eq!(sentiment::unescape(&escaped), text.as_str());
        if sentiment::unescape(&text) == text {
            prop_assert_eq!(label(&escaped), label(&text));
        }
    }
}
