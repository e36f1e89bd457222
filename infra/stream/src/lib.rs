//! Word counts kept up to date as files arrive, in event-time windows: a fold from posts to emitted rows.
//!
//! `complete`, `append`, `update`, `window()` and `withWatermark()` have the meaning of Spark's Structured Streaming.
//! The crate has no I/O and no clock: the caller reads the files and keeps the [`State`] between triggers.
//!
//! ```
//! use std::time::Duration;
//! use stream::{Mode, Post, Query, State, Windows};
//!
//! let windows = Windows::new(Duration::from_secs(600), Duration::from_secs(300))?;
//! let mut trigger = State::new(Query::new(Mode::Update, Some(windows), Duration::from_secs(30))?).begin();
//! trigger.add(&Post { created_at_ms: 1_795_442_700_000, texto: "Brasil, viva o Brasil" });
//! let (_state, emitted) = trigger.finish();
//! let counts: Vec<(&str, u64)> = emitted.rows.iter().map(|row| (row.word.as_str(), row.count)).collect();
//! assert_eq!(counts, [("brasil", 2), ("viva", 1), ("brasil", 2), ("viva", 1)]); // a post is in two windows
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod query;
mod state;
mod window;
mod words;

pub use query::{AppendNeedsWindows, Mode, Query};
pub use state::{Emitted, Post, Row, State, Trigger};
pub use window::{Window, WindowError, Windows};
pub use words::{rule, words};
