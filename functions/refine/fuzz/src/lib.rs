//! The pure modules of `refine`, unchanged, and a counter of the memory that they hold.

#![allow(dead_code, missing_docs, reason = "they are documented and used in refine")]

pub mod memory;

#[path = "../../src/columns.rs"]
mod columns;
#[path = "../../src/encode.rs"]
mod encode;
#[path = "../../src/events.rs"]
pub mod events;
#[path = "../../src/refined.rs"]
pub mod refined;

use sentiment::LEXICON_VERSION;

const REFINE_VERSION: &str = "fuzz";
