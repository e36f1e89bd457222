//! `GET /2/tweets/counts/recent`: the number of matching posts, by minute, hour or day.

use chrono::{DateTime, DurationRound, SecondsFormat, TimeDelta, Utc};

use super::corpus::Corpus;
use super::object::{Object, raw};
use super::options::Options;
use super::parameters::{CountsRequest, Granularity};
use super::snowflake;
use super::traits::ReferenceKind;

/// Returns the body of the response. Buckets begin at full minutes, hours or days of UTC, except that the first and the
/// last are cut to the requested span; empty buckets are included.
pub(super) fn counts(request: &CountsRequest, corpus: &Corpus, options: &Options, now: DateTime<Utc>) -> Object {
    let indexed_until_ms = (now - options.index_lag).timestamp_millis();
    let ids = request.ids.start..request.ids.end.min(snowflake::id_at(indexed_until_ms + 1, 0));
    let mut matching: Vec<u64> = corpus
        .newest_first(ids)
        .filter(|post| post.visible(indexed_until_ms))
        .filter(|post| options.retweets || !post.is(ReferenceKind::Retweeted))
        .filter(|post| request.query.matches(post))
        .map(|post| post.id)
        .collect();
    matching.reverse();
    let mut rest = &matching[..];
    let vocabularies = options.names.vocabularies(request.vocabulary);
    let mut buckets = Vec::new();
    let mut start = request.span.start;
    while start < request.span.end {
        let end = next_edge(start, request.granularity).min(request.span.end);
        // The last bucket also includes the posts of the second to which its end was cut.
        let here = if end == request.span.end { rest.len() } else { rest.partition_point(|id| snowflake::created(*id) < end) };
        let mut bucket = Object::default();
        bucket.push("start", &format_time(start));
        bucket.push("end", &format_time(end));
        for vocabulary in vocabularies {
            bucket.push(vocabulary.name_of("tweet_count"), &here);
        }
        buckets.push(bucket);
        rest = &rest[here..];
        start = end;
    }
    let mut meta = Object::default();
    for vocabulary in vocabularies {
        meta.push(vocabulary.name_of("total_tweet_count"), &matching.len());
    }
    let mut body = Object::default();
    if !buckets.is_empty() {
        body.push("data", &buckets);
    }
    body.push_raw("meta", raw(&meta));
    body
}

fn next_edge(after: DateTime<Utc>, granularity: Granularity) -> DateTime<Utc> {
    let step = match granularity {
        Granularity::Minute => TimeDelta::minutes(1),
        Granularity::Hour => TimeDelta::hours(1),
        Granularity::Day => TimeDelta::days(1),
    };
    after.duration_trunc(step).unwrap_or(after) + step
}

fn format_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
