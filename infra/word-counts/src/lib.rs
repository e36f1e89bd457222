//! Word counts kept up to date as files and lines arrive, in event-time windows: a fold from posts to emitted rows.
//!
//! `complete`, `append`, `update`, `window()`, `session_window()` and `withWatermark()` have the meaning of Spark's
//! Structured Streaming. The crate has no I/O and no clock: the caller reads the files and keeps the [`State`] between
//! triggers. Input from a socket also follows Spark: where a line ends ([`Cutter`]) and how its bytes are decoded
//! ([`decode`]).
//!
//! ```
//! use std::time::Duration;
//! use word_counts::{Mode, Post, Query, State, Windows, Words};
//!
//! let windows = Windows::new(Duration::from_secs(600), Duration::from_secs(300))?;
//! let query = Query::new(Mode::Update, Some(windows.into()), Some(Duration::from_secs(30)), Words::Lake)?;
//! let mut trigger = State::new(query).begin();
//! trigger.add(&Post { created_at_ms: 1_795_442_700_000, texto: Some("Brasil, viva o Brasil") });
//! let (_state, emitted) = trigger.finish();
//! let counts: Vec<(&str, u64)> = emitted.rows.iter().map(|row| (row.word.as_str(), row.count)).collect();
//! assert_eq!(counts, [("brasil", 2), ("viva", 1), ("brasil", 2), ("viva", 1)]); // a post is in two windows
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod lines;
mod query;
mod session;
mod state;
mod window;
mod words;

pub use lines::{Cut, Cutter, decode};
pub use query::{Grouping, Mode, Query, QueryError};
pub use session::{Gap, GapError};
pub use state::{Emitted, Post, State, Trigger};
pub use window::{Row, Window, WindowError, Windows};
pub use words::Words;
