//! The tables that `stream --sink memory:NAME` keeps in a lake.

use std::path::Path;
use std::sync::Arc;

use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::prelude::SessionContext;

use super::trino;
use crate::{Outcome, tables};

/// Registers each table of the lake to which a REF folder belongs.
pub(super) fn register(context: &SessionContext, ref_dir: &Path) -> Outcome {
    let dir = tables::dir(ref_dir.parent().unwrap_or(ref_dir));
    if !dir.exists() {
        return Ok(());
    }
    let schema = Arc::new(trino::schema(&tables::schema()));
    for entry in std::fs::read_dir(&dir).map_err(|error| format!("cannot read {}: {error}", dir.display()))? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_dir()) else { continue };
        let folder = format!("{}/", path.canonicalize()?.display()); // ends in `/`: a folder, not a file
        let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
        let config =
            ListingTableConfig::new(ListingTableUrl::parse(folder)?).with_listing_options(options).with_schema(Arc::clone(&schema));
        context.register_table(name, Arc::new(ListingTable::try_new(config)?))?;
    }
    Ok(())
}
