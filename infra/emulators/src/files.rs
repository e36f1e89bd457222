//! Files of a lake on a disk: writes that survive a power failure, and search.
//!
//! A file is replaced by a rename, and flushed before it: without the flush a file system may keep the rename and lose
//! the bytes. The rename is durable once the folder is flushed, too.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use walkdir::WalkDir;

/// Number of files flushed concurrently. A file system batches them into one commit: on ext4, sixteen take little
/// longer than one.
const FLUSHES_AT_ONCE: usize = 16;

/// Replaces a file atomically: a reader sees the old one or the new one, whole, even after a power failure.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = write_beside(path, bytes).and_then(|temporary| {
        flush_file(&temporary)?;
        fs::rename(&temporary, path)
    });
    written.map_err(|error| remove_temporary(path, error))?;
    flush_folder(folder_of(path))
}

/// Replaces a file that can be recreated: a reader never sees half of it, but only [`flush`] makes it durable.
pub fn replace_unflushed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = write_beside(path, bytes).and_then(|temporary| fs::rename(temporary, path));
    written.map_err(|error| remove_temporary(path, error))
}

/// Returns one name per file, so that the next attempt overwrites what a killed process left.
fn temporary_path(path: &Path) -> PathBuf {
    path.with_added_extension("tmp")
}

fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let temporary = temporary_path(path);
    File::create(&temporary)?.write_all(bytes)?;
    Ok(temporary)
}

/// Removes a partial file, which frees space on a full disk.
fn remove_temporary(path: &Path, error: io::Error) -> io::Error {
    let _ = fs::remove_file(temporary_path(path));
    error
}

/// Creates a folder and its missing parents, each flushed into its parent.
pub fn create_folders(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = folder_of(path);
    create_folders(parent)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        created => created.and_then(|()| flush_folder(parent)),
    }
}

/// Flushes files that were renamed into place, and their folders up to `root`. Files that no longer exist are skipped.
pub fn flush(root: &Path, files: &[PathBuf]) -> io::Result<()> {
    let folders: BTreeSet<&Path> =
        files.iter().flat_map(|file| file.ancestors().skip(1).take_while(|folder| folder.starts_with(root))).collect();
    at_once(files, |file| match flush_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        flushed => flushed,
    })?;
    folders.into_iter().try_for_each(flush_folder)
}

/// Runs `flush` on all files concurrently; returns the first failure, if any, after all were tried.
fn at_once(files: &[PathBuf], flush: impl Fn(&Path) -> io::Result<()> + Sync) -> io::Result<()> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut outcome = Ok(());
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            outcome = outcome.and(flush(file).map_err(|error| at(file, error)));
        }
        outcome
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..files.len().min(FLUSHES_AT_ONCE)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).fold(Ok(()), Result::and)
    })
}

/// Flushes the bytes of a file.
pub fn flush_file(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Flushes the names in a folder, on file systems that support it.
pub fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(()); // folders cannot be opened there
    }
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        flushed => flushed,
    }
}

/// Returns the folder of a file; `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Adds the path to an error.
pub fn at(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// The contents of a folder and its subfolders.
#[derive(Debug, Default)]
pub struct Found {
    /// Files in path order. Includes dangling links: opening one reports the reason.
    pub files: Vec<PathBuf>,
    /// Folders that could not be read, with the reason: no permission, or a link to a parent folder.
    pub unreadable: Vec<io::Error>,
}

/// Finds every file below a folder; a missing folder is empty.
///
/// Symbolic links are followed, so a folder can be moved to another disk with a link in its place. Pipes, sockets and
/// devices are not files.
pub fn find(folder: &Path) -> Found {
    let mut found = Found::default();
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.file_type().is_file() => found.files.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => match error.path() {
                Some(path) if error.loop_ancestor().is_none() && path.is_symlink() => found.files.push(path.to_owned()),
                Some(_) if error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound) => {} // removed in the meantime
                _ => found.unreadable.push(error.into()),
            },
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_atomically_and_no_temporary_file_remains() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.json");
        create_folders(folder_of(&path)).unwrap();
        fs::write(temporary_path(&path), "half of a file that a killed process left").unwrap();
        for bytes in ["old", "new"] {
            replace(&path, bytes.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), bytes);
        }
        replace_unflushed(&path, b"newer").unwrap();
        flush(folder.path(), &[path.clone(), folder.path().join("a/gone")]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "newer");
        assert_eq!(find(folder.path()).files, std::slice::from_ref(&path));
        let onto_a_folder = replace(folder_of(&path), b"x");
        assert!(onto_a_folder.is_err());
        assert_eq!(find(folder.path()).files, [path]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed() {
        use std::os::unix::fs::symlink;
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (at, there) = (|name: &str| folder.path().join(name), |name: &str| elsewhere.path().join(name));
        fs::create_dir(there("day")).unwrap();
        fs::write(there("day/moved"), "").unwrap();
        fs::write(there("file"), "").unwrap();
        fs::write(at("plain"), "").unwrap();
        symlink(there("day"), at("day")).unwrap();
        symlink(there("file"), at("linked")).unwrap();
        symlink(there("nowhere"), at("dangling")).unwrap();
        symlink(folder.path(), at("loop")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let found = find(folder.path());
        assert_eq!(found.files, ["dangling", "day/moved", "linked", "plain"].map(at));
        assert_eq!(found.unreadable.len(), 1);
        assert!(found.unreadable[0].to_string().contains("loop"), "{}", found.unreadable[0]);
        assert!(find(&at("missing")).files.is_empty() && find(&at("missing")).unreadable.is_empty());
    }
}
