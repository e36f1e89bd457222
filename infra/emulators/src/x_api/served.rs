//! Counters of what an emulator has served, for tests and for billing.

use std::collections::BTreeMap;

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
