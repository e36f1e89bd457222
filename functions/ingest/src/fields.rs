//! The fields to request, in both vocabularies. Each name is valid in the family that lists it.

use crate::config::Vocabulary;

/// Source: `tweet.fields` of X OpenAPI 2.159.
const TWEET_FIELDS: &[&str] = &[
    "id",
    "text",
    "note_tweet",
    "created_at",
    "author_id",
    "lang",
    "conversation_id",
    "in_reply_to_user_id",
    "referenced_tweets",
    "edit_history_tweet_ids",
    "edit_controls",
    "entities",
    "geo",
    "possibly_sensitive",
    "public_metrics",
    "reply_settings",
    "withheld",
];

/// Source: `post.fields` of X OpenAPI 2.167, where author and references are expansions and therefore billed.
const POST_FIELDS: &[&str] = &[
    "id",
    "text",
    "note_post",
    "created_at",
    "lang",
    "conversation_id",
    "edit_controls",
    "entities",
    "geo",
    "possibly_sensitive",
    "public_metrics",
    "reply_settings",
    "withheld",
];

/// Fields of included objects, requested only with an expansion that includes them. Each entry holds the prefixes of those
/// expansions, the parameter, and its fields.
const INCLUDED: &[(&[&str], &str, &str)] = &[
    (
        &["author_id", "in_reply_to_user_id", "entities.mentions"],
        "user.fields",
        "id,username,name,verified,created_at,location,public_metrics",
    ),
    (&["attachments.media_keys"], "media.fields", "media_key,type,url"),
    (&["geo.place_id"], "place.fields", "id,full_name,country_code,place_type"),
];

/// Returns the request parameters that name fields and expansions.
pub(crate) fn parameters(vocabulary: Vocabulary, expansions: &[String]) -> Vec<(&'static str, String)> {
    let (name, fields) = family(vocabulary);
    let mut parameters = vec![(name, fields.join(","))];
    if !expansions.is_empty() {
        parameters.push(("expansions", expansions.join(",")));
    }
    for (prefixes, name, fields) in INCLUDED {
        if expansions.iter().any(|expansion| prefixes.iter().any(|prefix| expansion.contains(prefix))) {
            parameters.push((name, (*fields).to_owned()));
        }
    }
    parameters
}

/// Returns the requested fields and expansions, as RAW records them. A field that is missing from both this list and a
/// tweet was never requested.
pub(crate) fn requested(vocabulary: Vocabulary, expansions: &[String]) -> Vec<String> {
    family(vocabulary).1.iter().map(|field| (*field).to_owned()).chain(expansions.iter().cloned()).collect()
}

fn family(vocabulary: Vocabulary) -> (&'static str, &'static [&'static str]) {
    match vocabulary {
        Vocabulary::Tweet => ("tweet.fields", TWEET_FIELDS),
        Vocabulary::Post => ("post.fields", POST_FIELDS),
    }
}
