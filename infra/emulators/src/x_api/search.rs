//! `GET /2/tweets/search/recent`: one page, newest first.

use std::cmp::Reverse;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::answer::answer;
use super::corpus::Corpus;
use super::object::{Object, raw};
use super::options::Options;
use super::parameters::SearchRequest;
use super::post::Post;
use super::traits::ReferenceKind;
use super::{snowflake, token};

/// A page and its cost.
pub(super) struct Page {
    pub body: Object,
    /// Ids in the order in which they are sent.
    pub ids: Vec<u64>,
    pub users: u64,
    pub referenced: u64,
}

/// How many posts a page may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fullness {
    Full,
    /// A third of the posts, with a token even on the last page.
    Short,
    /// No posts, with a token even on the last page.
    Empty,
}

/// Returns the page for a request; `number` counts the pages over the lifetime of the emulator, from 1.
pub(super) fn page(request: &SearchRequest, corpus: &Corpus, options: &Options, now: DateTime<Utc>, number: u64) -> Page {
    let fullness = fullness(options, number);
    let room = match fullness {
        Fullness::Full => request.max_results,
        Fullness::Short => request.max_results / 3,
        Fullness::Empty => 0,
    };
    let indexed_until_ms = (now - options.index_lag).timestamp_millis();
    let ids = request.ids.start..request.ids.end.min(snowflake::id_at(indexed_until_ms + 1, 0));
    let mut found: Vec<Arc<Post>> = corpus
        .newest_first(ids)
        .filter(|post| post.visible(indexed_until_ms))
        .filter(|post| options.retweets || !post.is(ReferenceKind::Retweeted))
        .filter(|post| request.query.matches(post))
        .take(room + 1)
        .collect();
    let more = found.len() > room || fullness != Fullness::Full;
    found.truncate(room);
    let next_below = found.last().map_or(request.ids.end, |post| post.id);
    let next_token = more.then(|| token::write(next_below, request.fingerprint));
    if request.relevancy {
        found.sort_by_key(|post| Reverse(post.traits.likes));
    }
    format_page(request, &found, next_token, corpus, options)
}

fn fullness(options: &Options, number: u64) -> Fullness {
    let turn = |every: u64| every > 0 && number.is_multiple_of(every);
    if turn(options.empty_page_every) {
        Fullness::Empty
    } else if turn(options.short_page_every) {
        Fullness::Short
    } else {
        Fullness::Full
    }
}

fn format_page(request: &SearchRequest, found: &[Arc<Post>], next_token: Option<String>, corpus: &Corpus, options: &Options) -> Page {
    let vocabularies = options.names.vocabularies(request.requested.vocabulary);
    let answer = answer(found, &request.requested, vocabularies, corpus);
    let mut meta = Object::default();
    if let (Some(newest), Some(oldest)) = (found.iter().map(|p| p.id).max(), found.iter().map(|p| p.id).min()) {
        meta.push("newest_id", &newest.to_string());
        meta.push("oldest_id", &oldest.to_string());
    }
    meta.push("result_count", &found.len());
    if let Some(next_token) = next_token {
        meta.push("next_token", &next_token);
    }
    let mut body = Object::default();
    if !found.is_empty() {
        body.push("data", &answer.data);
    }
    if !answer.includes.is_empty() {
        body.push("includes", &answer.includes);
    }
    if !answer.errors.is_empty() && !found.is_empty() {
        body.push("errors", &answer.errors);
    }
    body.push_raw("meta", raw(&meta));
    Page { body, ids: found.iter().map(|post| post.id).collect(), users: answer.users, referenced: answer.referenced }
}
