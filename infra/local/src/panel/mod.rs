//! `panel`: a page on 127.0.0.1 that shows the lake as it fills; `report`: the same for a span of days, as one file.
//!
//! Each chart is the rows of a saved question. One task computes them ([`watcher`]), requests only read the last
//! snapshot ([`routes`]), and figures are values ([`figures`]); the page's script gives them to Plotly.

mod assets;
mod browser;
mod figures;
mod guard;
mod lake_state;
mod question_page;
mod questions;
mod report;
mod routes;
mod server;
mod snapshot;
#[cfg(test)]
mod tests;
mod watcher;

use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;

use crate::demo::DEFAULT_LAKE;
use crate::lake::{self, ref_dir};
use crate::output::{line, message, quoted};
use crate::stream::Capture;
use crate::{Clock, Outcome, Variable};
use server::Site;
use watcher::Watcher;

pub use report::{Options as ReportOptions, run as report};

/// Port of the page, if it is free.
const PORT: u16 = 8765;
/// Ports that are tried after it.
const PORTS_MORE: u16 = 20;
/// Interval at which emulated posts come into a lake that the panel made.
const FEED_EVERY: Duration = Duration::from_secs(10);

/// Options of `panel`.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Port of the page on 127.0.0.1 [default: 8765, or the next free one].
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Does not open a browser.
    #[arg(long)]
    no_open: bool,
}

/// Serves the panel of a lake until Ctrl-C. Without a lake on this machine, makes one of emulated posts and keeps them
/// coming.
pub async fn run(named: Option<PathBuf>, options: &Options, clock: Clock, variable: Variable) -> Outcome {
    let root = named.clone().unwrap_or_else(|| DEFAULT_LAKE.into());
    let feed = if named.is_none() && !ref_dir(&root).exists() { Some(Capture::open(&root, clock).await?) } else { None };
    lake::check(&root, &ref_dir(&root))?;
    let listener = bind(options.port).await?;
    let port = listener.local_addr()?.port();
    let (watcher, mut snapshots) = Watcher::new(root.clone(), clock);
    let site = Arc::new(Site::new(snapshots.clone(), port, clock));
    let url = format!("http://127.0.0.1:{port}/");
    line(&format!("Panel of {} (Ctrl-C ends it): {url}", quoted(&root)))?;
    line(&if feed.is_some() {
        format!("New emulated posts arrive every {} s.", FEED_EVERY.as_secs())
    } else {
        format!("To add posts, run `live`, `stream` or `demo --every 10s` with --lake {} in another terminal.", quoted(&root))
    })?;
    browser::open(&url, options.no_open, variable);
    watcher.start();
    tokio::spawn(capture_until_stopped(feed));
    tokio::select! {
        () = server::serve(listener, site) => Ok(()),
        ended = tokio::signal::ctrl_c() => Ok(ended?),
        () = async { while snapshots.changed().await.is_ok() {} } => Err("the task that reads the lake has ended; start the panel again".into()),
    }
}

/// Captures new emulated posts until the process ends.
async fn capture_until_stopped(feed: Option<Capture>) {
    let Some(mut feed) = feed else { return };
    loop {
        if let Err(error) = feed.catch_up().await {
            message(&format!("no more emulated posts: {error}\n"));
            return;
        }
        tokio::time::sleep(FEED_EVERY).await;
    }
}

/// Listens on the port that was asked for, or on the first free one from [`PORT`] on.
async fn bind(port: Option<u16>) -> Outcome<TcpListener> {
    let listen = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    if let Some(port) = port {
        return listen(port)
            .await
            .map_err(|error| format!("cannot listen on 127.0.0.1:{port}: {error}; choose another with --port").into());
    }
    for port in PORT..PORT + PORTS_MORE {
        match listen(port).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => message(&format!("port {port} is taken; trying the next\n")),
            Err(error) => return Err(format!("cannot listen on 127.0.0.1:{port}: {error}; choose another with --port").into()),
        }
    }
    Err(format!("no port from {PORT} to {} is free; choose another with --port", PORT + PORTS_MORE - 1).into())
}
