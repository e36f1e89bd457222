//! The neighbour of a symbol (*p* and *n* in section 5 of the specification): an edge of the text, a mask or a character.

/// A mask is a variant of its own and not a marker character, so no character of a tweet can be mistaken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbour {
    Edge,
    Mask,
    Char(char),
}

impl Neighbour {
    /// Returns whether it is a word character, the specification's W.
    pub fn is_word(self) -> bool {
        matches!(self, Self::Char(char) if is_word(char))
    }

    /// Returns whether it is a "digit" of the specification: ASCII only.
    pub fn is_digit(self) -> bool {
        matches!(self, Self::Char('0'..='9'))
    }

    /// Returns whether it is "blank" in the specification's sense: an edge, a mask or white space.
    pub fn is_blank(self) -> bool {
        match self {
            Self::Edge | Self::Mask => true,
            Self::Char(char) => char.is_whitespace(),
        }
    }

    pub fn is(self, char: char) -> bool {
        self == Self::Char(char)
    }

    pub fn is_one_of(self, chars: &str) -> bool {
        matches!(self, Self::Char(char) if chars.contains(char))
    }
}

/// Returns whether `char` is the specification's W: alphanumeric, `_`, a combining diacritical mark or the keycap of `2️⃣`.
pub fn is_word(char: char) -> bool {
    if char.is_ascii() {
        return char.is_ascii_alphanumeric() || char == '_';
    }
    char.is_alphanumeric() || matches!(char, '\u{300}'..='\u{36F}' | '\u{20E3}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_characters() {
        for (char, want) in [
            ('a', true),
            ('Ç', true),
            ('9', true),
            ('_', true),
            ('º', true), // as in 1º
            ('½', true),
            ('中', true),
            ('\u{301}', true),  // the acute accent of a decomposed é
            ('\u{20E3}', true), // keycap
            ('-', false),
            ('\'', false),
            ('\u{200D}', false),
            ('😂', false),
            (' ', false),
        ] {
            assert_eq!(is_word(char), want, "{char:?}");
        }
    }

    #[test]
    fn a_mask_is_blank_and_not_a_word() {
        assert!(Neighbour::Mask.is_blank() && !Neighbour::Mask.is_word());
        assert!(Neighbour::Edge.is_blank() && !Neighbour::Edge.is_word());
        assert!(Neighbour::Char('\u{A0}').is_blank() && !Neighbour::Char('M').is_blank());
    }
}
