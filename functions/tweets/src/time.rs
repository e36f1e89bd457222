use chrono::{DateTime, Utc};

/// Parses a time of the API or of a capture: RFC 3339 with any offset, converted to UTC. Returns `None` for anything else.
///
/// X always sends `2026-11-23T14:05:00.000Z`. Other offsets are accepted because files may be added to RAW by hand.
pub fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}
