//! The rows of a statement as values, in the form in which `sql` prints them.

use futures_util::TryStreamExt as _;
use serde::Serialize;
use serde_json::Value;

use super::{Session, format};
use crate::Outcome;

/// The answer to one statement.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows, each with a value per column, as `sql --format json` prints them.
    pub rows: Vec<Vec<Value>>,
    /// The rows as `sql --format csv` prints them.
    #[serde(skip)]
    pub csv: String,
}

impl Answer {
    /// Returns a column, empty if there is none of this name.
    pub fn column(&self, name: &str) -> impl Iterator<Item = &Value> {
        let place = self.columns.iter().position(|column| column == name);
        self.rows.iter().filter_map(move |row| row.get(place?))
    }

    /// Returns a column of integers; anything else counts as 0.
    pub fn integers(&self, name: &str) -> Vec<i64> {
        self.column(name).map(|value| value.as_i64().unwrap_or(0)).collect()
    }

    /// Returns a column of texts; null is an empty text.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        self.column(name).map(|value| value.as_str().unwrap_or_default()).collect()
    }
}

impl Session {
    /// Returns all rows of one statement.
    ///
    /// # Errors
    /// Fails if files or folders were skipped because they cannot be read.
    pub async fn answer(&self, statement: &str) -> Outcome<Answer> {
        let frame = self.plan(statement).await?;
        let planned = frame.schema().as_arrow().clone();
        let is_utc = !format::converts_zones(frame.logical_plan());
        let mut batches = frame.execute_stream().await?;
        let schema = format::unique_names(&format::printed(&planned, &batches.schema(), is_utc));
        let columns = schema.fields().iter().map(|field| field.name().clone()).collect();
        let mut answer = Answer { columns, rows: Vec::new(), csv: format::csv_header(&schema) };
        while let Some(batch) = batches.try_next().await? {
            let batch = format::as_printed(&batch, &schema)?;
            answer.csv += &format::csv(&batch)?;
            for line in format::json(&batch)?.lines() {
                let mut row: serde_json::Map<String, Value> = serde_json::from_str(line)?;
                answer.rows.push(answer.columns.iter().map(|name| row.remove(name).unwrap_or_default()).collect());
            }
        }
        super::whole(self.scanned.take().1)?;
        Ok(answer)
    }
}
