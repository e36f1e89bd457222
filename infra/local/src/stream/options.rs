//! The command line of `stream`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args, ValueEnum};
use humantime::{format_duration, parse_duration};
use word_counts::{Gap, Grouping, Mode, Query, Windows, Words};

use crate::{Outcome, Usage};

/// Default lateness of a post.
const LATE: Duration = Duration::from_secs(30);

/// Windows close between triggers, so a backlog read in one trigger would keep all of its windows in memory at once.
const FILES_PER_TRIGGER: u16 = 100;

/// Default maximum number of lines per trigger.
const LINES_PER_TRIGGER: u32 = 100_000;

/// Options of `stream`.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("trigger").args(["every", "once", "single_batch"]))]
#[command(group = ArgGroup::new("windows").args(["window", "session"]))]
pub struct Options {
    /// Input: `lake`, the tweets of the lake, or `tcp://HOST:PORT`, the lines that a server sends, such as `nc -lk PORT`.
    #[arg(long, value_name = "SOURCE", default_value = "lake", value_parser = source)]
    pub source: Origin,
    /// Counts that a trigger emits: all, those of closed windows, those that changed, or those of its own input alone.
    #[arg(long, value_parser = mode_parser())]
    mode: Mode,
    /// What a word is [default: `lake` for the lake, `spaces` for a socket].
    #[arg(long, value_enum, value_name = "RULE")]
    words: Option<Rule>,
    /// Length of the windows, such as 10m, by creation of a tweet or arrival of a line; without it there is one running
    /// count per word.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    window: Option<Duration>,
    /// Time from the start of a window to the start of the next [default: the window's length].
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "window")]
    slide: Option<Duration>,
    /// Counts by session instead: a session of a word ends when the word does not occur again within this time.
    #[arg(long, value_name = "GAP", value_parser = duration)]
    session: Option<Duration>,
    /// How far the watermark trails the newest input of the earlier triggers, or `none`: nothing is late and nothing is
    /// forgotten [default: 30s; for a socket none, except in append].
    #[arg(long, value_name = "TIME", value_parser = lateness, requires = "windows")]
    late: Option<Lateness>,
    /// Interval between triggers, which are at multiples of the clock [default: the next trigger starts at once].
    #[arg(long, value_name = "TIME", value_parser = positive_duration)]
    every: Option<Duration>,
    /// Processes what is available and exits; from a socket, what arrives until the other side closes.
    #[arg(long)]
    once: bool,
    /// Like --once, but in a single trigger of any size.
    #[arg(long)]
    single_batch: bool,
    /// Maximum number of rows per trigger, those of the newest windows [default: 20 in a table, all elsewhere].
    #[arg(long, value_name = "ROWS")]
    pub top: Option<usize>,
    /// Destination of rows: `console`, a table on a terminal and JSON lines in a pipe; `json:FILE`, appended to;
    /// `parquet:DIR`, one file per trigger; `memory:NAME`, a table that `sql` reads and each run replaces; `stdout`, JSON
    /// lines for a program, each trigger closed by a line with its number of rows.
    #[arg(long, value_name = "SINK", default_value = "console", value_parser = sink)]
    pub sink: Destination,
    /// Processes files that other programs put into the lake, and captures nothing.
    #[arg(long)]
    pub no_ingest: bool,
    /// Maximum number of new files per trigger, in key order; the remaining files go into further triggers at once
    /// [default: 100].
    #[arg(long, value_name = "FILES", value_parser = clap::value_parser!(u16).range(1..))]
    files_per_trigger: Option<u16>,
    /// Maximum number of lines per trigger; the remaining lines go into further triggers at once [default: 100000].
    #[arg(long, value_name = "LINES", value_parser = clap::value_parser!(u32).range(1..))]
    lines_per_trigger: Option<u32>,
}

/// Origin of what is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The Parquet files of the lake.
    Lake,
    /// Lines of a TCP connection to this address, `HOST:PORT`.
    Tcp(String),
}

/// Values of `--words`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule(Words);

/// Values of `--late`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lateness {
    NoWatermark,
    Time(Duration),
}

/// When triggers happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As soon as there is something to count.
    Continuous,
    /// At multiples of an interval.
    Every(Duration),
    /// Until all that is available is counted.
    Once,
    /// Once, in a single trigger.
    SingleBatch,
}

/// Destination of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Standard output: a table, or JSON lines in a pipe.
    Console,
    /// Standard output: JSON lines, and one at the end of each trigger.
    Stdout,
    /// JSON lines, appended to a file.
    File(PathBuf),
    /// A folder of Parquet files.
    Parquet(PathBuf),
    /// A table of the lake.
    Memory(String),
}

impl ValueEnum for Rule {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(Words::Lake), Self(Words::Spaces)]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self.0 {
            Words::Lake => PossibleValue::new("lake").help("The rule of the view `palavras`"),
            Words::Spaces => {
                PossibleValue::new("spaces").alias("spark").help("The text between single spaces, unchanged, as in Spark's split")
            }
        })
    }
}

impl Options {
    /// Returns the query that these options describe.
    pub fn query(&self) -> Outcome<Query> {
        let windows = self.window.map(|window| Windows::new(window, self.slide.unwrap_or(window))).transpose().map_err(Usage::conflict)?;
        let sessions = self.session.map(Gap::new).transpose().map_err(Usage::conflict)?;
        let grouping = windows.map(Grouping::from).or(sessions.map(Grouping::from));
        Query::new(self.mode, grouping, self.late(), self.words()).map_err(Usage::conflict)
    }

    /// Fails if an option has no meaning for the source, rather than ignoring it.
    pub fn check_source(&self) -> Outcome {
        match self.source {
            Origin::Lake if self.lines_per_trigger.is_some() => {
                Err(Usage::conflict("--lines-per-trigger is for a socket; the lake has --files-per-trigger"))
            }
            Origin::Tcp(_) if self.files_per_trigger.is_some() => {
                Err(Usage::conflict("--files-per-trigger is for the lake; a socket has --lines-per-trigger"))
            }
            _ => Ok(()),
        }
    }

    /// Returns when triggers happen.
    pub fn pace(&self) -> Pace {
        match self.every {
            Some(interval) => Pace::Every(interval),
            None if self.once => Pace::Once,
            None if self.single_batch => Pace::SingleBatch,
            None => Pace::Continuous,
        }
    }

    /// Returns the maximum number of files or lines in a trigger.
    pub fn per_trigger(&self) -> usize {
        match self.source {
            _ if self.single_batch => usize::MAX,
            Origin::Lake => self.files_per_trigger.unwrap_or(FILES_PER_TRIGGER).into(),
            Origin::Tcp(_) => usize::try_from(self.lines_per_trigger.unwrap_or(LINES_PER_TRIGGER)).unwrap_or(usize::MAX),
        }
    }

    /// Returns a name that only identical queries share: `append-10m-5m-30s`, `tcp-127.0.0.1-3456-complete`.
    pub fn name(&self) -> String {
        let mut parts = Vec::new();
        if let Origin::Tcp(address) = &self.source {
            parts.push(format!("tcp-{}", address.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-")));
        }
        parts.push(self.mode.name().to_owned());
        let time = |time| format_duration(time).to_string().replace(' ', "");
        if let Some(window) = self.window {
            parts.extend([time(window), time(self.slide.unwrap_or(window))]);
        }
        if let Some(gap) = self.session {
            parts.extend(["session".to_owned(), time(gap)]);
        }
        if self.window.or(self.session).is_some() {
            parts.push(self.late().map_or_else(|| "none".to_owned(), time));
        }
        match self.words() {
            words if words == self.default_words() => {}
            Words::Lake => parts.push("lake".to_owned()),
            Words::Spaces => parts.push("spaces".to_owned()),
        }
        parts.join("-")
    }

    fn late(&self) -> Option<Duration> {
        match (self.late, &self.source) {
            (Some(Lateness::Time(late)), _) => Some(late),
            (Some(Lateness::NoWatermark), _) => None,
            (None, Origin::Tcp(_)) if self.mode != Mode::Append => None,
            (None, _) => Some(LATE),
        }
    }

    fn words(&self) -> Words {
        self.words.map_or_else(|| self.default_words(), |rule| rule.0)
    }

    fn default_words(&self) -> Words {
        match self.source {
            Origin::Lake => Words::Lake,
            Origin::Tcp(_) => Words::Spaces,
        }
    }
}

fn mode_parser() -> impl TypedValueParser<Value = Mode> {
    let of_name = |name: String| Mode::ALL.into_iter().find(|mode| mode.name() == name).ok_or("no such mode");
    PossibleValuesParser::new(Mode::ALL.map(Mode::name)).try_map(of_name)
}

fn source(text: &str) -> Result<Origin, String> {
    let explained = || "expected `lake` or `tcp://HOST:PORT`, such as tcp://127.0.0.1:3456".to_owned();
    if text == "lake" {
        return Ok(Origin::Lake);
    }
    let address = text.strip_prefix("tcp://").ok_or_else(explained)?;
    let (host, port) = address.rsplit_once(':').ok_or_else(explained)?;
    let is_host = !host.is_empty() && !host.contains(['/', '@', ' ']) && (!host.contains(':') || host.starts_with('['));
    match port.parse::<u16>() {
        Ok(1..) if is_host => Ok(Origin::Tcp(address.to_owned())),
        _ => Err(explained()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| format!("{error}; write a time as 30s, 10m or 1h30m"))
}

fn lateness(text: &str) -> Result<Lateness, String> {
    if text == "none" { Ok(Lateness::NoWatermark) } else { duration(text).map(Lateness::Time) }
}

/// Parses a duration of the command line that is not zero.
pub fn positive_duration(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration < Duration::from_millis(1) { Err("an interval must be at least one millisecond".to_owned()) } else { Ok(duration) }
}

fn sink(text: &str) -> Result<Destination, String> {
    match text.split_once(':') {
        None if text == "console" => Ok(Destination::Console),
        None if text == "stdout" => Ok(Destination::Stdout),
        Some(("json", path)) if !path.is_empty() => Ok(Destination::File(path.into())),
        Some(("parquet", path)) if !path.is_empty() => Ok(Destination::Parquet(path.into())),
        Some(("memory", name)) => table_name(name).map(Destination::Memory),
        _ => Err("expected `console`, `stdout`, `json:FILE`, `parquet:DIR` or `memory:NAME`".to_owned()),
    }
}

/// Accepts the name of a table that SQL can write without quotes.
fn table_name(name: &str) -> Result<String, String> {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 64
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let is_taken = name == "tweets" || crate::sql::VIEWS.iter().any(|(view, _)| *view == name);
    match (is_plain, is_taken) {
        (true, false) => Ok(name.to_owned()),
        (true, true) => Err(format!("`{name}` is a table of the lake; choose another name")),
        (false, _) => Err("the name of a table consists of lower-case letters, digits and `_`, and begins with a letter".to_owned()),
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
    fn different_queries_have_different_names() {
        for (line, want) in [
            ("--once --mode complete", "complete"),
            ("--once --mode update --window 10m", "update-10m-10m-30s"),
            ("--once --mode append --window 600s --slide 5m --late 0s", "append-10m-5m-0s"),
            ("--every 10s --mode append --window 90m --slide 1500ms --late 1h", "append-1h30m-1s500ms-1h"),
            ("--mode batch --words spaces", "batch-spaces"),
            ("--mode complete --session 10m --late none", "complete-session-10m-none"),
            ("--source tcp://127.0.0.1:3456 --mode complete", "tcp-127.0.0.1-3456-complete"),
            ("--source tcp://[::1]:3456 --mode complete --words lake", "tcp----1--3456-complete-lake"),
            ("--source tcp://a:1 --mode update --window 10m --slide 5m", "tcp-a-1-update-10m-5m-none"),
            ("--source tcp://a:1 --mode append --window 10m --words spark", "tcp-a-1-append-10m-10m-30s"),
        ] {
            let options = parse(line).unwrap();
            assert_eq!(options.name(), want, "{line}");
            assert!(options.query().is_ok(), "{line}");
        }
    }

    #[test]
    fn invalid_options_are_refused_with_a_reason() {
        for (line, want) in [
            ("--mode update --once --every 10s", "cannot be used with"),
            ("--mode update --once --single-batch", "cannot be used with"),
            ("--mode complete --window 10m --session 10m", "cannot be used with"),
            ("--once --mode sometimes", "complete, append, update, batch"),
            ("--once --mode update --slide 5m", "--window"),
            ("--once --mode update --late 5m", "--window"),
            ("--every 0s --mode update", "at least one millisecond"),
            ("--once --mode update --window ten", "write a time as 30s, 10m or 1h30m"),
            ("--once --mode complete --session abc", "write a time as 30s, 10m or 1h30m"),
            ("--once --mode complete --session=-5s", "write a time as 30s, 10m or 1h30m"),
            ("--once --mode update --sink xml:a", "`console`, `stdout`"),
            ("--once --mode update --sink json:", "`json:FILE`"),
            ("--once --mode update --sink memory:", "begins with a letter"),
            ("--once --mode update --sink memory:Palavras", "lower-case letters"),
            ("--once --mode update --sink memory:palavras", "choose another name"),
            ("--once --mode update --files-per-trigger 0", "invalid value"),
            ("--once --mode update --lines-per-trigger 0", "invalid value"),
            ("--mode update --source tcp://127.0.0.1", "tcp://HOST:PORT"),
            ("--mode update --source tcp://127.0.0.1:0", "tcp://HOST:PORT"),
            ("--mode update --source tcp://:3456", "tcp://HOST:PORT"),
            ("--mode update --source tcp://a/b:3456", "tcp://HOST:PORT"),
            ("--mode update --source tcp://::1:3456", "tcp://HOST:PORT"),
            ("--mode update --source 127.0.0.1:3456", "tcp://HOST:PORT"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(want), "{line}: {error}");
        }
        for (line, want) in [
            ("--once --mode append", "give a window"),
            ("--source tcp://a:1 --mode append", "give a window"),
            ("--mode append --window 5m --late none", "give --late a time"),
            ("--once --mode update --window 5m --slide 10m", "slide is longer"),
            ("--once --mode update --session 5m", "not supported for session windows"),
            ("--once --mode complete --session 0s", "at least one"),
            ("--once --mode batch --window 5m", "leave the windows out"),
        ] {
            let error = parse(line).unwrap().query().unwrap_err().to_string();
            assert!(error.contains(want), "{line}: {error}");
        }
        for line in ["--mode update --lines-per-trigger 5", "--source tcp://a:1 --mode update --files-per-trigger 5"] {
            assert!(parse(line).unwrap().check_source().is_err(), "{line}");
        }
    }

    #[test]
    fn the_pace_is_what_the_flags_say() {
        for (line, want, per_trigger) in [
            ("--mode update", Pace::Continuous, 100),
            ("--mode update --once --files-per-trigger 3", Pace::Once, 3),
            ("--mode update --source tcp://a:1 --every 10s", Pace::Every(Duration::from_secs(10)), 100_000),
            ("--mode update --source tcp://a:1 --lines-per-trigger 7", Pace::Continuous, 7),
            ("--mode update --single-batch --files-per-trigger 3", Pace::SingleBatch, usize::MAX),
        ] {
            let options = parse(line).unwrap();
            assert_eq!((options.pace(), options.per_trigger()), (want, per_trigger), "{line}");
        }
    }
}
