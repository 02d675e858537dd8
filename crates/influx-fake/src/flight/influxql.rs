//! InfluxQL, of which only `SHOW TAG KEYS FROM t` is answered.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use tonic::Code;

use super::answer::Rows;
use crate::engine::QueryError;
use crate::store::{ColumnKind, Store};

pub(super) fn answer(store: &Store, database: &str, text: &str) -> Result<Rows, QueryError> {
    let Some(table) = table_of_show_tag_keys(text) else {
        return Err(QueryError::new(
            Code::Unimplemented,
            "this fake answers one statement of InfluxQL, SHOW TAG KEYS FROM <table>",
        ));
    };
    let columns = store.columns(database);
    let tags = columns.iter().filter(|(of, _, kind)| *of == table && *kind == ColumnKind::Tag);
    let (tables, tags): (Vec<&str>, Vec<&str>) =
        tags.map(|(table, column, _)| (table.as_str(), column.as_str())).unzip();

    let fields = ["iox::measurement", "tagKey"].map(|name| Field::new(name, DataType::Utf8, false));
    let schema = Arc::new(Schema::new(fields.to_vec()));
    let columns =
        vec![Arc::new(StringArray::from(tables)) as _, Arc::new(StringArray::from(tags)) as _];
    let batch = RecordBatch::try_new(schema, columns)
        .map_err(|error| QueryError::new(Code::Internal, error.to_string()))?;
    Ok(Rows::listing(batch))
}

/// The name of the table, which may be in double quotes.
fn table_of_show_tag_keys(text: &str) -> Option<String> {
    let mut words = text.trim().trim_end_matches(';').trim_end().splitn(5, char::is_whitespace);
    for keyword in ["show", "tag", "keys", "from"] {
        if !words.next()?.eq_ignore_ascii_case(keyword) {
            return None;
        }
    }
    let name = words.next()?.trim();
    let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    Some(quoted.map_or_else(|| name.to_owned(), |name| name.replace("\\\"", "\"")))
}
