//! REF is a function of RAW: converts the bytes of one RAW file to the objects of REF.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use sentiment::Sentimento;
use tweets::document::{Document, Malformed, NotADocument, Tweet};
use tweets::{Partition, Years, ref_key, repair};

use crate::columns::{Row, record_batch};
use crate::encode::encode;

/// The result of refining one RAW file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refined {
    /// One object per day, earliest first. Empty for a file without tweets.
    pub objects: Vec<RefObject>,
    /// Values that could not be read. Their columns are null, or their lists lack them.
    pub malformed: Malformed,
}

/// An object of REF: the rows of one RAW file and one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefObject {
    /// Key of the object in the REF bucket.
    pub key: String,
    /// The Parquet file.
    pub bytes: Bytes,
    /// Number of rows by sentiment, for each minute of `created_at`.
    pub rows_by_minute: RowsByMinute,
}

/// Rows by the minute in which their tweets were created.
pub type RowsByMinute = BTreeMap<DateTime<Utc>, Rows>;

impl RefObject {
    /// Returns the rows of all minutes.
    pub fn rows(&self) -> Rows {
        self.rows_by_minute.values().copied().sum()
    }
}

/// Number of rows by sentiment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Rows {
    /// Rows labelled `Positivo`.
    pub positivo: u64,
    /// Rows labelled `Negativo`.
    pub negativo: u64,
    /// Rows labelled `Neutro`.
    pub neutro: u64,
}

impl Rows {
    /// Returns the number of rows with any sentiment.
    pub fn total(self) -> u64 {
        self.positivo + self.negativo + self.neutro
    }

    fn count(&mut self, sentimento: Sentimento) {
        *match sentimento {
            Sentimento::Positivo => &mut self.positivo,
            Sentimento::Negativo => &mut self.negativo,
            Sentimento::Neutro => &mut self.neutro,
        } += 1;
    }
}

impl std::ops::AddAssign for Rows {
    fn add_assign(&mut self, other: Self) {
        self.positivo += other.positivo;
        self.negativo += other.negativo;
        self.neutro += other.neutro;
    }
}

impl std::iter::Sum for Rows {
    fn sum<I: Iterator<Item = Self>>(rows: I) -> Self {
        rows.fold(Self::default(), |mut sum, rows| {
            sum += rows;
            sum
        })
    }
}

/// Converts the RAW file `raw`, stored under `raw_key`, to the REF objects that hold its tweets.
///
/// The result depends only on the arguments and on the versions of `refine` and of the lexicon. `years` are those of the table.
///
/// # Errors
/// Returns [`NotADocument`] if the file is not a page of tweets, or if one of its tweets has no place in the table. The file
/// is then rejected as a whole.
pub fn refine(raw_key: &str, raw: &[u8], years: Years) -> Result<Refined, NotADocument> {
    let repaired;
    let (is_utf8, mut document) = match Document::parse(raw, years) {
        Ok(document) => (document.is_utf8, document),
        // A text that X cut inside an emoji must not cost the file its other tweets.
        Err(error) => {
            repaired = repair::repaired(raw).ok_or(error)?;
            (std::str::from_utf8(raw).is_ok(), Document::parse(&repaired, years)?)
        }
    };
    if !is_utf8 {
        document.malformed.record_bytes_not_utf8();
    }
    let mut tweets: Vec<(Partition, &Tweet)> = document.tweets.iter().map(|tweet| (Partition::of(tweet.created_at), tweet)).collect();
    // The sort is stable: duplicate ids in a hand-made file keep the order of the file.
    tweets.sort_by_key(|(day, tweet)| (*day, tweet.id));
    let of_one_day = tweets.chunk_by(|(day, _), (next, _)| day == next);
    let objects = of_one_day.filter_map(|tweets| Some(ref_object(&document, raw_key, tweets.first()?.0, tweets))).collect();
    Ok(Refined { objects, malformed: document.malformed })
}

fn ref_object(document: &Document, raw_key: &str, partition: Partition, tweets: &[(Partition, &Tweet)]) -> RefObject {
    let rows: Vec<Row> = tweets.iter().map(|(_, tweet)| Row::new(document, raw_key, tweet)).collect();
    let mut rows_by_minute = RowsByMinute::new();
    for row in &rows {
        rows_by_minute.entry(minute_of(row.tweet.created_at)).or_default().count(row.label.sentimento);
    }
    #[expect(clippy::expect_used, reason = "the sink is memory, and columns and settings are made from one schema")]
    let bytes = encode(&record_batch(&rows)).expect("writing to memory").into();
    RefObject { key: ref_key(raw_key, partition), bytes, rows_by_minute }
}

fn minute_of(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(time.timestamp().div_euclid(60) * 60, 0).unwrap_or(time)
}
