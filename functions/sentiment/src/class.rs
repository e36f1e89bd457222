//! What may begin at a byte, as bits; shared with the build script, which classifies every pair of bytes.

/// A symbol may start here.
pub const STARTS: u8 = 1;
/// A symbol may start at the byte before, if that one is `LATE`.
pub const SECOND: u8 = 2;
/// A symbol may start here, and its second byte is where a scan notices it that has passed the first.
pub const LATE: u8 = 4;
/// Normalising may change what starts here.
pub const CHANGE: u8 = 8;
/// At the second byte of a pair a symbol may start, or a change, whatever follows.
pub const NEXT: u8 = 16;
