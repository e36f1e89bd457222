//! What an emulator keeps between requests: rate-limit windows, the faults to come, and the counters.

use std::collections::VecDeque;

use super::fault::Fault;
use super::rate_limit::RateWindow;
use super::served::Served;

/// The state that changes with each request.
#[derive(Debug, Default)]
pub(super) struct State {
    pub served: Served,
    pub search_window: RateWindow,
    pub counts_window: RateWindow,
    pub script: VecDeque<Option<Fault>>,
    pub always: Option<Fault>,
}

impl State {
    /// Returns the number of the next page, from 1.
    pub fn next_page(&mut self) -> u64 {
        self.served.pages += 1;
        self.served.pages
    }
}
