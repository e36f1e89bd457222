//! What an emulator has done so far, for tests and for bills.

use std::collections::{BTreeMap, VecDeque};

use super::fault::Fault;
use super::rate_limit::RateWindow;
use super::search::Page;

/// Counters of an emulator's life.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// Requests of any kind, refused ones too.
    pub requests: u64,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Pages of search results, empty ones too.
    pub pages: u64,
    /// Answered counts.
    pub counts: u64,
    /// Posts in `data`; each is billed.
    pub posts: u64,
    /// Posts in `includes`; each is billed.
    pub included_posts: u64,
    /// Users in `includes`; each is billed.
    pub included_users: u64,
    /// How many times each id stood in `data`.
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

/// What changes from request to request.
#[derive(Debug, Default)]
pub(super) struct State {
    pub served: Served,
    pub search_window: RateWindow,
    pub counts_window: RateWindow,
    pub script: VecDeque<Option<Fault>>,
    pub always: Option<Fault>,
}

impl State {
    /// The number of the page about to be made, from 1.
    pub fn next_page(&mut self) -> u64 {
        self.served.pages += 1;
        self.served.pages
    }
}
