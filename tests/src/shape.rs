//! The parameters of a world, which its seed determines before it begins.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use emulators::random::Random;
use ingest::{Config, Vocabulary};

use crate::fault::RAW_BUCKET;
use crate::x_api::{DateForm, ServingQuirks, TokenKind};

pub(crate) const SECRET_ID: &str = "x-token";

/// One moment at which the scheduler wakes `ingest`.
#[derive(Clone, Debug)]
pub struct Tick {
    /// The time since the previous tick.
    pub after: Duration,
    /// When each run of this tick starts: none if the scheduler misses the tick, two if it fires twice.
    pub starts: Vec<Duration>,
    /// Whether the next tick comes while these runs may still be active.
    pub overlaps: bool,
    /// The token is replaced at X, and this much later (or earlier, if negative) in the secret.
    pub rotation: Option<TimeDelta>,
}

/// The parameters of a world.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The first moment.
    pub start: DateTime<Utc>,
    /// The number of posts.
    pub posts: u64,
    /// The maximum number of tweets in a file.
    pub file_tweets_max: usize,
    /// How the API serves pages.
    pub quirks: ServingQuirks,
    /// The configuration of `ingest`.
    pub config: Config,
    /// Changes of `SAFETY_LAG_SECONDS`, each with its first tick.
    pub lag_changes: Vec<(usize, Duration)>,
    /// How long a request takes, in milliseconds.
    pub latency_ms: (u64, u64),
    /// How far a sandbox's clock may be off.
    pub skew: TimeDelta,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// Requests that fail, per thousand.
    pub fault_per_mille: u64,
    /// When `ingest` is invoked.
    pub ticks: Vec<Tick>,
    /// Whether files are delivered to `refine`.
    pub refines: bool,
}

impl Shape {
    /// A small world without faults for a script: two tweets per file, as in the tables of violations.
    pub fn scripted() -> Self {
        Self {
            start: "2026-11-23T14:05:00Z".parse().unwrap_or_default(),
            posts: 0,
            file_tweets_max: 2,
            quirks: ServingQuirks::default(),
            config: config(),
            lag_changes: Vec::new(),
            latency_ms: (5, 5),
            skew: TimeDelta::zero(),
            timeout: Duration::from_mins(1),
            fault_per_mille: 0,
            ticks: Vec::new(),
            refines: false,
        }
    }

    /// The world of a seed: 5 to 40 posts, in files of 2 to 5.
    pub fn of(seed: u64) -> Self {
        let random = &mut Random::of(seed, "shape");
        let start = random.pick(&["2026-11-23T14:05:00Z", "2026-11-23T23:40:00Z", "2026-11-30T23:30:00Z", "2028-02-28T23:50:00Z"]);
        let ticks = ticks(random);
        let mut config = config();
        config.vocabulary = random.pick(&[Vocabulary::Tweet, Vocabulary::Post]);
        config.expansions = if random.one_in(4) { vec!["author_id".to_owned()] } else { Vec::new() };
        config.lookback = Duration::from_mins(random.pick(&[30, 30, 120, 7 * 24 * 60]));
        config.max_posts_per_run = random.pick(&[10, 12, 20, 1_000]);
        config.max_posts_per_month = random.pick(&[None, None, Some(15), Some(60)]);
        let lag_changes = if random.one_in(6) {
            let tick = usize::try_from(random.within(0, ticks.len() as u64)).unwrap_or(0);
            vec![(tick, Duration::from_mins(10)), (tick + 2, Duration::from_mins(1))]
        } else {
            Vec::new()
        };
        Self {
            start: start.parse().unwrap_or_default(),
            posts: random.within(5, 40),
            file_tweets_max: random.pick(&[3, 3, 3, 2, 5]),
            quirks: ServingQuirks {
                page_posts_max: random.pick(&[1, 3, 4, 5, 7, 100]),
                short_per_mille: random.pick(&[0, 100, 400]),
                empty_per_mille: random.pick(&[0, 0, 100, 300]),
                trailing_token_per_mille: random.pick(&[0, 300]),
                token: random.pick(&[TokenKind::Position, TokenKind::Offset]),
                date: random.pick(&[DateForm::ImfFixdate, DateForm::ImfFixdateUtc, DateForm::Rfc850, DateForm::Asctime]),
                ..ServingQuirks::default()
            },
            config,
            lag_changes,
            latency_ms: random.pick(&[(1, 20), (20, 200), (200, 1_500)]),
            skew: TimeDelta::seconds(random.pick(&[0, 0, 2, 10])),
            timeout: Duration::from_secs(random.pick(&[60, 60, 60, 30, 900])),
            fault_per_mille: random.pick(&[0, 20, 60, 120, 200, 350]),
            ticks,
            refines: true,
        }
    }
}

fn ticks(random: &mut Random) -> Vec<Tick> {
    let count = random.within(3, 10);
    let is_hasty = random.one_in(3);
    (0..count)
        .map(|_| {
            let after = match random.within(0, 39) {
                0 => random.within(86_400, 3 * 86_400),
                1 => random.within(7 * 86_400, 9 * 86_400),
                _ if is_hasty => random.within(1, 90),
                _ => random.within(60, 600),
            };
            let runs = random.pick(&[0, 1, 1, 1, 1, 1, 1, 2, 2, 3]);
            let spread = random.pick(&[0, 2_000, 20_000]);
            Tick {
                after: Duration::from_secs(after),
                starts: (0..runs).map(|_| Duration::from_millis(random.within(0, spread))).collect(),
                overlaps: random.one_in(3),
                rotation: random.one_in(25).then(|| TimeDelta::seconds(random.pick(&[-120, 0, 90, 600]))),
            }
        })
        .collect()
}

fn config() -> Config {
    let vars =
        [("RAW_BUCKET", RAW_BUCKET), ("X_SECRET_ID", SECRET_ID), ("SEARCH_QUERY", "presidente lang:pt"), ("MAX_POSTS_PER_MONTH", "0")];
    let var = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    #[expect(clippy::expect_used, reason = "a constant table")]
    Config::from_env(var).expect("the table has all required variables")
}
