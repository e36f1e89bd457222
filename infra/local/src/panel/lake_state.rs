//! Reads the state of a lake without SQL and without its lock: from files, the cursor, and the lists of refined and rejected
//! files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use datafusion::parquet::file::metadata::{ParquetMetaDataOptions, ParquetMetaDataReader, ParquetStatisticsPolicy};
use emulators::files;
use emulators::threads::{cores, share_out};
use ingest::{CURSOR_KEY, Cursor, USD_PER_POST};
use serde::Serialize;
use tweets::check_raw_key;

use crate::lake::{self, Source, acknowledged_path, raw_dir, ref_dir};
use crate::parquet;
use crate::rejected::{self, Rejected};

/// The state of a lake at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LakeState {
    /// Rows of all Parquet files.
    pub tweets: u64,
    /// Whether the posts are emulated; `None` if the lake does not record it.
    pub is_emulated: Option<bool>,
    /// Everything created before this instant is captured.
    pub captured_until: Option<DateTime<Utc>>,
    /// When `ingest` last wrote its cursor.
    pub last_run: Option<DateTime<Utc>>,
    /// Posts billed in the month of the cursor.
    pub month: Option<Month>,
    /// RAW files that are neither refined nor rejected; `None` if nothing records which are refined.
    pub waiting: Option<usize>,
    /// Files that `refine` rejected, with reasons.
    pub rejected: Vec<Rejected>,
    /// Messages about files that could not be read.
    pub problems: Vec<String>,
}

/// Posts billed in a month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Month {
    /// Such as `2026-11`.
    pub name: String,
    /// Posts read.
    pub posts_read: u64,
    /// Their price in dollars; emulated posts cost nothing. `None` if the record of the lake's source is damaged.
    pub usd: Option<f64>,
}

/// Size and modification time of a file. While both are the same, the file is not read again.
type Version = (u64, Option<SystemTime>);

/// The Parquet files of a lake, with their numbers of rows.
#[derive(Debug, Default)]
pub struct ParquetFiles {
    rows: BTreeMap<PathBuf, (Version, u64)>,
}

impl ParquetFiles {
    /// Looks for files that were added, changed or removed, and counts the rows of the new ones. Returns whether there
    /// are any; files that cannot be read are added to `problems`.
    pub fn look(&mut self, root: &Path, problems: &mut Vec<String>) -> bool {
        let found = parquet::find(&ref_dir(root).join("tweets"));
        problems.extend(found.unreadable.iter().map(ToString::to_string));
        let mut now = BTreeMap::new();
        let mut new = Vec::new();
        for path in found.files {
            let Ok(file) = std::fs::metadata(&path) else { continue };
            let version = (file.len(), file.modified().ok());
            match self.rows.get(&path) {
                Some(known) if known.0 == version => drop(now.insert(path, *known)),
                _ => new.push((path, version)),
            }
        }
        let is_changed = !new.is_empty() || now.len() != self.rows.len();
        for ((path, version), rows) in new.iter().zip(count_rows(&new)) {
            let rows = rows.unwrap_or_else(|error| {
                problems.push(format!("{}: {error}; `reprocess` rewrites it from RAW", path.display()));
                0
            });
            now.insert(path.clone(), (*version, rows));
        }
        self.rows = now;
        is_changed
    }

    /// Returns the number of rows of all files.
    pub fn rows(&self) -> u64 {
        self.rows.values().map(|(_, rows)| rows).sum()
    }
}

/// Reads the footers of files on all cores.
fn count_rows(files: &[(PathBuf, Version)]) -> Vec<Result<u64, String>> {
    let count = |(at, (path, version)): (usize, &(PathBuf, Version))| (at, if version.0 == 0 { Ok(0) } else { rows_of(path) });
    let mut counted: Vec<_> = share_out(files, cores(), |taken| taken.map(count).collect::<Vec<_>>()).into_iter().flatten().collect();
    counted.sort_unstable_by_key(|(at, _)| *at);
    counted.into_iter().map(|(_, rows)| rows).collect()
}

fn rows_of(path: &Path) -> Result<u64, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let skip = ParquetStatisticsPolicy::SkipAll;
    let options = ParquetMetaDataOptions::new()
        .with_column_stats_policy(skip.clone())
        .with_encoding_stats_policy(skip.clone())
        .with_size_stats_policy(skip);
    let footer =
        ParquetMetaDataReader::new().with_metadata_options(Some(options)).parse_and_finish(&file).map_err(|error| error.to_string())?;
    u64::try_from(footer.file_metadata().num_rows()).map_err(|error| error.to_string())
}

impl LakeState {
    /// Reads the state of the lake at `root`, whose Parquet files have `tweets` rows.
    pub fn read(root: &Path, tweets: u64, mut problems: Vec<String>) -> Self {
        let source = lake::source(root);
        let usd_per_post = match &source {
            Ok(Some(Source::Emulator)) => Some(0.0),
            Ok(Some(Source::XApi) | None) => Some(USD_PER_POST),
            Err(error) => {
                problems.insert(0, error.to_string()); // the page shows the first ones
                None
            }
        };
        let is_emulated = source.ok().flatten().map(|source| source == Source::Emulator);
        let mut state = Self { tweets, is_emulated, ..Self::default() };
        state.rejected = rejected::read(root).unwrap_or_else(|error| {
            problems.push(error.to_string());
            Vec::new()
        });
        let cursor = raw_dir(root).join(CURSOR_KEY);
        if let Ok(bytes) = std::fs::read(&cursor) {
            match serde_json::from_slice::<Cursor>(&bytes) {
                Ok(cursor) => state.add(&cursor, usd_per_post),
                Err(error) => problems.push(format!("{}: {error}", cursor.display())),
            }
            state.last_run = std::fs::metadata(&cursor).and_then(|file| file.modified()).ok().map(DateTime::from);
        }
        state.waiting = waiting(root, &state.rejected);
        state.problems = problems;
        state
    }

    #[expect(clippy::cast_precision_loss, reason = "posts of a month are far below 2^52")]
    fn add(&mut self, cursor: &Cursor, usd_per_post: Option<f64>) {
        self.captured_until = Some(cursor.done.created_at());
        let posts_read = cursor.month.posts_read;
        let usd = usd_per_post.map(|usd| posts_read as f64 * usd);
        self.month = Some(Month { name: cursor.month.name.clone(), posts_read, usd });
    }
}

/// Counts the RAW files that are neither refined nor rejected.
fn waiting(root: &Path, rejected: &[Rejected]) -> Option<usize> {
    let raw = raw_dir(root);
    let refined = std::fs::read(acknowledged_path(root)).ok();
    let found = files::find(&raw.join(tweets::RAW_PREFIX)).files;
    let refined = match refined {
        Some(refined) => refined,
        None if found.is_empty() => return Some(0),
        None => return None,
    };
    let refined: BTreeSet<&[u8]> = refined.split(|byte| *byte == b'\n').collect();
    let key = |path: &PathBuf| Some(path.strip_prefix(&raw).ok()?.to_str()?.replace('\\', "/"));
    let is_waiting = |key: &String| {
        check_raw_key(key).is_ok() && !refined.contains(key.as_bytes()) && !rejected.iter().any(|rejected| rejected.key == *key)
    };
    Some(found.iter().filter_map(key).filter(is_waiting).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_shown_only_if_the_source_of_the_posts_can_be_read() {
        let root = tempfile::tempdir().unwrap();
        let mut cursor = Cursor::starting_at(tweets::TweetId::MIN, "2026-11".to_owned());
        cursor.month.posts_read = 200;
        let path = raw_dir(root.path()).join(CURSOR_KEY);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, serde_json::to_vec(&cursor).unwrap()).unwrap();
        for (text, is_emulated, usd) in [
            (None, None, Some(1.0)),
            (Some("emulated posts\n"), Some(true), Some(0.0)),
            (Some("posts of the X API\n"), Some(false), Some(1.0)),
            (Some(""), None, Some(1.0)),
            (Some("emulated"), None, None),
            (Some("posts of the X"), None, None),
            (Some("\0\0\0\0"), None, None),
        ] {
            if let Some(text) = text {
                std::fs::write(root.path().join("source.txt"), text).unwrap();
            }
            let state = LakeState::read(root.path(), 0, vec!["another".to_owned()]);
            assert_eq!((state.is_emulated, state.month.and_then(|month| month.usd)), (is_emulated, usd), "{text:?}");
            assert_eq!(state.problems[0].contains("source.txt is damaged"), usd.is_none(), "{:?}", state.problems);
        }
    }
}
