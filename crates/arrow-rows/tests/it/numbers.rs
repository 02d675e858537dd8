//! Booleans, integers, floats and decimals by their nature.

use arrow::array::*;
use arrow::datatypes::i256;
use half::f16;
use sync_core::DataType::{Boolean, Double, Float, Int, Long, Short, String as Text};
use sync_core::Value;

use crate::support::{check, check_natural, check_refused, decimal};

#[test]
fn booleans() {
    let array = BooleanArray::from(vec![Some(true), None, Some(false)]);
    check_natural(array, Boolean, &[Value::Bool(true), Value::Null, Value::Bool(false)]);
}

#[test]
fn integers_have_room_for_all_their_values() {
    let (low, high) = (Value::Short(-128), Value::Short(127));
    check_natural(Int8Array::from(vec![i8::MIN, i8::MAX]), Short, &[low, high]);
    let (low, high) = (Value::Short(i16::MIN), Value::Short(i16::MAX));
    let array = Int16Array::from(vec![Some(i16::MIN), None, Some(i16::MAX)]);
    check_natural(array, Short, &[low, Value::Null, high]);
    let (low, high) = (Value::Int(i32::MIN), Value::Int(i32::MAX));
    check_natural(Int32Array::from(vec![i32::MIN, i32::MAX]), Int, &[low, high]);
    let (low, high) = (Value::Long(i64::MIN), Value::Long(i64::MAX));
    check_natural(
        Int64Array::from(vec![i64::MIN, 0, i64::MAX]),
        Long,
        &[low, Value::Long(0), high],
    );

    check_natural(UInt8Array::from(vec![u8::MAX]), Short, &[Value::Short(255)]);
    check_natural(UInt16Array::from(vec![u16::MAX]), Int, &[Value::Int(65_535)]);
    check_natural(UInt32Array::from(vec![u32::MAX]), Long, &[Value::Long(4_294_967_295)]);
    let array = UInt64Array::from(vec![Some(0), None, Some(1 << 63), Some(u64::MAX)]);
    let [zero, over, high] =
        ["0", "9223372036854775808", "18446744073709551615"].map(Value::Decimal);
    check_natural(array, decimal(20, 0), &[zero, Value::Null, over, high]);
}

#[test]
fn floats_keep_their_bits_and_their_zeros() {
    let array = Float64Array::from(vec![Some(f64::MIN), None, Some(5e-324), Some(f64::MAX)]);
    let expect = [f64::MIN, 5e-324, f64::MAX].map(Value::Double);
    check_natural(array, Double, &[expect[0], Value::Null, expect[1], expect[2]]);
    check_natural(
        Float32Array::from(vec![f32::MIN, f32::MAX]),
        Float,
        &[f32::MIN, f32::MAX].map(Value::Float),
    );
    check_natural(
        Float16Array::from(vec![f16::MIN, f16::MAX]),
        Float,
        &[Value::Float(-65_504.0), Value::Float(65_504.0)],
    );
    for (array, to) in [
        (Box::new(Float64Array::from(vec![-0.0])) as Box<dyn Array>, Double),
        (Box::new(Float32Array::from(vec![-0.0])), Float),
    ] {
        // `-0.0 == 0.0`, so ask for the text.
        check(array.slice(0, 1), Text, &[Value::String("-0.0")]);
        check(
            array.slice(0, 1),
            to,
            &[if to == Double { Value::Double(0.0) } else { Value::Float(0.0) }],
        );
    }
}

#[test]
fn what_is_not_finite_is_null() {
    let all = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    check(Float64Array::from(all.to_vec()), Double, &[Value::Null; 3]);
    check(Float64Array::from(all.to_vec()), Float, &[Value::Null; 3]);
    check(Float64Array::from(all.to_vec()), Text, &[Value::Null; 3]);
    check(Float32Array::from(all.map(|v| v as f32).to_vec()), Float, &[Value::Null; 3]);
    check(Float16Array::from(all.map(f16::from_f64).to_vec()), Float, &[Value::Null; 3]);
}

#[test]
fn decimals_of_every_width_and_scale() {
    let array = Decimal32Array::from(vec![Some(-5), None, Some(99_999), Some(100)]);
    let [small, large, one] = ["-0.05", "999.99", "1.00"].map(Value::Decimal);
    let array = array.with_precision_and_scale(5, 2).unwrap();
    check_natural(array, decimal(5, 2), &[small, Value::Null, large, one]);

    let array = Decimal64Array::from(vec![123, -123, 0]).with_precision_and_scale(3, 3).unwrap();
    check_natural(array, decimal(3, 3), &["0.123", "-0.123", "0.000"].map(Value::Decimal));

    let nines = 10_i128.pow(38) - 1;
    let array = Decimal128Array::from(vec![nines, -nines]).with_precision_and_scale(38, 0).unwrap();
    let text = nines.to_string();
    check_natural(
        array,
        decimal(38, 0),
        &[Value::Decimal(&text), Value::Decimal(&format!("-{text}"))],
    );

    let nines = i256::from_string(&"9".repeat(76)).unwrap();
    let array = Decimal256Array::from(vec![nines]).with_precision_and_scale(76, 75).unwrap();
    let text = format!("9.{}", "9".repeat(75));
    check_natural(array, decimal(76, 75), &[Value::Decimal(&text)]);
}

#[test]
fn a_negative_scale_becomes_whole_digits() {
    let array = Decimal128Array::from(vec![12, 0, -7]).with_precision_and_scale(2, -3).unwrap();
    check_natural(array, decimal(5, 0), &["12000", "0", "-7000"].map(Value::Decimal));
}

#[test]
fn a_decimal_beyond_its_own_precision_is_refused() {
    let array = Decimal128Array::from(vec![99, 100]).with_precision_and_scale(2, 0).unwrap();
    check_refused(array, decimal(2, 0), 1, "100", "more digits than DECIMAL(2,0)");
    let array = Decimal32Array::from(vec![999, -1_000]).with_precision_and_scale(3, 1).unwrap();
    check_refused(array, decimal(3, 1), 1, "-100.0", "more digits than DECIMAL(3,1)");
}
