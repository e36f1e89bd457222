//! How deep the text stands in open brackets.

/// The unmatched openers so far, of each kind; what a mask covers is never counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    round: usize,
    square: usize,
    curly: usize,
}

impl Depth {
    /// Counts `char` if it is a bracket. A closer with nothing to close changes nothing.
    pub fn pass(&mut self, char: char) {
        match char {
            '(' => self.round += 1,
            '[' => self.square += 1,
            '{' => self.curly += 1,
            ')' => self.round = self.round.saturating_sub(1),
            ']' => self.square = self.square.saturating_sub(1),
            '}' => self.curly = self.curly.saturating_sub(1),
            _ => {}
        }
    }

    /// Whether nothing is open that `closer` could close.
    pub fn is_closed(self, closer: char) -> bool {
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
    fn counts_each_kind_and_never_below_zero() {
        for (text, closed) in [
            ("", [true, true, true]),
            ("(a", [false, true, true]),
            ("(a)", [true, true, true]),
            ("))(", [false, true, true]),
            ("([)", [true, false, true]),
            ("{[(}])", [true, true, true]),
            ("((a)", [false, true, true]),
        ] {
            let mut depth = Depth::default();
            text.chars().for_each(|char| depth.pass(char));
            assert_eq!([')', ']', '}'].map(|closer| depth.is_closed(closer)), closed, "{text}");
        }
    }
}
