//! When a stream triggers.

/// Returns when the next trigger is due, in milliseconds since 1970: at the next multiple of the interval after the
/// start of this one, as in Spark. A trigger that takes longer is thus followed by the next one at once.
pub(super) fn next_tick_ms(started_ms: i64, interval_ms: i64) -> i64 {
    let interval_ms = interval_ms.max(1);
    started_ms.saturating_sub(started_ms.rem_euclid(interval_ms)).saturating_add(interval_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggers_are_at_multiples_of_the_clock() {
        for (started, interval, want) in [
            (1_795_442_441_300, 5_000, 1_795_442_445_000),
            (1_795_442_445_000, 5_000, 1_795_442_450_000), // on a multiple: the next one
            (1_795_442_449_999, 5_000, 1_795_442_450_000),
            (0, 1, 1),
            (-1, 10, 0),
            (7, 0, 8),
            (i64::MAX, 10, i64::MAX),
        ] {
            assert_eq!(next_tick_ms(started, interval), want, "{started} every {interval}");
        }
    }
}
