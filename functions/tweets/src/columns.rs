//! The names and values of the data contract that are not columns of a file: partitions, and the values of `tipo`.

/// Partition column: UTC year.
pub const ANO: &str = "ano";
/// Partition column: UTC month, 1…12, two digits in keys.
pub const MES: &str = "mes";
/// Partition column: UTC day of the month, 1…31, two digits in keys.
pub const DIA: &str = "dia";

/// Values of `tipo`, in order of precedence.
pub mod tipo {
    /// A repost of another tweet.
    pub const RETWEET: &str = "retweet";
    /// A reply to another tweet.
    pub const RESPOSTA: &str = "resposta";
    /// A tweet that quotes another.
    pub const CITACAO: &str = "citacao";
    /// A tweet of none of the other kinds.
    pub const ORIGINAL: &str = "original";
}
