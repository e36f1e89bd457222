//! Files of a lake on a disk: writes that survive a power failure, and search.
//!
//! A file is replaced by a rename, and flushed before it: without the flush a file system may keep the rename and lose
//! the bytes. The rename is durable once the folder is flushed, too.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::threads::share_out;

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
    if is_folder(path)? {
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
    let flush_all = |files: &mut dyn Iterator<Item = (usize, &PathBuf)>| {
        files.map(|(_, file)| flush(file).map_err(|error| at(file, error))).fold(Ok(()), Result::and)
    };
    share_out(files, FLUSHES_AT_ONCE, flush_all).into_iter().fold(Ok(()), Result::and)
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
    /// Files, in path order.
    pub files: Vec<PathBuf>,
    /// Folders, in path order, without the one that was searched.
    pub folders: Vec<PathBuf>,
    /// Everything else, in path order.
    pub unreadable: Vec<Unreadable>,
}

/// An entry of a folder that a reader skips, counts and names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unreadable {
    /// Path of the entry.
    pub path: PathBuf,
    /// Why it cannot be read.
    pub cause: String,
    /// What to do.
    pub advice: &'static str,
}

impl Unreadable {
    /// Creates an entry from the error that reading it gave.
    pub fn new(path: &Path, error: &io::Error) -> Self {
        let (cause, advice) = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory if path.is_symlink() => {
                ("it is a link that leads nowhere".to_owned(), "restore its target, or remove it")
            }
            io::ErrorKind::PermissionDenied => (error.to_string(), "give this user access to it, or move it away"),
            _ => (error.to_string(), "move it away"),
        };
        Self { path: path.to_owned(), cause, advice }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display().to_string().replace(char::is_control, "\u{fffd}"); // one line for each entry
        write!(f, "{path}: {}; {}", self.cause, self.advice)
    }
}

impl std::error::Error for Unreadable {}

/// Returns the metadata of a file or folder; `None` only if there is nothing at the path.
///
/// # Errors
/// Fails if something may be there and cannot be seen: in a folder without permission, or below a link that leads nowhere.
/// The error holds an [`Unreadable`].
pub fn metadata(path: &Path) -> io::Result<Option<Metadata>> {
    let explained = |path: &Path, error: io::Error| io::Error::new(error.kind(), Unreadable::new(path, &error));
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            let mut missing = path.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists());
            match missing.find(|above| above.is_symlink()) {
                Some(link) => Err(explained(link, error)),
                None => Ok(None),
            }
        }
        Err(error) => Err(explained(path, error)),
    }
}

/// Returns whether there is a folder at this path.
///
/// # Errors
/// Fails as [`metadata`] does, and if something else is there.
pub fn is_folder(path: &Path) -> io::Result<bool> {
    match metadata(path)? {
        Some(metadata) if !metadata.is_dir() => Err(io::Error::new(io::ErrorKind::NotADirectory, not_a_folder(path))),
        metadata => Ok(metadata.is_some()),
    }
}

/// Finds every file below a folder; a missing folder is empty.
///
/// Symbolic links are followed, so a folder can be moved to another disk with a link in its place. What cannot be read
/// never stops the search: a dangling link, a link to a folder that contains it, a folder without permission, a pipe.
pub fn find(folder: &Path) -> Found {
    find_to_depth(folder, usize::MAX)
}

/// Finds what is at most `depth` levels below a folder, as [`find`] does.
pub fn find_to_depth(folder: &Path, depth: usize) -> Found {
    let mut found = Found::default();
    for entry in WalkDir::new(folder).max_depth(depth).follow_links(true).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.depth() == 0 && entry.file_type().is_dir() => {}
            Ok(entry) if entry.depth() == 0 => found.unreadable.push(not_a_folder(folder)),
            Ok(entry) if entry.file_type().is_file() => found.files.push(entry.into_path()),
            Ok(entry) if entry.file_type().is_dir() => found.folders.push(entry.into_path()),
            Ok(entry) => {
                let cause = "it is neither a file nor a folder, but a pipe, a socket or a device".to_owned();
                found.unreadable.push(Unreadable { path: entry.into_path(), cause, advice: "move it away" });
            }
            Err(error) => found.unreadable.extend(unreadable(folder, error)),
        }
    }
    found
}

/// Returns `None` for an entry that was removed while the folder was read.
fn unreadable(folder: &Path, error: walkdir::Error) -> Option<Unreadable> {
    let path = error.path().unwrap_or(folder).to_owned();
    if let Some(ancestor) = error.loop_ancestor() {
        let cause = format!("it is a link to {}, which contains it", ancestor.display());
        return Some(Unreadable { path, cause, advice: "remove it" });
    }
    let error = error.into_io_error()?;
    let is_removed = error.kind() == io::ErrorKind::NotFound && !path.is_symlink();
    (!is_removed).then(|| Unreadable::new(&path, &error))
}

fn not_a_folder(path: &Path) -> Unreadable {
    Unreadable { path: path.to_owned(), cause: "it is not a folder".to_owned(), advice: "move it away" }
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
        symlink(at("itself"), at("itself")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let found = find(folder.path());
        assert_eq!(found.files, ["day/moved", "linked", "plain"].map(at));
        assert_eq!(found.folders, [at("day")]);
        let unreadable: Vec<String> = found.unreadable.iter().map(ToString::to_string).collect();
        for (name, cause) in [
            ("dangling", "a link that leads nowhere"),
            ("itself", "Too many levels of symbolic links"),
            ("loop", "which contains it"),
            ("socket", "neither a file nor a folder"),
        ] {
            let of_name = format!("{}: ", at(name).display());
            assert!(unreadable.iter().any(|entry| entry.starts_with(&of_name) && entry.contains(cause)), "{name}: {unreadable:?}");
        }
        assert_eq!(unreadable.len(), 4, "{unreadable:?}");
        let nothing = |folder: &str| find(&at(folder)).files.is_empty() && find(&at(folder)).folders.is_empty();
        for (name, unreadable) in [("missing", 0), ("dangling", 1), ("plain", 1), ("itself", 1)] {
            assert!(nothing(name), "{name}");
            assert_eq!(find(&at(name)).unreadable.len(), unreadable, "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_a_path_with_nothing_in_it_is_absent() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "").unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        symlink(at("itself"), at("itself")).unwrap();
        symlink(folder.path(), at("link")).unwrap();
        assert!(is_folder(&at("link")).unwrap() && !is_folder(&at("missing")).unwrap());
        for name in ["dangling", "itself", "file"] {
            for error in [is_folder(&at(name)).unwrap_err(), create_folders(&at(name)).unwrap_err()] {
                assert!(error.to_string().contains(name), "{error:?}");
            }
        }
        for below in ["dangling/below", "dangling/below/it"] {
            for error in [metadata(&at(below)).unwrap_err(), create_folders(&at(below)).unwrap_err()] {
                assert!(error.to_string().contains("dangling: it is a link that leads nowhere"), "{error}");
            }
        }
        assert!(metadata(&at("missing/below")).unwrap().is_none() && metadata(&at("file/below")).unwrap().is_none());
        assert!(metadata(&at("link/file")).unwrap().is_some());
    }
}
