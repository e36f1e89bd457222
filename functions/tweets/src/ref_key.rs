//! The key of a Parquet object, from that of its RAW object.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use crate::{Partition, RAW_PREFIX, RawKey};

/// Characters left unescaped in a percent-encoded file name: the unreserved characters of RFC 3986.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns the key of the Parquet object that holds the rows of one RAW object and one day.
///
/// The mapping is injective: two RAW keys never share a Parquet key. A key of our own form contributes its stem. For any
/// other key, everything after `tweets/` is percent-encoded into one name without folders. Every file system accepts the
/// name, and no reader hides it.
pub fn ref_key(raw_key: &str, day: Partition) -> String {
    let stem = match raw_key.parse::<RawKey>() {
        Ok(key) => key.stem(),
        Err(_) => foreign_stem(raw_key.strip_prefix(RAW_PREFIX).unwrap_or(raw_key)),
    };
    format!("tweets/{day}/{stem}.parquet")
}

/// The longest stem. Of the 255 bytes of a file name, `.parquet` takes 8, and 5 are reserved for suffixes that tools add
/// (`.part` here while the file is written; a dot and `.crc` in Hadoop).
const STEM_BYTES_MAX: usize = 242;
/// Bytes of the key kept before the hash when its stem is longer. Each takes at most 3 bytes when encoded.
const KEY_BYTES_KEPT: usize = 56;
/// An encoded `~`. Since `~` is not encoded otherwise, no other stem can contain it.
const BEFORE_HASH: &str = "%7E";

fn foreign_stem(below_prefix: &str) -> String {
    let stem = encoded(below_prefix);
    if (1..=STEM_BYTES_MAX).contains(&stem.len()) {
        return stem;
    }
    // As injective as SHA-256.
    let hash = Sha256::digest(below_prefix).iter().fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
    let kept = below_prefix.get(..below_prefix.floor_char_boundary(KEY_BYTES_KEPT)).unwrap_or_default();
    format!("{}{BEFORE_HASH}{hash}", encoded(kept))
}

/// Percent-encodes the key. The first character is also encoded if the name would otherwise have another meaning; no other
/// key can produce that name.
fn encoded(below_prefix: &str) -> String {
    let encoded = utf8_percent_encode(below_prefix, UNRESERVED).to_string();
    match (encoded.bytes().next(), encoded.bytes().last()) {
        // Athena, Spark and Hive ignore files whose names start with `_` or `.`. A key that does not end in `.json` could
        // also equal one of our stems, which start and end with a digit.
        (Some(first @ (b'_' | b'.')), _) | (Some(first @ b'0'..=b'9'), Some(b'0'..=b'9')) => {
            format!("%{first:02X}{}", &encoded[1..])
        }
        _ => encoded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(created_at: &str) -> Partition {
        Partition::of(crate::parse_time(created_at).unwrap())
    }

    #[test]
    fn a_ref_key_contains_its_raw_key() {
        let day = day("2026-11-24T00:00:00Z");
        for (raw_key, want) in [
            ("tweets/ano=2026/mes=11/dia=23/2026-11-23T23-59Z_5_9.json", "2026-11-23T23-59Z_5_9"),
            ("tweets/by hand/a+b=ç.json", "by%20hand%2Fa%2Bb%3D%C3%A7.json"),
            ("tweets/by%20hand/a.json", "by%2520hand%2Fa.json"),
            ("tweets/2026-11-23T23-59Z_5_9", "%32026-11-23T23-59Z_5_9"), // equals one of our stems
            ("tweets/_import/a.json", "%5Fimport%2Fa.json"),             // table readers ignore names starting with `_` and `.`
            ("tweets/.b/b.json", "%2Eb%2Fb.json"),
            ("tweets/.json", "%2Ejson"),
            ("tweets/%5Fimport/a.json", "%255Fimport%2Fa.json"),
            ("tweets/a/_b/.c.json", "a%2F_b%2F.c.json"),
        ] {
            assert_eq!(ref_key(raw_key, day), format!("tweets/ano=2026/mes=11/dia=24/{want}.parquet"), "{raw_key}");
        }
    }

    fn name(raw_key: &str) -> String {
        let key = ref_key(raw_key, day("2026-11-24T00:00:00Z"));
        key.strip_prefix("tweets/ano=2026/mes=11/dia=24/").unwrap().to_owned()
    }

    #[test]
    fn a_long_key_gives_a_name_that_fits_a_file_system() {
        for (letters, want) in [
            (39, format!("{}a.json.parquet", "%C3%A9".repeat(39))), // 234 + 6 bytes
            (40, format!("{}%7E{}.parquet", "%C3%A9".repeat(28), "f7719075766fa89fe7ca32343f07ef1267247998de88046a19955756707ce891")),
        ] {
            let found = name(&format!("tweets/{}a.json", "é".repeat(letters)));
            assert_eq!((found.len() + ".part".len() <= 255, &found), (true, &want));
        }
        let (one, other) = (format!("tweets/{}1.json", "a".repeat(1_000)), format!("tweets/{}2.json", "a".repeat(1_000)));
        assert_ne!(name(&one), name(&other));
        assert_ne!(name(&format!("tweets/{}", name(&one))), name(&one));
    }

    proptest! {
        #[test]
        fn no_name_is_hidden_or_too_long(key in "tweets/[._~%/a0é]{0,4}[._~%/a0é🙂]{0,90}") {
            let name = name(&key);
            prop_assert!(!name.starts_with(['_', '.']) && !name.contains('/') && name.len() <= 250, "{}", name);
            let decoded = percent_encoding::percent_decode_str(&name).decode_utf8();
            prop_assert!(decoded.is_ok(), "{}", name);
        }

        #[test]
        fn two_raw_keys_never_share_a_ref_key(a in "tweets/[0-9TZ_./%a2~ -]{0,24}", b in "tweets/[0-9TZ_./%a2~ -]{0,24}") {
            let day = day("2026-11-24T00:00:00Z");
            prop_assert_eq!(a == b, ref_key(&a, day) == ref_key(&b, day));
        }
    }
}
