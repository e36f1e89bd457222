//! The two spellings of the API's names, and the lists of names that a request may use.
//!
//! Source: X `OpenAPI` 2.159 (tweets, July 2026) and 2.167 (posts, August 2026).

/// A family of names: the service renamed tweets to posts in August 2026.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vocabulary {
    /// `tweet.fields`, `note_tweet`, `includes.tweets`: spec 2.159.
    #[default]
    Tweet,
    /// `post.fields`, `note_post`, `includes.posts`: spec 2.167.
    Post,
}

/// The names in a response; the real API did not follow the specs consistently, so a reader must accept all three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerNames {
    /// The family of the request's parameters; [`Vocabulary::Tweet`] if they name none.
    #[default]
    AsRequested,
    /// One family, regardless of the request.
    Always(Vocabulary),
    /// Every renamed key under both names.
    Both,
}

impl AnswerNames {
    pub(super) fn vocabularies(self, requested: Vocabulary) -> &'static [Vocabulary] {
        match (self, requested) {
            (Self::Both, _) => &[Vocabulary::Tweet, Vocabulary::Post],
            (Self::Always(Vocabulary::Tweet), _) | (Self::AsRequested, Vocabulary::Tweet) => &[Vocabulary::Tweet],
            (Self::Always(Vocabulary::Post), _) | (Self::AsRequested, Vocabulary::Post) => &[Vocabulary::Post],
        }
    }
}

/// Older name and newer name. The emulator uses only the older one internally.
const RENAMED: [(&str, &str); 11] = [
    ("note_tweet", "note_post"),
    ("referenced_tweets", "referenced_posts"),
    ("edit_history_tweet_ids", "edit_history_post_ids"),
    ("retweet_count", "repost_count"),
    ("tweet_count", "post_count"),
    ("total_tweet_count", "total_post_count"),
    ("pinned_tweet_id", "pinned_post_id"),
    ("most_recent_tweet_id", "most_recent_post_id"),
    ("tweets", "posts"),
    ("tweet", "post"),
    ("referenced_tweets.id", "referenced_posts"),
];

impl Vocabulary {
    /// Returns this family's name for an older one.
    pub(super) fn name_of(self, older: &str) -> &str {
        match self {
            Self::Tweet => older,
            Self::Post => RENAMED.iter().find(|(name, _)| *name == older).map_or(older, |(_, newer)| newer),
        }
    }

    /// Returns the name of the parameter that lists the fields of a post.
    pub(super) fn fields_parameter(self) -> &'static str {
        match self {
            Self::Tweet => "tweet.fields",
            Self::Post => "post.fields",
        }
    }

    /// Returns the valid values of that parameter.
    pub(super) fn post_fields(self) -> &'static [&'static str] {
        match self {
            Self::Tweet => &TWEET_FIELDS,
            Self::Post => &POST_FIELDS,
        }
    }

    /// Returns the valid values of `expansions`.
    pub(super) fn expansions(self) -> &'static [&'static str] {
        match self {
            Self::Tweet => &TWEET_EXPANSIONS,
            Self::Post => &POST_EXPANSIONS,
        }
    }

    /// Returns the valid values of `user.fields`.
    pub(super) fn user_fields(self) -> &'static [&'static str] {
        match self {
            Self::Tweet => &TWEET_USER_FIELDS,
            Self::Post => &POST_USER_FIELDS,
        }
    }

    /// Returns the URI of a problem type.
    pub(super) fn problem(self, slug: &str) -> String {
        let host = match self {
            Self::Tweet => "api.twitter.com",
            Self::Post => "api.x.com",
        };
        format!("https://{host}/2/problems/{slug}")
    }
}

/// Returns the older spelling of a name in either family.
pub(super) fn older(name: &str) -> &str {
    RENAMED.iter().find(|(_, newer)| *newer == name).map_or(name, |(older, _)| older)
}

const TWEET_FIELDS: [&str; 31] = [
    "article",
    "attachments",
    "author_id",
    "card_uri",
    "community_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "display_text_range",
    "edit_controls",
    "edit_history_tweet_ids",
    "entities",
    "geo",
    "id",
    "in_reply_to_user_id",
    "lang",
    "media_metadata",
    "non_public_metrics",
    "note_tweet",
    "organic_metrics",
    "possibly_sensitive",
    "promoted_metrics",
    "public_metrics",
    "referenced_tweets",
    "reply_settings",
    "scopes",
    "source",
    "suggested_source_links",
    "suggested_source_links_with_counts",
    "text",
    "withheld",
];

const POST_FIELDS: [&str; 31] = [
    "article",
    "article_title",
    "attachments",
    "card_uri",
    "community_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "display_text_range",
    "edit_controls",
    "entities",
    "geo",
    "id",
    "lang",
    "matched_media_notes",
    "media_metadata",
    "non_public_metrics",
    "note_post",
    "note_request_suggestions",
    "organic_metrics",
    "paid_partnership",
    "possibly_sensitive",
    "promoted_metrics",
    "public_metrics",
    "reply_settings",
    "scopes",
    "source",
    "suggested_source_links",
    "suggested_source_links_with_counts",
    "text",
    "withheld",
];

const TWEET_EXPANSIONS: [&str; 14] = [
    "article.cover_media",
    "article.media_entities",
    "attachments.media_keys",
    "attachments.media_source_tweet",
    "attachments.poll_ids",
    "author_id",
    "edit_history_tweet_ids",
    "entities.mentions.username",
    "geo.place_id",
    "in_reply_to_user_id",
    "entities.note.mentions.username",
    "referenced_tweets.id",
    "referenced_tweets.id.attachments.media_keys",
    "referenced_tweets.id.author_id",
];

const POST_EXPANSIONS: [&str; 12] = [
    "article.cover_media",
    "article.media_entities",
    "attachments.media_keys",
    "attachments.media_source_tweet",
    "attachments.poll_ids",
    "author_id",
    "edit_history_post_ids",
    "entities.mentions.username",
    "geo.place_id",
    "in_reply_to_user_id",
    "referenced_posts",
    "username",
];

const TWEET_USER_FIELDS: [&str; 26] = [
    "affiliation",
    "confirmed_email",
    "connection_status",
    "created_at",
    "description",
    "entities",
    "id",
    "is_identity_verified",
    "location",
    "most_recent_tweet_id",
    "name",
    "parody",
    "pinned_tweet_id",
    "profile_banner_url",
    "profile_image_url",
    "protected",
    "public_metrics",
    "receives_your_dm",
    "subscription",
    "subscription_type",
    "url",
    "username",
    "verified",
    "verified_followers_count",
    "verified_type",
    "withheld",
];

const POST_USER_FIELDS: [&str; 24] = [
    "confirmed_email",
    "connection_status",
    "created_at",
    "description",
    "entities",
    "id",
    "is_identity_verified",
    "location",
    "name",
    "parody",
    "profile_banner_url",
    "profile_image_url",
    "protected",
    "public_metrics",
    "receives_your_dm",
    "subscribes_to_you",
    "subscription",
    "subscription_type",
    "url",
    "username",
    "verified",
    "verified_followers_count",
    "verified_type",
    "withheld",
];

/// Valid values of `media.fields`, in both families.
pub(super) const MEDIA_FIELDS: [&str; 13] = [
    "alt_text",
    "duration_ms",
    "height",
    "media_key",
    "non_public_metrics",
    "organic_metrics",
    "preview_image_url",
    "promoted_metrics",
    "public_metrics",
    "type",
    "url",
    "variants",
    "width",
];

/// Valid values of `place.fields`, in both families.
pub(super) const PLACE_FIELDS: [&str; 8] = ["contained_within", "country", "country_code", "full_name", "geo", "id", "name", "place_type"];

/// Valid values of `poll.fields`, in both families.
pub(super) const POLL_FIELDS: [&str; 5] = ["duration_minutes", "end_datetime", "id", "options", "voting_status"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_renamed_name_is_translated_in_both_directions() {
        for (old, new) in RENAMED {
            assert_eq!(Vocabulary::Post.name_of(old), new);
            assert_eq!(Vocabulary::Tweet.name_of(old), old);
        }
        assert_eq!(older("note_post"), "note_tweet");
        assert_eq!(older("author_id"), "author_id");
    }
}
