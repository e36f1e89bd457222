//! Section 1 of the specification: which text is scanned.

/// The two texts of a post.
///
/// For a long post, `text` is only the beginning; the full text is in `note_tweet.text`, or in `note_post.text` in newer
/// responses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Post<'a> {
    /// `text`
    pub text: Option<&'a str>,
    /// `note_tweet.text` or `note_post.text`
    pub note_text: Option<&'a str>,
}

impl<'a> Post<'a> {
    /// Returns the full text: that of the note unless it is empty or missing, else `text`, else the empty string.
    pub fn words(&self) -> &'a str {
        self.note_text.filter(|note| !note.is_empty()).or(self.text).unwrap_or_default()
    }
}

/// Returns the text to scan for a row.
///
/// `retweeted_original` is the included post that the reference of type `retweeted` or `reposted` points to, if the
/// response includes it: a retweet's own text is cut at about 140 characters. Never pass a quoted or replied-to post; its
/// words are not the author's.
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
    fn a_post_has_the_text_of_its_note_unless_that_is_empty() {
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
    fn a_retweet_is_scanned_by_the_original_text() {
        let own = Post { text: Some("RT @g1: cort…"), note_text: None };
        let original = Post { text: Some("cortado…"), note_text: Some("cortado :(") };
        let empty = Post::default();
        assert_eq!(text_to_scan(&own, Some(&original)), "cortado :(");
        assert_eq!(text_to_scan(&own, None), "RT @g1: cort…");
        assert_eq!(text_to_scan(&own, Some(&empty)), "", "an original without text still replaces the retweet's own");
    }
}
