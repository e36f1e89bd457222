//! Objects in a folder: contents are plain files at `ROOT/<bucket>/<key>`, what S3 knows of them is in `ROOT/.s3`.
//!
//! Files that somebody copies into a bucket's folder are objects too; symbolic links are not.

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

/// No bucket can have this name.
const OWN_FOLDER: &str = ".s3";

/// A folder held under an exclusive lock.
pub(super) struct Disk {
    root: PathBuf,
    /// Released by the system when the process ends, however it ends.
    _lock: File,
    temporary_files: AtomicU64,
}

impl Disk {
    /// Makes the folder if needed and locks it.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let folder_error = |source| Error::Folder { path: root.to_owned(), source };
        let own = root.join(OWN_FOLDER);
        fs::create_dir_all(&own).map_err(folder_error)?;
        let lock = File::options().create(true).write(true).truncate(false).open(own.join("lock"));
        let lock = lock.map_err(folder_error)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => Error::InUse { root: root.to_owned() },
            TryLockError::Error(source) => folder_error(source),
        })?;
        let disk = Self { root: root.to_owned(), _lock: lock, temporary_files: AtomicU64::new(0) };
        // What a killed process was writing; it was nobody's object yet.
        missing_is_fine(fs::remove_dir_all(disk.temporary_folder())).map_err(folder_error)?;
        fs::create_dir(disk.temporary_folder()).map_err(folder_error)?;
        Ok(disk)
    }

    fn temporary_folder(&self) -> PathBuf {
        self.root.join(OWN_FOLDER).join("tmp")
    }

    /// A finished file, in the file system of the folder, under a name of its own.
    fn temporary_file(&self, bytes: &[u8]) -> io::Result<(PathBuf, File)> {
        let number = self.temporary_files.fetch_add(1, Ordering::Relaxed);
        let path = self.temporary_folder().join(number.to_string());
        let mut file = File::create(&path)?;
        file.write_all(bytes)?;
        Ok((path, file))
    }

    fn bucket(&self, bucket: &str) -> PathBuf {
        self.root.join(bucket)
    }

    /// Where the object is, or would be put.
    fn path(&self, bucket: &str, key: &str) -> PathBuf {
        let below = |components: Vec<String>| self.bucket(bucket).join(components.iter().collect::<PathBuf>());
        let (usual, beside) = (below(key_path::usual(key)), below(key_path::beside_folder(key)));
        if is_file(&beside) || is_folder(&usual) { beside } else { usual }
    }

    /// The object's file, unless a symbolic link leads there.
    fn existing(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        let path = self.path(bucket, key);
        let bucket = self.bucket(bucket);
        let folders_are_folders = path.ancestors().skip(1).take_while(|folder| *folder != self.root).all(is_folder);
        (folders_are_folders && path.starts_with(&bucket) && is_file(&path)).then_some(path)
    }

    /// Named by a hash, so that no two keys can get into each other's way as folder and file.
    fn sidecar_path(&self, bucket: &str, key: &str) -> PathBuf {
        let name = hex(Sha256::checksum(key.as_bytes()));
        let (shard, name) = name.split_at(2);
        self.root.join(OWN_FOLDER).join(bucket).join(shard).join(format!("{name}.json"))
    }

    /// `None` also if it cannot be read: then the object speaks for itself.
    fn sidecar(&self, bucket: &str, key: &str) -> Option<Sidecar> {
        let json = fs::read(self.sidecar_path(bucket, key)).ok()?;
        serde_json::from_slice(&json).ok().filter(|sidecar: &Sidecar| sidecar.key == key)
    }

    fn write_sidecar(&self, bucket: &str, key: &str, versions: Vec<Version>) -> io::Result<()> {
        let path = self.sidecar_path(bucket, key);
        let json = serde_json::to_vec(&Sidecar { key: key.to_owned(), versions })?;
        let (temporary, _) = self.temporary_file(&json)?;
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::rename(temporary, path)
    }

    /// The version of the object that its file holds now.
    fn version(&self, bucket: &str, key: &str) -> io::Result<Option<Version>> {
        let Some(path) = self.existing(bucket, key) else { return Ok(None) };
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let stamp = Stamp::of(&metadata)?;
        let sidecar = self.sidecar(bucket, key);
        if let Some(known) = sidecar.as_ref().and_then(|sidecar| sidecar.version_of(stamp)) {
            return Ok(Some(known.clone()));
        }
        let etag = md5_of(&mut file)?;
        let head = match sidecar.as_ref().and_then(|sidecar| sidecar.version_with(&etag)) {
            Some(known) => known.head.clone(),
            None => Head { size: stamp.size, etag, last_modified: metadata.modified()?.into(), ..Head::default() },
        };
        let version = Version { stamp, head };
        if Stamp::of(&file.metadata()?)? == stamp {
            // Only spares the next reader the MD5, so a folder that cannot be written is still served.
            let _ = self.write_sidecar(bucket, key, vec![version.clone()]);
        }
        Ok(Some(version))
    }

    /// Gives a finished file its object's path: the moment at which the object changes.
    fn place(&self, temporary: &Path, bucket: &str, key: &str) -> io::Result<()> {
        // An object in the way of a folder moves first, so the path is looked up again after that.
        make_folders(&self.bucket(bucket), &self.path(bucket, key))?;
        fs::rename(temporary, self.path(bucket, key))
    }
}

impl Backend for Disk {
    fn create_bucket(&mut self, bucket: &str, _: DateTime<Utc>) -> io::Result<bool> {
        match fs::create_dir(self.bucket(bucket)) {
            Ok(()) => Ok(true),
            Err(_) if is_folder(&self.bucket(bucket)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn buckets(&self) -> io::Result<Vec<(String, DateTime<Utc>)>> {
        let mut buckets = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if entry.file_type()?.is_dir() && check_bucket_name(&name) {
                let metadata = entry.metadata()?;
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
        let path = self.existing(bucket, key).ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(range.start))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }

    fn put(&mut self, bucket: &str, key: &str, head: Head, bytes: Bytes) -> io::Result<()> {
        let old = self.version(bucket, key)?;
        let (temporary, file) = self.temporary_file(&bytes)?;
        let mut stamp = Stamp::of(&file.metadata()?)?;
        if let Some(old) = old.as_ref().filter(|old| old.stamp == stamp) {
            // Two puts within one tick of the file system's clock: the later must be told from the earlier.
            let later = SystemTime::UNIX_EPOCH + Duration::from_nanos(old.stamp.modified_ns) + Duration::from_millis(10);
            file.set_modified(later)?;
            stamp = Stamp::of(&file.metadata()?)?;
        }
        drop(file);
        let versions = [Some(Version { stamp, head }), old].into_iter().flatten().collect();
        let placed = self.write_sidecar(bucket, key, versions).and_then(|()| self.place(&temporary, bucket, key));
        if placed.is_err() {
            let _ = fs::remove_file(temporary);
        }
        placed
    }

    fn remove(&mut self, bucket: &str, key: &str) -> io::Result<()> {
        let Some(path) = self.existing(bucket, key) else { return Ok(()) };
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
        let bucket = self.bucket(bucket);
        let mut keys = Vec::new();
        let mut folders = vec![match prefix.rsplit_once('/') {
            Some((folders, _)) => key_path::usual(folders),
            None => Vec::new(),
        }];
        while let Some(folder) = folders.pop() {
            let path = bucket.join(folder.iter().collect::<PathBuf>());
            if !is_folder(&path) {
                continue;
            }
            for entry in fs::read_dir(path)? {
                let entry = entry?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                let components = [&folder[..], &[name]].concat();
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    folders.push(components);
                } else if kind.is_file()
                    && let Some(key) = key_path::key(&components)
                    && key.starts_with(prefix)
                    && check_key(&key)
                {
                    keys.push(key);
                }
            }
        }
        keys.sort();
        keys.dedup();
        Ok(keys)
    }
}

/// Makes the folders of `path`. An object that has the path of one (key `a` where `a/b` is put) moves aside.
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
            // Refuses a symbolic link, which could lead out of the bucket.
            fs::create_dir(folder)?;
        }
    }
    Ok(())
}

fn components_below(bucket: &Path, path: &Path) -> Option<Vec<String>> {
    path.strip_prefix(bucket).ok()?.iter().map(|name| name.to_str().map(str::to_owned)).collect()
}

fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

fn missing_is_fine(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn md5_of(file: &mut File) -> io::Result<String> {
    let mut md5 = Md5::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(md5.finalize())),
            count => md5.update(&buffer[..count]),
        }
    }
}
