//! Runs the whole pipeline in simulated worlds: the real functions and the real SDK, with faults in everything around them.
//!
//! A seed determines a world: its posts, its X API, its schedule, its clocks, and which request meets which fault. Time is
//! tokio's paused clock, so a world of several days takes milliseconds and is the same each time. Once the faults have stopped
//! and the world is at rest, the invariants INV-1 to INV-8 are checked against the world's own truth. Worlds act on the wires
//! only, never inside the functions.

mod ablation;
mod campaign;
mod clock;
mod fault;
mod invariants;
mod journal;
mod life;
mod posts;
mod queue;
mod refined;
mod sandbox;
mod script;
mod shape;
mod wire;
mod world;
mod x_api;

pub use ablation::Ablation;
pub use campaign::{Campaign, Trial, trial};
pub use clock::Clock;
pub use fault::{Call, Fault, Landing};
pub use invariants::{Verdict, check, ids};
pub use journal::{Journal, Line};
pub use posts::{Post, Posts, TEXT_MARKER};
pub use sandbox::{Outcome, Sandbox};
pub use shape::{Shape, Tick};
pub use world::{Record, TOKEN_MARKER, World, Write};
pub use x_api::{DateForm, Order, ServingQuirks, TokenKind, XApi};
