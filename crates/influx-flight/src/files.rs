//! The Parquet files of a table.

use std::collections::BTreeMap;

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

/// The first sequence that has more digits than a path always has.
const LONG_SEQUENCE: u64 = 10_000_000_000;

/// The query for the files of a table, of some nodes from a sequence on. The table's name is
/// compared for equality in any case, since the server mixes the files of all tables up without it.
pub(crate) fn statement(table: &str, since: &BTreeMap<String, u64>) -> String {
    let table = literal(table);
    let files = format!(
        "SELECT path, min_time, max_time, row_count, size_bytes FROM system.parquet_files \
         WHERE table_name = {table}"
    );
    // Of a node with longer sequences, all files are asked for.
    let short = since.iter().filter(|(_, sequence)| **sequence < LONG_SEQUENCE);
    let cases: String = short
        .map(|(node, sequence)| format!(" WHEN {} THEN '/{sequence:010}.parquet'", literal(node)))
        .collect();
    if cases.is_empty() {
        return files;
    }
    // A path's end is compared as a text, from the slash on: a longer sequence has a digit there,
    // which comes after it in the order of texts. Every end comes after the empty text.
    format!("{files} AND right(path, 19) >= CASE split_part(path, '/dbs/', 1){cases} ELSE '' END")
}

/// A text in single quotes; those in it are doubled.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Client {
    /// Lists the Parquet files of a table: of a node that is named in `since`, those of that
    /// sequence and of higher ones; of any other node all. Points in the write buffer are in none
    /// of them.
    ///
    /// After a restart InfluxDB 3 Core may list only a part of the files, so the absence of one
    /// means nothing.
    ///
    /// # Errors
    /// As [`Client::query`]. The cloud products do not list files. For an unknown table InfluxDB 3
    /// Core fails with an [`ErrorKind::TableMissing`](crate::ErrorKind::TableMissing) without a
    /// name.
    pub async fn files(
        &self,
        table: &str,
        since: &BTreeMap<String, u64>,
    ) -> Result<Vec<ParquetFile>, Error> {
        let mut answer = self.query(&statement(table, since)).await?;
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
                // The server may have been asked for more.
                if since.get(node).is_some_and(|lowest| sequence < *lowest) {
                    continue;
                }
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
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;
    use sqlparser::dialect::GenericDialect;
    use sqlparser::parser::Parser;
    use sqlparser::tokenizer::{Token, Tokenizer};

    use super::{node_and_sequence, statement};

    fn since<const N: usize>(nodes: [(&str, u64); N]) -> BTreeMap<String, u64> {
        nodes.map(|(node, sequence)| (node.to_owned(), sequence)).into()
    }

    #[test]
    fn nodes_are_asked_for_files_from_a_sequence_on() {
        let all = statement("census", &since([]));
        insta::assert_snapshot!(all, @"SELECT path, min_time, max_time, row_count, size_bytes FROM system.parquet_files WHERE table_name = 'census'");
        // Those with a sequence of more digits for all.
        assert_eq!(statement("census", &since([("n1", 10_000_000_000), ("n2", u64::MAX)])), all);
        let some = since([("n1", 0), ("n2", 9_999_999_999), ("n3", 10_000_000_000), ("o'b", 42)]);
        insta::assert_snapshot!(
            statement("o'b'' OR 1=1", &some),
            @"SELECT path, min_time, max_time, row_count, size_bytes FROM system.parquet_files WHERE table_name = 'o''b'''' OR 1=1' AND right(path, 19) >= CASE split_part(path, '/dbs/', 1) WHEN 'n1' THEN '/0000000000.parquet' WHEN 'n2' THEN '/9999999999.parquet' WHEN 'o''b' THEN '/0000000042.parquet' ELSE '' END"
        );
    }

    /// Any name; and often one of what could end a text, begin a comment, or join a second
    /// statement.
    fn name() -> impl Strategy<Value = String> {
        prop_oneof![".+", r#"["'`;\\()*/, .a-z$%\[\]-]{1,16}"#]
    }

    fn tokens(sql: &str) -> Vec<Token> {
        Tokenizer::new(&GenericDialect {}, sql).tokenize().unwrap()
    }

    proptest! {
        #[test]
        fn whatever_the_names_they_are_texts_and_nothing_else(
            table in name(),
            nodes in proptest::collection::btree_set(name(), 0..4),
            sequence: u64,
        ) {
            let built = |table: &str, nodes: &BTreeSet<String>| {
                statement(table, &nodes.iter().map(|node| (node.clone(), sequence)).collect())
            };
            let sql = built(&table, &nodes);
            prop_assert_eq!(Parser::parse_sql(&GenericDialect {}, &sql).unwrap().len(), 1);

            // A statement with plain names, which the names then replace as texts.
            let plain: BTreeSet<_> = (0..nodes.len()).map(|number| format!("n{number}")).collect();
            let renamed = |token| match token {
                Token::SingleQuotedString(text) => {
                    let named = plain.iter().zip(&nodes).find(|(plain, _)| **plain == text);
                    let name = if text == "t" { Some(&table) } else { named.map(|(_, node)| node) };
                    Token::SingleQuotedString(name.cloned().unwrap_or(text))
                }
                other => other,
            };
            let expected: Vec<_> = tokens(&built("t", &plain)).into_iter().map(renamed).collect();
            prop_assert_eq!(tokens(&sql), expected);
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
