//! What stands beside a symbol: an edge of the text, a mask, or a character.

/// The mask takes part as itself, never as a character, so no character of a tweet can be taken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbour {
    Edge,
    Mask,
    Char(char),
}

impl Neighbour {
    /// The specification's W.
    pub fn is_word(self) -> bool {
        matches!(self, Self::Char(char) if is_word(char))
    }

    /// The specification's "digit": the ASCII ones only.
    pub fn is_digit(self) -> bool {
        matches!(self, Self::Char('0'..='9'))
    }

    /// The specification's "blank": edge, white space or mask.
    pub fn is_blank(self) -> bool {
        match self {
            Self::Edge | Self::Mask => true,
            Self::Char(char) => char.is_whitespace(),
        }
    }

    pub fn is(self, char: char) -> bool {
        self == Self::Char(char)
    }
}

/// A word character: alphanumeric, `_`, a combining diacritical mark, or the keycap that makes `2️⃣` of a digit.
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
            ('º', true), // 1º
            ('½', true),
            ('中', true),
            ('\u{301}', true),  // the acute of a decomposed é
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
    fn a_mask_is_blank_and_no_word() {
        assert!(Neighbour::Mask.is_blank() && !Neighbour::Mask.is_word());
        assert!(Neighbour::Edge.is_blank() && !Neighbour::Edge.is_word());
        assert!(Neighbour::Char('\u{A0}').is_blank() && !Neighbour::Char('M').is_blank());
    }
}
