//! Runs ingest and refine on a trigger, over emulated posts, as the demo does.

use std::path::Path;

use emulators::server::Server;
use emulators::x_api::Options;
use ingest::Wire;

use crate::demo;
use crate::lake::{Lake, Source, emulator_secret};
use crate::pipeline::Pipeline;
use crate::progress::Progress;
use crate::serve::start_x_api;
use crate::{Clock, Outcome};

/// Both functions and their emulated services, open while the stream runs.
pub(crate) struct Capture {
    pipeline: Pipeline,
    progress: Progress,
    /// Serves until it is dropped.
    _x_api: Server,
    _lake: Lake,
}

impl Capture {
    /// Opens the pipeline over the lake at `root`, which is created if it is missing.
    pub async fn open(root: &Path, clock: Clock) -> Outcome<Self> {
        let lake = Lake::open(root, clock, &emulator_secret())?;
        lake.claim(Source::Emulator)?;
        let x_api = start_x_api(0, Options::default(), clock).await?;
        let progress = Progress::on(lake.s3());
        let config = demo::config(&x_api.url())?;
        let wire = Wire::http(&config.x_api_base_url)?;
        let pipeline = Pipeline::open(&lake, config, wire, clock).await?;
        Ok(Self { pipeline, progress, _x_api: x_api, _lake: lake })
    }

    /// Captures and refines new posts.
    pub async fn catch_up(&mut self) -> Outcome {
        let caught = self.pipeline.catch_up(&self.progress, u64::MAX).await;
        self.progress.finish();
        caught.map(|_| ())
    }

    /// Fails if some RAW files could not be refined.
    pub fn all_refined(&self) -> Outcome {
        self.pipeline.all_refined()
    }
}
