//! A counter of the memory that a call holds.

pub mod memory;
