use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::{Partition, TweetId};

/// Prefix of RAW files. Everything else in the bucket is state.
pub const RAW_PREFIX: &str = "tweets/";

/// The key of a RAW file: `tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_<oldest>_<newest>.json`.
///
/// Date, hour and minute are those of `created_at` of the oldest tweet in the file, in UTC, and so are `ano/mes/dia`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawKey {
    oldest_created_at: DateTime<Utc>,
    oldest: TweetId,
    newest: TweetId,
}

const MINUTE: &str = "%Y-%m-%dT%H-%MZ";

impl RawKey {
    /// Creates the key of a file with tweets from `oldest`, created at `oldest_created_at`, to `newest`.
    pub fn new(oldest_created_at: DateTime<Utc>, oldest: TweetId, newest: TweetId) -> Self {
        Self { oldest_created_at, oldest, newest }
    }

    /// Returns `created_at` of the oldest tweet in the file, to the minute if the key was parsed.
    pub fn oldest_created_at(&self) -> DateTime<Utc> {
        self.oldest_created_at
    }

    /// Returns the partition of the key.
    pub fn partition(&self) -> Partition {
        Partition::of(self.oldest_created_at)
    }

    /// Returns the file name without its extension. Unique among RAW files.
    pub fn stem(&self) -> String {
        format!("{}_{}_{}", self.oldest_created_at.format(MINUTE), self.oldest, self.newest)
    }
}

impl fmt::Display for RawKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{RAW_PREFIX}{}/{}.json", self.partition(), self.stem())
    }
}

/// Why an object of the RAW bucket is not a RAW file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotARawFile {
    /// The key is not below `tweets/`: the object is state, or something else.
    #[error("it is not below `tweets/`")]
    OutsidePrefix,
    /// Another extension: compressed, JSON Lines, or a folder marker.
    #[error("its name does not end in `.json`")]
    OtherEnding,
    /// A file that macOS writes next to each file that it copies.
    #[error("its name begins with `._`, as a Mac's hidden files do")]
    AppleDouble,
    /// A file that Spark or Hadoop has not finished.
    #[error("it is in a folder `_temporary`, so its writer has not finished it")]
    Unfinished,
}

/// Checks whether an object with this key is a RAW file: it is below `tweets/`, its name ends in `.json` and does not start
/// with `._`, and it is not in a folder `_temporary`. Every other object is ignored, whatever it contains.
pub fn check_raw_key(key: &str) -> Result<(), NotARawFile> {
    let path = key.strip_prefix(RAW_PREFIX).ok_or(NotARawFile::OutsidePrefix)?;
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    if !name.ends_with(".json") {
        Err(NotARawFile::OtherEnding)
    } else if name.starts_with("._") {
        Err(NotARawFile::AppleDouble)
    } else if parts.any(|folder| folder == "_temporary") {
        Err(NotARawFile::Unfinished)
    } else {
        Ok(())
    }
}

/// The key does not have the form that [`RawKey`] writes. `refine` also accepts such files, under another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key is not of the form tweets/ano=YYYY/mes=MM/dia=DD/YYYY-MM-DDTHH-MMZ_<oldest>_<newest>.json")]
pub struct NotARawKey;

impl FromStr for RawKey {
    type Err = NotARawKey;

    fn from_str(key: &str) -> Result<Self, NotARawKey> {
        let parse = || {
            let stem = key.rsplit('/').next()?.strip_suffix(".json")?;
            let mut parts = stem.split('_');
            let minute = NaiveDateTime::parse_from_str(parts.next()?, MINUTE).ok()?.and_utc();
            let parsed = Self::new(minute, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            // The round trip rejects keys that merely look similar: other folders, leading zeros, additional parts.
            (parsed.to_string() == key).then_some(parsed)
        };
        parse().ok_or(NotARawKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_the_minute_of_its_oldest_tweet() {
        let key = RawKey::new("2026-11-23T14:05:59.999Z".parse().unwrap(), TweetId::new(5).unwrap(), TweetId::new(9).unwrap());
        assert_eq!(key.to_string(), "tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_5_9.json");
        assert_eq!(key.stem(), "2026-11-23T14-05Z_5_9");
    }

    #[test]
    fn only_our_own_keys_are_parsed() {
        for (key, ours) in [
            ("tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_5_9.json", true),
            ("tweets/ano=2026/mes=11/dia=24/2026-11-23T14-05Z_5_9.json", false), // the folder is of another day
            ("tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_05_9.json", false),
            ("tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_5_9_1.json", false),
            ("tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_5_9.JSON", false),
            ("other/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_5_9.json", false),
            ("tweets/", false),
            ("", false),
        ] {
            let parsed = key.parse::<RawKey>();
            assert_eq!(parsed.is_ok(), ours, "{key}");
            if let Ok(parsed) = parsed {
                assert_eq!(parsed.to_string(), key);
            }
        }
    }

    #[test]
    fn a_raw_file_is_recognised_by_its_key_alone() {
        for (key, want) in [
            ("tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_5_9.json", Ok(())),
            ("tweets/by hand/a.json", Ok(())),
            ("tweets/_import/a.json", Ok(())),
            ("tweets/.b/b.json", Ok(())),
            ("tweets/.json", Ok(())),
            ("tweets/_temporary.json", Ok(())),
            ("tweets/a_temporary/b.json", Ok(())),
            ("tweets/._b/a.json", Ok(())), // the rule applies to the file name only
            ("state/ingest.json", Err(NotARawFile::OutsidePrefix)),
            ("TWEETS/a.json", Err(NotARawFile::OutsidePrefix)),
            ("/tweets/a.json", Err(NotARawFile::OutsidePrefix)),
            ("tweets", Err(NotARawFile::OutsidePrefix)),
            ("tweets/", Err(NotARawFile::OtherEnding)),
            ("tweets/ano=2026/", Err(NotARawFile::OtherEnding)),
            ("tweets/a.JSON", Err(NotARawFile::OtherEnding)),
            ("tweets/a.jsonl", Err(NotARawFile::OtherEnding)),
            ("tweets/a.json.gz", Err(NotARawFile::OtherEnding)),
            ("tweets/json", Err(NotARawFile::OtherEnding)),
            ("tweets/.DS_Store", Err(NotARawFile::OtherEnding)),
            ("tweets/._a.json", Err(NotARawFile::AppleDouble)),
            ("tweets/a/._b.json", Err(NotARawFile::AppleDouble)),
            ("tweets/a/_temporary/0/b.json", Err(NotARawFile::Unfinished)),
            ("tweets/_temporary/b.json", Err(NotARawFile::Unfinished)),
        ] {
            assert_eq!(check_raw_key(key), want, "{key}");
        }
    }
}
