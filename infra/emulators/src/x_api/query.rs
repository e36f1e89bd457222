//! The query language: the operators for which generated posts have data.
//!
//! Source: <https://docs.x.com/x-api/posts/search/integrate/build-a-query> and `…/operators`. Words are compared
//! without case and accents; a space binds tighter than `OR`; unknown operators are refused.

use super::people;
use super::post::Post;
use super::traits::ReferenceKind;

/// A valid query.
#[derive(Clone, Debug)]
pub(super) struct Query {
    root: Node,
}

#[derive(Clone, Debug)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Term(Term),
}

#[derive(Clone, Debug)]
enum Term {
    /// Consecutive words, folded.
    Words(Vec<String>),
    Hashtag(String),
    Mention(String),
    Link(String),
    From(String),
    To(String),
    Conversation(u64),
    Lang(String),
    Is(Is),
    Has(Has),
    AtLeast(Metric, u64),
}

#[derive(Clone, Copy, Debug)]
enum Is {
    Retweet,
    Reply,
    Quote,
    /// Promotion-only posts and verified authors, which the corpus does not have.
    Never,
}

#[derive(Clone, Copy, Debug)]
enum Has {
    Hashtags,
    Links,
    Mentions,
    Media,
    Images,
    Videos,
    Geo,
    Never,
}

#[derive(Clone, Copy, Debug)]
enum Metric {
    Likes,
    Replies,
    Reposts,
}

/// Maximum nesting depth, more than any sensible query needs.
const DEPTH_MAX: usize = 32;

impl Query {
    /// Parses a query; the error is the sentence in the body of the 400.
    pub fn parse(text: &str) -> Result<Self, String> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0 };
        let root = parser.any(0)?;
        if parser.peek().is_some() {
            return Err(problem("no viable alternative at input ')'"));
        }
        if !root.has(&|positive, _| positive) {
            return Err(problem("Rules must contain at least one positive, non-stopword clause"));
        }
        if !root.has(&|_, term| term.stands_alone()) {
            return Err(problem("Rule must contain a keyword, hashtag, mention or another operator that can stand alone"));
        }
        Ok(Self { root })
    }

    pub fn matches(&self, post: &Post) -> bool {
        let words = words(&post.traits.text);
        self.root.matches(post, &words)
    }
}

fn problem(what: &str) -> String {
    format!("There were errors processing your request: {what}")
}

impl Node {
    fn matches(&self, post: &Post, words: &[String]) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.matches(post, words)),
            Self::Any(nodes) => nodes.iter().any(|node| node.matches(post, words)),
            Self::Not(node) => !node.matches(post, words),
            Self::Term(term) => term.matches(post, words),
        }
    }

    /// Returns whether some term satisfies the condition, which receives true if the term is required and false if it
    /// is excluded.
    fn has(&self, condition: &dyn Fn(bool, &Term) -> bool) -> bool {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(|node| node.has(condition)),
            Self::Not(node) => matches!(&**node, Self::Term(term) if condition(false, term)),
            Self::Term(term) => condition(true, term),
        }
    }
}

impl Term {
    /// Returns whether a query may consist of this term alone: `lang:`, `is:` and `has:` only narrow a query with other terms.
    fn stands_alone(&self) -> bool {
        !matches!(self, Self::Lang(_) | Self::Is(_) | Self::Has(_) | Self::AtLeast(..))
    }

    fn matches(&self, post: &Post, words: &[String]) -> bool {
        let traits = &post.traits;
        let account = |id: u64, wanted: &str| id.to_string() == wanted || fold(&people::username(id)) == *wanted;
        match self {
            Self::Words(phrase) => words.windows(phrase.len()).any(|window| window == phrase),
            Self::Hashtag(tag) => traits.hashtags.iter().any(|found| fold(found) == *tag),
            Self::Mention(name) => traits.mentions.iter().any(|found| fold(found) == *name),
            Self::Link(part) => traits.links.iter().any(|link| fold(link).contains(part)),
            Self::From(name) => traits.author_id.is_some_and(|id| account(id, name)),
            Self::To(name) => traits.in_reply_to_user_id.is_some_and(|id| account(id, name)),
            Self::Conversation(id) => traits.conversation_id == Some(*id),
            Self::Lang(lang) => traits.lang.eq_ignore_ascii_case(lang),
            Self::Is(Is::Retweet) => post.is(ReferenceKind::Retweeted),
            Self::Is(Is::Reply) => post.is(ReferenceKind::RepliedTo),
            Self::Is(Is::Quote) => post.is(ReferenceKind::Quoted),
            Self::Has(Has::Hashtags) => !traits.hashtags.is_empty(),
            Self::Has(Has::Links) => !traits.links.is_empty(),
            Self::Has(Has::Mentions) => !traits.mentions.is_empty(),
            Self::Has(Has::Media) => !traits.media_keys.is_empty(),
            Self::Has(Has::Images) => traits.media_keys.iter().any(|key| key.starts_with("3_")),
            Self::Has(Has::Videos) => traits.media_keys.iter().any(|key| key.starts_with("7_")),
            Self::Has(Has::Geo) => traits.place_id.is_some(),
            Self::Is(Is::Never) | Self::Has(Has::Never) => false,
            Self::AtLeast(Metric::Likes, least) => traits.likes >= *least,
            Self::AtLeast(Metric::Replies, least) => traits.replies >= *least,
            Self::AtLeast(Metric::Reposts, least) => traits.reposts >= *least,
        }
    }

    fn operator(name: &str, value: &str) -> Result<Self, String> {
        let number = || value.parse::<u64>().map_err(|_| problem(&format!("Invalid number '{value}' in '{name}:'")));
        Ok(match (name, value) {
            ("from", _) => Self::From(fold(value.trim_start_matches('@'))),
            ("to", _) => Self::To(fold(value.trim_start_matches('@'))),
            ("url", _) => Self::Link(fold(value)),
            ("conversation_id", _) => Self::Conversation(number()?),
            ("lang", _) => Self::Lang(value.to_owned()),
            ("is", "retweet") => Self::Is(Is::Retweet),
            ("is", "reply") => Self::Is(Is::Reply),
            ("is", "quote") => Self::Is(Is::Quote),
            ("is", "nullcast" | "verified") => Self::Is(Is::Never),
            ("has", "hashtags") => Self::Has(Has::Hashtags),
            ("has", "links") => Self::Has(Has::Links),
            ("has", "mentions") => Self::Has(Has::Mentions),
            ("has", "media") => Self::Has(Has::Media),
            ("has", "images") => Self::Has(Has::Images),
            ("has", "videos" | "video_link") => Self::Has(Has::Videos),
            ("has", "geo") => Self::Has(Has::Geo),
            ("has", "cashtags") => Self::Has(Has::Never),
            ("min_likes", _) => Self::AtLeast(Metric::Likes, number()?),
            ("min_replies", _) => Self::AtLeast(Metric::Replies, number()?),
            ("min_reposts", _) => Self::AtLeast(Metric::Reposts, number()?),
            // min_faves and min_retweets were removed in May 2026; other operators are unknown here.
            _ => {
                return Err(problem(&format!(
                    "Reference to invalid operator '{name}'. Operator is not available in current product or product packaging."
                )));
            }
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Or,
    Minus,
    Phrase(String),
    Word(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(&next) = rest.peek() {
        match next {
            _ if next.is_whitespace() => {
                rest.next();
            }
            '(' | ')' | '-' => {
                rest.next();
                tokens.push(match next {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Minus,
                });
            }
            '"' => {
                rest.next();
                tokens.push(Token::Phrase(quoted(&mut rest)?));
            }
            _ => {
                let mut word = String::new();
                while let Some(&c) = rest.peek() {
                    if c.is_whitespace() || matches!(c, '(' | ')' | '"') {
                        break;
                    }
                    word.push(c);
                    rest.next();
                    if word.ends_with(':') && rest.peek() == Some(&'"') {
                        rest.next();
                        word.push_str(&quoted(&mut rest)?);
                    }
                }
                tokens.push(if word == "OR" { Token::Or } else { Token::Word(word) });
            }
        }
    }
    Ok(tokens)
}

fn quoted(rest: &mut impl Iterator<Item = char>) -> Result<String, String> {
    let mut phrase = String::new();
    for c in rest {
        if c == '"' {
            return Ok(phrase);
        }
        phrase.push(c);
    }
    Err(problem("missing closing '\"'"))
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn any(&mut self, depth: usize) -> Result<Node, String> {
        if depth > DEPTH_MAX {
            return Err(problem("the query is nested too deeply"));
        }
        let mut nodes = vec![self.all(depth)?];
        while self.peek() == Some(&Token::Or) {
            self.at += 1;
            nodes.push(self.all(depth)?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Any(nodes) })
    }

    fn all(&mut self, depth: usize) -> Result<Node, String> {
        let mut nodes = Vec::new();
        while let Some(token) = self.peek() {
            if matches!(token, Token::Close | Token::Or) {
                break;
            }
            nodes.push(self.one(depth)?);
        }
        match nodes.len() {
            0 => Err(problem("missing a clause")),
            1 => Ok(nodes.remove(0)),
            _ => Ok(Node::All(nodes)),
        }
    }

    fn one(&mut self, depth: usize) -> Result<Node, String> {
        let token = self.peek().cloned();
        self.at += 1;
        match token {
            Some(Token::Minus) => match self.peek() {
                Some(Token::Open) => Err(problem("the negation of a group -( ) is not supported; negate each clause")),
                Some(Token::Phrase(_) | Token::Word(_)) => Ok(Node::Not(Box::new(self.one(depth)?))),
                _ => Err(problem("'-' must stand before a clause")),
            },
            Some(Token::Open) => {
                let node = self.any(depth + 1)?;
                if self.peek() != Some(&Token::Close) {
                    return Err(problem("missing ')'"));
                }
                self.at += 1;
                Ok(node)
            }
            Some(Token::Phrase(phrase)) => term_of_words(&phrase),
            Some(Token::Word(word)) => term(&word),
            Some(Token::Close | Token::Or) | None => Err(problem("missing a clause")),
        }
    }
}

fn term(word: &str) -> Result<Node, String> {
    if let Some(tag) = word.strip_prefix('#').filter(|tag| !tag.is_empty()) {
        return Ok(Node::Term(Term::Hashtag(fold(tag))));
    }
    if let Some(name) = word.strip_prefix('@').filter(|name| !name.is_empty()) {
        return Ok(Node::Term(Term::Mention(fold(name))));
    }
    match word.split_once(':') {
        Some((name, value)) => {
            let (name, lower) = (name.to_lowercase(), value.to_lowercase());
            let value = if matches!(&*name, "is" | "has" | "lang") { &lower } else { value };
            Term::operator(&name, value).map(Node::Term)
        }
        None => term_of_words(word),
    }
}

fn term_of_words(phrase: &str) -> Result<Node, String> {
    let words = words(phrase);
    if words.is_empty() {
        return Err(problem(&format!("'{phrase}' has no word to look for")));
    }
    Ok(Node::Term(Term::Words(words)))
}

/// Returns the words of a text: letters, digits and `_`, folded.
fn words(text: &str) -> Vec<String> {
    let plain = if text.contains('&') { text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">") } else { text.to_owned() };
    fold(&plain).split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Converts to lower case and removes the accents of Portuguese, whether precomposed or combining.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            folded.push(character.to_ascii_lowercase());
        } else if !('\u{300}'..='\u{36f}').contains(&character) {
            folded.extend(character.to_lowercase().map(without_accent));
        }
    }
    folded
}

fn without_accent(character: char) -> char {
    match character {
        'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        _ => character,
    }
}

#[cfg(test)]
mod tests;
