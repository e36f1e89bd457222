//! The faults that a request can meet, and the plan that decides which requests meet one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use emulators::random::Random;
use http::{Method, Request};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Call {
    Search,
    GetSecret,
    GetCursor,
    PutCursor,
    HeadRaw,
    GetRaw,
    PutRaw,
    HeadRef,
    PutRef,
}

/// The buckets of every world.
pub(crate) const RAW_BUCKET: &str = "raw";
pub(crate) const REF_BUCKET: &str = "ref";

impl Call {
    /// Classifies a request of the AWS SDK.
    pub(crate) fn of(request: &Request<Bytes>) -> Self {
        if request.headers().contains_key("x-amz-target") {
            return Self::GetSecret;
        }
        let path = request.uri().path();
        let is_put = *request.method() == Method::PUT;
        match (request.method(), path.trim_start_matches('/').split_once('/').unwrap_or_default()) {
            (_, (REF_BUCKET, _)) if is_put => Self::PutRef,
            (_, (REF_BUCKET, _)) => Self::HeadRef,
            (_, (_, ingest::CURSOR_KEY)) if is_put => Self::PutCursor,
            (_, (_, ingest::CURSOR_KEY)) => Self::GetCursor,
            (_, _) if is_put => Self::PutRaw,
            (&Method::HEAD, _) => Self::HeadRaw,
            _ => Self::GetRaw,
        }
    }

    fn is_put(self) -> bool {
        matches!(self, Self::PutCursor | Self::PutRaw | Self::PutRef)
    }
}

/// When an accepted put takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// This long after it was accepted.
    After(Duration),
    /// When the test releases it.
    OnRelease,
}

/// A fault that one request meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is reset.
    Lost {
        /// Whether the request took effect.
        applied: bool,
    },
    /// The answer takes longer than the client waits.
    Slow {
        /// Whether the request took effect first.
        applied: bool,
        /// How much longer it takes.
        by: Duration,
    },
    /// The answer has this status instead of the right one.
    Status {
        /// The status.
        status: u16,
        /// Whether the request took effect.
        applied: bool,
    },
    /// 429 because the usage cap is reached.
    UsageCap,
    /// Only half of the right answer arrives.
    CutBody,
    /// 200 with an HTML page.
    NotAPage,
    /// The right answer, but not in the order of time, on this page and on those that its token leads to.
    Unsorted,
    /// The right answer with its count but without its posts.
    Contradiction,
    /// No posts, and a token that leads to the first page.
    StuckToken,
    /// The posts of the previous page.
    Repeated,
    /// A put that is accepted now and applied later, without an answer.
    Held {
        /// When it is applied.
        landing: Landing,
        /// Whether its sender dies at once.
        dies: bool,
    },
    /// The sender dies.
    Dies {
        /// Whether the request took effect.
        applied: bool,
    },
}

impl Fault {
    /// Returns the name under which the fault is counted.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Lost { applied: false } => "reset before the effect",
            Self::Lost { applied: true } => "reset after the effect",
            Self::Slow { applied: false, .. } => "slow before the effect",
            Self::Slow { applied: true, .. } => "slow after the effect",
            Self::Status { status: 401, .. } => "401",
            Self::Status { status: 402, .. } => "402",
            Self::Status { status: 403, .. } => "403",
            Self::Status { status: 409, .. } => "409",
            Self::Status { status: 429, .. } => "429",
            Self::Status { applied: false, .. } => "5xx before the effect",
            Self::Status { applied: true, .. } => "5xx after the effect",
            Self::UsageCap => "usage cap",
            Self::CutBody => "body cut",
            Self::NotAPage => "200 with HTML",
            Self::Unsorted => "unsorted",
            Self::Contradiction => "posts counted and not sent",
            Self::StuckToken => "a token that leads nowhere",
            Self::Repeated => "a page again",
            Self::Held { dies: false, .. } => "applied later",
            Self::Held { dies: true, .. } => "applied later, sender dead",
            Self::Dies { applied: false } => "death before the effect",
            Self::Dies { applied: true } => "death after the effect",
        }
    }

    /// Picks a fault that `call` can meet.
    fn at_random(call: Call, random: &mut Random) -> Self {
        let seconds = |random: &mut Random, low: u64, high: u64| Duration::from_millis(random.within(low * 1000, high * 1000));
        let applied = random.one_in(2);
        let status = |status| Self::Status { status, applied: false };
        let common = |random: &mut Random, by| match random.within(0, 3) {
            0 => Self::Lost { applied },
            1 => Self::Slow { applied, by },
            2 => Self::Dies { applied },
            _ => status(random.pick(&[500, 502, 503, 504])),
        };
        let by = seconds(random, 1, if call == Call::Search { 20 } else { 8 });
        match (call, random.within(0, 9)) {
            (Call::Search, 0) => status(429),
            (Call::Search, 1) => Self::CutBody,
            (Call::Search, 2) => random.pick(&[Self::NotAPage, Self::UsageCap, status(401), status(402), status(403)]),
            (Call::Search, 3) => random.pick(&[Self::Unsorted, Self::Unsorted, Self::Contradiction, Self::StuckToken, Self::Repeated]),
            (call, 0) if call.is_put() => status(409),
            (call, 1) if call.is_put() => Self::Status { status: random.pick(&[500, 503]), applied: true },
            (call, 2..=4) if call.is_put() => {
                let landing = Landing::After(if random.one_in(2) { seconds(random, 0, 5) } else { seconds(random, 0, 900) });
                Self::Held { landing, dies: random.one_in(2) }
            }
            (call, 0) if !call.is_put() => status(403),
            _ => common(random, by),
        }
    }
}

/// Which requests fail.
#[derive(Debug)]
pub(crate) struct Plan {
    seed: u64,
    /// Requests that fail, per thousand.
    per_mille: u64,
    /// Kinds that do not occur in this world, so that the others occur together more often.
    left_out: BTreeSet<&'static str>,
    script: Vec<(Option<Call>, u32, Fault)>,
    requests: u64,
    pub(crate) counts: BTreeMap<(Call, &'static str), u64>,
}

impl Plan {
    /// Creates a plan without faults, apart from those that are scripted later.
    pub(crate) fn none() -> Self {
        Self { seed: 0, per_mille: 0, left_out: BTreeSet::new(), script: Vec::new(), requests: 0, counts: BTreeMap::new() }
    }

    /// Creates a plan in which `per_mille` requests in a thousand fail; the seed decides which, and how.
    pub(crate) fn at_random(seed: u64, per_mille: u64) -> Self {
        let mut random = Random::of(seed, "kinds of faults");
        let mut left_out = BTreeSet::new();
        if random.one_in(2) {
            for call in [Call::Search, Call::GetCursor, Call::PutRaw, Call::PutCursor] {
                for _ in 0..40 {
                    let kind = Fault::at_random(call, &mut random).kind();
                    if random.one_in(60) {
                        left_out.insert(kind);
                    }
                }
            }
        }
        Self { seed, per_mille, left_out, ..Self::none() }
    }

    /// From now on, the `nth` request of this kind (or of any kind) meets `fault`.
    pub(crate) fn script(&mut self, call: Option<Call>, nth: u32, fault: Fault) {
        self.script.push((call, nth, fault));
    }

    /// From now on, nothing fails.
    pub(crate) fn stop(&mut self) {
        self.per_mille = 0;
        self.script.clear();
    }

    /// Returns the number of the next request and its fault, if any.
    pub(crate) fn next(&mut self, call: Call) -> (u64, Option<Fault>) {
        self.requests += 1;
        let mut fault = None;
        for (of, nth, scripted) in &mut self.script {
            if of.is_none_or(|of| of == call) {
                *nth = nth.saturating_sub(1);
                if *nth == 0 {
                    fault = Some(*scripted);
                }
            }
        }
        self.script.retain(|(_, nth, _)| *nth > 0);
        if fault.is_none() && self.per_mille > 0 {
            let mut random = Random::new(self.seed ^ self.requests.wrapping_mul(0x9e6c_63d0_876a_3f6b));
            if random.per_mille(self.per_mille) {
                fault = Some(Fault::at_random(call, &mut random)).filter(|fault| !self.left_out.contains(fault.kind()));
            }
        }
        if let Some(fault) = fault {
            *self.counts.entry((call, fault.kind())).or_default() += 1;
        }
        (self.requests, fault)
    }
}
