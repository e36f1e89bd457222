//! The columns that are encoded in the names of folders.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field};
use tweets::columns::{ANO, DIA, MES};

/// Their names, outermost first.
pub(super) const PARTITION_COLUMNS: [&str; 3] = [ANO, MES, DIA];

/// Returns them as columns of the table.
pub(super) fn partition_fields() -> Vec<Arc<Field>> {
    PARTITION_COLUMNS.map(|name| Arc::new(Field::new(name, DataType::Int32, false))).to_vec()
}
