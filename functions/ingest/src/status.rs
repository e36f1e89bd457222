/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// The sweep reached its bottom: everything up to `done` is captured.
    Complete,
    /// Time, the cap of the run, or the retries ran out. The next run resumes.
    #[default]
    Partial,
    /// X returned 429. The next run resumes.
    RateLimited,
    /// The month's cap leaves no room for a request.
    BudgetExhausted,
    /// Another run is active.
    Busy,
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Status {
    /// Returns the name used in the answer and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::RateLimited => "rate_limited",
            Self::BudgetExhausted => "budget_exhausted",
            Self::Busy => "busy",
        }
    }
}
