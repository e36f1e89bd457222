use chrono::{DateTime, Utc};

/// Reads `created_at`: RFC 3339 with any offset, as UTC; `None` for anything else.
///
/// X always sends `2026-11-23T14:05:00.000Z`; other offsets are read because files may be put into RAW by hand.
pub fn parse_created_at(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}
