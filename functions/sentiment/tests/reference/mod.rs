//! A second implementation of the specification, written to be read next to it and not to be fast.
//!
//! It shares no code with the crate: it reads the lexicon from its file, runs the steps of section 2 one after the other,
//! replaces masks by a marker, and tries every entry at every position.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts tests but does not recognise this module as one")]

use std::convert::identity;

/// A character of the masked text; `None` is the mask.
type Char = Option<char>;

/// `sentimento` and `simbolo`
pub type Answer = (String, Option<String>);

pub struct Reference {
    entries: Vec<Entry>,
}

struct Entry {
    symbol: Vec<char>,
    sentimento: String,
    familia: String,
}

impl Reference {
    pub fn new() -> Self {
        let mut entries: Vec<Entry> = include_str!("../../lexicon.csv").lines().skip(1).map(entry).collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.symbol.len()));
        Self { entries }
    }

    /// Section 4.
    pub fn label(&self, text: &str) -> Answer {
        let text = masked(&normalised(text));
        for at in 0..text.len() {
            for entry in &self.entries {
                if occurs(entry, &text, at) && self.allowed(entry, &text, at) {
                    return (entry.sentimento.clone(), Some(entry.symbol.iter().collect()));
                }
            }
        }
        ("Neutro".to_owned(), None)
    }

    pub fn symbols(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.symbol.iter().collect()).collect()
    }

    /// Section 5.
    fn allowed(&self, entry: &Entry, text: &[Char], at: usize) -> bool {
        let symbol = &entry.symbol;
        let (first, last) = (symbol[0], symbol[symbol.len() - 1]);
        let inverted = entry.familia == "invertido";
        let kaomoji = entry.familia == "kaomoji";
        let emoji = entry.familia.starts_with("emoji_");

        // 5.1
        let mut end = at + symbol.len();
        let runs = ")([]}{DdPp/\\*^".contains(last) || last == '3' && entry.familia == "coracao_texto";
        loop {
            if inverted || emoji {
                break;
            } else if runs && text.get(end) == Some(&Some(last)) {
                end += 1;
            } else if "xX".contains(first) && occurs(entry, text, end) {
                end += symbol.len();
            } else {
                break;
            }
        }
        let had_run = end > at + symbol.len();
        let p = if at == 0 { '\n' } else { text[at - 1].unwrap_or(' ') }; // an edge and a mask are blank and not W
        let n = text.get(end).copied();
        let n_char = n.flatten().unwrap_or('\n');
        let n_is_mask = n == Some(None);
        let depth = |opener: char, closer: char| {
            text[..at].iter().fold(0_usize, |depth, &char| match char {
                Some(char) if char == opener => depth + 1,
                Some(char) if char == closer => depth.saturating_sub(1),
                _ => depth,
            })
        };
        let depth_for = |closer: char| match closer {
            ')' => depth('(', ')'),
            ']' => depth('[', ']'),
            _ => depth('{', '}'),
        };

        // 5.2
        if emoji {
            return p != '\u{200D}' && n_char != '\u{200D}';
        }
        // 5.3
        if entry.familia == "espacado" {
            let brackets = if last == ')' { depth_for(')') == 0 } else { !text[end..].contains(&Some(')')) };
            return p.is_whitespace() && !w(n_char) && brackets;
        }
        let two_chars = symbol.len() == 2;
        let eyes_first = ":;=".contains(first);
        let mut refused = false;
        // 5.4
        refused |= w(first) && w(p); // F1
        if eyes_first && w(last) {
            refused |= p.is_ascii_digit() || p == ':'; // F2
            refused |= w(p) && !(first != '=' && "DPp".contains(last)); // F2
        }
        refused |= first == '=' && p == '='; // F3
        if inverted && (first == ')' || first == ']') {
            refused |= !p.is_whitespace() || depth_for(first) > 0; // F4
        }
        refused |= inverted && first == '[' && (w(p) || n_char == ']'); // F5
        if kaomoji {
            refused |= p == first || w(n_char); // F6
            refused |= w(p) && (p.is_ascii_digit() || !"^;\\".contains(first)); // F6
        }
        refused |= entry.familia == "coracao_texto" && first == '<' && p.is_ascii_digit(); // F7
        // 5.5
        refused |= w(last) && w(n_char); // L1
        if last.is_ascii_digit() {
            let digit_after_n = text.get(end + 1).copied().flatten().is_some_and(|char| char.is_ascii_digit());
            refused |= n_char == '%' || ".,".contains(n_char) && digit_after_n; // L2
        }
        refused |= two_chars && "/\\".contains(last) && (w(n_char) || "/\\".contains(n_char)); // L3
        if two_chars && "([{<".contains(last) && !inverted {
            let closer = [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>')].iter().find(|pair| pair.0 == last).unwrap().1;
            refused |= w(n_char) || n_is_mask || n_char == closer || "\"“”'".contains(n_char); // L4
        }
        if two_chars && eyes_first && ")]}".contains(last) && !had_run {
            refused |= !p.is_whitespace() && depth_for(last) > 0; // L5
        }
        refused |= "*@".contains(last) && !kaomoji && (w(p) || w(n_char)); // L6
        if inverted {
            refused |= w(n_char); // L7
            if ":;=".contains(last) {
                let eyes = end - 1;
                refused |= self
                    .entries
                    .iter()
                    .any(|other| other.familia != "invertido" && occurs(other, text, eyes) && self.allowed(other, text, eyes)); // L7
            }
            if first == 'D' {
                refused |= n_is_mask || !(n_char.is_whitespace() || ".,!?…)\"'”".contains(n_char)); // L8
                for &char in &text[end..] {
                    match char {
                        Some(char) if "\n\r\u{B}\u{C}\u{85}\u{2028}\u{2029}".contains(char) => break,
                        Some(char) if char.is_whitespace() => {}
                        other => {
                            refused |= other.is_some_and(w); // L8
                            break;
                        }
                    }
                }
            }
        }
        !refused
    }
}

fn entry(line: &str) -> Entry {
    let (symbol, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\",").unwrap(),
        None => line.split_once(',').unwrap(),
    };
    let fields: Vec<&str> = rest.split(',').collect();
    Entry { symbol: symbol.chars().collect(), sentimento: fields[0].to_owned(), familia: fields[1].to_owned() }
}

fn occurs(entry: &Entry, text: &[Char], at: usize) -> bool {
    entry.symbol.iter().enumerate().all(|(index, &char)| text.get(at + index) == Some(&Some(char)))
}

fn w(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || ('\u{300}'..='\u{36F}').contains(&char) || char == '\u{20E3}'
}

/// Section 2.
pub fn normalised(text: &str) -> Vec<char> {
    let entities =
        [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&#x27;", "'"), ("&nbsp;", " ")];
    let mut unescaped = String::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        if let Some((entity, char)) = entities.iter().find(|(entity, _)| rest.starts_with(entity)) {
            unescaped.push_str(char);
            rest = &rest[entity.len()..];
        } else {
            unescaped.push(char);
            rest = &rest[char.len_utf8()..];
        }
    }
    let folded = unescaped.chars().map(|char| match u32::from(char) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap(),
        0x3000 => ' ',
        0x2018 | 0x2019 | 0x2BC | 0xB4 | 0x60 | 0x2032 => '\'',
        0x2010..=0x2015 | 0x2212 | 0xFE63 => '-',
        _ => char,
    });
    let kept: String = folded
        .filter(|&char| {
            !matches!(
                u32::from(char),
                0xAD | 0x200B | 0x200C | 0x200E | 0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFE0E | 0xFE0F
                    | 0x1F3FB..=0x1F3FF
            )
        })
        .collect();
    // One pass: a pair that a deletion creates is kept.
    let mut chars: Vec<char> = Vec::new();
    let mut kept = kept.chars().peekable();
    while let Some(char) = kept.next() {
        if char == '\u{200D}' && kept.next_if(|&next| next == '\u{2642}' || next == '\u{2640}').is_some() {
            continue;
        }
        chars.push(char);
    }
    chars
}

/// Section 3. Only step 1 ignores case.
pub fn masked(text: &[char]) -> Vec<Char> {
    let text: Vec<Char> = text.iter().copied().map(Some).collect();
    let text = replace(&text, |text, at, _| short_link(text, at)); // step 1
    let text = replace(&text, |text, at, _| link(text, at)); // step 2
    replace(&text, |text, at, before| {
        let at_word_start = |length: Option<usize>| length.filter(|_| !before.is_some_and(w));
        at_word_start(www(text, at)) // step 3
            .or_else(|| at_word_start(tag(text, at, '@', |char| char.is_ascii_alphanumeric() || char == '_'))) // step 4
            .or_else(|| at_word_start(tag(text, at, '#', w))) // step 5
            .or_else(|| entity(text, at)) // step 6
    })
}

/// Replaces every span that `span` finds by a mask, in one pass. `span` takes the text, a position and the preceding
/// character of the text as masked so far, and returns the length of the span that starts there.
fn replace(text: &[Char], span: impl Fn(&[Char], usize, Char) -> Option<usize>) -> Vec<Char> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if let Some(length) = span(text, at, out.last().copied().flatten()) {
            out.push(None);
            at += length;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

fn short_link(text: &[Char], at: usize) -> Option<usize> {
    let any_case = |char: char| char.to_ascii_lowercase();
    let start = ["https://t.co/", "http://t.co/"].into_iter().find(|start| starts_with(text, at, start, any_case))?;
    let code = text[at + start.len()..].iter().take_while(|char| char.is_some_and(|char| char.is_ascii_alphanumeric()));
    Some(start.len() + code.count())
}

fn link(text: &[Char], at: usize) -> Option<usize> {
    ["http:/", "https:/"].into_iter().find(|start| starts_with(text, at, start, identity))?;
    Some(text[at..].iter().take_while(|char| char.is_none_or(|char| !char.is_whitespace())).count())
}

fn www(text: &[Char], at: usize) -> Option<usize> {
    let is_space = |char: &Char| char.is_some_and(char::is_whitespace);
    let length = text[at..].iter().take_while(|char| char.is_some() && !is_space(char)).count();
    let before_non_space = text.get(at + 4).is_some_and(|char| !is_space(char));
    (starts_with(text, at, "www.", identity) && before_non_space).then_some(length)
}

fn tag(text: &[Char], at: usize, marker: char, belongs: impl Fn(char) -> bool) -> Option<usize> {
    let length = text[at + 1..].iter().take_while(|char| char.is_some_and(&belongs)).count();
    (text[at] == Some(marker) && length > 0).then_some(length + 1)
}

fn entity(text: &[Char], at: usize) -> Option<usize> {
    let text: String = text[at..].iter().map_while(|char| *char).take(40).collect();
    let (body, _) = text.strip_prefix('&')?.split_once(';')?;
    let is_entity = match body.strip_prefix('#') {
        None => {
            let is_name = body.chars().all(|char| char.is_ascii_alphanumeric()) && (2..=31).contains(&body.len());
            is_name && body.starts_with(|char: char| char.is_ascii_alphabetic())
        }
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hex) => hex.chars().all(|char| char.is_ascii_hexdigit()) && (1..=6).contains(&hex.len()),
            None => number.chars().all(|char| char.is_ascii_digit()) && (1..=7).contains(&number.len()),
        },
    };
    is_entity.then_some(body.len() + 2)
}

fn starts_with(text: &[Char], at: usize, start: &str, folded: impl Fn(char) -> char) -> bool {
    start.chars().enumerate().all(|(index, want)| text.get(at + index).copied().flatten().map(&folded) == Some(want))
}
