//! Arbitrary RAW files: parsed and refined, they yield Parquet or an error, the same twice, in bounded memory.

#![no_main]

use libfuzzer_sys::fuzz_target;
use parquet::file::metadata::ParquetMetaDataReader;
use refine_fuzz::memory;
use rows::{Refined, refine};
use tweets::Years;

const KEY: &str = "tweets/ano=2026/mes=11/dia=23/2026-11-23T14-05Z_5_9.json";

fuzz_target!(|raw: &[u8]| {
    // A tweet of 50 bytes becomes a struct of 600 and a row of 25 columns. Encoders start with pages of their own.
    let refined = memory::bounded(raw, 64, 16 << 20, || refine(KEY, raw, Years::DEFAULT));
    match &refined {
        Ok(Refined { objects, .. }) => {
            let footers = objects.iter().map(|object| ParquetMetaDataReader::new().parse_and_finish(&object.bytes).expect("a footer"));
            let rows: i64 = footers.map(|footer| footer.file_metadata().num_rows()).sum();
            let whole = tweets::repair::repaired(raw);
            let read = tweets::document::Document::parse(raw, Years::DEFAULT)
                .or_else(|_| tweets::document::Document::parse(whole.as_deref().unwrap_or(raw), Years::DEFAULT));
            let tweets = read.map(|document| document.tweets.len());
            assert_eq!(tweets, Ok(usize::try_from(rows).expect("a count")));
            assert!(objects.windows(2).all(|pair| pair[0].key < pair[1].key));
        }
        Err(error) => {
            let told = error.to_string();
            assert!(told.len() < 400, "a reason of {} bytes", told.len());
        }
    }
    assert_eq!(refined, refine(KEY, raw, Years::DEFAULT));
});
