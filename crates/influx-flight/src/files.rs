//! The Parquet files of a table.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt64Type};
use arrow_array::{Array, ArrowPrimitiveType, RecordBatch};
use arrow_cast::cast;

use crate::client::Client;
use crate::error::Error;

/// A file with points of one table, as `system.parquet_files` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParquetFile {
    /// The node that wrote it.
    pub node: String,
    /// The position of the node's write-ahead log at the snapshot that made the file. All files of
    /// a snapshot share it, and later snapshots of the same node have higher ones.
    pub sequence: u64,
    /// The time of the first point, in nanoseconds since 1970 in UTC.
    pub first: i64,
    /// The time of the last point.
    pub last: i64,
    /// The number of rows. A point that was overwritten counts again.
    pub rows: u64,
    /// The size in bytes.
    pub bytes: u64,
}

/// The query for the files of a table. The name is a string in it: its single quotes are doubled.
pub(crate) fn statement(table: &str) -> String {
    format!(
        "SELECT path, min_time, max_time, row_count, size_bytes FROM system.parquet_files \
         WHERE table_name = '{}'",
        table.replace('\'', "''")
    )
}

impl Client {
    /// Lists the Parquet files of a table. Points in the write buffer are in none of them.
    ///
    /// After a restart InfluxDB 3 Core may list only a part of the files, so the absence of one
    /// means nothing.
    ///
    /// # Errors
    /// As [`Client::query`]. The cloud products do not list files. For an unknown table InfluxDB 3
    /// Core fails with an [`ErrorKind::TableMissing`](crate::ErrorKind::TableMissing) without a
    /// name.
    pub async fn files(&self, table: &str) -> Result<Vec<ParquetFile>, Error> {
        let mut answer = self.query(&statement(table)).await?;
        let mut files = Vec::new();
        while let Some(batch) = answer.try_next().await? {
            let paths = self.text_column(&batch, "path")?;
            let first = self.number_column::<Int64Type>(&batch, "min_time")?;
            let last = self.number_column::<Int64Type>(&batch, "max_time")?;
            let rows = self.number_column::<UInt64Type>(&batch, "row_count")?;
            let bytes = self.number_column::<UInt64Type>(&batch, "size_bytes")?;
            for (row, path) in paths.iter().enumerate() {
                let Some((node, sequence)) = path.and_then(node_and_sequence) else {
                    return Err(self.unreadable(
                        "a file's path has another form than node/…/sequence.parquet",
                    ));
                };
                files.push(ParquetFile {
                    node: node.to_owned(),
                    sequence,
                    first: first[row],
                    last: last[row],
                    rows: rows[row],
                    bytes: bytes[row],
                });
            }
        }
        Ok(files)
    }

    /// Reads a column of numbers without nulls.
    fn number_column<T: ArrowPrimitiveType>(
        &self,
        batch: &RecordBatch,
        name: &str,
    ) -> Result<Vec<T::Native>, Error> {
        let column = batch
            .column_by_name(name)
            .ok_or_else(|| self.unreadable(&format!("the answer has no column \"{name}\"")))?;
        let numbers = cast(column, &T::DATA_TYPE)
            .map_err(|error| self.unreadable(&format!("column \"{name}\": {error}")))?;
        if numbers.null_count() > 0 {
            return Err(self.unreadable(&format!("column \"{name}\" has a null in it")));
        }
        Ok(numbers.as_primitive::<T>().values().to_vec())
    }
}

/// Reads the node and the sequence from a path of the form
/// `<node>/dbs/<database>/<table>/<date>/<HH-MM>/<sequence>.parquet`.
fn node_and_sequence(path: &str) -> Option<(&str, u64)> {
    let (node, rest) = path.split_once("/dbs/")?;
    let (_, file) = rest.rsplit_once('/')?;
    Some((node, file.strip_suffix(".parquet")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{node_and_sequence, statement};

    #[test]
    fn the_name_of_a_table_cannot_leave_its_string() {
        for (table, text) in [("census", "'census'"), ("o'b'' OR 1=1", "'o''b'''' OR 1=1'")] {
            let sql = statement(table);
            let (_, shown) = sql.split_once(" WHERE table_name = ").unwrap();
            assert_eq!(shown, text);
        }
    }

    #[test]
    fn a_path_names_node_and_sequence() {
        for (path, expect) in [
            ("node0/dbs/1/0/2025-06-02/06-00/0000000001.parquet", Some(("node0", 1))),
            ("eu/west/dbs/1/0/2025-06-02/06-30/0000012345.parquet", Some(("eu/west", 12_345))),
            ("node0/c/1/0000000001.parquet", None),
            ("node0/dbs/1/0/2025-06-02/06-00/0000000001.pq", None),
            ("node0/dbs/1/0/2025-06-02/06-00/last.parquet", None),
        ] {
            assert_eq!(node_and_sequence(path), expect, "{path}");
        }
    }
}
