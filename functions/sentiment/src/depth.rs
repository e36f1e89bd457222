//! Bracket depth ("depth of X" in section 5 of the specification).

/// The number of unmatched openers of each kind before some position; brackets inside masks do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    round: usize,
    square: usize,
    curly: usize,
}

impl Depth {
    /// The characters that change the depth.
    pub const BRACKETS: [u8; 6] = *b"()[]{}";

    /// Counts `byte` if it is a bracket. A closer without an opener is ignored.
    pub fn count(&mut self, byte: u8) {
        match byte {
            b'(' => self.round += 1,
            b'[' => self.square += 1,
            b'{' => self.curly += 1,
            b')' => self.round = self.round.saturating_sub(1),
            b']' => self.square = self.square.saturating_sub(1),
            b'}' => self.curly = self.curly.saturating_sub(1),
            _ => {}
        }
    }

    /// Returns whether the depth is 0 for the kind of bracket that `closer` closes.
    pub fn is_zero_for(self, closer: char) -> bool {
        let open = match closer {
            ')' => self.round,
            ']' => self.square,
            '}' => self.curly,
            _ => 0,
        };
        open == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_counted_and_never_goes_below_zero() {
        for (text, zero) in [
            ("", [true, true, true]),
            ("(a", [false, true, true]),
            ("(a)", [true, true, true]),
            ("))(", [false, true, true]),
            ("([)", [true, false, true]),
            ("{[(}])", [true, true, true]),
            ("((a)", [false, true, true]),
        ] {
            let mut depth = Depth::default();
            text.bytes().for_each(|byte| depth.count(byte));
            assert_eq!([')', ']', '}'].map(|closer| depth.is_zero_for(closer)), zero, "{text}");
        }
    }

    #[test]
    fn every_bracket_changes_the_depth() {
        for bracket in Depth::BRACKETS {
            let open = Depth { round: 1, square: 1, curly: 1 };
            let mut depth = open;
            depth.count(bracket);
            assert_ne!(depth, open, "{bracket}");
        }
    }
}
