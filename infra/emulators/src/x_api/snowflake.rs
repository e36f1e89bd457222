//! Post ids and their timestamps: `unix_ms = (id >> 22) + 1288834974657`.

use chrono::{DateTime, Utc};

/// The service epoch of the ids, in Unix milliseconds (4 November 2010).
pub const EPOCH_MS: i64 = 1_288_834_974_657;

/// Returns the lowest id of a millisecond; 0 for a time before the epoch.
pub fn lowest_id(time: DateTime<Utc>) -> u64 {
    id_at(time.timestamp_millis(), 0)
}

/// Returns the creation time of a post, to the millisecond, from its id.
pub fn created(id: u64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(unix_ms(id)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

pub(super) fn unix_ms(id: u64) -> i64 {
    (id >> 22).cast_signed() + EPOCH_MS
}

/// Returns an id of that millisecond; `low` fills the 22 low bits.
pub(super) fn id_at(unix_ms: i64, low: u32) -> u64 {
    let since_epoch = u64::try_from(unix_ms - EPOCH_MS).unwrap_or(0);
    (since_epoch << 22) | u64::from(low & 0x003F_FFFF)
}

/// Formats `created_at` as X does: whole seconds, but always with `.000Z`.
pub fn created_at(unix_ms: i64) -> String {
    let time = DateTime::from_timestamp(unix_ms.div_euclid(1_000), 0).unwrap_or(DateTime::<Utc>::MAX_UTC);
    format!("{}.000Z", time.format("%Y-%m-%dT%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_contains_its_time() {
        for (id, time, created_at_text) in [
            // An id that X quoted in an error of that minute.
            (2_069_097_036_665_323_520, "2026-06-22T16:35:50.162Z", "2026-06-22T16:35:50.000Z"),
            (0, "2010-11-04T01:42:54.657Z", "2010-11-04T01:42:54.000Z"),
        ] {
            let time: DateTime<Utc> = time.parse().unwrap();
            assert_eq!(created(id), time);
            assert_eq!(lowest_id(time), id);
            assert_eq!(created_at(unix_ms(id)), created_at_text);
        }
    }

    #[test]
    fn a_time_before_the_epoch_has_the_lowest_id() {
        assert_eq!(lowest_id("1999-01-01T00:00:00Z".parse().unwrap()), 0);
    }
}
