//! The event log: what happened in the world, and what the functions logged, in order.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::clock::Clock;

/// One line that a function logged.
#[derive(Clone, Debug)]
pub struct Line {
    /// The constant message.
    pub message: String,
    /// The fields, in order.
    pub fields: Vec<(&'static str, String)>,
}

impl Line {
    /// Returns the value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str())
    }

    /// Returns the value of a numeric field, or 0 if there is none.
    pub fn number(&self, name: &str) -> u64 {
        self.field(name).and_then(|value| value.parse().ok()).unwrap_or(0)
    }

    fn text(&self) -> String {
        self.fields.iter().fold(self.message.clone(), |mut text, (name, value)| {
            let _ = write!(text, " {name}={value}");
            text
        })
    }
}

/// The event log of one world. Clones share it.
#[derive(Clone, Debug)]
pub struct Journal {
    clock: Clock,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    events: Vec<(DateTime<Utc>, String)>,
    lines: Vec<Line>,
}

impl Journal {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, kept: Arc::default() }
    }

    pub(crate) fn note(&self, event: impl Into<String>) {
        self.kept().events.push((self.clock.now(), event.into()));
    }

    /// Returns the lines that the functions logged.
    pub fn lines(&self) -> Vec<Line> {
        self.kept().lines.clone()
    }

    /// Returns the whole log, one event per line, with the true time.
    pub fn text(&self) -> String {
        self.kept().events.iter().fold(String::new(), |mut text, (at, event)| {
            let _ = writeln!(text, "{} {event}", at.format("%d %H:%M:%S%.3f"));
            text
        })
    }

    /// Returns a subscriber that writes into this journal: our own crates from debug on, others from info on, the most that a function
    /// in Lambda would log.
    pub(crate) fn subscriber(&self) -> impl Subscriber + Send + Sync + use<> {
        Capture(self.clone())
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Capture(Journal);

impl Subscriber for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let is_ours = ["ingest", "refine", "aws::", "tweets"].iter().any(|ours| metadata.target().starts_with(ours));
        metadata.is_event() && *metadata.level() <= if is_ours { Level::DEBUG } else { Level::INFO }
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(tracing::level_filters::LevelFilter::DEBUG)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line { message: String::new(), fields: Vec::new() };
        event.record(&mut Fields(&mut line));
        self.0.note(format!("      {} {}", event.metadata().level(), line.text()));
        self.0.kept().lines.push(line);
    }
}

struct Fields<'a>(&'a mut Line);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let value = format!("{value:?}");
        if field.name() == "message" {
            self.0.message = value;
        } else {
            self.0.fields.push((field.name(), value));
        }
    }
}
