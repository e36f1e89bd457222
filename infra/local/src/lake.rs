//! The folder that stands for the two buckets, and the AWS clients that reach it without a socket.

use std::io;
use std::path::{Path, PathBuf};

use aws::{Clients, Store, Timeouts, Values};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use emulators::files;
use emulators::s3::{ACCESS_KEY, EmbeddedS3, IN_PROCESS_ENDPOINT, InProcess, SECRET_KEY};
use emulators::secrets::{Secret, Secrets};
use emulators::server::answer_aws;
use emulators::x_api::{Corpus, EMULATOR_TOKEN};
use serde_json::Value;

use crate::{Clock, Outcome, SEED};

/// Bucket of RAW files and of the cursor.
pub const RAW_BUCKET: &str = "xpto-raw";
/// Bucket of Parquet files.
pub const REF_BUCKET: &str = "xpto-ref";
/// Name of the secret with the bearer token.
pub const SECRET_ID: &str = "xpto/x-bearer-token";

/// Where the posts of a lake come from. One lake has one source: emulated ids among real ones would be taken for tweets,
/// and one cursor cannot say what is captured of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The X API emulator, of `demo` and `serve`.
    Emulator,
    /// The X API, of `live`.
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

/// Both buckets in one folder, held by this process alone.
#[derive(Debug)]
pub struct Lake {
    root: PathBuf,
    s3: EmbeddedS3,
    secrets: Secrets,
}

impl Lake {
    /// Opens the folder, which is made if it is missing; `secret` is the value of the secret.
    ///
    /// # Errors
    /// When another process has it open, or it cannot be written.
    pub fn open(root: &Path, clock: Clock, secret: &str) -> Outcome<Self> {
        let s3 = EmbeddedS3::on_disk(root, clock)?;
        for bucket in [RAW_BUCKET, REF_BUCKET] {
            s3.create_bucket(bucket)?;
        }
        let secrets = Secrets::new();
        secrets.set(SECRET_ID, Secret::Value(secret.to_owned()));
        Ok(Self { root: root.to_owned(), s3, secrets })
    }

    /// Makes sure that the lake holds posts of this source and no other, and remembers it.
    ///
    /// # Errors
    /// When it holds others.
    pub fn claim(&self, source: Source) -> Outcome {
        let path = self.root.join("source.txt");
        let remembered = match std::fs::read(&path) {
            Ok(text) => Some(String::from_utf8_lossy(&text).trim().to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(format!(
                    "cannot read {}: {error}; it records where the posts of the lake come from; give this user access to it",
                    path.display()
                )
                .into());
            }
        };
        let held = match remembered.as_deref() {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ if !self.raw_dir().join(ingest::CURSOR_KEY).exists() => source.text().to_owned(),
            // A lake from before the source was remembered: only the demo made those.
            None => Source::Emulator.text().to_owned(),
            // Emptied by a full disk while an earlier version rewrote it.
            Some(_) if source == Source::Emulator && !self.is_emulated() => Source::XApi.text().to_owned(),
            Some(_) => source.text().to_owned(),
        };
        if held != source.text() {
            let (root, wanted) = (self.root.display(), source.text());
            return Err(
                format!("the lake in {root} holds {held}, and {wanted} are not mixed with them; name another folder with --lake").into()
            );
        }
        if remembered.as_ref() == Some(&held) {
            return Ok(());
        }
        files::replace(&path, format!("{held}\n").as_bytes())
            .map_err(|error| format!("cannot write {}: {error}; make room on the disk and run again", path.display()).into())
    }

    /// Whether the first post of RAW is one that the emulator serves.
    fn is_emulated(&self) -> bool {
        let first = files::find(&self.raw_dir().join("tweets")).files.into_iter().next();
        let Some(page) = first.and_then(|path| std::fs::read(path).ok()) else { return true };
        let page: Value = serde_json::from_slice(&page).unwrap_or_default();
        let id = page["data"][0]["id"].as_str().and_then(|id| id.parse().ok());
        id.is_some_and(|id| Corpus::seeded(SEED).post(id).is_some())
    }

    /// The S3.
    pub fn s3(&self) -> &EmbeddedS3 {
        &self.s3
    }

    /// The secrets.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The SDK's clients, as a function has them, made from values only.
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

    /// The RAW bucket.
    pub fn raw(&self) -> Store {
        self.clients(ingest::TIMEOUTS).store(RAW_BUCKET)
    }

    /// The folder of the RAW bucket.
    pub fn raw_dir(&self) -> PathBuf {
        raw_dir(&self.root)
    }

    /// The folder of the REF bucket.
    pub fn ref_dir(&self) -> PathBuf {
        ref_dir(&self.root)
    }

    /// Where the queue remembers what was refined.
    pub fn acknowledged_path(&self) -> PathBuf {
        self.root.join("refined.txt")
    }
}

/// The secret that opens the X API emulator, in the form that README tells to store.
pub fn emulator_secret() -> String {
    serde_json::json!({ "bearer_token": EMULATOR_TOKEN }).to_string()
}

/// The folder of the RAW bucket below a lake's.
pub fn raw_dir(root: &Path) -> PathBuf {
    root.join(RAW_BUCKET)
}

/// The folder of the REF bucket below a lake's.
pub fn ref_dir(root: &Path) -> PathBuf {
    root.join(REF_BUCKET)
}
