//! `reprocess --raw DIR --ref DIR`: refines a folder of RAW files into a folder of Parquet files, on all cores, without
//! S3.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use emulators::files::{self, Unreadable};
use emulators::threads::{cores, share_out};
use indicatif::{ProgressBar, ProgressStyle};
use rows::Refined;
use tweets::{RAW_PREFIX, Years, check_raw_key};

use crate::Outcome;
use crate::ignored::{Ignored, report_ignored};
use crate::output::listed;

/// File below `--ref` that lists every refused file. Readers of Parquet files skip its name.
const REFUSED_LIST: &str = "_refused.txt";
/// Number of Parquet files that a thread writes before it flushes them together.
const FLUSHED_AT_ONCE: usize = 1_000;

/// Result of one thread.
#[derive(Default)]
struct ThreadTotals {
    tweets: u64,
    objects: u64,
    /// Number of values that could not be read, by field name.
    malformed: BTreeMap<&'static str, u64>,
    /// Reasons why files have no rows in REF.
    refused: Vec<String>,
    unflushed: Vec<PathBuf>,
    /// Failures to flush Parquet files that were written.
    flush_failures: Vec<String>,
}

/// Refines every RAW file below `raw` into one Parquet file per day below `reference`. Existing files are replaced.
///
/// `raw` takes the place of the RAW bucket: the key of a file is its path. A folder without `tweets/` in it takes the
/// place of that prefix. Files that are refused, or are not RAW files, are reported, and the others are still refined.
/// A reader never sees a partial Parquet file, and the files that are reported as written survive a power failure.
pub fn run(raw: &Path, reference: &Path) -> Outcome {
    let started = Instant::now();
    let (prefixed, prefix) = (raw.join(RAW_PREFIX), if raw.join(RAW_PREFIX).is_dir() { "" } else { RAW_PREFIX });
    let top = if prefix.is_empty() { &prefixed } else { raw };
    let found = files::find(top);
    let mut unreadable: Vec<String> = found.unreadable.iter().map(Unreadable::to_string).collect();
    // A key is UTF-8; a name that is not could get the key of another file.
    let (named, nameless): (Vec<_>, Vec<_>) = found.files.iter().partition(|path| path.to_str().is_some());
    unreadable.extend(nameless.iter().map(|path| format!("{}: its name is not UTF-8; rename it", path.display())));
    let (raw_files, ignored) = split(named.into_iter().map(|path| (path, key_of(raw, prefix, path))));
    report_ignored(&ignored)?;
    if raw_files.is_empty() && unreadable.is_empty() {
        return Err(format!("no .json files below {}", top.display()).into());
    }
    files::create_folders(reference).map_err(|error| format!("cannot create the folder {}: {error}", reference.display()))?;
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} RAW files, {eta} left").unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(raw_files.len() as u64).with_style(style); // draws nothing if standard error is not a terminal
    let parts = share_out(&raw_files, cores(), |taken| {
        let mut totals = ThreadTotals::default();
        for (_, (path, key)) in taken {
            if let Err(error) = refine_file(path, key, reference, &mut totals) {
                totals.refused.push(format!("{}: {error}", path.display()));
            }
            if totals.unflushed.len() >= FLUSHED_AT_ONCE {
                totals.flush(reference);
            }
            bar.inc(1);
        }
        totals.flush(reference);
        totals
    });
    bar.finish_and_clear();
    report(reference, raw_files.len(), parts, unreadable, started.elapsed().as_secs_f64())
}

impl ThreadTotals {
    fn flush(&mut self, reference: &Path) {
        if let Err(error) = files::flush(reference, &self.unflushed) {
            self.flush_failures.push(error.to_string());
        }
        self.unflushed.clear();
    }
}

fn report(reference: &Path, files: usize, parts: Vec<ThreadTotals>, unreadable: Vec<String>, seconds: f64) -> Outcome {
    let tweets: u64 = parts.iter().map(|totals| totals.tweets).sum();
    let objects: u64 = parts.iter().map(|totals| totals.objects).sum();
    let mut malformed = BTreeMap::<&str, u64>::new();
    for (name, count) in parts.iter().flat_map(|totals| &totals.malformed) {
        *malformed.entry(name).or_default() += count;
    }
    let (mut refused, mut flush_failures) = (Vec::new(), Vec::new());
    for totals in parts {
        refused.extend(totals.refused);
        flush_failures.extend(totals.flush_failures);
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate to be read, not to be computed with")]
    let rate = tweets as f64 / seconds;
    let done = files.saturating_sub(refused.len());
    crate::output::line(&format!("{done} RAW files, {tweets} tweets, {objects} Parquet files in {seconds:.2} s: {rate:.0} tweets/s"))?;
    if !malformed.is_empty() {
        let counts: Vec<String> = malformed.iter().map(|(name, count)| format!("{name} {count}")).collect();
        crate::output::line(&format!("malformed values read as null, by field: {}", counts.join(", ")))?;
    }
    let mut problems = Vec::new();
    if !refused.is_empty() {
        problems.push(format!("{} of {files} RAW files could not be refined:{}", refused.len(), listed(&refused)));
    }
    if !unreadable.is_empty() {
        problems.push(format!("{} file(s) or folder(s) of RAW could not be read:{}", unreadable.len(), listed(&unreadable)));
    }
    refused.extend(unreadable);
    match list(&reference.join(REFUSED_LIST), &refused) {
        Ok(()) if refused.is_empty() => {}
        Ok(()) => problems.push(format!("all of them are listed in {}", reference.join(REFUSED_LIST).display())),
        Err(error) => problems.push(format!("cannot write {}, which lists all of them: {error}", reference.join(REFUSED_LIST).display())),
    }
    if !flush_failures.is_empty() {
        let (count, named) = (flush_failures.len(), listed(&flush_failures));
        problems.push(format!("{count} flush(es) of written Parquet files to the disk failed; run it again:{named}"));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

/// Replaces the list of refused files; removes it if there are none.
fn list(path: &Path, refused: &[String]) -> io::Result<()> {
    if refused.is_empty() {
        return fs::remove_file(path).or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) });
    }
    files::replace(path, (refused.join("\n") + "\n").as_bytes())
}

/// Splits files into RAW files and others, by key.
fn split<'p>(files: impl Iterator<Item = (&'p PathBuf, String)>) -> (Vec<(&'p PathBuf, String)>, Vec<Ignored>) {
    let (mut raw_files, mut ignored) = (Vec::new(), Vec::new());
    for (path, key) in files {
        match check_raw_key(&key) {
            Ok(()) => raw_files.push((path, key)),
            Err(reason) => ignored.push(Ignored { key, reason }),
        }
    }
    (raw_files, ignored)
}

fn key_of(raw: &Path, prefix: &str, path: &Path) -> String {
    let below: Vec<_> = path.strip_prefix(raw).unwrap_or(path).iter().map(|part| part.to_string_lossy()).collect();
    format!("{prefix}{}", below.join("/"))
}

/// Writes the Parquet files of one RAW file and counts them in `totals`.
fn refine_file(path: &Path, key: &str, reference: &Path, totals: &mut ThreadTotals) -> Outcome {
    let bytes = fs::metadata(path)?.len();
    if bytes > rows::RAW_BYTES_MAX {
        return Err(format!("{bytes} bytes; the limit is {}", rows::RAW_BYTES_MAX).into());
    }
    let Refined { objects, malformed } = rows::refine(key, &fs::read(path)?, Years::DEFAULT)?;
    for object in &objects {
        let path = reference.join(&object.key);
        put(&path, &object.bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        totals.unflushed.push(path);
    }
    totals.tweets += objects.iter().map(|object| object.rows().total()).sum::<u64>();
    totals.objects += objects.len() as u64;
    for (name, count) in malformed.by_field() {
        *totals.malformed.entry(name).or_default() += count;
    }
    Ok(())
}

/// Writes a file atomically. No two RAW files have the same key, so no two threads write the same file.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    files::replace_unflushed(path, bytes).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            fs::create_dir_all(files::folder_of(path))?;
            files::replace_unflushed(path, bytes)
        }
        _ => Err(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = r#"{"data":[{"id":"1","created_at":"2026-11-23T14:05:00Z","text":":)"}]}"#;

    #[test]
    fn all_refused_files_are_counted_and_listed_until_none_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let (raw, reference) = (folder.path().join("raw"), folder.path().join("ref"));
        fs::create_dir_all(&raw).unwrap();
        let bad: Vec<PathBuf> = (0..25).map(|number| raw.join(format!("{number}.json"))).collect();
        for path in &bad {
            fs::write(path, "{").unwrap();
        }
        fs::write(raw.join("good.json"), RAW).unwrap();
        let error = run(&raw, &reference).unwrap_err().to_string();
        assert!(error.contains("25 of 26 RAW files could not be refined") && error.contains("\n  and 15 more\n"), "{error}");
        assert!(error.ends_with(&format!("all of them are listed in {}", reference.join(REFUSED_LIST).display())), "{error}");
        assert_eq!(fs::read_to_string(reference.join(REFUSED_LIST)).unwrap().lines().count(), 25);
        for path in &bad {
            fs::remove_file(path).unwrap();
        }
        run(&raw, &reference).unwrap();
        assert!(!reference.join(REFUSED_LIST).exists());
    }

    #[test]
    fn a_failed_flush_is_not_a_refused_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("itself.parquet");
        fs::write(&path, "").unwrap();
        let mut totals = ThreadTotals { unflushed: vec![path.join("below")], ..ThreadTotals::default() };
        totals.flush(folder.path());
        assert_eq!((totals.flush_failures.len(), totals.refused.len()), (1, 0));
        let error = report(folder.path(), 1, vec![totals], Vec::new(), 1.0).unwrap_err().to_string();
        assert!(error.starts_with("1 flush(es) of written Parquet files to the disk failed; run it again:\n  "), "{error}");
        assert!(error.contains("itself.parquet") && !error.contains(REFUSED_LIST), "{error}");
    }

    #[test]
    fn a_refused_file_is_named_and_the_others_are_done() {
        let folder = tempfile::tempdir().unwrap();
        let (raw, reference) = (folder.path().join("raw"), folder.path().join("ref"));
        fs::create_dir_all(raw.join("day")).unwrap();
        for (name, text) in [("day/good.json", RAW), ("cut.json", &RAW[..40]), ("._good.json", "{"), ("other.txt", "x")] {
            fs::write(raw.join(name), text).unwrap();
        }
        let error = run(&raw, &reference).unwrap_err().to_string();
        assert!(error.starts_with("1 of 2 RAW files could not be refined") && error.contains("cut.json"), "{error}");
        let expected = rows::refine("tweets/day/good.json", RAW.as_bytes(), Years::DEFAULT).unwrap().objects;
        assert_eq!(fs::read(reference.join(&expected[0].key)).unwrap(), expected[0].bytes);
        assert_eq!(fs::read_dir(reference.join("tweets/ano=2026/mes=11/dia=23")).unwrap().count(), 1, "no half-written file remains");
    }

    /// Opening a pipe would block forever.
    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_special_files_are_skipped() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let (raw, reference, elsewhere) = (folder.path().join("raw"), folder.path().join("ref"), folder.path().join("elsewhere"));
        fs::create_dir_all(&raw).unwrap();
        fs::create_dir_all(&elsewhere).unwrap();
        fs::write(elsewhere.join("old.json"), RAW).unwrap();
        symlink(&elsewhere, raw.join("day")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(raw.join("socket.json")).unwrap();
        let error = run(&raw, &reference).unwrap_err().to_string();
        assert!(error.contains("1 file(s) or folder(s) of RAW could not be read") && error.contains("socket.json"), "{error}");
        assert!(reference.join("tweets/ano=2026/mes=11/dia=23").is_dir());
        symlink(raw.join("nowhere"), raw.join("dangling.json")).unwrap();
        symlink(&raw, raw.join("loop")).unwrap();
        let error = run(&raw, &reference).unwrap_err().to_string();
        assert!(error.contains("dangling.json: it is a link that leads nowhere") && error.contains("loop"), "{error}");
    }

    #[test]
    fn hidden_and_long_names_are_refined_and_other_files_are_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let (raw, reference) = (folder.path().join("raw"), folder.path().join("ref"));
        let long = format!("{}.json", "é".repeat(117));
        for name in [".b/b.json", "_import/a.json", &long, "c.JSON", "d.jsonl", "._e.json", "x/_temporary/f.json"] {
            fs::create_dir_all(raw.join(name).parent().unwrap()).unwrap();
            fs::write(raw.join(name), RAW).unwrap();
        }
        run(&raw, &reference).unwrap();
        let day = fs::read_dir(reference.join("tweets/ano=2026/mes=11/dia=23")).unwrap();
        let mut names: Vec<String> = day.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        assert_eq!((names.len(), &names[1..]), (3, &["%5Fimport%2Fa.json.parquet".to_owned(), names[2].clone()][..]));
        assert!(names[0] == "%2Eb%2Fb.json.parquet" && names[2].starts_with("%C3%A9") && names[2].len() < 255, "{names:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_not_utf8_is_named_and_not_refined() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (raw, reference) = (folder.path().join("raw"), folder.path().join("ref"));
        fs::create_dir_all(&raw).unwrap();
        for name in [&b"a\xff.json"[..], b"a\xfe.json", b"good.json"] {
            fs::write(raw.join(std::ffi::OsStr::from_bytes(name)), RAW).unwrap();
        }
        let error = run(&raw, &reference).unwrap_err().to_string();
        assert_eq!(error.matches("its name is not UTF-8; rename it").count(), 2, "{error}");
        assert_eq!(fs::read_dir(reference.join("tweets/ano=2026/mes=11/dia=23")).unwrap().count(), 1);
    }

    #[test]
    fn the_bucket_folder_and_its_prefix_give_the_same_keys() {
        let folder = tempfile::tempdir().unwrap();
        let bucket = folder.path().join("bucket");
        fs::create_dir_all(bucket.join("tweets")).unwrap();
        fs::create_dir_all(bucket.join("state")).unwrap();
        fs::write(bucket.join("tweets/a.json"), RAW).unwrap();
        fs::write(bucket.join("state/ingest.json"), "{}").unwrap();
        run(&bucket, &folder.path().join("1")).unwrap();
        run(&bucket.join("tweets"), &folder.path().join("2")).unwrap();
        let name = "tweets/ano=2026/mes=11/dia=23/a.json.parquet";
        assert_eq!(fs::read(folder.path().join("1").join(name)).unwrap(), fs::read(folder.path().join("2").join(name)).unwrap());
    }

    #[test]
    fn an_empty_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(run(folder.path(), folder.path()).unwrap_err().to_string().contains("no .json file"));
    }
}
