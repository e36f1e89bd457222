//! Values that are not of the form they should have: counted by field, the first few with their place.

use std::collections::BTreeMap;
use std::fmt;

/// Examples kept of one file. The counts are complete.
const EXAMPLES_MAX: usize = 10;

/// What a RAW file has that could not be read, and that cost a value but no row. Never holds a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Malformed {
    by_field: BTreeMap<&'static str, u64>,
    examples: Vec<Example>,
    total: u64,
    /// Found since the last field was left: they belong to the innermost field around them.
    unnamed: u64,
}

/// One malformed value: where it is, and what was found there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Innermost first.
    path: Vec<Segment>,
    found: &'static str,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Field(&'static str),
    Item(usize),
}

impl Malformed {
    /// The number of malformed values.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The number of malformed values by the name of their field.
    pub fn by_field(&self) -> &BTreeMap<&'static str, u64> {
        &self.by_field
    }

    /// The first few, as `data[3].lang: a number`.
    pub fn examples(&self) -> &[Example] {
        &self.examples
    }

    /// Records bytes that are not UTF-8. They are read as U+FFFD.
    pub fn record_bytes_not_utf8(&mut self) {
        self.record_at(&[Segment::Field("bytes_not_utf8")], "bytes that are not UTF-8");
    }

    /// Records a malformed value at the place that is being read.
    pub(super) fn record(&mut self, found: &'static str) {
        self.total += 1;
        self.unnamed += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(Example { path: Vec::new(), found });
        }
    }

    /// Records a malformed value below `path`, outermost step first.
    pub(super) fn record_at(&mut self, path: &[Segment], found: &'static str) {
        match path {
            [] => self.record(found),
            [outermost, rest @ ..] => self.within(*outermost, |malformed| malformed.record_at(rest, found)),
        }
    }

    /// Reads what is one step further in: what `read` records is put below `segment`.
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
