//! The columns of the table `tweets`: one line each, with all properties of a column.
//!
//! The schema, the arrays of a file and the settings of the Parquet writer are all read from [`COLUMNS`], so no column can be in one of
//! them and missing in another. Tests compare it with the Glue table of `template.yaml` and with `docs/data.md`.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use sentiment::{Label, Post};
use tweets::TweetId;
use tweets::document::{Count, Document, Kind, PublicMetrics, Tweet, User};

use Encoding::{Delta, Dictionary, Plain, Zstd};
use Values::{Integer, OptionalBoolean, OptionalInteger, OptionalText, OptionalTexts, OptionalTime, Text, Time};

/// The columns, in the order of a file. Partition columns are in the key, not in the file.
pub(crate) static COLUMNS: [Column; 25] = [
    Column::new("id", Delta, Integer(|row| row.tweet.id.get())),
    Column::new("id_original", Delta, Integer(|row| row.tweet.original_id().get())),
    Column::new("texto", Zstd, OptionalText(|row| row.words.as_deref())),
    Column::new("criado_em", Delta, Time(|row| row.tweet.created_at.timestamp_millis())),
    Column::new("autor_id", Plain, OptionalInteger(|row| row.tweet.author_id().map(TweetId::get))),
    Column::new("autor_usuario", Zstd, OptionalText(|row| row.author?.username.as_deref())),
    Column::new("autor_nome", Zstd, OptionalText(|row| row.author?.name.as_deref())),
    Column::new("idioma", Dictionary, OptionalText(|row| row.tweet.lang())),
    Column::new("tipo", Dictionary, OptionalText(|row| Some(row.kind?.tipo))),
    Column::new("referenciado_id", Plain, OptionalInteger(|row| row.kind?.referenced_id.map(TweetId::get))),
    Column::new("conversa_id", Plain, OptionalInteger(|row| row.tweet.conversation_id().map(TweetId::get))),
    Column::new("curtidas", Delta, OptionalInteger(|row| number(row.counts.like_count))),
    Column::new("respostas", Delta, OptionalInteger(|row| number(row.counts.reply_count))),
    Column::new("retweets", Delta, OptionalInteger(|row| number(row.counts.retweets()))),
    Column::new("citacoes", Delta, OptionalInteger(|row| number(row.counts.quote_count))),
    Column::new("salvos", Delta, OptionalInteger(|row| number(row.counts.bookmark_count))),
    Column::new("impressoes", Delta, OptionalInteger(|row| number(row.counts.impression_count))),
    Column::new("hashtags", Dictionary, OptionalTexts(|row, texts| append_all(texts, row.tweet.hashtags()))),
    Column::new("mencoes", Zstd, OptionalTexts(|row, texts| append_all(texts, row.tweet.mentions()))),
    Column::new("urls", Zstd, OptionalTexts(|row, texts| append_all(texts, row.tweet.urls()))),
    Column::new("sensivel", Plain, OptionalBoolean(|row| row.tweet.possibly_sensitive())),
    Column::new("sentimento", Dictionary, Text(|row| row.label.sentimento.as_str())),
    Column::new("simbolo", Dictionary, OptionalText(|row| row.label.simbolo)),
    Column::new("capturado_em", Dictionary, OptionalTime(|row| row.captured_ms)),
    Column::new("arquivo_raw", Dictionary, Text(|row| row.raw_key)),
];

/// One column of the table.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) encoding: Encoding,
    values: Values,
}

/// How the values of a column are encoded, chosen for files of about a hundred rows.
///
/// At that size a column costs more than its values: opening a zstd context takes about 30 µs, four times as long as the rest of a
/// numeric column, and a dictionary adds a page of its own, about 40 bytes. Each column uses only what pays for itself. The
/// figures of each variant are the bytes of a column of 100 tweets, compared with dictionary and zstd, the default of a writer.
#[derive(Clone, Copy)]
pub(crate) enum Encoding {
    /// Bit-packed differences between neighbours, for ascending ids and times, and for mostly small counts: `id` 845 instead
    /// of 1082, `criado_em` 512 instead of 644, `impressoes` 508 instead of 560, without the 30 µs. Trino, and therefore
    /// Athena, has read it for INT64 since 2019 (trinodb/trino #334); Spark, pyarrow and DuckDB read it too.
    Delta,
    /// Plain values, for ids in no order, which are incompressible for both a dictionary and zstd: `conversa_id` 1032
    /// instead of 1122, `referenciado_id` 567 instead of 641.
    Plain,
    /// Run-length encoded dictionary indices, for few distinct values or one for the whole file: `sentimento` 291 instead of
    /// 309, `arquivo_raw` 446 instead of 453, most of which is the footer.
    Dictionary,
    /// zstd over plain values, for text that hardly repeats. The only case in which the 30 µs pay off: `texto` 4623 instead
    /// of 14198 plain, `urls` 1289 instead of 2637, `autor_usuario` 1245 instead of 2119. Level 3 would save 2 bytes per
    /// tweet for 60 µs per file.
    Zstd,
}

/// The kind of a column, whether it may be null, and its value in a row. Times are in Unix milliseconds.
///
/// A column is optional unless every row has a value: a required column stores no definition levels.
#[derive(Clone, Copy)]
enum Values {
    Integer(fn(&Row) -> i64),
    OptionalInteger(fn(&Row) -> Option<i64>),
    Time(fn(&Row) -> i64),
    OptionalTime(fn(&Row) -> Option<i64>),
    OptionalBoolean(fn(&Row) -> Option<bool>),
    Text(for<'r> fn(&'r Row) -> &'r str),
    OptionalText(for<'r> fn(&'r Row) -> Option<&'r str>),
    /// Appends the texts of a row. Returns whether the row has a list, which may be empty.
    OptionalTexts(fn(&Row, &mut StringBuilder) -> bool),
}

/// A row, from which each column takes its value.
pub(crate) struct Row<'a> {
    pub(crate) tweet: &'a Tweet<'a>,
    pub(crate) label: Label,
    /// The full text, unescaped.
    words: Option<Cow<'a, str>>,
    author: Option<&'a User<'a>>,
    kind: Option<Kind>,
    counts: PublicMetrics,
    captured_ms: Option<i64>,
    raw_key: &'a str,
}

/// Returns the Arrow schema of a REF file.
pub fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Arc::new(Schema::new(COLUMNS.iter().map(Column::field).collect::<Vec<_>>())));
    Arc::clone(&SCHEMA)
}

/// Returns the rows in the columns of [`schema`].
pub(crate) fn record_batch(rows: &[Row]) -> RecordBatch {
    let arrays = COLUMNS.iter().map(|column| column.array(rows)).collect();
    #[expect(clippy::expect_used, reason = "each array has the type of its own field, and one value for each row")]
    RecordBatch::try_new(schema(), arrays).expect("columns match the schema")
}

impl Column {
    const fn new(name: &'static str, encoding: Encoding, values: Values) -> Self {
        Self { name, encoding, values }
    }

    /// Returns whether the values are lists of texts.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.values, OptionalTexts(_))
    }

    fn field(&self) -> Field {
        let time = || DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
        let (data_type, is_nullable) = match self.values {
            Integer(_) => (DataType::Int64, false),
            OptionalInteger(_) => (DataType::Int64, true),
            Time(_) => (time(), false),
            OptionalTime(_) => (time(), true),
            OptionalBoolean(_) => (DataType::Boolean, true),
            Text(_) => (DataType::Utf8, false),
            OptionalText(_) => (DataType::Utf8, true),
            OptionalTexts(_) => (DataType::List(element()), true),
        };
        Field::new(self.name, data_type, is_nullable)
    }

    /// Returns the values of the rows, as an array of the type of [`Column::field`].
    fn array(&self, rows: &[Row]) -> ArrayRef {
        let rows = rows.iter();
        match self.values {
            Integer(value) => Arc::new(Int64Array::from_iter_values(rows.map(value))),
            OptionalInteger(value) => Arc::new(rows.map(value).collect::<Int64Array>()),
            Time(value) => Arc::new(TimestampMillisecondArray::from_iter_values(rows.map(value)).with_timezone("UTC")),
            OptionalTime(value) => Arc::new(rows.map(value).collect::<TimestampMillisecondArray>().with_timezone("UTC")),
            OptionalBoolean(value) => Arc::new(rows.map(value).collect::<BooleanArray>()),
            Text(value) => Arc::new(StringArray::from_iter_values(rows.map(value))),
            OptionalText(value) => Arc::new(rows.map(value).collect::<StringArray>()),
            OptionalTexts(append) => {
                let mut lists = ListBuilder::new(StringBuilder::new()).with_field(element());
                for row in rows {
                    let has_list = append(row, lists.values());
                    lists.append(has_list);
                }
                Arc::new(lists.finish())
            }
        }
    }
}

/// Returns the element field of lists, named as in the Parquet format: `list` of `element`.
fn element() -> FieldRef {
    Arc::new(Field::new("element", DataType::Utf8, false))
}

impl<'a> Row<'a> {
    /// Creates the row of one tweet of the document, the RAW file stored under `raw_key`.
    pub(crate) fn new(document: &'a Document<'a>, raw_key: &'a str, tweet: &'a Tweet<'a>) -> Self {
        let own = Post { text: tweet.text(), note_text: tweet.note_text() };
        let original = document.retweeted(tweet).map(|included| Post { text: included.text(), note_text: included.note_text() });
        let has_words = own.text.is_some() || own.note_text.is_some();
        Self {
            tweet,
            label: sentiment::label(sentiment::text_to_scan(&own, original.as_ref())),
            words: has_words.then(|| sentiment::unescape(own.words())),
            author: document.author(tweet),
            kind: document.kind(tweet),
            counts: tweet.public_metrics(),
            captured_ms: document.captured_at.map(|time| time.timestamp_millis()),
            raw_key,
        }
    }
}

fn number(count: Option<Count>) -> Option<i64> {
    count.map(|count| count.0)
}

fn append_all<'t>(list: &mut StringBuilder, texts: Option<impl Iterator<Item = &'t str>>) -> bool {
    let has_list = texts.is_some();
    texts.into_iter().flatten().for_each(|text| list.append_value(text));
    has_list
}
