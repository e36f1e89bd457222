use std::time::Duration;

use lambda::Invocation;

/// The minimum time left for a step to begin, so that the step and all mandatory later steps can finish before the deadline.
///
/// In a run of 60 s or more, the last page may be requested with 24 s left (8 s X, naming 5, put 5, final write 5, 1 spare), the
/// last file named with 16 s left, and the last put started with 11 s left. A shorter run scales these times in proportion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Minimum time left to request a page.
    pub(crate) page: Duration,
    /// Minimum time left to name a file.
    pub(crate) name: Duration,
    /// Minimum time left to put a file.
    pub(crate) put: Duration,
}

impl Pace {
    /// Returns the times of an invocation.
    pub(crate) fn of(invocation: &Invocation) -> Self {
        Self::of_run(invocation.total())
    }

    fn of_run(total: Duration) -> Self {
        let share = |seconds: u32| (total * seconds / 60).min(Duration::from_secs(seconds.into()));
        Self { page: share(24), name: share(16), put: share(11) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_runs_use_shares_and_long_runs_fixed_seconds() {
        let ms = |total: u64| {
            let pace = Pace::of_run(Duration::from_secs(total));
            [pace.page, pace.name, pace.put].map(|step| step.as_millis())
        };
        assert_eq!(ms(900), [24_000, 16_000, 11_000]);
        assert_eq!(ms(60), [24_000, 16_000, 11_000]);
        assert_eq!(ms(30), [12_000, 8_000, 5_500]);
    }
}
