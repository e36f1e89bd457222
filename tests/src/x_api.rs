//! A small X API: recent search over a world's posts. It is strict about requests, and counts what it serves, which is the bill.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use emulators::random::Random;
use http::{Request, Response, StatusCode};
use ingest::Vocabulary;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tweets::TweetId;

use crate::posts::Posts;

/// What a `next_token` of this API represents. X does not document it; nothing may depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// The last id served.
    Position,
    /// The number of posts of the answer already served (V9).
    Offset,
}

/// The order of the posts of an answer, within and across its pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Newest first, as `sort_order=recency` asks for.
    Recency,
    /// Oldest first.
    Ascending,
    /// Not in the order of time, but in the same order on each page.
    Shuffled,
}

impl Order {
    /// Returns the position of a post: the higher, the earlier in the answer.
    fn place(self, id: TweetId) -> i64 {
        match self {
            Self::Recency => id.get(),
            Self::Ascending => i64::MAX - id.get(),
            Self::Shuffled => i64::try_from(Random::of(0, &id.to_string()).number() >> 2).unwrap_or(0),
        }
    }

    fn letter(self) -> &'static str {
        match self {
            Self::Recency => "r",
            Self::Ascending => "a",
            Self::Shuffled => "s",
        }
    }
}

/// How the API writes `Date`: the forms of RFC 9110, section 5.6.7, and one that X has been seen to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the RFC")]
pub enum DateForm {
    ImfFixdate,
    ImfFixdateUtc,
    Rfc850,
    Asctime,
}

impl DateForm {
    pub(crate) fn write(self, now: DateTime<Utc>) -> String {
        let form = match self {
            Self::ImfFixdate => "%a, %d %b %Y %H:%M:%S GMT",
            Self::ImfFixdateUtc => "%a, %d %b %Y %H:%M:%S UTC",
            Self::Rfc850 => "%A, %d-%b-%y %H:%M:%S GMT",
            Self::Asctime => "%a %b %e %H:%M:%S %Y",
        };
        now.format(form).to_string()
    }
}

/// How the API serves pages.
#[derive(Clone, Debug)]
pub struct ServingQuirks {
    /// The maximum number of posts on a page, whatever is requested.
    pub page_posts_max: usize,
    /// Pages that are even shorter, per thousand.
    pub short_per_mille: u64,
    /// Pages without posts but with a token, per thousand.
    pub empty_per_mille: u64,
    /// Last pages with a token, per thousand.
    pub trailing_token_per_mille: u64,
    /// What a token represents.
    pub token: TokenKind,
    /// An edited post keeps the position of its first version (V10).
    pub edits_keep_their_place: bool,
    /// Posts of the same second are in any order (V19).
    pub ordered_by_second: bool,
    /// The order of answers to requests without a token; a token keeps the order of its page.
    pub order: Order,
    /// How `Date` is written.
    pub date: DateForm,
}

impl Default for ServingQuirks {
    fn default() -> Self {
        Self {
            page_posts_max: 100,
            short_per_mille: 0,
            empty_per_mille: 0,
            trailing_token_per_mille: 0,
            token: TokenKind::Position,
            edits_keep_their_place: false,
            ordered_by_second: false,
            order: Order::Recency,
            date: DateForm::ImfFixdate,
        }
    }
}

/// The API of one world.
#[derive(Debug)]
pub struct XApi {
    /// The posts that exist.
    pub posts: Posts,
    /// How it serves pages.
    pub quirks: ServingQuirks,
    /// The bearer token that it accepts.
    pub bearer_token: String,
    /// How often each post was served, which is what X bills.
    pub served: BTreeMap<TweetId, u64>,
    /// Each served post, as JSON with sorted fields.
    pub sent: BTreeMap<TweetId, String>,
    /// Requests that no client may make.
    pub offences: Vec<String>,
    /// The requested page sizes, in order.
    pub asked: Vec<usize>,
    /// The size of the largest page so far.
    pub largest_page: u64,
    /// Posts served, each counted as often as it was served.
    pub posts_served: u64,
    /// Pages served; makes each token different.
    pages: u64,
    /// The run that sends the current request.
    pub(crate) run: u32,
    last_page: (u32, Vec<TweetId>),
    random: Random,
}

/// A token that does not belong to a page: it leads to the first one.
pub(crate) const STUCK_TOKEN: &str = "stuck";

/// More than any page or offset of a small world, so that a large world is not scanned for each page.
const FOUND_MAX: usize = 1_000;

struct Search {
    query: String,
    since_id: i64,
    until_id: i64,
    max_results: usize,
    next_token: Option<String>,
    vocabulary: Vocabulary,
    has_authors: bool,
}

impl XApi {
    pub(crate) fn new(posts: Posts, quirks: ServingQuirks, bearer_token: String, random: Random) -> Self {
        Self {
            posts,
            quirks,
            bearer_token,
            served: BTreeMap::new(),
            sent: BTreeMap::new(),
            offences: Vec::new(),
            asked: Vec::new(),
            largest_page: 0,
            posts_served: 0,
            pages: 0,
            run: 0,
            last_page: (0, Vec::new()),
            random,
        }
    }

    /// Answers one request at the true time `now`.
    pub(crate) fn answer(&mut self, request: &Request<Bytes>, now: DateTime<Utc>) -> Response<Bytes> {
        let authorization = request.headers().get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if authorization != Some(&format!("Bearer {}", self.bearer_token)) {
            return problem(401, &json!({ "title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized" }));
        }
        let search = match parse(request) {
            Ok(search) => search,
            Err(offence) => {
                self.offences.push(offence.clone());
                return problem(400, &json!({ "title": "Invalid Request", "detail": offence }));
            }
        };
        self.asked.push(search.max_results);
        let floor = TweetId::lowest_at(now - TimeDelta::days(7));
        if search.since_id < floor.get() {
            let message = format!("'since_id' must be a tweet id created after …. Please use a 'since_id' that is larger than {floor}");
            let errors = json!([{ "parameters": { "since_id": [search.since_id.to_string()] }, "message": message }]);
            let kind = "https://api.twitter.com/2/problems/invalid-request";
            return problem(400, &json!({ "errors": errors, "title": "Invalid Request", "type": kind }));
        }
        self.page(&search, now)
    }

    fn page(&mut self, search: &Search, now: DateTime<Utc>) -> Response<Bytes> {
        let parameters = format!("{}|{}|{}|{}", search.since_id, search.until_id, search.max_results, search.query);
        let token = search.next_token.as_deref().filter(|token| *token != STUCK_TOKEN);
        let mut parts = token.unwrap_or_default().split('.');
        let (at, order, _, of) = (parts.next(), parts.next(), parts.next(), parts.next());
        let order = match order {
            None => self.quirks.order,
            Some(letter) => {
                [Order::Ascending, Order::Shuffled].into_iter().find(|order| order.letter() == letter).unwrap_or(Order::Recency)
            }
        };
        let ServingQuirks { page_posts_max, short_per_mille, empty_per_mille, trailing_token_per_mille, .. } = self.quirks;
        let mut take = search.max_results.min(page_posts_max);
        if self.random.per_mille(short_per_mille) {
            take = usize::try_from(self.random.within(1, take as u64)).unwrap_or(take);
        }
        if self.random.per_mille(empty_per_mille) {
            take = 0;
        }
        // No client can detect a broken order if the first page happens to be sorted; then the rest of that answer is sorted, too.
        let is_sorted = || self.found(search, order, now).iter().take(take).is_sorted_by(|earlier, later| earlier.1 > later.1);
        let order = if order != Order::Recency && token.is_none() && is_sorted() { Order::Recency } else { order };
        // With an offset into an order that is not that of time, each deletion would lose posts for any client.
        let kind = if order == Order::Recency { self.quirks.token } else { TokenKind::Position };
        let mut found = self.found(search, order, now);
        let mut offset = 0;
        if token.is_some() {
            if of != Some(&fingerprint(&parameters)) {
                self.offences.push("a next_token with other parameters than those of its page".to_owned());
            }
            let at = at.and_then(|at| at.parse::<i64>().ok());
            match kind {
                TokenKind::Position => found.retain(|(place, _)| *place < at.unwrap_or(i64::MAX)),
                TokenKind::Offset => {
                    offset = usize::try_from(at.unwrap_or(0)).unwrap_or(0);
                    found.drain(..offset.min(found.len()));
                }
            }
        }

        let has_more = found.len() > take || self.random.per_mille(trailing_token_per_mille);
        found.truncate(take);
        let next_token = has_more.then(|| {
            let at = match kind {
                TokenKind::Offset => (offset + found.len()).to_string(),
                TokenKind::Position => {
                    let before = at.and_then(|at| at.parse().ok());
                    found.last().map(|(place, _)| *place).or(before).unwrap_or(i64::MAX).to_string()
                }
            };
            self.token(&at, order, &parameters)
        });
        let ids: Vec<TweetId> = found.into_iter().map(|(_, id)| id).collect();
        self.last_page = (self.run, ids.clone());
        self.serve(search, &ids, next_token)
    }

    /// Answers with the posts of the previous page, whatever is requested, and a token that continues in the requested span.
    pub(crate) fn repeat(&mut self, request: &Request<Bytes>, now: DateTime<Utc>) -> Response<Bytes> {
        match parse(request) {
            Ok(search) if self.last_page.0 == self.run && !self.last_page.1.is_empty() => {
                let parameters = format!("{}|{}|{}|{}", search.since_id, search.until_id, search.max_results, search.query);
                let at = match self.quirks.token {
                    TokenKind::Offset => 0,
                    TokenKind::Position => i64::MAX,
                };
                let token = self.token(&at.to_string(), Order::Recency, &parameters);
                self.serve(&search, &self.last_page.1.clone(), Some(token))
            }
            _ => self.answer(request, now),
        }
    }

    fn token(&mut self, at: &str, order: Order, parameters: &str) -> String {
        self.pages += 1;
        format!("{at}.{}.{}.{}", order.letter(), self.pages, fingerprint(parameters))
    }

    /// Returns the visible posts of the span, each with its position in the order of the answer, first to last.
    fn found(&self, search: &Search, order: Order, now: DateTime<Utc>) -> Vec<(i64, TweetId)> {
        let ServingQuirks { edits_keep_their_place, ordered_by_second, .. } = self.quirks;
        let floor = TweetId::lowest_at(now - TimeDelta::days(7));
        if let (false, false, Some(until)) = (edits_keep_their_place, ordered_by_second, TweetId::new(search.until_id)) {
            let from = TweetId::new(search.since_id + 1).unwrap_or(TweetId::MIN).max(floor);
            let below = self.posts.0.range(from..until.max(from)).rev().filter(|(_, post)| post.is_visible(now));
            let mut found: Vec<_> = below.map(|(id, _)| (order.place(*id), *id)).take(FOUND_MAX).collect();
            if order != Order::Recency {
                found.sort_unstable_by(|a, b| b.cmp(a));
            }
            return found;
        }
        let place = |id: TweetId, first: TweetId| if edits_keep_their_place { first.get() } else { id.get() };
        let visible = self.posts.0.range(floor..).map(|(_, post)| post).filter(|post| post.is_visible(now));
        let mut found: Vec<(i64, TweetId)> = visible
            .map(|post| (place(post.id, post.history[0]), post.id))
            .filter(|(place, _)| *place > search.since_id && *place < search.until_id)
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        if ordered_by_second {
            for second in found.chunk_by_mut(|(_, a), (_, b)| a.created_at().timestamp() == b.created_at().timestamp()) {
                second.reverse();
            }
        }
        found
    }

    fn serve(&mut self, search: &Search, ids: &[TweetId], next_token: Option<String>) -> Response<Bytes> {
        let data: Vec<Value> = ids.iter().map(|id| self.posts.0[id].json(search.vocabulary)).collect();
        for (id, json) in ids.iter().zip(&data) {
            *self.served.entry(*id).or_default() += 1;
            self.sent.insert(*id, json.to_string());
        }
        self.largest_page = self.largest_page.max(ids.len() as u64);
        self.posts_served += ids.len() as u64;
        let mut meta = json!({ "result_count": ids.len() });
        if let Some(token) = next_token {
            meta["next_token"] = json!(token);
        }
        let mut body = json!({ "meta": meta });
        if !data.is_empty() {
            body["meta"]["newest_id"] = json!(ids[0]);
            if search.has_authors {
                let mut authors: Vec<&Value> = data.iter().map(|post| &post["author_id"]).collect();
                authors.sort_by_key(|author| author.as_str());
                authors.dedup();
                let users = authors.iter().map(|id| json!({ "id": id, "username": format!("user{id}"), "name": "Nome" }));
                body["includes"] = json!({ "users": users.collect::<Vec<_>>() });
            }
            body["data"] = Value::Array(data);
        }
        response(StatusCode::OK, Bytes::from(body.to_string()))
    }
}

fn parse(request: &Request<Bytes>) -> Result<Search, String> {
    let mut parameters = BTreeMap::new();
    for pair in request.uri().query().unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').ok_or("a parameter without a value")?;
        let value = percent_decode_str(value).decode_utf8().map_err(|_| "a parameter that is not UTF-8")?.into_owned();
        if parameters.insert(name.to_owned(), value).is_some() {
            return Err(format!("{name} twice"));
        }
    }
    if request.uri().path() != "/2/tweets/search/recent" {
        return Err("another path".to_owned());
    }
    let vocabulary = match (parameters.contains_key("tweet.fields"), parameters.contains_key("post.fields")) {
        (true, false) => Vocabulary::Tweet,
        (false, true) => Vocabulary::Post,
        _ => return Err("neither or both of the vocabularies".to_owned()),
    };
    if parameters.contains_key("start_time") || parameters.contains_key("end_time") {
        return Err("times in a request by ids".to_owned());
    }
    let number = |name: &str| parameters.get(name).and_then(|value| value.parse::<i64>().ok()).ok_or(format!("{name} is not a number"));
    let search = Search {
        query: parameters.get("query").cloned().ok_or("no query")?,
        since_id: number("since_id")?,
        until_id: number("until_id")?,
        max_results: usize::try_from(number("max_results")?).map_err(|_| "max_results below 0")?,
        next_token: parameters.get("next_token").cloned(),
        vocabulary,
        has_authors: parameters.get("expansions").is_some_and(|expansions| expansions.contains("author_id")),
    };
    match search {
        Search { max_results, .. } if !(10..=100).contains(&max_results) => Err(format!("max_results is {max_results}")),
        Search { since_id, until_id, .. } if since_id >= until_id => Err("since_id is not below until_id".to_owned()),
        search => Ok(search),
    }
}

fn fingerprint(parameters: &str) -> String {
    format!("{:016x}", Random::of(0, parameters).number())
}

/// A refusal with the body that X sends.
pub(crate) fn problem(status: u16, body: &Value) -> Response<Bytes> {
    response(StatusCode::from_u16(status).unwrap_or_default(), Bytes::from(body.to_string()))
}

/// An answer without `Date`, which the wire adds.
pub(crate) fn response(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
