//! What may begin at a byte, as bits; shared with the build script, which classifies every pair of bytes.

/// A symbol may start here.
pub const STARTS: u8 = 1;
/// A symbol may have started at the byte before, if that one is `LATE`.
pub const SECOND: u8 = 2;
/// A symbol may start here. A scan that has passed its first byte notices it at its second.
pub const LATE: u8 = 4;
/// Normalising may change what starts here.
pub const CHANGE: u8 = 8;
/// At the second byte of the pair a symbol may start, whatever follows.
pub const NEXT_STARTS: u8 = 16;
/// At the second byte of the pair a change may start, whatever follows.
pub const NEXT_CHANGE: u8 = 32;
/// Some symbol holds this pair.
pub const INSIDE: u8 = 64;
