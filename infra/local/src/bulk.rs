//! `reprocess --raw DIR --ref DIR`: a folder of RAW files to a folder of Parquet files, on all cores, without S3.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use emulators::files;
use indicatif::{ProgressBar, ProgressStyle};
use tweets::RAW_PREFIX;

use crate::Outcome;

/// How many of the files that could not be refined are named.
const REFUSED_SHOWN: usize = 10;
/// Parquet files that a thread writes before it flushes them together.
const FLUSHED_AT_ONCE: usize = 1_000;

/// What one thread came to.
#[derive(Default)]
struct Share {
    tweets: u64,
    objects: u64,
    /// Why files have no rows in REF.
    refused: Vec<String>,
    unflushed: Vec<PathBuf>,
}

/// Refines every `.json` file below `raw`, each to one Parquet file a day below `reference`, whatever stood there before.
///
/// `raw` stands for the RAW bucket: a file's key is its path. A folder without `tweets/` in it stands for that prefix.
/// A file that is refused is named, and the others are done. A reader never sees half a Parquet file, and those that are
/// reported survive a power failure.
pub fn run(raw: &Path, reference: &Path) -> Outcome {
    let started = Instant::now();
    let (prefixed, prefix) = (raw.join(RAW_PREFIX), if raw.join(RAW_PREFIX).is_dir() { "" } else { RAW_PREFIX });
    let top = if prefix.is_empty() { &prefixed } else { raw };
    let (files, unreadable) = list(top);
    if files.is_empty() && unreadable.is_empty() {
        return Err(format!("no .json file below {}", top.display()).into());
    }
    files::create_folders(reference).map_err(|error| format!("cannot make the folder {}: {error}", reference.display()))?;
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} RAW files, {eta} left").unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(files.len() as u64).with_style(style); // draws nothing where standard error is no terminal
    let next = AtomicUsize::new(0);
    let work = || {
        let mut share = Share::default();
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            match refine_file(path, &key_of(raw, prefix, path), reference, &mut share.unflushed) {
                Ok((tweets, objects)) => {
                    share.tweets += tweets;
                    share.objects += objects;
                }
                Err(error) => share.refused.push(format!("{}: {error}", path.display())),
            }
            if share.unflushed.len() >= FLUSHED_AT_ONCE {
                share.flush(reference);
            }
            bar.inc(1);
        }
        share.flush(reference);
        share
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let shares: Vec<Share> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    bar.finish_and_clear();
    report(&files, shares, unreadable, started.elapsed().as_secs_f64())
}

impl Share {
    fn flush(&mut self, reference: &Path) {
        if let Err(error) = files::flush(reference, &self.unflushed) {
            self.refused.push(format!("cannot flush {error}"));
        }
        self.unflushed.clear();
    }
}

fn report(files: &[PathBuf], shares: Vec<Share>, unreadable: Vec<String>, seconds: f64) -> Outcome {
    let tweets: u64 = shares.iter().map(|share| share.tweets).sum();
    let objects: u64 = shares.iter().map(|share| share.objects).sum();
    let mut refused: Vec<String> = shares.into_iter().flat_map(|share| share.refused).collect();
    #[expect(clippy::cast_precision_loss, reason = "a rate to be read, not to be computed with")]
    let rate = tweets as f64 / seconds;
    let done = files.len().saturating_sub(refused.len());
    crate::output::line(&format!("{done} RAW files, {tweets} tweets, {objects} Parquet files in {seconds:.2} s: {rate:.0} tweets/s"))?;
    refused.extend(unreadable);
    if refused.is_empty() {
        return Ok(());
    }
    let shown: Vec<&str> = refused.iter().take(REFUSED_SHOWN).map(String::as_str).collect();
    Err(format!("{} of {} RAW files could not be refined, among them\n  {}", refused.len(), files.len(), shown.join("\n  ")).into())
}

/// The `.json` files below `folder`, and the folders that cannot be read, with the reason. Hidden files are none: the local
/// S3 keeps its own notes in them.
fn list(folder: &Path) -> (Vec<PathBuf>, Vec<String>) {
    let found = files::find(folder);
    let is_hidden = |path: &Path| {
        let below = path.strip_prefix(folder).unwrap_or(path);
        below.iter().any(|name| name.as_encoded_bytes().starts_with(b"."))
    };
    let is_meant = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json") && !is_hidden(path);
    (found.files.into_iter().filter(is_meant).collect(), found.unreadable.iter().map(ToString::to_string).collect())
}

fn key_of(raw: &Path, prefix: &str, path: &Path) -> String {
    let below: Vec<_> = path.strip_prefix(raw).unwrap_or(path).iter().map(|part| part.to_string_lossy()).collect();
    format!("{prefix}{}", below.join("/"))
}

/// How many tweets the file has, in how many Parquet files.
fn refine_file(path: &Path, key: &str, reference: &Path, unflushed: &mut Vec<PathBuf>) -> Outcome<(u64, u64)> {
    let bytes = fs::metadata(path)?.len();
    if bytes > refine::RAW_BYTES_MAX {
        return Err(format!("{bytes} bytes, more than the {} that are read", refine::RAW_BYTES_MAX).into());
    }
    let objects = refine::refine(key, &fs::read(path)?)?;
    for object in &objects {
        let path = reference.join(&object.key);
        put(&path, &object.bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        unflushed.push(path);
    }
    Ok((objects.iter().map(|object| object.rows().total()).sum(), objects.len() as u64))
}

/// Whole or not at all. No two RAW files have one key, so no two threads write one file.
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
    fn a_refused_file_is_named_and_the_others_are_done() {
        let folder = tempfile::tempdir().unwrap();
        let (raw, reference) = (folder.path().join("raw"), folder.path().join("ref"));
        fs::create_dir_all(raw.join("day")).unwrap();
        for (name, text) in [("day/good.json", RAW), ("cut.json", &RAW[..40]), (".notes.json", "{"), ("other.txt", "x")] {
            fs::write(raw.join(name), text).unwrap();
        }
        let error = run(&raw, &reference).unwrap_err().to_string();
        assert!(error.starts_with("1 of 2 RAW files could not be refined") && error.contains("cut.json"), "{error}");
        let expected = refine::refine("tweets/day/good.json", RAW.as_bytes()).unwrap();
        assert_eq!(fs::read(reference.join(&expected[0].key)).unwrap(), expected[0].bytes);
        assert_eq!(fs::read_dir(reference.join("tweets/ano=2026/mes=11/dia=23")).unwrap().count(), 1, "nothing half-written is left");
    }

    /// A pipe would be waited for without end.
    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_what_is_no_file_is_passed_by() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let (raw, reference, elsewhere) = (folder.path().join("raw"), folder.path().join("ref"), folder.path().join("elsewhere"));
        fs::create_dir_all(&raw).unwrap();
        fs::create_dir_all(&elsewhere).unwrap();
        fs::write(elsewhere.join("old.json"), RAW).unwrap();
        symlink(&elsewhere, raw.join("day")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(raw.join("socket.json")).unwrap();
        run(&raw, &reference).unwrap();
        assert!(reference.join("tweets/ano=2026/mes=11/dia=23").is_dir());
        symlink(raw.join("nowhere"), raw.join("dangling.json")).unwrap();
        symlink(&raw, raw.join("loop")).unwrap();
        let error = run(&raw, &reference).unwrap_err().to_string();
        assert!(error.contains("dangling.json: No such file") && error.contains("loop"), "{error}");
    }

    #[test]
    fn a_bucket_s_folder_and_its_prefix_give_the_same_keys() {
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
