//! Records values of an unexpected form: counts by field, and the first few with their path.

use std::collections::BTreeMap;
use std::fmt;

/// Maximum number of examples kept per file. The counts are complete.
const EXAMPLES_MAX: usize = 10;

/// Parts of a RAW file that could not be read. Each costs a value, never a row. Does not contain the values themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Malformed {
    by_field: BTreeMap<&'static str, u64>,
    examples: Vec<Example>,
    total: u64,
    /// Values recorded since the last field ended. They belong to the innermost enclosing field.
    unnamed: u64,
}

/// One malformed value: its path and the form found there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Segments of the path, innermost first.
    path: Vec<Segment>,
    found: &'static str,
}

/// One segment of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Field(&'static str),
    Item(usize),
}

impl Malformed {
    /// Returns the number of malformed values.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Returns the number of malformed values by field name.
    pub fn by_field(&self) -> &BTreeMap<&'static str, u64> {
        &self.by_field
    }

    /// Returns the first few examples, in the form `data[3].lang: a number`.
    pub fn examples(&self) -> &[Example] {
        &self.examples
    }

    /// Records bytes that are not UTF-8. They are read as U+FFFD.
    pub fn record_bytes_not_utf8(&mut self) {
        self.record_at(&[Segment::Field("bytes_not_utf8")], "bytes that are not UTF-8");
    }

    /// Records a malformed value at the current position.
    pub(super) fn record(&mut self, found: &'static str) {
        self.total += 1;
        self.unnamed += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(Example { path: Vec::new(), found });
        }
    }

    /// Records a malformed value below `path`, outermost segment first.
    pub(super) fn record_at(&mut self, path: &[Segment], found: &'static str) {
        match path {
            [] => self.record(found),
            [outermost, rest @ ..] => self.within(*outermost, |malformed| malformed.record_at(rest, found)),
        }
    }

    /// Runs `read` one level deeper: values that it records are placed below `segment`.
    #[expect(clippy::inline_always, reason = "a call for each field would cost as much as reading a short one")]
    #[inline(always)]
    pub(super) fn within<R>(&mut self, segment: Segment, read: impl FnOnce(&mut Self) -> R) -> R {
        let (total, examples) = (self.total, self.examples.len());
        let value = read(self);
        if self.total > total {
            self.place(segment, examples);
        }
        value
    }

    #[cold]
    fn place(&mut self, segment: Segment, since: usize) {
        self.examples.iter_mut().skip(since).for_each(|example| example.path.push(segment));
        if let (Segment::Field(name), 1..) = (segment, self.unnamed) {
            *self.by_field.entry(name).or_default() += std::mem::take(&mut self.unnamed);
        }
    }
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, segment) in self.path.iter().rev().enumerate() {
            match segment {
                Segment::Field(name) if depth == 0 => f.write_str(name)?,
                Segment::Field(name) => write!(f, ".{name}")?,
                Segment::Item(index) => write!(f, "[{index}]")?,
            }
        }
        write!(f, ": {}", self.found)
    }
}
