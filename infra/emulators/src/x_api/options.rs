//! Configurable behaviour of an emulator, beyond what the API always does.

use chrono::TimeDelta;

use super::vocabulary::AnswerNames;

/// The default bearer token of the emulator. It is valid nowhere else, and unusual enough to be searched for in logs.
pub const EMULATOR_TOKEN: &str = "AAAAAAAAAAEMULATORzarabatana7Qk2vTokenThatOpensNothing";

/// Options of an emulator; by default the API has no faults.
#[derive(Clone, Debug)]
pub struct Options {
    /// The only bearer token that is not answered with 401.
    pub token: String,
    /// Maximum number of characters in a query: 512 self-serve, 4,096 enterprise.
    pub query_chars_max: usize,
    /// Searches per 15 minutes.
    pub search_limit: u32,
    /// Counts per 15 minutes.
    pub counts_limit: u32,
    /// Names of fields in responses.
    pub names: AnswerNames,
    /// Every n-th page over the lifetime of the emulator holds a third of the requested posts and always has a
    /// `next_token`; 0 means never.
    pub short_page_every: u64,
    /// Every n-th page over the lifetime of the emulator is empty and has a `next_token`; 0 means never, 1 always.
    pub empty_page_every: u64,
    /// Delay until searches find a new post.
    pub index_lag: TimeDelta,
    /// Whether searches return retweets, which the API stopped doing in May 2026. The seeded corpus has none.
    pub retweets: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            token: EMULATOR_TOKEN.to_owned(),
            query_chars_max: 512,
            search_limit: 450,
            counts_limit: 300,
            names: AnswerNames::AsRequested,
            short_page_every: 0,
            empty_page_every: 0,
            index_lag: TimeDelta::zero(),
            retweets: false,
        }
    }
}
