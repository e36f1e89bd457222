//! Checks the invariants against the world's own truth, once the world is at rest.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use ingest::Cursor;
use serde_json::Value;
use tweets::TweetId;

use crate::fault::{Call, RAW_BUCKET};
use crate::posts::{Post, TEXT_MARKER};
use crate::refined;
use crate::world::{TOKEN_MARKER, World, Write};
use crate::x_api::Order;

/// How often each invariant was checked, and which of them were violated.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Checks by invariant.
    pub checks: BTreeMap<&'static str, u64>,
    /// Violations, each with its invariant.
    pub violations: Vec<(&'static str, String)>,
}

impl Verdict {
    pub(crate) fn check(&mut self, invariant: &'static str, holds: bool, otherwise: impl FnOnce() -> String) {
        *self.checks.entry(invariant).or_default() += 1;
        if !holds {
            self.violations.push((invariant, otherwise()));
        }
    }
}

/// How far a clock may be ahead without `Date` showing it: whole seconds, and the duration of a request.
const UNNOTICED: TimeDelta = TimeDelta::seconds(2);
/// Two clocks may both be off, so a lease may be taken over this much early.
const LEASE_SLACK: TimeDelta = TimeDelta::seconds(2);

/// The traces of a world in S3 and in the log, from which the invariants are checked.
struct Evidence {
    cursors: Vec<(DateTime<Utc>, Value)>,
    raw: Vec<Write>,
    /// The ids of each RAW file, as first written.
    files: BTreeMap<String, Vec<TweetId>>,
    gaps: Vec<(TweetId, TweetId)>,
    /// Runs that ended without a summary.
    deaths: u64,
    /// Runs that reported posts to be paid for again, or failed.
    losses: u64,
    reread_reported: u64,
}

impl Evidence {
    fn of(world: &World) -> Self {
        let writes = world.record(|record| record.writes.clone());
        let cursors = writes.iter().filter(|write| write.call == Call::PutCursor);
        let cursors = cursors.map(|write| (write.at, serde_json::from_slice(&write.body).unwrap_or_default())).collect();
        let raw: Vec<Write> = writes.iter().filter(|write| write.call == Call::PutRaw).cloned().collect();
        let mut files = BTreeMap::new();
        for write in &raw {
            files.entry(write.key.clone()).or_insert_with(|| ids(&write.body));
        }
        let lines = world.journal().lines();
        let gaps = lines
            .iter()
            .filter(|line| line.message.starts_with("posts are lost"))
            .filter_map(|line| Some((line.field("from_id")?.parse().ok()?, line.field("to_id")?.parse().ok()?)));
        let ends = lines.iter().filter(|line| matches!(line.message.as_str(), "ingest finished" | "ingest failed"));
        let (mut losses, mut reread_reported) = (0, 0);
        for end in ends {
            losses += u64::from(end.number("posts_reread") > 0 || end.message == "ingest failed" || end.field("status") == Some("busy"));
            reread_reported += end.number("posts_reread");
        }
        let deaths = world.record(|record| ["died", "overran"].iter().filter_map(|how| record.runs.get(*how)).sum());
        Self { cursors, raw, files, gaps: gaps.collect(), deaths, losses, reread_reported }
    }

    fn is_in_a_gap(&self, id: TweetId) -> bool {
        self.gaps.iter().any(|(from, to)| (*from..*to).contains(&id))
    }

    fn last_cursor(&self) -> Option<Cursor> {
        serde_json::from_value(self.cursors.last()?.1.clone()).ok()
    }
}

/// Returns the ids in a RAW file, in file order.
pub fn ids(body: &[u8]) -> Vec<TweetId> {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    document["data"].as_array().into_iter().flatten().filter_map(|post| post["id"].as_str()?.parse().ok()).collect()
}

/// Checks all invariants. `is_settled`: the world came to rest within its bound.
pub fn check(world: &World, is_settled: bool) -> Verdict {
    let mut verdict = Verdict::default();
    let evidence = Evidence::of(world);
    nothing_is_missed(world, &evidence, &mut verdict);
    nothing_is_captured_twice(&evidence, &mut verdict);
    files_are_what_x_sent(world, &evidence, &mut verdict);
    the_next_run_resumes(world, &evidence, is_settled, &mut verdict);
    money_is_not_wasted(world, &evidence, &mut verdict);
    leases_are_kept(world, &evidence, &mut verdict);
    logs_contain_no_secret(world, &mut verdict);
    if world.shape().refines {
        refined::ref_matches_raw(world, &mut verdict);
    }
    raw_never_changes(world, &evidence, &mut verdict);
    verdict
}

fn nothing_is_missed(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    let Some(first) = evidence.cursors.first().and_then(|(_, cursor)| cursor["done"].as_str()?.parse::<TweetId>().ok()) else { return };
    let captured: BTreeSet<TweetId> = evidence.files.values().flatten().copied().collect();
    let in_time = TimeDelta::from_std(world.shape().config.safety_lag).unwrap_or_default() - UNNOTICED;
    let due = |post: &Post| {
        post.id >= first
            && post.has_id
            && post.gone_at.is_none()
            && post.hidden.is_none()
            && post.index_lag() <= in_time
            && !evidence.is_in_a_gap(post.id)
    };
    world.x(|x| {
        for post in x.posts.0.values().filter(|post| due(post)) {
            verdict
                .check("INV-1", captured.contains(&post.id), || format!("{} of {} is not in any RAW file", post.id, post.id.created_at()));
        }
    });
}

fn nothing_is_captured_twice(evidence: &Evidence, verdict: &mut Verdict) {
    let mut files_of = BTreeMap::<TweetId, Vec<&str>>::new();
    for (key, ids) in &evidence.files {
        for id in ids {
            files_of.entry(*id).or_default().push(key);
        }
    }
    for (id, files) in files_of {
        verdict.check("INV-2", files.len() == 1, || format!("{id} is in {}", files.join(" and in ")));
    }
}

fn files_are_what_x_sent(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    let sent = world.x(|x| x.sent.clone());
    for write in &evidence.raw {
        let document: Value = serde_json::from_slice(&write.body).unwrap_or_default();
        let tweets = document["data"].as_array().cloned().unwrap_or_default();
        let ids = ids(&write.body);
        let metadata = |name: &str| write.metadata.get(name).and_then(|value| value.parse::<i64>().ok());
        let is_described = metadata("count") == i64::try_from(ids.len()).ok()
            && metadata("newest") == ids.first().map(|id| id.get())
            && metadata("oldest") == ids.last().map(|id| id.get());
        verdict.check("RAW", is_described, || format!("{} has metadata that does not match its contents", write.key));
        verdict
            .check("RAW", (1..=world.shape().file_tweets_max).contains(&ids.len()), || format!("{} has {} tweets", write.key, ids.len()));
        verdict.check("RAW", ids.windows(2).all(|pair| pair[0] > pair[1]), || format!("{} is not newest first", write.key));
        let named: Option<i64> = write.key.rsplit('_').nth(1).and_then(|oldest| oldest.parse().ok());
        verdict.check("RAW", named.is_some() && named <= ids.last().map(|id| id.get()), || format!("{} reaches below its name", write.key));
        for (id, tweet) in ids.iter().zip(&tweets) {
            verdict.check("RAW", sent.get(id) == Some(&tweet.to_string()), || format!("{id} in {} is not what X sent", write.key));
        }
    }
}

fn the_next_run_resumes(world: &World, evidence: &Evidence, is_settled: bool, verdict: &mut Verdict) {
    verdict.check("INV-4", is_settled, || "without faults, the world does not come to rest".to_owned());
    let last = evidence.last_cursor();
    let is_at_rest = last.as_ref().is_none_or(|last| last.sweep.is_none() && last.pending.is_none() && last.lease.is_none());
    verdict.check("INV-4", is_at_rest, || format!("the last cursor is not at rest: {last:?}"));
    let done = |cursor: &Value| cursor["done"].as_str().and_then(|done| done.parse::<TweetId>().ok());
    for pair in evidence.cursors.windows(2) {
        verdict.check("INV-4", done(&pair[0].1) <= done(&pair[1].1), || format!("`done` went back in {}", pair[1].1));
    }
    let faults: u64 = world.fault_counts().values().sum();
    if faults == 0 {
        let fine = ["complete", "partial", "busy", "budget_exhausted", "rate_limited", "Unauthorized"];
        world.record(|record| {
            let odd: Vec<_> = record.runs.keys().filter(|how| !fine.contains(&how.as_str())).cloned().collect();
            verdict.check("TIME", odd.is_empty(), || format!("without faults, runs ended as {odd:?}"));
        });
    }
    let offences = world.record(|record| record.offences.clone()).into_iter().chain(world.x(|x| x.offences.clone()));
    let offences: Vec<String> = offences.collect();
    verdict.check("INV-5", offences.is_empty(), || format!("requests that no client may make: {offences:?}"));
}

fn money_is_not_wasted(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    // A post that is sent without its id cannot be excluded from a request: it is served again as long as it is below all that was read.
    let (served, reread, page): (u64, u64, u64) = world.x(|x| {
        let again = x.served.iter().filter(|(id, _)| x.posts.0[*id].has_id).map(|(_, times)| times - 1);
        (x.served.values().sum(), again.sum(), x.largest_page)
    });
    // Posts that one process can hold, paid for and not put: less than a file in the buffer, and a page. If its clock is ahead and made
    // the top too high, also the posts of the first page above the top.
    let file = world.shape().file_tweets_max as u64;
    let above_top = if world.shape().skew > TimeDelta::zero() { page } else { 0 };
    let at_stake = file - 1 + page + above_top;
    // No file is cut from an unsorted answer before all of it is read, so everything the run holds of it is at stake.
    let is_unsorted = world.fault_counts().keys().any(|(_, kind)| *kind == "unsorted") || world.x(|x| x.quirks.order != Order::Recency);
    let at_stake = if is_unsorted { at_stake.max(world.record(|record| record.held_max)) } else { at_stake };
    let (pages_lost, pages_lost_unreported) = world.record(|record| (record.pages_lost, record.pages_lost_unreported));
    let repeated: u64 = world.fault_counts().iter().filter(|((_, kind), _)| *kind == "a page again").map(|(_, count)| count).sum();
    let bound = (evidence.deaths + evidence.losses) * at_stake + (pages_lost + repeated) * page;
    verdict.check("INV-6", reread <= bound, || format!("{reread} posts were paid for twice, at most {bound} may be"));
    // A run that died could not report its posts, nor what it read again of a file that an earlier run had named.
    let reported_max = evidence.reread_reported + evidence.deaths * (at_stake + file) + pages_lost_unreported * page;
    verdict.check("INV-6", reread <= reported_max, || {
        format!("{reread} posts were paid for twice, {} were reported", evidence.reread_reported)
    });
    // By the clocks of the runs: one that is ahead starts the new month early.
    let month = world.shape().start.format("%Y-%m").to_string();
    if let Some(last) = evidence.last_cursor().filter(|last| last.month.name == month) {
        let counted = last.month.posts_read;
        verdict.check("INV-6", counted >= served, || format!("the cursor counts {counted} posts of {served} billed posts"));
    }
}

/// A lease is taken over only when it has expired, or is absurdly long.
fn leases_are_kept(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    let owner = |cursor: &Value| cursor["writer"].as_str().and_then(|writer| writer.split(':').next()).map(str::to_owned);
    let slack = world.shape().skew + LEASE_SLACK;
    for pair in evidence.cursors.windows(2) {
        let ((_, before), (at, after)) = (&pair[0], &pair[1]);
        let until = before["lease"]["until"].as_str().and_then(|until| DateTime::parse_from_rfc3339(until).ok());
        let Some(until) = until.filter(|_| owner(before) != owner(after)) else { continue };
        let is_over = *at + slack >= until || until.to_utc() > *at - slack + TimeDelta::minutes(16);
        verdict.check("INV-6", is_over, || format!("a lease until {until} was taken over at {at}"));
    }
}

fn logs_contain_no_secret(world: &World, verdict: &mut Verdict) {
    for line in world.journal().lines() {
        let texts = || line.fields.iter().map(|(_, value)| value).chain([&line.message]);
        let is_clean = !texts().any(|text| text.contains(TEXT_MARKER) || text.contains(TOKEN_MARKER));
        verdict.check("INV-7", is_clean, || format!("a secret or a tweet's text is logged: {line:?}"));
    }
}

fn raw_never_changes(world: &World, evidence: &Evidence, verdict: &mut Verdict) {
    let stored: BTreeMap<String, Bytes> = world.objects(RAW_BUCKET, tweets::RAW_PREFIX).into_iter().collect();
    let mut seen = BTreeSet::new();
    for write in &evidence.raw {
        let is_first = seen.insert(&write.key);
        verdict.check("INV-8", is_first, || format!("{} was written again at {}", write.key, write.at));
        if is_first {
            let is_unchanged = stored.get(&write.key) == Some(&write.body);
            verdict.check("INV-8", is_unchanged, || format!("{} differs from what was first written", write.key));
        }
    }
}
