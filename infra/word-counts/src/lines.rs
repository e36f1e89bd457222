//! Lines and characters of a socket, as Spark's socket source reads them.

use std::borrow::Cow;

/// Cuts bytes into lines, in the pieces in which they arrive.
///
/// LF, CR LF and CR alone each end a line; no other character does. The bytes of a line are kept until its end, up to a
/// limit. A longer line is skipped and reported.
#[derive(Debug)]
pub struct Cutter {
    line: Vec<u8>,
    bytes_max: usize,
    /// Length of the current line, skipped bytes included.
    bytes: usize,
    /// The last byte was CR, so that LF would be the second half of a line end.
    after_cr: bool,
}

/// Capacity that is kept for the next line.
const LINE_BYTES_KEPT: usize = 64 * 1024;

/// The end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut<'a> {
    /// A line, without its end.
    Line(&'a [u8]),
    /// A line of more than the limit.
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

impl Cutter {
    /// Creates a cutter for lines of at most `bytes_max`.
    pub fn new(bytes_max: usize) -> Self {
        Self { line: Vec::new(), bytes_max, bytes: 0, after_cr: false }
    }

    /// Takes the next bytes and calls `cut` for each line that they end.
    pub fn push(&mut self, mut bytes: &[u8], mut cut: impl FnMut(Cut<'_>)) {
        if self.after_cr && !bytes.is_empty() {
            self.after_cr = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, rest) = bytes.split_at(end);
            self.extend(line);
            self.finish(&mut cut);
            bytes = match rest {
                [b'\r'] => {
                    self.after_cr = true;
                    &[]
                }
                [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
                [] => rest,
            };
        }
        self.extend(bytes);
    }

    /// Returns the length of the line that has not ended yet.
    pub fn unfinished_bytes(&self) -> usize {
        self.bytes
    }

    /// Ends the input: what is after the last line end is a line, unless it is empty.
    pub fn end(&mut self, cut: impl FnMut(Cut<'_>)) {
        if self.bytes > 0 {
            self.finish(cut);
        }
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes <= self.bytes_max {
            self.line.extend_from_slice(bytes);
        } else {
            self.line = Vec::new();
        }
    }

    fn finish(&mut self, mut cut: impl FnMut(Cut<'_>)) {
        let bytes = std::mem::take(&mut self.bytes);
        cut(if bytes > self.bytes_max { Cut::TooLong { bytes } } else { Cut::Line(&self.line) });
        self.line.clear();
        self.line.shrink_to(LINE_BYTES_KEPT);
    }
}

/// Decodes a line as Java does: each maximal part that is not UTF-8 becomes one U+FFFD.
///
/// That is what [`String::from_utf8_lossy`] does, except for half a surrogate pair written as UTF-8 (`ED A0 80` to `ED
/// BF BF`): one U+FFFD, not three.
pub fn decode(line: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = str::from_utf8(line) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(line.len());
    let mut surrogate = 0; // bytes of half a surrogate pair so far
    for chunk in line.utf8_chunks() {
        text.push_str(chunk.valid());
        let is_continued = chunk.valid().is_empty();
        surrogate = match (surrogate, chunk.invalid()) {
            (_, []) => 0,
            (1, [0xa0..=0xbf]) if is_continued => 2,
            (2, [0x80..=0xbf]) if is_continued => 0,
            (_, [first, ..]) => {
                text.push(char::REPLACEMENT_CHARACTER);
                u8::from(*first == 0xed)
            }
        };
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cuts bytes that arrive in pieces, and ends the input.
    fn lines(pieces: &[&str], bytes_max: usize) -> Vec<Result<String, usize>> {
        let (mut cutter, mut all) = (Cutter::new(bytes_max), Vec::new());
        let mut keep = |cut: Cut<'_>| match cut {
            Cut::Line(line) => all.push(Ok(String::from_utf8(line.to_vec()).unwrap())),
            Cut::TooLong { bytes } => all.push(Err(bytes)),
        };
        for piece in pieces {
            cutter.push(piece.as_bytes(), &mut keep);
        }
        cutter.end(&mut keep);
        all
    }

    #[test]
    fn a_line_ends_at_lf_at_cr_lf_and_at_cr() {
        for (pieces, want) in [
            (&["azul\nverde\n"][..], &["azul", "verde"][..]),
            (&["a\r\nb\rc\r\rd"], &["a", "b", "c", "", "d"]),
            (&["a\r", "\nb"], &["a", "b"]), // CR LF in two packets
            (&["a\r", "", "\nb"], &["a", "b"]),
            (&["a\r", "b"], &["a", "b"]),
            (&["\n\n\r\n\n\r"], &["", "", "", "", ""]),
            (&["az", "ul", "\n"], &["azul"]),
            (&["a\u{85}b\u{2028}c\u{b}\u{c}\n"], &["a\u{85}b\u{2028}c\u{b}\u{c}"]),
            (&["fim"], &["fim"]), // the end of the input ends a line
            (&["", ""], &[]),
        ] {
            let got: Vec<String> = lines(pieces, 100).into_iter().map(Result::unwrap).collect();
            assert_eq!(got, want, "{pieces:?}");
        }
    }

    #[test]
    fn a_line_beyond_the_limit_is_reported_with_its_length_and_not_kept() {
        let text = ["1234\n", "12", "345\n1234", "5678", "9\r", "\nab"];
        assert_eq!(lines(&text, 4), [Ok("1234".to_owned()), Err(5), Err(9), Ok("ab".to_owned())]);
        let mut cutter = Cutter::new(4);
        (0..1_000).for_each(|_| cutter.push(&[b'x'; 1_000], |_| unreachable!()));
        assert_eq!((cutter.unfinished_bytes(), cutter.line.capacity()), (1_000_000, 0));
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_replaced_as_java_does() {
        for (bytes, want) in [
            (&b"a\xffb \xff"[..], "a\u{fffd}b \u{fffd}"),
            (b"a\xe2\x82b", "a\u{fffd}b"),
            (b"a\xed\xa0\x80b", "a\u{fffd}b"), // half a surrogate pair
            (b"\xed\xa0\x80\xed\xb0\x80", "\u{fffd}\u{fffd}"),
            (b"\xed\xa0b", "\u{fffd}b"),
            (b"\xed\xa0\xc3", "\u{fffd}\u{fffd}"),
            (b"\xedb\xa0", "\u{fffd}b\u{fffd}"),
            (b"\xed\xa0\x80\x80", "\u{fffd}\u{fffd}"),
            (b"\xed\x9f\xbf", "\u{d7ff}"),
            (b"\xc0\x80\xe0\x80\x80", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(decode(bytes), want, "{bytes:x?}");
        }
    }
}
