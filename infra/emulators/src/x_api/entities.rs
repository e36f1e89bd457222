//! Finds hashtags, mentions and links in a text, at the positions that `entities` reports.

/// The kind of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Hashtag,
    Mention,
    Link,
}

/// One entity: `[start, end)` in characters (code points) of the text as delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entity {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    /// The tag without `#`, the name without `@`, or the link as written.
    pub value: String,
}

const LINK: &str = "https://t.co/";

/// Returns all entities of a text, from left to right.
pub(super) fn scan(text: &str) -> Vec<Entity> {
    let characters: Vec<char> = text.chars().collect();
    let link: Vec<char> = LINK.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let free = at == 0 || !is_word(characters[at - 1]);
        let (kind, body, belongs): (_, _, fn(char) -> bool) = match characters[at] {
            '#' if free => (Kind::Hashtag, at + 1, is_word),
            '@' if free => (Kind::Mention, at + 1, is_name),
            'h' if characters[at..].starts_with(&link) => (Kind::Link, at + link.len(), |c| c.is_ascii_alphanumeric()),
            _ => {
                at += 1;
                continue;
            }
        };
        let end = body + characters[body..].iter().take_while(|c| belongs(**c)).count();
        if end == body {
            at += 1;
            continue;
        }
        let from = if kind == Kind::Link { at } else { body };
        found.push(Entity { kind, start: at, end, value: characters[from..end].iter().collect() });
        at = end;
    }
    found
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_found_at_their_positions() {
        for (text, want) in [
            ("oi @planalto #Brasília", vec![(Kind::Mention, 3, 12, "planalto"), (Kind::Hashtag, 13, 22, "Brasília")]),
            ("😀 #a", vec![(Kind::Hashtag, 2, 4, "a")]),
            ("https://t.co/aB1: e", vec![(Kind::Link, 0, 16, "https://t.co/aB1")]),
            ("a@b.com c#d # @", vec![]),
        ] {
            let found: Vec<_> = scan(text).into_iter().map(|e| (e.kind, e.start, e.end, e.value)).collect();
            let want: Vec<_> = want.into_iter().map(|(k, s, e, v)| (k, s, e, v.to_owned())).collect();
            assert_eq!(found, want, "{text}");
        }
    }
}
