//! Parses and validates the parameters of a request. Every invalid one is reported, as in the API.

use std::collections::BTreeSet;
use std::ops::Range;

use chrono::{DateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use percent_encoding::percent_decode_str;

use super::options::Options;
use super::problem::{Invalid, Problem, invalid_request};
use super::query::Query;
use super::vocabulary::{MEDIA_FIELDS, PLACE_FIELDS, POLL_FIELDS, Vocabulary, older};
use super::{snowflake, token};

/// How far back a recent search reaches.
const HISTORY: TimeDelta = TimeDelta::days(7);
/// Minimum age of bounds.
const SETTLED: TimeDelta = TimeDelta::seconds(10);
/// Age of the default upper bound.
const DEFAULT_END: TimeDelta = TimeDelta::seconds(30);
const FIELDS_OF_BEARERS: [&str; 3] = ["non_public_metrics", "organic_metrics", "promoted_metrics"];

/// A valid search request.
#[derive(Debug)]
pub(super) struct SearchRequest {
    pub query: Query,
    /// Half-open; each page after the first ends where the previous one began.
    pub ids: Range<u64>,
    pub max_results: usize,
    pub relevancy: bool,
    pub requested: RequestedFields,
    /// The fingerprint to which a `next_token` of this request is bound.
    pub fingerprint: u64,
}

/// A valid count request.
#[derive(Debug)]
pub(super) struct CountsRequest {
    pub query: Query,
    pub ids: Range<u64>,
    pub span: Range<DateTime<Utc>>,
    pub granularity: Granularity,
    pub vocabulary: Vocabulary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Granularity {
    Minute,
    Hour,
    Day,
}

/// The requested fields and expansions, all under the older names.
#[derive(Debug, Default)]
pub(super) struct RequestedFields {
    pub vocabulary: Vocabulary,
    pub post_fields: BTreeSet<String>,
    pub user_fields: BTreeSet<String>,
    pub media_fields: BTreeSet<String>,
    pub place_fields: BTreeSet<String>,
    pub expansions: BTreeSet<String>,
    /// Fields that a bearer token may request but not read.
    pub refused_fields: Vec<String>,
}

impl SearchRequest {
    pub fn read(encoded: &str, options: &Options, now: DateTime<Utc>) -> Result<Self, Problem> {
        let mut parameters = Parameters::decode(encoded);
        let vocabulary = parameters.vocabulary();
        let bound = parameters.fingerprint();
        let query = parameters.query(options);
        let max_results = parameters.max_results();
        let cursor = parameters.cursor(Some(bound));
        let window = parameters.window(now, cursor.is_some());
        let relevancy = parameters.choice("sort_order", &["recency", "relevancy"]) == Some(1);
        let requested = parameters.requested_fields(vocabulary);
        parameters.nothing_else(&[vocabulary.fields_parameter(), "expansions", "sort_order", "max_results"]);
        parameters.finish(vocabulary)?;
        let Some(query) = query else { return Err(invalid_request(vocabulary, &[])) };
        let ids = window.ids.start..window.ids.end.min(cursor.unwrap_or(u64::MAX));
        Ok(Self { query, ids, max_results, relevancy, requested, fingerprint: bound })
    }
}

impl CountsRequest {
    pub fn read(encoded: &str, options: &Options, now: DateTime<Utc>) -> Result<Self, Problem> {
        let mut parameters = Parameters::decode(encoded);
        let query = parameters.query(options);
        // All buckets of seven days fit one response, so this endpoint issues no tokens and accepts none.
        parameters.cursor(None);
        let window = parameters.window(now, false);
        let names = ["minute", "hour", "day"];
        let granularity = match parameters.choice("granularity", &names) {
            Some(0) => Granularity::Minute,
            Some(2) => Granularity::Day,
            _ => Granularity::Hour,
        };
        let known = ["end", "start", "tweet_count", "post_count"];
        let columns = parameters.list("search_count.fields", &known);
        let vocabulary = if columns.contains("post_count") { Vocabulary::Post } else { Vocabulary::Tweet };
        parameters.nothing_else(&["granularity", "search_count.fields"]);
        parameters.finish(vocabulary)?;
        let Some(query) = query else { return Err(invalid_request(vocabulary, &[])) };
        Ok(Self { query, ids: window.ids, span: window.span, granularity, vocabulary })
    }
}

struct Window {
    ids: Range<u64>,
    span: Range<DateTime<Utc>>,
}

/// The parameters that are not parsed yet, and the problems of the others.
struct Parameters {
    left: Vec<(String, String)>,
    wrong: Vec<Invalid>,
}

impl Parameters {
    fn decode(encoded: &str) -> Self {
        let mut parameters = Self { left: Vec::new(), wrong: Vec::new() };
        for pair in encoded.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().map(String::from);
            match (decode(name), decode(value)) {
                (Ok(name), Ok(_)) if parameters.left.iter().any(|(seen, _)| *seen == name) => {
                    parameters.wrong(&name, value, format!("The `{name}` query parameter was given more than once"));
                }
                (Ok(name), Ok(value)) => parameters.left.push((name, value)),
                _ => parameters.wrong(name, value, "The query string is not percent-encoded UTF-8"),
            }
        }
        parameters
    }

    fn wrong(&mut self, parameter: &str, value: impl Into<String>, message: impl Into<String>) {
        self.wrong.push(Invalid::new(parameter, value, message));
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.left.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.left.iter().position(|(key, _)| key == name)?;
        Some(self.left.remove(at).1)
    }

    /// Returns the family of names: from the fields parameter, else from an expansion that only one family has.
    fn vocabulary(&mut self) -> Vocabulary {
        let [older, newer] = [Vocabulary::Tweet, Vocabulary::Post].map(|v| self.get(v.fields_parameter()).is_some());
        if older && newer {
            self.wrong("post.fields", "", "`tweet.fields` and `post.fields` can not be used in one request");
            self.take("post.fields");
        }
        let only_newer = |value: &str| Vocabulary::Post.expansions().contains(&value) && !Vocabulary::Tweet.expansions().contains(&value);
        let expands = self.get("expansions").is_some_and(|list| list.split(',').any(only_newer));
        if !older && (newer || expands) { Vocabulary::Post } else { Vocabulary::Tweet }
    }

    /// Hashes the parameters that are not parsed yet, without the token: a token continues exactly one request.
    fn fingerprint(&self) -> u64 {
        let others = self.left.iter().filter(|(name, _)| !matches!(&**name, "next_token" | "pagination_token"));
        token::fingerprint(others.map(|(name, value)| (name.as_str(), value.as_str())))
    }

    fn query(&mut self, options: &Options) -> Option<Query> {
        let Some(text) = self.take("query") else {
            self.wrong("query", "", "The `query` query parameter can not be empty");
            return None;
        };
        let (chars, max) = (text.chars().count(), options.query_chars_max);
        if chars == 0 {
            self.wrong("query", text, "The `query` query parameter can not be empty");
            return None;
        }
        if chars > max {
            let message = format!("The `query` query parameter length can not be more than {max} characters, got {chars}");
            self.wrong("query", text, message);
            return None;
        }
        Query::parse(&text).map_err(|message| self.wrong("query", text, message)).ok()
    }

    fn max_results(&mut self) -> usize {
        let Some(text) = self.take("max_results") else { return 10 };
        match text.parse() {
            Ok(number) if (10..=100).contains(&number) => number,
            _ => {
                let message = format!("The `max_results` query parameter value [{text}] is not between 10 and 100");
                self.wrong("max_results", text, message);
                10
            }
        }
    }

    /// Returns the id below which a token continues a request; `bound` is the fingerprint of the request, if it has tokens.
    fn cursor(&mut self, bound: Option<u64>) -> Option<u64> {
        let (name, text) = match (self.take("next_token"), self.take("pagination_token")) {
            (None, None) => return None,
            (Some(_), Some(text)) => {
                self.wrong("pagination_token", text, "`next_token` and `pagination_token` can not both be given");
                return None;
            }
            (Some(text), None) => ("next_token", text),
            (None, Some(text)) => ("pagination_token", text),
        };
        let below = bound.and_then(|bound| token::read(&text, bound));
        if below.is_none() {
            let message = format!("The `{name}` query parameter value [{text}] is not valid for this request");
            self.wrong(name, text, message);
        }
        below
    }

    /// Returns the bounds of the request. A token continues a request whose bounds were valid when it began.
    fn window(&mut self, now: DateTime<Utc>, continued: bool) -> Window {
        let floor = now - HISTORY;
        let ids = [self.id("since_id", floor, continued), self.id("until_id", floor, continued)];
        let times = [self.time("start_time", now, floor, continued), self.time("end_time", now, floor, continued)];
        let named = |given: &[bool; 2], names: [&'static str; 2]| if given[0] { names[0] } else { names[1] };
        let (by_id, by_time) = (ids.map(|id| id.is_some()), times.map(|time| time.is_some()));
        if by_id.contains(&true) && by_time.contains(&true) {
            let message = "Invalid use of 'since_id' or 'until_id' in conjunction with 'start_time' or 'end_time'";
            let name = named(&by_id, ["since_id", "until_id"]);
            self.wrong(name, ids[0].or(ids[1]).unwrap_or_default().to_string(), message);
        }
        if let [Some(start), Some(end)] = times
            && start >= end
        {
            self.wrong("end_time", end.to_rfc3339_opts(SecondsFormat::Secs, true), "'end_time' must be after 'start_time'");
        }
        let from_floor = snowflake::lowest_id(floor);
        let from = ids[0].map(|since| since.saturating_add(1)).or(times[0].map(snowflake::lowest_id)).unwrap_or(from_floor);
        let default_end = now - DEFAULT_END;
        let below = ids[1].or(times[1].map(snowflake::lowest_id)).unwrap_or(snowflake::lowest_id(default_end));
        let start = times[0].or(ids[0].map(snowflake::created)).unwrap_or(floor).trunc_subsecs(0);
        let end = times[1].or(ids[1].map(|id| snowflake::created(id).min(now))).unwrap_or(default_end).trunc_subsecs(0);
        Window { ids: from.max(from_floor)..below, span: start..end }
    }

    fn id(&mut self, name: &str, floor: DateTime<Utc>, continued: bool) -> Option<u64> {
        let text = self.take(name)?;
        let digits = (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let Some(id) = text.parse::<u64>().ok().filter(|_| digits) else {
            let message = format!("The `{name}` query parameter value [{text}] does not match ^[0-9]{{1,19}}$");
            self.wrong(name, text, message);
            return None;
        };
        let lowest = snowflake::lowest_id(floor);
        if id < lowest && !continued {
            let minute = floor.format("%Y-%m-%dT%H:%MZ");
            let message = format!("'{name}' must be a tweet id created after {minute}. Please use a '{name}' that is larger than {lowest}");
            self.wrong(name, text, message);
        }
        Some(id)
    }

    fn time(&mut self, name: &str, now: DateTime<Utc>, floor: DateTime<Utc>, continued: bool) -> Option<DateTime<Utc>> {
        let text = self.take(name)?;
        let time = DateTime::parse_from_rfc3339(&text).ok().filter(|time| time.timestamp_subsec_nanos() == 0);
        let Some(time) = time.map(|time| time.to_utc()) else {
            let message = format!("The `{name}` query parameter value [{text}] is not a valid RFC 3339 time of whole seconds");
            self.wrong(name, text, message);
            return None;
        };
        let spell = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%MZ").to_string();
        if time > now - SETTLED && !continued {
            let message = format!("'{name}' must be a minimum of 10 seconds prior to the request time.");
            self.wrong(name, text, message);
        } else if time < floor && !continued {
            let message = format!("'{name}' must be on or after {}.", spell(floor));
            self.wrong(name, text, message);
        }
        Some(time)
    }

    fn choice(&mut self, name: &str, known: &[&str]) -> Option<usize> {
        let text = self.take(name)?;
        let choice = known.iter().position(|value| *value == text);
        if choice.is_none() {
            self.not_one_of(name, &text, known);
        }
        choice
    }

    fn list(&mut self, name: &str, known: &[&str]) -> BTreeSet<String> {
        let mut values = BTreeSet::new();
        let Some(text) = self.take(name) else { return values };
        for value in text.split(',') {
            if !known.contains(&value) {
                self.not_one_of(name, value, known);
            } else if !values.insert(value.to_owned()) {
                self.wrong(name, value, format!("The `{name}` query parameter names [{value}] more than once"));
            }
        }
        values
    }

    fn not_one_of(&mut self, name: &str, value: &str, known: &[&str]) {
        let message = format!("The `{name}` query parameter value [{value}] is not one of [{}]", known.join(","));
        self.wrong(name, value, message);
    }

    fn requested_fields(&mut self, vocabulary: Vocabulary) -> RequestedFields {
        let to_older = |names: BTreeSet<String>| names.iter().map(|name| older(name).to_owned()).collect();
        let mut post_fields: BTreeSet<String> = to_older(self.list(vocabulary.fields_parameter(), vocabulary.post_fields()));
        let expansions = self.list("expansions", vocabulary.expansions());
        let expansions: BTreeSet<String> = expansions.iter().map(|name| older_expansion(name).to_owned()).collect();
        let user_fields = to_older(self.list("user.fields", vocabulary.user_fields()));
        let media_fields = self.list("media.fields", &MEDIA_FIELDS);
        let place_fields = self.list("place.fields", &PLACE_FIELDS);
        self.list("poll.fields", &POLL_FIELDS);
        let refused_fields = FIELDS_OF_BEARERS.into_iter().filter(|name| post_fields.remove(*name)).map(str::to_owned).collect();
        post_fields.extend(["id", "text", "edit_history_tweet_ids"].map(str::to_owned));
        // An expansion includes the field that it expands.
        for expansion in &expansions {
            let field = match &**expansion {
                "author_id" | "in_reply_to_user_id" => expansion,
                "attachments.media_keys" => "attachments",
                "entities.mentions.username" => "entities",
                "geo.place_id" => "geo",
                name if name.starts_with("referenced_tweets.id") => "referenced_tweets",
                _ => continue,
            };
            post_fields.insert(field.to_owned());
        }
        RequestedFields { vocabulary, post_fields, user_fields, media_fields, place_fields, expansions, refused_fields }
    }

    fn nothing_else(&mut self, others: &[&str]) {
        let common = ["query", "start_time", "end_time", "since_id", "until_id", "next_token", "pagination_token"];
        let known: Vec<&str> = common.iter().chain(others).copied().collect();
        for (name, value) in std::mem::take(&mut self.left) {
            let message = format!("The query parameter [{name}] is not one of [{}]", known.join(","));
            self.wrong(&name, value, message);
        }
    }

    fn finish(&mut self, vocabulary: Vocabulary) -> Result<(), Problem> {
        if self.wrong.is_empty() { Ok(()) } else { Err(invalid_request(vocabulary, &self.wrong)) }
    }
}

fn older_expansion(name: &str) -> &str {
    if name == "referenced_posts" { "referenced_tweets.id" } else { older(name) }
}
