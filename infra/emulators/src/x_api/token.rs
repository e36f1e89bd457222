//! `next_token`: the start of the next page, bound to the request that it continues.

use std::fmt::Write as _;

use crate::random::fnv1a;

/// Resembles the tokens of the real API; it has no meaning.
const PREFIX: &str = "b26v89c19zqg8o3f";
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Creates the token of a page that begins below an id.
pub(super) fn write(below: u64, request: u64) -> String {
    let mut number = (u128::from(below) << 64) | u128::from(seal(below, request));
    let mut digits = Vec::new();
    while number > 0 {
        digits.push(char::from(DIGITS[usize::try_from(number % 36).unwrap_or(0)]));
        number /= 36;
    }
    let mut token = PREFIX.to_owned();
    for digit in digits.iter().rev() {
        let _ = write!(token, "{digit}");
    }
    token
}

/// Returns where the page begins, if the token was created for this request.
pub(super) fn read(token: &str, request: u64) -> Option<u64> {
    let number = u128::from_str_radix(token.strip_prefix(PREFIX)?, 36).ok()?;
    let below = u64::try_from(number >> 64).ok()?;
    (write(below, request) == token).then_some(below)
}

/// Hashes a list of parameters to one number, which is the same in every process.
pub(super) fn fingerprint<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> u64 {
    let mut sorted: Vec<_> = parameters.collect();
    sorted.sort_unstable();
    fnv1a(sorted.into_iter().flat_map(|(name, value)| name.bytes().chain([0]).chain(value.bytes()).chain([0])))
}

fn seal(below: u64, request: u64) -> u64 {
    (below ^ request.rotate_left(17)).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_belongs_to_its_request() {
        let token = write(2_069_097_036_665_323_520, 7);
        assert!(token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        assert_eq!(read(&token, 7), Some(2_069_097_036_665_323_520));
        assert_eq!(read(&token, 8), None);
        for wrong in ["", "x", PREFIX, &token[..token.len() - 1], &(token.clone() + "0"), &token.to_uppercase()] {
            assert_eq!(read(wrong, 7), None, "{wrong}");
        }
    }

    #[test]
    fn the_order_of_parameters_does_not_matter() {
        let pairs = [("a", "1"), ("b", "2")];
        assert_eq!(fingerprint(pairs.into_iter()), fingerprint(pairs.into_iter().rev()));
        assert_ne!(fingerprint(pairs.into_iter()), fingerprint([("a", "12"), ("b", "")].into_iter()));
    }
}
