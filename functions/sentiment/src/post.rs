//! Section 1 of the specification: which words of a post are its author's.

/// The two texts of a post, as the API spells them.
///
/// `text` of a long post is only its beginning; the whole of it is `note_tweet.text`, or `note_post.text` in newer
/// responses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Post<'a> {
    /// `text`
    pub text: Option<&'a str>,
    /// `note_tweet.text` or `note_post.text`
    pub note_text: Option<&'a str>,
}

impl<'a> Post<'a> {
    /// The whole text: that of the note when there is one, else `text`, else nothing.
    pub fn words(&self) -> &'a str {
        self.note_text.filter(|note| !note.is_empty()).or(self.text).unwrap_or_default()
    }
}

/// The text to scan for a row.
///
/// `retweeted_original` is the post that the reference of type `retweeted` or `reposted` names, if the response includes
/// it: the text of a retweet is cut at about 140 characters. A quoted post and the one replied to are never passed,
/// since those are somebody else's words.
///
/// ```
/// use sentiment::{Post, text_to_scan};
///
/// let own = Post { text: Some("RT @g1: uma notícia lon…"), ..Post::default() };
/// let original = Post { text: Some("uma notícia longa e boa :)"), ..Post::default() };
/// assert_eq!(text_to_scan(&own, Some(&original)), "uma notícia longa e boa :)");
/// assert_eq!(text_to_scan(&own, None), "RT @g1: uma notícia lon…");
/// ```
pub fn text_to_scan<'a>(own: &Post<'a>, retweeted_original: Option<&Post<'a>>) -> &'a str {
    retweeted_original.unwrap_or(own).words()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_post() {
        for (text, note_text, want) in [
            (Some("curto"), None, "curto"),
            (Some("o começo…"), Some("o começo e o fim"), "o começo e o fim"),
            (Some("curto"), Some(""), "curto"),
            (None, Some("só a nota"), "só a nota"),
            (None, None, ""),
            (Some(""), None, ""),
        ] {
            assert_eq!(Post { text, note_text }.words(), want, "{text:?} {note_text:?}");
        }
    }

    #[test]
    fn a_retweet_is_its_original() {
        let own = Post { text: Some("RT @g1: cort…"), note_text: None };
        let original = Post { text: Some("cortado…"), note_text: Some("cortado :(") };
        let empty = Post::default();
        assert_eq!(text_to_scan(&own, Some(&original)), "cortado :(");
        assert_eq!(text_to_scan(&own, None), "RT @g1: cort…");
        assert_eq!(text_to_scan(&own, Some(&empty)), "", "an original without text is still what is scanned");
    }
}
