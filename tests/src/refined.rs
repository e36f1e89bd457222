//! INV-3 and INV-5: compares REF with RAW, both as stored.

use std::collections::BTreeMap;

use bytes::Bytes;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;
use parquet::schema::types::Type;
use tweets::{Partition, TweetId};

use crate::fault::{RAW_BUCKET, REF_BUCKET};
use crate::invariants::{Verdict, ids};
use crate::world::World;

/// A file in RAW, put there by hand, that the pipeline cannot read.
pub(crate) const NOT_A_DOCUMENT: &str = "tweets/lixo.json";

/// Checks that REF contains exactly the rows of RAW, each in the partition of its day, and that only unreadable files are dead letters.
pub(crate) fn ref_matches_raw(world: &World, verdict: &mut Verdict) {
    let mut wanted = BTreeMap::<(TweetId, String), u64>::new();
    let mut unreadable = Vec::new();
    for (key, body) in world.objects(RAW_BUCKET, tweets::RAW_PREFIX) {
        if key == NOT_A_DOCUMENT {
            unreadable.push(key);
            continue;
        }
        for id in ids(&body) {
            *wanted.entry((id, key.clone())).or_default() += 1;
        }
    }
    let mut found = BTreeMap::<(TweetId, String), u64>::new();
    for (key, body) in world.objects(REF_BUCKET, "") {
        let rows = rows(body);
        verdict.check("INV-3", rows.is_some(), || format!("{key} is not one of our Parquet files"));
        for (id, raw_key, created_ms) in rows.unwrap_or_default() {
            let day = chrono::DateTime::from_timestamp_millis(created_ms).map(|created_at| Partition::of(created_at).to_string());
            verdict.check("INV-3", day.as_ref().is_some_and(|day| key.contains(day)), || format!("{id} of {day:?} is in {key}"));
            *found.entry((id, raw_key)).or_default() += 1;
        }
    }
    for (row, count) in &wanted {
        verdict.check("INV-3", found.get(row) == Some(count), || format!("{row:?} is {:?} times in REF, {count} in RAW", found.get(row)));
    }
    for row in found.keys() {
        verdict.check("INV-3", wanted.contains_key(row), || format!("{row:?} is in REF but not in RAW"));
    }
    // A row is counted when its file is created, and never again. A creation whose answer was lost is not counted.
    let counted = world.record(|record| counted(&record.metrics));
    let there: u64 = found.values().sum();
    verdict.check("INV-3", counted <= there, || format!("{counted} rows were counted, {there} are in REF"));
    let mut dead = world.queue().dead_keys();
    dead.dedup();
    verdict.check("INV-5", dead == unreadable, || format!("the dead letters are {dead:?}, the unreadable files are {unreadable:?}"));
    let lines = world.journal().lines();
    for key in unreadable {
        let is_named = lines.iter().any(|line| line.message == "object rejected" && line.field("key") == Some(&key));
        verdict.check("INV-5", is_named, || format!("no log names {key}"));
    }
}

fn counted(lines: &[metrics::Line]) -> u64 {
    let rows = lines.iter().flat_map(|line| &line.values).filter(|(metric, _)| *metric == metrics::Metric::Rows);
    rows.filter_map(|(_, value)| value.as_u64()).sum()
}

/// Returns `id`, `arquivo_raw` and `criado_em` of each row; other columns are not read.
fn rows(body: Bytes) -> Option<Vec<(TweetId, String, i64)>> {
    let reader = SerializedFileReader::new(body).ok()?;
    let schema = reader.metadata().file_metadata().schema();
    let read = |name| schema.get_fields().iter().find(|field| field.name() == name).cloned();
    let columns = ["id", "arquivo_raw", "criado_em"].map(read).into_iter().collect::<Option<Vec<_>>>()?;
    let columns = Type::group_type_builder(schema.name()).with_fields(columns).build().ok()?;
    let rows = reader.get_row_iter(Some(columns)).ok()?.map(|row| {
        let row = row.ok()?;
        Some((TweetId::new(row.get_long(0).ok()?)?, row.get_string(1).ok()?.clone(), row.get_timestamp_millis(2).ok()?))
    });
    rows.collect()
}
