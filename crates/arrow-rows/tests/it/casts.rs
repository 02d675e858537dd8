//! Types that customers can choose.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType as ArrowType, Field, TimeUnit, UnionFields, UnionMode};
use arrow_rows::{ArrowRows, Error, TimeText, can_become, casts, column_type};
use half::f16;
use sync_core::DataType::{
    Binary, Boolean, Double, Float, Int, Json, Long, NaiveDate, NaiveDateTime, Short,
    String as Text, UtcDateTime,
};
use sync_core::{Column, DataType, Rows, Table, Value};

use crate::strategy::leaf_types;
use crate::support::{batch_of, check, check_refused, decimal};

#[test]
fn integers_narrow_if_they_fit() {
    let array = || Int64Array::from(vec![Some(-32_768), None, Some(32_767)]);
    check(array(), Short, &[Value::Short(i16::MIN), Value::Null, Value::Short(i16::MAX)]);
    check(array(), Int, &[Value::Int(-32_768), Value::Null, Value::Int(32_767)]);
    check(UInt64Array::from(vec![i64::MAX as u64]), Long, &[Value::Long(i64::MAX)]);
    check(Int8Array::from(vec![-1]), Long, &[Value::Long(-1)]);
    check(UInt8Array::from(vec![255]), Int, &[Value::Int(255)]);

    check_refused(
        Int64Array::from(vec![0, 32_768]),
        Short,
        1,
        "32768",
        "out of the range of SHORT",
    );
    check_refused(
        Int64Array::from(vec![i64::MIN]),
        Int,
        0,
        "-9223372036854775808",
        "out of the range of INT",
    );
    check_refused(
        UInt64Array::from(vec![1 << 63]),
        Long,
        0,
        "9223372036854775808",
        "out of the range of LONG",
    );
    check_refused(
        UInt16Array::from(vec![u16::MAX]),
        Short,
        0,
        "65535",
        "out of the range of SHORT",
    );
}

#[test]
fn integers_as_doubles_are_exact_or_refused() {
    let exact = 1 << 53;
    check(
        Int64Array::from(vec![-exact, exact, i64::MIN]),
        Double,
        &[
            Value::Double(-9_007_199_254_740_992.0),
            Value::Double(9_007_199_254_740_992.0),
            Value::Double(-9_223_372_036_854_775_808.0),
        ],
    );
    check(UInt64Array::from(vec![1 << 63]), Double, &[Value::Double(9_223_372_036_854_775_808.0)]);
    check_refused(Int64Array::from(vec![exact + 1]), Double, 0, "9007199254740993", "would round");
    check_refused(
        Int64Array::from(vec![i64::MAX]),
        Double,
        0,
        "9223372036854775807",
        "would round",
    );
    check_refused(
        UInt64Array::from(vec![u64::MAX]),
        Double,
        0,
        "18446744073709551615",
        "would round",
    );
}

#[test]
fn integers_as_decimals() {
    check(
        Int64Array::from(vec![Some(-99), None, Some(0)]),
        decimal(2, 0),
        &[Value::Decimal("-99"), Value::Null, Value::Decimal("0")],
    );
    check(
        UInt64Array::from(vec![u64::MAX]),
        decimal(22, 2),
        &[Value::Decimal("18446744073709551615")],
    );
    check_refused(
        Int64Array::from(vec![99, -100]),
        decimal(2, 0),
        1,
        "-100",
        "more digits than DECIMAL(2,0)",
    );
    check_refused(
        UInt64Array::from(vec![u64::MAX]),
        decimal(20, 1),
        0,
        "18446744073709551615",
        "more digits",
    );
    // No digit fits before the point, and zero needs none.
    check(Int8Array::from(vec![0]), decimal(2, 2), &[Value::Decimal("0")]);
    check_refused(Int8Array::from(vec![1]), decimal(2, 2), 0, "1", "more digits");
}

#[test]
fn numbers_and_booleans_as_text() {
    let array = Int64Array::from(vec![Some(i64::MIN), None, Some(0)]);
    check(array, Text, &[Value::String("-9223372036854775808"), Value::Null, Value::String("0")]);
    check(UInt64Array::from(vec![u64::MAX]), Text, &[Value::String("18446744073709551615")]);
    check(Int8Array::from(vec![-128]), Text, &[Value::String("-128")]);
    check(
        BooleanArray::from(vec![true, false]),
        Text,
        &[Value::String("true"), Value::String("false")],
    );
    for (float, expect) in
        [(0.1, "0.1"), (1.0, "1.0"), (-2.5e-8, "-2.5e-8"), (f64::MAX, "1.7976931348623157e+308")]
    {
        let array = Float64Array::from(vec![Some(float), None]);
        check(array, Text, &[Value::String(expect), Value::Null]);
    }
    check(Float32Array::from(vec![0.1]), Text, &[Value::String("0.1")]);
    check(Float16Array::from(vec![f16::from_f32(0.5)]), Text, &[Value::String("0.5")]);
    let array = Decimal128Array::from(vec![-150]).with_precision_and_scale(3, 2).unwrap();
    check(array, Text, &[Value::String("-1.50")]);
}

#[test]
fn booleans_as_numbers() {
    let array = || BooleanArray::from(vec![Some(true), None, Some(false)]);
    check(array(), Short, &[Value::Short(1), Value::Null, Value::Short(0)]);
    check(array(), Int, &[Value::Int(1), Value::Null, Value::Int(0)]);
    check(array(), Long, &[Value::Long(1), Value::Null, Value::Long(0)]);
}

#[test]
fn floats_of_another_width() {
    check(Float64Array::from(vec![0.1, -1e-300]), Float, &[Value::Float(0.1), Value::Float(0.0)]);
    check_refused(
        Float64Array::from(vec![1.0, 1e39]),
        Float,
        1,
        "1000000000000000000000000000000000000000",
        "out of the range of FLOAT",
    );
    check(Float32Array::from(vec![0.5]), Double, &[Value::Double(0.5)]);
    check(
        Float16Array::from(vec![f16::MIN_POSITIVE_SUBNORMAL]),
        Double,
        &[Value::Double(2.0_f64.powi(-24))],
    );
}

#[test]
fn decimals_of_another_size() {
    let array = || Decimal128Array::from(vec![1_250, -5]).with_precision_and_scale(10, 3).unwrap();
    check(array(), decimal(12, 5), &["1.250", "-0.005"].map(Value::Decimal));
    check(array().slice(0, 1), decimal(3, 2), &[Value::Decimal("1.25")]);
    check_refused(array(), decimal(3, 2), 1, "-0.005", "more digits than DECIMAL(3,2)");
    let array = Decimal128Array::from(vec![2_000, 10_000]).with_precision_and_scale(10, 3).unwrap();
    check(array.slice(0, 1), decimal(1, 0), &[Value::Decimal("2")]);
    check_refused(array, decimal(1, 0), 1, "10", "more digits than DECIMAL(1,0)");
}

#[test]
fn the_lists_of_casts() {
    fn check(arrow: &ArrowType, natural: &[DataType], others: &[DataType]) {
        assert_eq!(column_type(arrow).as_slice(), natural, "{arrow}");
        assert_eq!(casts(arrow), others, "{arrow}");
    }
    let any = decimal(20, 0);
    check(&ArrowType::Boolean, &[Boolean], &[Short, Int, Long, Text]);
    check(&ArrowType::Int64, &[Long], &[Short, Int, any, Double, Text]);
    check(&ArrowType::UInt64, &[any], &[Short, Int, Long, Double, Text]);
    check(&ArrowType::Float16, &[Float], &[Double, Text]);
    check(&ArrowType::Float64, &[Double], &[Float, Text]);
    check(&ArrowType::Decimal64(5, 7), &[decimal(7, 7)], &[Text]);
    check(&ArrowType::Date32, &[NaiveDate], &[NaiveDateTime, Text]);
    let instant = ArrowType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
    check(&instant, &[UtcDateTime], &[NaiveDateTime, NaiveDate, Long, Text]);
    check(&ArrowType::Utf8View, &[Text], &[Json]);
    check(&ArrowType::FixedSizeBinary(3), &[Binary], &[]);
    check(&ArrowType::Duration(TimeUnit::Second), &[Text], &[]);
    let list = ArrowType::new_list(ArrowType::Int8, true);
    check(&list, &[Json], &[Text]);
    let tags = ArrowType::Dictionary(Box::new(ArrowType::Int32), Box::new(ArrowType::Utf8));
    check(&tags, &[Text], &[Json]);
    check(&ArrowType::new_list(tags, true), &[Json], &[Text]);

    let union = ArrowType::Union(UnionFields::empty(), UnionMode::Sparse);
    check(&union, &[], &[]);
    check(&ArrowType::new_list(union, true), &[], &[]);
    let twice = ["a", "a"].map(|name| Field::new(name, ArrowType::Int8, true));
    check(&ArrowType::Struct(twice.to_vec().into()), &[], &[]);
}

/// The lists of casts and the conversions are written apart. Checks that they agree.
#[test]
fn every_pair_works_as_the_lists_say() {
    let mut types = leaf_types();
    types.push(ArrowType::new_list(ArrowType::Int8, true));
    for to in [
        Boolean,
        Short,
        Int,
        Long,
        decimal(38, 0),
        Float,
        Double,
        NaiveDate,
        NaiveDateTime,
        UtcDateTime,
        Binary,
        Text,
        Json,
    ] {
        for from in &types {
            let batch = batch_of(new_null_array(from, 2));
            let table = Table::new("t", vec![Column::new("c", to)]);
            let rows = ArrowRows::new(&batch.schema(), &table, TimeText::default());
            assert_eq!(rows.is_ok(), can_become(from, to), "{from} to {to}");
            let Ok(mut rows) = rows else { continue };
            let mut lent =
                rows.of(&batch).unwrap_or_else(|error| panic!("{from} to {to}: {error}"));
            assert_eq!(lent.next_row(), Ok(Some(&[Value::Null][..])), "{from} to {to}");
        }
    }
}

#[test]
fn a_cast_that_is_not_listed_is_an_error_that_lists_them() {
    let batch = batch_of(Arc::new(Float64Array::from(vec![1.0])));
    let table = Table::new("cpu", vec![Column::new("c", Int)]);
    let error = ArrowRows::new(&batch.schema(), &table, TimeText::default()).unwrap_err();
    assert!(matches!(error, Error::NoCast { .. }));
    insta::assert_snapshot!(error, @r#"column "c" of table "cpu" is Float64 in Arrow's terms and cannot become INT; it can become DOUBLE, FLOAT or STRING"#);
    let union = ArrowType::Union(UnionFields::empty(), UnionMode::Sparse);
    let schema = arrow::datatypes::Schema::new(vec![Field::new("c", union, false)]);
    let error = ArrowRows::new(&schema, &table, TimeText::default()).unwrap_err();
    insta::assert_snapshot!(error, @r#"column "c" of table "cpu" is Union(Sparse) in Arrow's terms and cannot become INT; it can become nothing that a warehouse holds"#);
}
