//! Columns that are found, missing or changed; keys; blocks of rows.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType as ArrowType, Field, Int32Type, Schema};
use arrow_rows::{ArrowRows, BatchRows, Error, TimeText};
use sync_core::DataType::{Double, Long, String as Text};
use sync_core::{Column, Rows, Table, Value};

fn batch<const N: usize>(columns: [(&str, ArrayRef); N]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
        .unwrap()
}

fn longs(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

fn rows(schema: &Schema, columns: Vec<Column>) -> Result<ArrowRows, Error> {
    ArrowRows::new(schema, &Table::new("cpu", columns), TimeText::default())
}

#[test]
fn columns_are_found_by_name() {
    let batch = batch([("a", longs([1])), ("b", longs([2])), ("c", longs([3]))]);
    let columns = vec![Column::new("c", Long), Column::key("a", Long)];
    let mut rows = rows(&batch.schema(), columns).unwrap();
    let expect = [Value::Long(3), Value::Long(1)];
    assert_eq!(rows.of(&batch).unwrap().next_row(), Ok(Some(&expect[..])));
}

#[test]
fn a_missing_column_is_named() {
    let batch = batch([("a", longs([1])), ("b", longs([2]))]);
    let error = rows(&batch.schema(), vec![Column::new("A", Long)]).unwrap_err();
    insta::assert_snapshot!(error, @r#"table "cpu" needs a column "A", which the data lacks; it has ["a", "b"]"#);
}

#[test]
fn a_column_that_is_there_twice_is_named() {
    let field = Field::new("a", ArrowType::Int64, true);
    let schema = Schema::new(vec![field.clone(), field]);
    let error = rows(&schema, vec![Column::new("a", Long)]).unwrap_err();
    insta::assert_snapshot!(error, @r#"table "cpu" needs one column "a", and the data has several of that name"#);
}

#[test]
fn a_batch_of_another_schema_is_an_error() {
    let first = batch([("a", longs([1])), ("b", longs([2]))]);
    let mut rows = rows(&first.schema(), vec![Column::new("b", Long)]).unwrap();
    let text = Arc::new(StringArray::from(vec!["2"]));
    let error = rows.of(&batch([("a", longs([1])), ("b", text)])).err().unwrap();
    insta::assert_snapshot!(error, @r#"a record batch for table "cpu" should have a column "b" of Int64 in place 1, and has "b" of Utf8"#);
    let error = rows.of(&batch([("b", longs([2])), ("a", longs([1]))])).err().unwrap();
    insta::assert_snapshot!(error, @r#"a record batch for table "cpu" should have a column "b" of Int64 in place 1, and has "a" of Int64"#);
    let error = rows.of(&batch([("b", longs([2]))])).err().unwrap();
    insta::assert_snapshot!(error, @r#"a record batch for table "cpu" should have a column "b" of Int64 in place 1, and has nothing"#);
    // Columns that the table does not have may change.
    let other = batch([("other", Arc::new(NullArray::new(1))), ("b", longs([2]))]);
    assert_eq!(rows.of(&other).unwrap().next_row(), Ok(Some(&[Value::Long(2)][..])));
}

#[test]
fn a_key_must_not_be_null() {
    let tag: DictionaryArray<Int32Type> = [Some("a"), None].into_iter().collect();
    for (array, to) in [
        (Arc::new(Int64Array::from(vec![Some(1), None])) as ArrayRef, Long),
        (Arc::new(tag), Text),
        (Arc::new(Float64Array::from(vec![1.0, f64::NAN])), Double),
    ] {
        let batch = batch([("k", array), ("v", longs([1, 2]))]);
        let mut rows =
            rows(&batch.schema(), vec![Column::new("v", Long), Column::key("k", to)]).unwrap();
        let mut lent = rows.of(&batch).unwrap();
        assert!(lent.next_row().unwrap().is_some(), "the row before is good");
        let error = lent.next_row().unwrap_err();
        assert_eq!(
            (error.table.as_str(), error.column.as_str(), error.value.as_str()),
            ("cpu", "k", "null")
        );
        assert!(error.reason.contains("must not be null"), "{error}");
        assert_eq!(lent.next_row(), Ok(None));
    }
}

#[test]
fn of_several_refusals_the_first_row_is_told() {
    let a = longs((0..2_000).map(|row| if row >= 1_500 { i64::MAX } else { row }));
    let b = longs((0..2_000).map(|row| if row >= 1_400 { i64::MAX } else { row }));
    let c = longs((0..2_000).map(|row| if row >= 1_600 { i64::MAX } else { row }));
    let batch = batch([("a", a), ("b", b), ("c", c)]);
    let columns = ["a", "b", "c"].map(|name| Column::new(name, sync_core::DataType::Short));
    let mut rows = rows(&batch.schema(), columns.to_vec()).unwrap();
    let mut lent = rows.of(&batch).unwrap();
    for row in 0..1_400 {
        assert_eq!(lent.next_row(), Ok(Some(&[Value::Short(row); 3][..])));
    }
    assert_eq!(lent.next_row().unwrap_err().column, "b");
    assert_eq!(lent.next_row(), Ok(None));
}

#[test]
fn rows_keep_their_order_over_batches_of_any_size_and_width() {
    for width in [0, 1, 7, 600] {
        let names: Vec<_> = (0..width).map(|column| format!("c{column}")).collect();
        let schema = Arc::new(Schema::new(
            names.iter().map(|name| Field::new(name, ArrowType::Int64, true)).collect::<Vec<_>>(),
        ));
        let columns = names.iter().map(|name| Column::new(name, Long)).collect();
        let mut rows = rows(&schema, columns).unwrap();
        for height in [0, 1, 1_023, 1_024, 1_025, 2_500] {
            let arrays = (0..width)
                .map(|column| longs((0..height).map(|row| row * 1_000 + column)))
                .collect();
            let options = RecordBatchOptions::new().with_row_count(Some(height as usize));
            let batch =
                RecordBatch::try_new_with_options(schema.clone(), arrays, &options).unwrap();
            let mut lent = rows.of(&batch).unwrap();
            for row in 0..height {
                let expect: Vec<_> =
                    (0..width).map(|column| Value::Long(row * 1_000 + column)).collect();
                assert_eq!(lent.next_row(), Ok(Some(&expect[..])));
            }
            assert_eq!(lent.next_row(), Ok(None));
            assert_eq!(lent.next_row(), Ok(None));
        }
    }
}

#[test]
fn rows_can_cross_threads() {
    fn sent(_: impl Send) {}
    let batch = batch([("a", longs([1]))]);
    let mut rows = rows(&batch.schema(), vec![Column::new("a", Long)]).unwrap();
    let lent: BatchRows<'_> = rows.of(&batch).unwrap();
    sent(lent);
    sent(rows);
}
