//! A fast search for the few positions of a text that matter.

/// The number of positions tested at once.
const BLOCK: usize = 16;

/// Returns the first position at `from` or later whose byte and next byte pass `test`; the next byte of the last one is 0.
///
/// Skips whole blocks first: a loop without an early exit needs fewer instructions per byte. `test` should be a table lookup.
#[inline]
pub fn first_pair(bytes: &[u8], from: usize, test: impl Fn(u8, u8) -> bool) -> Option<usize> {
    let mut start = from;
    while let Some(block) = bytes.get(start..).and_then(<[u8]>::first_chunk::<{ BLOCK + 1 }>) {
        if (0..BLOCK).fold(false, |any, at| any | test(block[at], block[at + 1])) {
            break;
        }
        start += BLOCK;
    }
    (start..bytes.len()).find(|&at| test(bytes[at], bytes.get(at + 1).copied().unwrap_or(0)))
}

/// Returns a table that is true for the bytes in `wanted`.
pub const fn byte_table(wanted: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut index = 0;
    while index < wanted.len() {
        table[wanted[index] as usize] = true;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pair_is_found_at_any_position() {
        for length in 2..50 {
            let plain = vec![b'a'; length];
            assert_eq!(first_pair(&plain, 0, |byte, next| (byte, next) == (b'x', b'y')), None, "{length}");
            assert_eq!(first_pair(&plain, 0, |_, next| next == 0), Some(length - 1), "{length}");
            for at in 0..length - 1 {
                let mut bytes = plain.clone();
                bytes[at..at + 2].copy_from_slice(b"xy");
                for from in 0..length {
                    let want = (from <= at).then_some(at);
                    assert_eq!(first_pair(&bytes, from, |byte, next| (byte, next) == (b'x', b'y')), want, "{length} {at} {from}");
                }
            }
        }
    }
}
