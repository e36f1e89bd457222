//! Objects in a folder: contents are plain files at `ROOT/<bucket>/<key>`, S3's metadata is in `ROOT/.s3`.
//!
//! Files that are copied into a bucket's folder are objects too, and symbolic links are followed.
//!
//! A successful put survives a power failure. A bucket whose objects can be recreated may be flushed later, many
//! objects at a time: see [`Backend::flush_later`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use s3s::crypto::{Checksum as _, Md5, Sha256};
use s3s::path::{check_bucket_name, check_key};

use super::backend::Backend;
use super::error::Error;
use super::key_path;
use super::object::{Head, hex};
use super::sidecar::{Sidecar, Stamp, Version};
use crate::files::{self, Unreadable, at};

/// No bucket can have this name.
const OWN_FOLDER: &str = ".s3";
/// No key has this path. If a link leads to another file system, an object is finished under this name.
const ACROSS: &str = "%~part";
/// The entity tag of an object whose bytes cannot be read. It is not a valid MD5.
const UNREADABLE: &str = "unreadable";

/// A folder with an exclusive lock.
pub(super) struct Disk {
    root: PathBuf,
    /// The operating system releases the lock when the process ends, even if it is killed.
    _lock: File,
    temporary_files: AtomicU64,
    /// Buckets whose objects [`Backend::flush`] flushes, and the objects that are not flushed yet.
    flushed_later: BTreeSet<String>,
    unflushed: Vec<PathBuf>,
}

impl Disk {
    /// Creates the folder if needed and locks it.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let folder_error = |source| Error::Folder { path: root.to_owned(), source };
        let own = root.join(OWN_FOLDER);
        files::create_folders(&own).map_err(folder_error)?;
        let lock_path = own.join("lock");
        let lock = File::options().create(true).write(true).truncate(false).open(&lock_path);
        let lock = lock.map_err(|error| folder_error(at(&lock_path, error)))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => Error::InUse { root: root.to_owned() },
            TryLockError::Error(source) => Error::Lock { path: lock_path, source },
        })?;
        let disk = Self {
            root: root.to_owned(),
            _lock: lock,
            temporary_files: AtomicU64::new(0),
            flushed_later: BTreeSet::new(),
            unflushed: Vec::new(),
        };
        // Files that a killed process was writing; they do not belong to an object yet.
        missing_is_fine(fs::remove_dir_all(disk.temporary_folder())).map_err(folder_error)?;
        fs::create_dir(disk.temporary_folder()).map_err(folder_error)?;
        Ok(disk)
    }

    fn temporary_folder(&self) -> PathBuf {
        self.root.join(OWN_FOLDER).join("tmp")
    }

    /// Writes a file with a unique name, in the file system of the folder.
    fn temporary_file(&self, bytes: &[u8]) -> io::Result<(PathBuf, File)> {
        let number = self.temporary_files.fetch_add(1, Ordering::Relaxed);
        let path = self.temporary_folder().join(number.to_string());
        let written = File::create(&path).and_then(|mut file| file.write_all(bytes).map(|()| file));
        match written {
            Ok(file) => Ok((path, file)),
            Err(error) => {
                let _ = fs::remove_file(&path); // frees the space on a full disk
                Err(at(&path, error))
            }
        }
    }

    fn bucket(&self, bucket: &str) -> PathBuf {
        self.root.join(bucket)
    }

    /// Returns the path of the object, or the path for a new one.
    fn path(&self, bucket: &str, key: &str) -> PathBuf {
        let below = |components: Vec<String>| self.bucket(bucket).join(components.iter().collect::<PathBuf>());
        let (usual, beside) = (below(key_path::usual(key)), below(key_path::beside_folder(key)));
        if is_file(&beside) || is_folder(&usual) { beside } else { usual }
    }

    /// Returns the object's file. A dangling link is an object that cannot be read.
    ///
    /// # Errors
    /// Fails if the object may exist where it cannot be seen: in a folder without permission, or below a link that leads
    /// nowhere. Without this, a cursor that was moved away would count as absent, and its posts would be read again.
    fn existing(&self, bucket: &str, key: &str) -> io::Result<Option<PathBuf>> {
        let path = self.path(bucket, key);
        if !path.starts_with(self.bucket(bucket)) {
            return Ok(None);
        }
        match files::metadata(&path) {
            Ok(metadata) => Ok(metadata.is_some_and(|metadata| metadata.is_file()).then_some(path)),
            Err(_) if path.is_symlink() => Ok(Some(path)),
            Err(error) => Err(error),
        }
    }

    /// Returns the path of the sidecar. Its name is a hash, so that no two keys can conflict as folder and file.
    fn sidecar_path(&self, bucket: &str, key: &str) -> PathBuf {
        let name = hex(Sha256::checksum(key.as_bytes()));
        let (shard, name) = name.split_at(2);
        self.root.join(OWN_FOLDER).join(bucket).join(shard).join(format!("{name}.json"))
    }

    /// Reads the sidecar. Returns `None` also if it cannot be read: the metadata is then derived from the object.
    fn sidecar(&self, bucket: &str, key: &str) -> Option<Sidecar> {
        let json = fs::read(self.sidecar_path(bucket, key)).ok()?;
        serde_json::from_slice(&json).ok().filter(|sidecar: &Sidecar| sidecar.key == key)
    }

    fn write_sidecar(&self, bucket: &str, key: &str, versions: Vec<Version>, is_flushed: bool) -> io::Result<()> {
        let path = self.sidecar_path(bucket, key);
        let folder = files::folder_of(&path);
        let json = serde_json::to_vec(&Sidecar { key: key.to_owned(), versions })?;
        let (temporary, file) = self.temporary_file(&json)?;
        if !is_flushed {
            fs::create_dir_all(folder)?;
            return fs::rename(temporary, path);
        }
        file.sync_all()?;
        files::create_folders(folder)?;
        fs::rename(temporary, &path)?;
        files::flush_folder(folder)
    }

    /// Returns the version of the object that its file holds now.
    fn version(&self, bucket: &str, key: &str) -> io::Result<Option<Version>> {
        let Some(path) = self.existing(bucket, key)? else { return Ok(None) };
        // A dangling link has only its own metadata.
        let metadata = fs::metadata(&path).or_else(|_| fs::symlink_metadata(&path)).map_err(|error| at(&path, error))?;
        let stamp = Stamp::of(&metadata)?;
        let last_modified = metadata.modified()?.into();
        let sidecar = self.sidecar(bucket, key);
        if let Some(known) = sidecar.as_ref().and_then(|sidecar| sidecar.version_of(stamp)) {
            return Ok(Some(known.clone()));
        }
        let Ok((etag, stamp_after)) = digest(&path) else {
            // The object exists but cannot be read: list it, and report the reason to its readers.
            let head = Head { size: stamp.size, etag: UNREADABLE.to_owned(), last_modified, ..Head::default() };
            return Ok(Some(Version { stamp, head }));
        };
        let head = match sidecar.as_ref().and_then(|sidecar| sidecar.version_with(&etag)) {
            Some(known) => known.head.clone(),
            None => Head { size: stamp.size, etag, last_modified, ..Head::default() },
        };
        let version = Version { stamp, head };
        if stamp_after == stamp {
            // Only saves the next reader the MD5, so a failure is ignored and a read-only folder can still be served.
            let _ = self.write_sidecar(bucket, key, vec![version.clone()], false);
        }
        Ok(Some(version))
    }

    /// Returns the files of a bucket by key, and what is not an object.
    fn listed(&self, bucket: &str, prefix: &str) -> (BTreeMap<String, PathBuf>, Vec<Unreadable>) {
        let folder = self.bucket(bucket);
        let prefix_folder = prefix.rsplit_once('/').map_or_else(Vec::new, |(folders, _)| key_path::usual(folders));
        let found = files::find(&folder.join(prefix_folder.iter().collect::<PathBuf>()));
        let (mut listed, mut unlisted) = (BTreeMap::new(), found.unreadable);
        for path in found.files {
            let key = components_below(&folder, &path).and_then(|components| key_path::key(&components)).filter(|key| check_key(key));
            match key {
                Some(key) if !key.starts_with(prefix) => {}
                Some(key) => {
                    if let Some(other) = listed.insert(key.clone(), path) {
                        let cause = format!("another file has the same key, {key}");
                        unlisted.push(Unreadable { path: other, cause, advice: "move one of them away" });
                    }
                }
                None if path.ends_with(ACROSS) => {} // left by a killed process
                None => unlisted.push(Unreadable { cause: nameless(&path).to_owned(), path, advice: "rename it" }),
            }
        }
        (listed, unlisted)
    }

    /// Moves a finished file to its object's path: the moment at which the object changes.
    fn place(&self, temporary: &Path, bucket: &str, key: &str) -> io::Result<PathBuf> {
        // An object in the way of a folder moves first, so the path must be looked up again after that.
        let path = self.path(bucket, key);
        make_folders(&self.bucket(bucket), &path).map_err(|error| at(&path, error))?;
        let path = self.path(bucket, key);
        match fs::rename(temporary, &path) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => move_across(temporary, &path),
            renamed => renamed,
        }
        .map_err(|error| at(&path, error))?;
        Ok(path)
    }
}

impl Backend for Disk {
    fn create_bucket(&mut self, bucket: &str, _: DateTime<Utc>) -> io::Result<bool> {
        let folder = self.bucket(bucket);
        if files::is_folder(&folder)? {
            return Ok(false);
        }
        fs::create_dir(&folder).map_err(|error| at(&folder, error))?;
        files::flush_folder(&self.root).map(|()| true)
    }

    fn buckets(&self) -> io::Result<Vec<(String, DateTime<Utc>)>> {
        let mut buckets = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if is_folder(&entry.path()) && check_bucket_name(&name) {
                let metadata = fs::metadata(entry.path())?;
                buckets.push((name, metadata.created().or_else(|_| metadata.modified())?.into()));
            }
        }
        buckets.sort();
        Ok(buckets)
    }

    fn has_bucket(&self, bucket: &str) -> io::Result<bool> {
        Ok(check_bucket_name(bucket) && is_folder(&self.bucket(bucket)))
    }

    fn head(&self, bucket: &str, key: &str) -> io::Result<Option<Head>> {
        Ok(self.version(bucket, key)?.map(|version| version.head))
    }

    fn read(&self, bucket: &str, key: &str, range: Range<u64>) -> io::Result<Bytes> {
        let path = self.existing(bucket, key)?.ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
        let read = File::open(&path).and_then(|mut file| {
            file.seek(SeekFrom::Start(range.start))?;
            file.read_exact(&mut bytes)
        });
        read.map_err(|error| explained(&path, &error))?;
        Ok(bytes.into())
    }

    fn put(&mut self, bucket: &str, key: &str, head: Head, bytes: Bytes) -> io::Result<()> {
        let old = self.version(bucket, key)?;
        let (temporary, file) = self.temporary_file(&bytes)?;
        let mut stamp = Stamp::of(&file.metadata()?)?;
        if let Some(old) = old.as_ref().filter(|old| old.stamp == stamp) {
            // Two puts may fall within one tick of the file system's clock: the later one must have a different time.
            let later = SystemTime::UNIX_EPOCH + Duration::from_nanos(old.stamp.modified_ns) + Duration::from_millis(10);
            file.set_modified(later)?;
            stamp = Stamp::of(&file.metadata()?)?;
        }
        let is_flushed = !self.flushed_later.contains(bucket);
        // Without user metadata, the sidecar adds nothing to the file itself.
        let sidecar_is_flushed = is_flushed && !head.description.metadata.is_empty();
        let versions = [Some(Version { stamp, head }), old].into_iter().flatten().collect();
        let placed = if is_flushed { file.sync_all() } else { Ok(()) }
            .and_then(|()| self.write_sidecar(bucket, key, versions, sidecar_is_flushed))
            .and_then(|()| self.place(&temporary, bucket, key));
        match placed {
            Ok(path) if is_flushed => files::flush_folder(files::folder_of(&path)),
            Ok(path) => {
                self.unflushed.push(path);
                Ok(())
            }
            Err(error) => {
                let _ = fs::remove_file(temporary);
                Err(error)
            }
        }
    }

    fn flush_later(&mut self, bucket: &str) {
        self.flushed_later.insert(bucket.to_owned());
    }

    fn flush(&mut self) -> io::Result<()> {
        files::flush(&self.root, &self.unflushed)?;
        self.unflushed.clear();
        Ok(())
    }

    fn remove(&mut self, bucket: &str, key: &str) -> io::Result<()> {
        let Some(path) = self.existing(bucket, key)? else { return Ok(()) };
        fs::remove_file(&path)?;
        missing_is_fine(fs::remove_file(self.sidecar_path(bucket, key)))?;
        let bucket = self.bucket(bucket);
        for folder in path.ancestors().skip(1).take_while(|folder| *folder != bucket) {
            if fs::remove_dir(folder).is_err() {
                break; // not empty
            }
        }
        Ok(())
    }

    fn keys(&self, bucket: &str, prefix: &str) -> io::Result<Vec<String>> {
        Ok(self.listed(bucket, prefix).0.into_keys().collect())
    }

    fn unlisted(&self, bucket: &str, prefix: &str) -> Vec<Unreadable> {
        self.listed(bucket, prefix).1
    }
}

/// Creates the folders of `path`. An object whose path is one of them (key `a` where `a/b` is put) moves aside.
fn make_folders(bucket: &Path, path: &Path) -> io::Result<()> {
    let mut folders: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| *folder != bucket).collect();
    folders.reverse();
    for folder in folders {
        if is_file(folder) {
            let components = components_below(bucket, folder).unwrap_or_default();
            let key = key_path::key(&components).ok_or(io::ErrorKind::AlreadyExists)?;
            let aside = bucket.join(key_path::beside_folder(&key).iter().collect::<PathBuf>());
            if aside == folder || is_file(&aside) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(folder, aside)?;
        }
        if !is_folder(folder) {
            fs::create_dir(folder)?;
            files::flush_folder(files::folder_of(folder))?;
        }
    }
    Ok(())
}

fn components_below(bucket: &Path, path: &Path) -> Option<Vec<String>> {
    path.strip_prefix(bucket).ok()?.iter().map(|name| name.to_str().map(str::to_owned)).collect()
}

/// Also returns true for a dangling link: it is an object that cannot be read.
fn is_file(path: &Path) -> bool {
    fs::metadata(path).map_or_else(|_| path.is_symlink(), |metadata| metadata.is_file())
}

/// Explains why a file cannot be an object.
fn nameless(path: &Path) -> &'static str {
    if path.to_str().is_none() {
        "its name is not UTF-8"
    } else {
        "its name is not a key (it has a backslash, a control character or a wrong `%~`, or is longer than 1,024 bytes)"
    }
}

/// Adds path and advice to an error.
fn explained(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), Unreadable::new(path, error))
}

fn is_folder(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Moves a file to another file system, where a rename fails. Keeps the modification time, by which a version recognises
/// its file.
fn move_across(temporary: &Path, path: &Path) -> io::Result<()> {
    let beside = path.with_file_name(ACROSS);
    fs::copy(temporary, &beside)?;
    let file = File::options().write(true).open(&beside)?;
    file.set_modified(fs::metadata(temporary)?.modified()?)?;
    file.sync_all()?;
    fs::rename(beside, path)?;
    fs::remove_file(temporary)
}

fn missing_is_fine(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// Returns the MD5 of a file, and its stamp after it was read.
fn digest(path: &Path) -> io::Result<(String, Stamp)> {
    let mut file = File::open(path)?;
    let mut md5 = Md5::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((hex(md5.finalize()), Stamp::of(&file.metadata()?)?)),
            count => md5.update(&buffer[..count]),
        }
    }
}
