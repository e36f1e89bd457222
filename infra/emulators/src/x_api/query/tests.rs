use super::*;

const REPLY: &str = r#"{"id":"1","text":"Olá @planalto! O presidente do  Brasil &amp; a #Educação; São João","lang":"pt",
    "author_id":"42","in_reply_to_user_id":"43","referenced_tweets":[{"type":"replied_to","id":"9"}],
    "public_metrics":{"like_count":7},"entities":{"urls":[{"url":"https://t.co/a","expanded_url":"https://gov.example/x"}]}}"#;

#[test]
fn a_query_finds_the_matching_posts() {
    let post = Post::from_json(REPLY).unwrap();
    for (query, want) in [
        ("presidente", true),
        ("PRESIDENTE brasil", true),
        ("presi", false),
        ("\"presidente do brasil\"", true),
        ("\"brasil presidente\"", false),
        ("sao", true), // accents match both ways
        ("joão", true),
        ("joao", true),
        ("jöão", true),
        ("nada OR presidente", true),
        ("nada presidente OR outra", false), // a space binds tighter than OR
        ("(nada OR brasil) presidente", true),
        ("brasil -educação", false),
        ("brasil -\"do brasil\"", false),
        ("#educacao", true),
        ("#Brasil", false),
        ("@Planalto", true),
        ("@planal", false),
        ("planalto", true),
        ("brasil lang:pt", true),
        ("brasil lang:en", false),
        ("brasil is:reply", true),
        ("brasil -is:retweet -is:nullcast", true),
        ("brasil IS:QUOTE", false),
        ("brasil has:hashtags has:links", true),
        ("brasil has:media", false),
        ("from:u42", true),
        ("from:43", false),
        ("to:43", true),
        ("url:\"gov.example\"", true),
        ("brasil min_likes:7", true),
        ("brasil min_likes:8", false),
    ] {
        let parsed = Query::parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        assert_eq!(parsed.matches(&post), want, "{query}");
    }
}

#[test]
fn an_invalid_query_is_refused_with_a_reason() {
    for (query, why) in [
        ("", "missing a clause"),
        ("   ", "missing a clause"),
        ("(a", "missing ')'"),
        ("a)", "')'"),
        ("a OR", "missing a clause"),
        ("\"a", "closing"),
        ("-(a b)", "negation of a group"),
        ("-a", "at least one positive"),
        ("lang:pt", "stand alone"),
        ("-is:retweet has:links", "stand alone"),
        ("a min_faves:3", "invalid operator 'min_faves'"),
        ("a min_retweets:3", "invalid operator 'min_retweets'"),
        ("a sample:10", "invalid operator 'sample'"),
        ("a is:famous", "invalid operator 'is'"),
        ("a min_likes:x", "Invalid number"),
        ("!!!", "no word"),
    ] {
        let error = Query::parse(query).unwrap_err();
        assert!(error.contains(why), "{query}: {error}");
    }
    assert!(Query::parse(&"(".repeat(100_000)).is_err());
}
