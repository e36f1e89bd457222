//! The folder that holds the two buckets, and the AWS clients that reach it without a socket.

use std::path::{Path, PathBuf};

use aws::{Clients, Store, Timeouts, Values};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use emulators::files;
use emulators::s3::{ACCESS_KEY, EmbeddedS3, IN_PROCESS_ENDPOINT, InProcess, SECRET_KEY};
use emulators::secrets::{Secret, Secrets};
use emulators::server::answer_aws;
use emulators::x_api::{Corpus, EMULATOR_TOKEN};
use serde_json::Value;

use crate::output::shown_in_line;
use crate::{Clock, Outcome, SEED};

/// Bucket that holds RAW files and the cursor.
pub const RAW_BUCKET: &str = "xpto-raw";
/// Bucket that holds Parquet files.
pub const REF_BUCKET: &str = "xpto-ref";
/// Name of the secret that holds the bearer token.
pub const SECRET_ID: &str = "xpto/x-bearer-token";

/// Source of the posts of a lake. A lake has one source: emulated ids among real ones would look like tweets, and one
/// cursor cannot track two sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The X API emulator, used by `demo` and `serve`.
    Emulator,
    /// The X API, used by `live`.
    XApi,
}

impl Source {
    fn text(self) -> &'static str {
        match self {
            Self::Emulator => "emulated posts",
            Self::XApi => "posts of the X API",
        }
    }
}

/// Content of `source.txt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recorded {
    Source(Source),
    Nothing,
}

/// Reads the file that records the source of a lake; `None` if it is missing.
fn recorded_source(path: &Path) -> Outcome<Option<Recorded>> {
    let (emulator, x_api) = (Source::Emulator.text(), Source::XApi.text());
    if files::metadata(path)?.is_none() {
        return Ok(None);
    }
    let bytes = std::fs::read(path).map_err(|error| {
        format!("cannot read {}, which records where the posts of the lake come from: {error}; give this user access to it", path.display())
    })?;
    match String::from_utf8_lossy(&bytes).trim() {
        "" => Ok(Some(Recorded::Nothing)),
        text if text == emulator => Ok(Some(Recorded::Source(Source::Emulator))),
        text if text == x_api => Ok(Some(Recorded::Source(Source::XApi))),
        _ => Err(format!(
            "{} is damaged: it records where the posts of the lake come from; write one line into it, `{x_api}` if `live` made the lake, otherwise \
             `{emulator}`",
            path.display()
        )
        .into()),
    }
}

/// Reads the source of the lake at `root`; `None` if it is not recorded.
///
/// # Errors
/// Fails if the file that records it is damaged or cannot be read.
pub fn source(root: &Path) -> Outcome<Option<Source>> {
    Ok(match recorded_source(&source_path(root))? {
        Some(Recorded::Source(source)) => Some(source),
        Some(Recorded::Nothing) | None => None,
    })
}

/// Both buckets in one folder, locked by this process.
#[derive(Debug)]
pub struct Lake {
    root: PathBuf,
    s3: EmbeddedS3,
    secrets: Secrets,
}

impl Lake {
    /// Opens the folder and creates it if it is missing; `secret` is the value of the secret.
    ///
    /// # Errors
    /// Fails if another process has the folder open, or if it is not writable.
    pub fn open(root: &Path, clock: Clock, secret: &str) -> Outcome<Self> {
        for folder in [root, &raw_dir(root), &ref_dir(root)] {
            files::is_folder(folder)?; // names a link that leads nowhere
        }
        let s3 = EmbeddedS3::on_disk(root, clock)?;
        for bucket in [RAW_BUCKET, REF_BUCKET] {
            s3.create_bucket(bucket)?;
        }
        let secrets = Secrets::new();
        secrets.set(SECRET_ID, Secret::Value(secret.to_owned()));
        Ok(Self { root: root.to_owned(), s3, secrets })
    }

    /// Checks that the lake holds only posts of this source, and records the source.
    ///
    /// # Errors
    /// Fails if the lake holds posts of another source.
    pub fn claim(&self, source: Source) -> Outcome {
        let path = source_path(&self.root);
        let remembered = recorded_source(&path)?;
        let held = match remembered {
            Some(Recorded::Source(held)) => held,
            _ if files::metadata(&self.raw_dir().join(ingest::CURSOR_KEY))?.is_none() => source,
            // A lake from before the source was recorded: only the demo created those.
            None => Source::Emulator,
            // An earlier version rewrote the file on a full disk and left it empty.
            Some(Recorded::Nothing) if source == Source::Emulator && !self.is_emulated() => Source::XApi,
            Some(Recorded::Nothing) => source,
        };
        if held != source {
            let (root, held, wanted) = (self.root.display(), held.text(), source.text());
            return Err(
                format!("the lake in {root} holds {held}, and {wanted} are not mixed with them; name another folder with --lake").into()
            );
        }
        if remembered == Some(Recorded::Source(held)) {
            return Ok(());
        }
        files::replace(&path, format!("{}\n", held.text()).as_bytes())
            .map_err(|error| format!("cannot write {}: {error}; make room on the disk and run again", path.display()).into())
    }

    /// Returns whether the first post of RAW is one that the emulator serves.
    fn is_emulated(&self) -> bool {
        let first = files::find(&self.raw_dir().join("tweets")).files.into_iter().next();
        let Some(page) = first.and_then(|path| std::fs::read(path).ok()) else { return true };
        let page: Value = serde_json::from_slice(&page).unwrap_or_default();
        let id = page["data"][0]["id"].as_str().and_then(|id| id.parse().ok());
        id.is_some_and(|id| Corpus::seeded(SEED).post(id).is_some())
    }

    /// Returns the folder of the lake.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the embedded S3 that stores both buckets.
    pub fn s3(&self) -> &EmbeddedS3 {
        &self.s3
    }

    /// Returns the emulated Secrets Manager.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Returns the SDK clients of a function, configured from values only.
    pub fn clients(&self, timeouts: Timeouts) -> Clients {
        let (s3, secrets) = (self.s3.clone(), self.secrets.clone());
        let in_process = InProcess::new(move |request| {
            let (s3, secrets) = (s3.clone(), secrets.clone());
            async move { Ok(answer_aws(&s3, &secrets, request).await) }
        });
        let http_client = SharedHttpClient::new(in_process);
        let endpoint_url = IN_PROCESS_ENDPOINT.to_owned();
        Clients::from_values(Values { http_client, endpoint_url, access_key: ACCESS_KEY, secret_key: SECRET_KEY }, timeouts)
    }

    /// Returns the RAW bucket as a store.
    pub fn raw(&self) -> Store {
        self.clients(ingest::TIMEOUTS).store(RAW_BUCKET)
    }

    /// Returns the folder of the RAW bucket.
    pub fn raw_dir(&self) -> PathBuf {
        raw_dir(&self.root)
    }

    /// Returns the folder of the REF bucket.
    pub fn ref_dir(&self) -> PathBuf {
        ref_dir(&self.root)
    }

    /// Returns the path of the file in which the queue records the refined files.
    pub fn acknowledged_path(&self) -> PathBuf {
        acknowledged_path(&self.root)
    }
}

/// Returns the path of the file that records the refined files of the lake at `root`.
pub fn acknowledged_path(root: &Path) -> PathBuf {
    root.join("refined.txt")
}

/// Returns the path of the file that records the source of the lake at `root`.
fn source_path(root: &Path) -> PathBuf {
    root.join("source.txt")
}

/// Checks that there is a lake at `root`, with this folder in it.
///
/// # Errors
/// Fails with a different reason for a folder that is missing and for one that cannot be read.
pub fn check(root: &Path, folder: &Path) -> Outcome {
    if files::is_folder(root)? && files::is_folder(folder)? {
        return Ok(());
    }
    Err(format!("there is no lake in {}; create one with `cargo run`, or name another with --lake", root.display()).into())
}

/// Checks the name of a lake. `sql` could not read a lake with another name, after its posts were captured and paid for.
///
/// # Errors
/// Fails if the absolute path is not UTF-8 or has a control character.
pub fn check_name(root: &Path) -> Outcome {
    let path = std::path::absolute(root)?;
    if path.to_str().is_some_and(|path| !path.contains(char::is_control)) {
        return Ok(());
    }
    let shown = path.to_string_lossy();
    let shown = shown_in_line(&shown);
    Err(format!("a lake cannot be in {shown}: its path must be UTF-8, without control characters; name another with --lake").into())
}

/// Returns the secret that the X API emulator accepts, in the format that docs/deploy.md describes.
pub fn emulator_secret() -> String {
    serde_json::json!({ "bearer_token": EMULATOR_TOKEN }).to_string()
}

/// Returns the folder of the RAW bucket of the lake at `root`.
pub fn raw_dir(root: &Path) -> PathBuf {
    root.join(RAW_BUCKET)
}

/// Returns the folder of the REF bucket of the lake at `root`.
pub fn ref_dir(root: &Path) -> PathBuf {
    root.join(REF_BUCKET)
}
