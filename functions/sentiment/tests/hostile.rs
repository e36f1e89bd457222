//! Texts that would take minutes if the running time were quadratic in their length.

use sentiment::label;

const REPEATS: usize = 200_000;

#[test]
fn the_running_time_is_linear() {
    for (start, repeated, end, want) in [
        ("", "xD", "a", None),                      // a run that ends in a word, F1 for every other entry in it
        ("", "^", "a", None),                       // F6
        ("", ": ( ", ")", None),                    // 5.3 looks for a closer
        ("", ": ( @a ", "http://a/)", Some(": (")), // the only closer is masked
        ("((", "a:) (", "", None),                  // L5 asks for the depth
        ("( ", "a ): ", "", Some("):")),            // F4 asks for the depth
        ("", "D: a ", "", None),                    // L8 looks ahead
        ("D:", " ", "a", None),
        ("", "(:a", "", None),       // L7 looks for a forward face
        ("", "(", ":)", Some("(:")), // L5 refuses `:)`
        ("", "@", "", None),
        ("", "#", "", None),
        ("", "a#b", "", None),
        ("#", "a", "", None),
        ("", "@g1https://t.co/a", "", None),
        ("", "http:", "", None),
        ("", "www.", "", None),
        ("", "&a", "", None),
        ("&#x", "a", "", None),
        ("", "&amp;", "", None),
        ("", "&amp;amp;", "", None),
        ("", "\u{200D}\u{FE0F}", "", None),
        ("\u{200D}", "\u{FE0F}", "", None),
    ] {
        let text = format!("{start}{}{end}", repeated.repeat(REPEATS));
        assert_eq!(label(&text).simbolo, want, "{start}{repeated}…{end}");
    }
}
