//! Counters of what an emulator has served, for tests and for billing.

use std::collections::{BTreeMap, VecDeque};

use super::fault::Fault;
use super::rate_limit::RateWindow;
use super::search::Page;

/// Counters over the lifetime of an emulator.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// Requests of any kind, including refused ones.
    pub requests: u64,
    /// Number of responses by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Pages of search results, including empty ones.
    pub pages: u64,
    /// Successful counts.
    pub counts: u64,
    /// Posts in `data`; each is billed.
    pub posts: u64,
    /// Posts in `includes`; each is billed.
    pub included_posts: u64,
    /// Users in `includes`; each is billed.
    pub included_users: u64,
    /// How often each id was served in `data`.
    pub times: BTreeMap<u64, u32>,
}

impl Served {
    pub(super) fn page(&mut self, page: &Page) {
        self.posts += page.ids.len() as u64;
        self.included_posts += page.referenced;
        self.included_users += page.users;
        for id in &page.ids {
            *self.times.entry(*id).or_default() += 1;
        }
    }
}

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
