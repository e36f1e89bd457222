//! The command line of `stream`.

use std::path::PathBuf;
use std::time::Duration;

use ::stream::{Mode, Query, Windows};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args};
use humantime::{format_duration, parse_duration};

use crate::Outcome;

/// Default lateness of a post.
const LATE: Duration = Duration::from_secs(30);

/// Windows close between triggers, so a backlog read in one trigger would keep all of its windows in memory at once.
const FILES_PER_TRIGGER: u16 = 100;

/// Options of `stream`.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("trigger").required(true).args(["every", "once"]))]
pub struct Options {
    /// Counts that a trigger emits: all, those of closed windows, or those that changed.
    #[arg(long, value_parser = mode_parser())]
    mode: Mode,
    /// Length of the windows of creation time, such as 10m; without it there is one running count per word.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    window: Option<Duration>,
    /// Time from the start of a window to the start of the next [default: the window's length].
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "window")]
    slide: Option<Duration>,
    /// How far the watermark trails the newest tweet of the earlier triggers [default: 30s].
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "window")]
    late: Option<Duration>,
    /// Interval between triggers, until the process is ended.
    #[arg(long, value_name = "TIME", value_parser = positive_duration)]
    pub every: Option<Duration>,
    /// Processes the available files and exits.
    #[arg(long)]
    pub once: bool,
    /// Maximum number of rows per trigger, the newest windows first [default: 20 in a table, all as JSON].
    #[arg(long, value_name = "ROWS")]
    pub top: Option<usize>,
    /// Destination of rows: `console`, a table on a terminal and JSON lines in a pipe, or `json:FILE`, which is
    /// appended to.
    #[arg(long, value_name = "SINK", default_value = "console", value_parser = sink)]
    pub sink: Destination,
    /// Processes files that other programs put into the lake, and captures nothing.
    #[arg(long)]
    pub no_ingest: bool,
    /// Maximum number of new files per trigger, in key order; the remaining files go into further triggers at once.
    #[arg(long, value_name = "FILES", default_value_t = FILES_PER_TRIGGER, value_parser = clap::value_parser!(u16).range(1..))]
    pub files_per_trigger: u16,
}

/// Destination of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Standard output.
    Console,
    /// JSON lines, appended to a file.
    File(PathBuf),
}

impl Options {
    /// Returns the query that these options describe.
    pub fn query(&self) -> Outcome<Query> {
        let windows = self.window.map(|window| Windows::new(window, self.slide.unwrap_or(window))).transpose()?;
        Ok(Query::new(self.mode, windows, self.late.unwrap_or(LATE))?)
    }

    /// Returns a name that only identical queries share: `append-10m-5m-30s`.
    pub fn name(&self) -> String {
        let Some(window) = self.window else { return self.mode.name().to_owned() };
        let times = [window, self.slide.unwrap_or(window), self.late.unwrap_or(LATE)];
        times.iter().fold(self.mode.name().to_owned(), |name, time| format!("{name}-{}", format_duration(*time)).replace(' ', ""))
    }
}

fn mode_parser() -> impl TypedValueParser<Value = Mode> {
    let of_name = |name: String| Mode::ALL.into_iter().find(|mode| mode.name() == name).ok_or("no such mode");
    PossibleValuesParser::new(Mode::ALL.map(Mode::name)).try_map(of_name)
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| format!("{error}; a time is written 30s, 10m or 1h30m"))
}

/// Parses a duration of the command line that is not zero.
pub fn positive_duration(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration.is_zero() { Err("a trigger takes longer than no time".to_owned()) } else { Ok(duration) }
}

fn sink(text: &str) -> Result<Destination, String> {
    match text.split_once(':') {
        None if text == "console" => Ok(Destination::Console),
        Some(("json", path)) if !path.is_empty() => Ok(Destination::File(path.into())),
        _ => Err("expected `console` or `json:FILE`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn parse(line: &str) -> Result<Options, String> {
        let words = std::iter::once("stream").chain(line.split(' '));
        Line::try_parse_from(words).map(|line| line.options).map_err(|error| error.to_string())
    }

    #[test]
    fn queries_have_names_of_their_own() {
        for (line, want) in [
            ("--once --mode complete", "complete"),
            ("--once --mode update --window 10m", "update-10m-10m-30s"),
            ("--once --mode append --window 600s --slide 5m --late 0s", "append-10m-5m-0s"),
            ("--every 10s --mode append --window 90m --slide 1500ms --late 1h", "append-1h30m-1s500ms-1h"),
        ] {
            let options = parse(line).unwrap();
            assert_eq!(options.name(), want, "{line}");
            assert!(options.query().is_ok(), "{line}");
        }
    }

    #[test]
    fn what_makes_no_query_is_refused_with_a_reason() {
        for (line, want) in [
            ("--mode update", "--every <TIME>|--once"),
            ("--mode update --once --every 10s", "cannot be used with"),
            ("--once --mode sometimes", "complete, append, update"),
            ("--once --mode update --slide 5m", "--window"),
            ("--once --mode update --late 5m", "--window"),
            ("--every 0s --mode update", "longer than no time"),
            ("--once --mode update --window ten", "written 30s, 10m or 1h30m"),
            ("--once --mode update --sink xml:a", "`console` or `json:FILE`"),
            ("--once --mode update --sink json:", "`console` or `json:FILE`"),
            ("--once --mode update --files-per-trigger 0", "invalid value"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(want), "{line}: {error}");
        }
        for (line, want) in [("--once --mode append", "give a window"), ("--once --mode update --window 5m --slide 10m", "slide is longer")]
        {
            let error = parse(line).unwrap().query().unwrap_err().to_string();
            assert!(error.contains(want), "{line}: {error}");
        }
    }
}
