//! The names of the data contract: columns, partitions and column values. The only module with Portuguese names.

/// Columns of the table `tweets`, in order, without the partition columns, which come last.
pub const COLUMNS: [&str; 25] = [
    "id",
    "id_original",
    "texto",
    "criado_em",
    "autor_id",
    "autor_usuario",
    "autor_nome",
    "idioma",
    "tipo",
    "referenciado_id",
    "conversa_id",
    "curtidas",
    "respostas",
    "retweets",
    "citacoes",
    "salvos",
    "impressoes",
    "hashtags",
    "mencoes",
    "urls",
    "sensivel",
    "sentimento",
    "simbolo",
    "capturado_em",
    "arquivo_raw",
];

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
