//! Determines whether the objects in `data` are tweets. Other endpoints respond in the same format.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// Limits on the field names reported for a rejected file.
const NAMES_MAX: usize = 8;
const NAME_CHARS_MAX: usize = 32;

/// What the field names of an object reveal about its kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evidence {
    has_post_field: bool,
    has_field_of_messages_too: bool,
    is_message: bool,
    resembles: Option<&'static str>,
}

impl Evidence {
    /// Records the name of a field, regardless of its value.
    ///
    /// Source: the properties of the post and of the other objects in X OpenAPI 2.159 and 2.167. `lang`, `geo` and
    /// `withheld` prove nothing: spaces, places and users have them too.
    pub(super) fn see(&mut self, name: &str) {
        if self.has_post_field {
            return;
        }
        match name {
            "article"
            | "author_id"
            | "card_uri"
            | "community_id"
            | "context_annotations"
            | "conversation_id"
            | "display_text_range"
            | "edit_controls"
            | "edit_history_post_ids"
            | "edit_history_tweet_ids"
            | "in_reply_to_user_id"
            | "note_post"
            | "note_tweet"
            | "paid_partnership"
            | "possibly_sensitive"
            | "referenced_posts"
            | "reply_settings" => self.has_post_field = true,
            "text" | "referenced_tweets" => self.has_field_of_messages_too = true,
            "event_type" | "sender_id" | "participant_ids" => self.see_message(),
            name if name.starts_with("dm_") => self.see_message(),
            "action" | "download_url" | "redacted_at" | "resumable" | "upload_url" => self.resembles = Some("compliance jobs"),
            "follower_count" | "member_count" | "owner_id" => self.resembles = Some("lists"),
            "profile_image_url" | "username" | "verified" => self.resembles = Some("users"),
            "creator_id" | "host_ids" => self.resembles = Some("spaces"),
            "media_key" => self.resembles = Some("media"),
            "post_count" | "tweet_count" => self.resembles = Some("counts"),
            _ => {}
        }
    }

    fn see_message(&mut self) {
        self.is_message = true;
        self.resembles = Some("direct messages");
    }

    /// Returns whether the object has a field unique to posts, or one shared with messages without being a message.
    pub(super) fn is_post(self) -> bool {
        self.has_post_field || (self.has_field_of_messages_too && !self.is_message)
    }
}

/// Describes the items of `data`: their kind, if known, and the field names of the first one.
pub(super) fn describe(mut items: impl Iterator<Item = Evidence>, raw: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Items {
        #[expect(clippy::zero_sized_map_values, reason = "a set is read from an array")]
        data: Vec<BTreeMap<String, IgnoredAny>>,
    }
    let kind = items.find_map(|evidence| evidence.resembles);
    let first = serde_json::from_slice(raw).ok().and_then(|Items { data }| data.into_iter().next()).unwrap_or_default();
    let names: Vec<String> =
        first.keys().take(NAMES_MAX).map(|name| format!("`{}`", name.chars().take(NAME_CHARS_MAX).collect::<String>())).collect();
    let fields = if names.is_empty() { "objects without fields".to_owned() } else { format!("objects of {}", names.join(", ")) };
    kind.map_or(fields.clone(), |kind| format!("{kind}, {fields}"))
}
