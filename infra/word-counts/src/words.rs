//! Splits texts into words: by the rule of the view `palavras`, so that a stream and a query count the same words, or
//! at spaces, as the exercises do.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

/// Matched from the left, with the first alternative that fits at each position; only the last one, group 1, is a word.
///
/// The alternatives before it are links, mentions, hashtags, HTML entities, and tokens that begin with a digit. A link
/// ends before any `\p{Z}` or `\p{Cc}`; their characters are listed, because Trino misreads a property inside brackets.
const PATTERN: &str = concat!(
    r"(?:https?://|www\.)[^\x{0}-\x{20}\x{7f}-\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]+",
    r"|@[a-z0-9_]+|#(?:\p{L}|\p{M}|\p{N}|_)+|&#?[a-z0-9]+;",
    r"|\p{N}(?:\p{L}|\p{M}|\p{N})*|(\p{L}(?:\p{L}|\p{M}|\p{N})+)"
);

/// Words that are not counted, one per line.
const STOP_LIST: &str = include_str!("../../athena/palavras_vazias.txt");

/// What a word is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Words {
    /// The rule of the view `palavras`: lower case, without links, mentions, hashtags, numbers and the stop list.
    #[default]
    Lake,
    /// What is between single spaces, unchanged, as Spark's `split(text, " ")`: two spaces have an empty word between
    /// them, and an empty text is one empty word.
    Spaces,
}

impl Words {
    /// Calls `found` with each word of a text, once per occurrence.
    pub fn of(self, text: &str, found: impl FnMut(&str)) {
        match self {
            Self::Lake => lake_words(text, found),
            Self::Spaces => text.split(' ').for_each(found),
        }
    }

    /// Returns a number that changes when the rule does: counts made by different rules must not be added up.
    pub fn rule(self) -> u64 {
        match self {
            Self::Lake => fnv1a(PATTERN.bytes().chain(STOP_LIST.bytes())),
            Self::Spaces => fnv1a(b" ".iter().copied()),
        }
    }
}

fn lake_words(text: &str, mut found: impl FnMut(&str)) {
    static RULE: LazyLock<(Regex, HashSet<&str>)> = LazyLock::new(|| {
        #[expect(clippy::expect_used, reason = "a constant that the tests compile")]
        let pattern = Regex::new(PATTERN).expect("the pattern is a regular expression");
        (pattern, STOP_LIST.lines().collect())
    });
    let (pattern, stop_list) = &*RULE;
    for captures in pattern.captures_iter(&text.to_lowercase()) {
        if let Some(word) = captures.get(1).filter(|word| !stop_list.contains(word.as_str())) {
            found(word.as_str());
        }
    }
}

/// Computes FNV-1a with 64 bits: the same in every build, which the standard library's hash does not guarantee.
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        Words::Lake.of(text, |word| all.push(word.to_owned()));
        all
    }

    #[test]
    fn words_follow_the_rule() {
        for (text, want) in [
            ("Viva o BRASIL, viva!", &["viva", "brasil", "viva"][..]),
            ("o a é", &[]),        // a single letter is not a word
            ("não que para", &[]), // on the stop list
            ("PARA Você", &[]),    // the stop list is applied to lower case
            ("veja https://t.co/Brasil?x=viva. www.gov.br/noticias fim", &["veja", "fim"]),
            ("@planalto @Lula_13x disse #brasil #Eleição2026", &["disse"]),
            ("rock &amp; &#39; &quot; roll", &["rock", "roll"]),
            ("13 13h 2026 covid19 4ª", &["covid19"]),
            ("guarda-chuva d'água", &["guarda", "chuva", "água"]),
            ("e\u{301}poca", &["e\u{301}poca"]), // a combining accent belongs to its letter
            ("a\u{301}", &["a\u{301}"]),
            ("fim\u{a0}https://x.br/a\u{a0}novo", &["fim", "novo"]), // a no-break space ends a link
            ("a\u{7}https://t.co/abc\u{7}casa\u{9f}https://t.co/abc\u{85}dois\nwww.a.b\ntrês", &["casa", "dois", "três"]), // as does a control character
            ("https://t.co/{a}b {chave}fecha #tag}fim", &["chave", "fecha", "fim"]),
            ("emoji 😂kkk😂", &["emoji", "kkk"]),
            ("", &[]),
        ] {
            assert_eq!(of(text), want, "{text}");
        }
    }

    #[test]
    fn spaces_are_the_only_separator() {
        for (text, want) in [
            ("azul verde", &["azul", "verde"][..]),
            ("", &[""]),
            ("a  b", &["a", "", "b"]),
            (" a ", &["", "a", ""]),
            ("   ", &["", "", "", ""]),
            ("Azul\tazul, e\u{301}\u{a0}\u{feff}que", &["Azul\tazul,", "e\u{301}\u{a0}\u{feff}que"]),
        ] {
            let mut all = Vec::new();
            Words::Spaces.of(text, |word| all.push(word.to_owned()));
            assert_eq!(all, want, "{text:?}");
        }
        assert_ne!(Words::Spaces.rule(), Words::Lake.rule());
    }

    #[test]
    fn a_link_ends_before_blanks_and_control_characters() {
        let link = Regex::new(&PATTERN[..PATTERN.find("|@").unwrap()]).unwrap();
        let ends = Regex::new(r"[\p{Z}\p{Cc}]").unwrap();
        for char in '\0'..=char::MAX {
            let text = format!("www.a{char}");
            let is_in = link.find(&text).unwrap().end() == text.len();
            assert_eq!(is_in, !ends.is_match(&text), "{char:?}");
        }
    }

    #[test]
    fn the_rule_is_that_of_the_view() {
        let view = include_str!("../../athena/views/palavras.sql");
        assert!(view.contains(&format!("'{PATTERN}'")));
        let (_, listed) = view.split_once("NOT IN (").unwrap();
        let (listed, _) = listed.split_once(')').unwrap();
        let listed: Vec<&str> = listed.split(',').map(|word| word.trim().trim_matches('\'')).collect();
        assert_eq!(listed, STOP_LIST.lines().collect::<Vec<_>>());
    }

    #[test]
    fn the_stop_list_contains_words_in_order() {
        let listed: Vec<&str> = STOP_LIST.lines().collect();
        assert!(listed.is_sorted_by(|left, right| left < right));
        let pattern = Regex::new(&format!("^(?:{PATTERN})$")).unwrap();
        for word in listed {
            assert!(pattern.captures(word).is_some_and(|captures| captures.get(1).is_some()), "{word}");
        }
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(fnv1a("foobar".bytes()), 0x8594_4171_f739_67e8); // RFC draft-eastlake-fnv, test vectors
    }
}
