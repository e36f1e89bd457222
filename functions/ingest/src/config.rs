use std::time::Duration;

use lambda::{ConfigError, Env};
use reqwest::Url;

/// Maximum query length, in characters, for self-serve access. Source: X API v2, recent search.
const QUERY_CHARS_MAX: usize = 512;
/// Maximum lookback: the API serves seven days.
const LOOKBACK_MINUTES_MAX: u64 = 7 * 24 * 60;

/// The default query of template.yaml and of the laptop. It covers the presidency and names no person, so that an election
/// does not make it outdated.
///
/// It is ASCII because CloudFormation sometimes returns `?` for other characters, and a mangled query would find less
/// without an error. X ignores accents when matching: `presidencia` finds `presidência` and vice versa.
pub const DEFAULT_QUERY: &str = "(\"presidente do Brasil\" OR \"presidente brasileiro\" OR \"presidencia do Brasil\" OR \
\"Palacio do Planalto\" OR @planalto OR (\"presidente da Republica\" (Brasil OR brasileiro OR brasileiros OR Brasilia OR \
Planalto))) lang:pt -is:retweet -is:nullcast";

/// The configuration of `ingest`, read from its environment.
#[derive(Clone, Debug)]
pub struct Config {
    /// Bucket of the RAW files and of the cursor.
    pub raw_bucket: String,
    /// Secrets Manager name or ARN of the bearer token.
    pub secret_id: String,
    /// Search query in X's query language, 1–512 characters.
    pub search_query: String,
    /// Base URL of the X API: `https`, or `http` on 127.0.0.1.
    pub x_api_base_url: Url,
    /// How far back the very first run starts.
    pub lookback: Duration,
    /// How long the API has to index a post before it is requested.
    pub safety_lag: Duration,
    /// Maximum number of posts that one run reads, 10 to 100,000.
    pub max_posts_per_run: u64,
    /// Maximum number of posts read in one calendar month (UTC). `None` means no limit.
    pub max_posts_per_month: Option<u64>,
    /// How long after its deadline a crashed run still holds the lease.
    pub lease_margin: Duration,
    /// Family of parameter names to send.
    pub vocabulary: Vocabulary,
    /// Expansions to request. Each expanded object is billed.
    pub expansions: Vec<String>,
}

/// Names of fields and parameters. X renamed tweets to posts in 2026; one request uses one of the two vocabularies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// `tweet.fields`, `note_tweet`, `referenced_tweets`.
    Tweet,
    /// `post.fields`, `note_post`. References are an expansion.
    Post,
}

impl Config {
    /// Reads the environment variables. docs/deploy.md lists their names and defaults.
    pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut env = Env::new(&var);
        let config = Self {
            raw_bucket: env.bucket("RAW_BUCKET"),
            secret_id: secret_id(&mut env, "X_SECRET_ID"),
            search_query: query(&mut env, "SEARCH_QUERY"),
            x_api_base_url: base_url(&mut env, "X_API_BASE_URL", "https://api.x.com"),
            lookback: Duration::from_secs(60 * env.number("LOOKBACK_MINUTES", 30, 1..=LOOKBACK_MINUTES_MAX)),
            safety_lag: Duration::from_secs(env.number("SAFETY_LAG_SECONDS", 60, 0..=86_400)),
            max_posts_per_run: env.number("MAX_POSTS_PER_RUN", 1_000, 10..=100_000),
            max_posts_per_month: match env.number("MAX_POSTS_PER_MONTH", 10_000, 0..=1_000_000_000) {
                0 => None,
                posts => Some(posts),
            },
            lease_margin: Duration::from_secs(env.number("LEASE_MARGIN_SECONDS", 5, 0..=60)),
            vocabulary: vocabulary(&mut env, "X_FIELD_VOCABULARY"),
            expansions: expansions(&mut env, "X_EXPANSIONS"),
        };
        env.finish(config)
    }
}

/// Parses a secret name, or an ARN, which also contains `:`. Source: AWS Secrets Manager API, `CreateSecret`, characters of a name.
fn secret_id(env: &mut Env, variable: &'static str) -> String {
    let secret_id = env.required(variable);
    if !secret_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+=.@-:".contains(&byte)) {
        env.invalid(variable, "is not the name or the ARN of a secret; the token itself belongs in that secret");
    }
    secret_id
}

fn query(env: &mut Env, variable: &'static str) -> String {
    let query = env.required(variable);
    let chars = query.chars().count();
    if chars > QUERY_CHARS_MAX {
        env.invalid(variable, format!("has {chars} characters; the X API accepts 1 to {QUERY_CHARS_MAX}"));
    } else if !query.is_empty() && query.split_whitespace().all(|term| term.starts_with('-')) {
        env.invalid(variable, "only excludes posts; the X API requires at least one term that matches some");
    }
    query
}

fn base_url(env: &mut Env, variable: &'static str, default: &str) -> Url {
    let text = env.optional(variable).unwrap_or_else(|| default.to_owned());
    let not_https = "must be an https address (http only on 127.0.0.1): the bearer token is sent there";
    let problem = match Url::parse(text.trim()) {
        Ok(url) if url.scheme() != "https" && !(url.scheme() == "http" && url.host_str() == Some("127.0.0.1")) => not_https,
        // `https://api.x.com@example.com` is an address of example.com. No path can follow `?` or `#`.
        Ok(url) if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() => {
            "must consist of scheme, host, port and path only, without `@`, `?` or `#`"
        }
        Ok(url) => return url,
        Err(_) => not_https,
    };
    env.invalid(variable, problem);
    #[expect(clippy::expect_used, reason = "a constant address")]
    Url::parse("https://api.x.com").expect("is an address")
}

fn vocabulary(env: &mut Env, variable: &'static str) -> Vocabulary {
    match env.optional(variable).as_deref().map(str::trim) {
        None | Some("tweet") => Vocabulary::Tweet,
        Some("post") => Vocabulary::Post,
        Some(_) => {
            env.invalid(variable, "is neither `tweet` nor `post`");
            Vocabulary::Tweet
        }
    }
}

fn expansions(env: &mut Env, variable: &'static str) -> Vec<String> {
    let text = env.optional(variable).unwrap_or_default();
    let expansions: Vec<String> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if !expansions.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte))) {
        env.invalid(variable, "is not a list of names such as `author_id`, separated by commas");
    }
    expansions
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn config(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_env(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    const REQUIRED: [(&str, &str); 3] = [("RAW_BUCKET", "raw"), ("X_SECRET_ID", "token"), ("SEARCH_QUERY", "presidente")];

    #[test]
    fn defaults_are_the_documented_ones() {
        let config = config(&REQUIRED).unwrap();
        assert_eq!(config.x_api_base_url.as_str(), "https://api.x.com/");
        assert_eq!((config.lookback.as_secs(), config.safety_lag.as_secs(), config.lease_margin.as_secs()), (1800, 60, 5));
        assert_eq!((config.max_posts_per_run, config.max_posts_per_month), (1_000, Some(10_000)));
        assert_eq!((config.vocabulary, config.expansions.len()), (Vocabulary::Tweet, 0));
    }

    #[test]
    fn all_problems_are_reported_in_one_error() {
        let error = config(&[
            ("X_SECRET_ID", " "),
            ("SEARCH_QUERY", "-is:retweet -lang:pt"),
            ("X_API_BASE_URL", "http://api.x.com"),
            ("MAX_POSTS_PER_RUN", "5"),
            ("LOOKBACK_MINUTES", "thirty"),
            ("X_FIELD_VOCABULARY", "posts"),
            ("X_EXPANSIONS", "author_id, Geo!"),
        ]);
        expect![[r"
            8 problem(s) in the environment:
              RAW_BUCKET is not set; template.yaml sets it on the function
              X_SECRET_ID is not set; template.yaml sets it on the function
              SEARCH_QUERY only excludes posts; the X API requires at least one term that matches some
              X_API_BASE_URL must be an https address (http only on 127.0.0.1): the bearer token is sent there
              LOOKBACK_MINUTES is not a whole number from 1 to 10080
              MAX_POSTS_PER_RUN is not a whole number from 10 to 100000
              X_FIELD_VOCABULARY is neither `tweet` nor `post`
              X_EXPANSIONS is not a list of names such as `author_id`, separated by commas
        "]]
        .assert_eq(&format!("{}\n", error.unwrap_err()));
    }

    #[test]
    fn a_secret_in_the_wrong_variable_is_not_repeated() {
        const TOKEN: &str =
            "AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid%2BULvsea4JtiGRiSDSJSI%3DEUifiRBkKG5E2XzMDjRfl76ZC9Ub0wnz4XsNiRVBChTYbJcE3F";
        for name in [
            "RAW_BUCKET",
            "X_SECRET_ID",
            "X_API_BASE_URL",
            "LOOKBACK_MINUTES",
            "SAFETY_LAG_SECONDS",
            "MAX_POSTS_PER_RUN",
            "MAX_POSTS_PER_MONTH",
            "LEASE_MARGIN_SECONDS",
            "X_FIELD_VOCABULARY",
            "X_EXPANSIONS",
        ] {
            let required = REQUIRED.into_iter().filter(|(required, _)| *required != name);
            let error = config(&required.chain([(name, TOKEN)]).collect::<Vec<_>>()).unwrap_err();
            let message = format!("{error} {error:?}");
            assert!(message.contains(&format!("{name} ")) && !message.contains("AAAA") && !message.contains("EUifi"), "{message}");
        }
    }

    #[test]
    fn the_token_is_sent_over_https_or_to_this_machine_only() {
        for (url, ok) in [
            ("https://api.twitter.com", true),
            ("https://localhost:8443/base", true),
            ("http://127.0.0.1:8080", true),
            ("http://localhost:8080", false), // a name can be made to resolve elsewhere
            ("http://127.0.0.1.example.com", false),
            ("http://127.0.0.1@example.com", false),
            ("http://10.0.0.1", false),
            ("http://[::1]:8080", false),
            ("https://api.x.com@example.com", false), // an address of example.com despite its appearance
            ("https://api.x.com:key@example.com", false),
            ("https://example.com/?to=", false), // the path would become part of the query
            ("https://example.com/#", false),
            ("https://example.com/base/", true),
            ("ftp://127.0.0.1", false),
            ("api.x.com", false),
        ] {
            assert_eq!(config(&[&REQUIRED[..], &[("X_API_BASE_URL", url)]].concat()).is_ok(), ok, "{url}");
        }
    }

    #[test]
    fn a_query_has_1_to_512_characters() {
        for (query, ok) in [(String::new(), false), ("é".repeat(512), true), ("é".repeat(513), false)] {
            assert_eq!(config(&[("RAW_BUCKET", "raw"), ("X_SECRET_ID", "token"), ("SEARCH_QUERY", &query)]).is_ok(), ok, "{}", query.len());
        }
    }
}
