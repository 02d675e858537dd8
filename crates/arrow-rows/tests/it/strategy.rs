//! Strategies for any record batch: arrays of every Arrow type that a warehouse can hold, also
//! nested, dictionary and run-end encoded, with nulls, and sliced out of larger arrays.
//!
//! A column of the natural type can hold every value, so that reading never fails. Decimals are
//! within their precision, times of day within a day, and dates in milliseconds are whole days.
//! Floats may be infinite or not a number.
//!
//! This file needs `arrow` and `proptest` alone, so that the tests of other crates can include it
//! by its path.
#![allow(
    clippy::expect_used,
    reason = "what cannot be built is a failed test, wherever this file is included"
)]

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Batches of up to five columns `c0`, `c1`, ... and up to `max_rows` rows.
pub(crate) fn record_batches(max_rows: usize) -> impl Strategy<Value = RecordBatch> {
    (vec(data_types(), 1..=5), 0..=max_rows).prop_flat_map(|(types, rows)| {
        let columns: Vec<_> = types.iter().map(|data_type| arrays(data_type, rows)).collect();
        columns.prop_map(|columns| {
            let columns = columns.into_iter().enumerate();
            let named = columns.map(|(position, array)| (format!("c{position}"), array, true));
            RecordBatch::try_from_iter_with_nullable(named).expect("columns are of one length")
        })
    })
}

/// Every type that is not nested, in some of its sizes.
pub(crate) fn leaf_types() -> Vec<DataType> {
    let mut types = vec![
        DataType::Null,
        DataType::Boolean,
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::UInt8,
        DataType::UInt16,
        DataType::UInt32,
        DataType::UInt64,
        DataType::Float16,
        DataType::Float32,
        DataType::Float64,
        DataType::Decimal32(9, 2),
        DataType::Decimal64(18, -3),
        DataType::Decimal128(38, 10),
        DataType::Decimal128(4, 4),
        DataType::Decimal256(76, 0),
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        DataType::Binary,
        DataType::LargeBinary,
        DataType::BinaryView,
        DataType::FixedSizeBinary(3),
        DataType::Date32,
        DataType::Date64,
        DataType::Time32(TimeUnit::Second),
        DataType::Time32(TimeUnit::Millisecond),
        DataType::Time64(TimeUnit::Microsecond),
        DataType::Time64(TimeUnit::Nanosecond),
        DataType::Interval(IntervalUnit::YearMonth),
        DataType::Interval(IntervalUnit::DayTime),
        DataType::Interval(IntervalUnit::MonthDayNano),
    ];
    let units =
        [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
    for unit in units {
        types.push(DataType::Duration(unit));
        types.push(DataType::Timestamp(unit, None));
        types.push(DataType::Timestamp(unit, Some("UTC".into())));
        types.push(DataType::Timestamp(unit, Some("-09:30".into())));
    }
    types
}

/// Any type: one that is not nested, or one made of it.
pub(crate) fn data_types() -> impl Strategy<Value = DataType> {
    select(leaf_types()).prop_recursive(3, 6, 2, |inner| {
        let item = inner.clone().prop_map(|inner| Arc::new(Field::new_list_field(inner, true)));
        prop_oneof![
            item.clone().prop_map(DataType::List),
            item.clone().prop_map(DataType::LargeList),
            item.clone().prop_map(DataType::ListView),
            item.clone().prop_map(DataType::LargeListView),
            (item, 0..3).prop_map(|(item, size)| DataType::FixedSizeList(item, size)),
            vec(inner.clone(), 0..3).prop_map(|fields| {
                let names = ["plain", "a \"quoted\" ε"];
                let fields = names.into_iter().zip(fields);
                DataType::Struct(
                    fields.map(|(name, inner)| Field::new(name, inner, true)).collect(),
                )
            }),
            (select(vec![DataType::Utf8, DataType::Int16, DataType::Utf8View]), inner.clone())
                .prop_map(|(key, value)| map_type(key, value)),
            (select(integer_types()), inner.clone())
                .prop_map(|(key, value)| DataType::Dictionary(Box::new(key), Box::new(value))),
            (select(vec![DataType::Int16, DataType::Int32, DataType::Int64]), inner).prop_map(
                |(end, value)| {
                    DataType::RunEndEncoded(
                        Arc::new(Field::new("run_ends", end, false)),
                        Arc::new(Field::new("values", value, true)),
                    )
                }
            ),
        ]
    })
}

/// Arrays of this type and length, sliced out of larger ones.
pub(crate) fn arrays(data_type: &DataType, len: usize) -> BoxedStrategy<ArrayRef> {
    let data_type = data_type.clone();
    (0..3_usize, 0..3_usize)
        .prop_flat_map(move |(before, after)| {
            whole_arrays(&data_type, before + len + after)
                .prop_map(move |array| array.slice(before, len))
        })
        .boxed()
}

fn map_type(key: DataType, value: DataType) -> DataType {
    let entries = vec![Field::new("key", key, false), Field::new("value", value, true)];
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries.into()), false)), false)
}

fn integer_types() -> Vec<DataType> {
    leaf_types().into_iter().filter(DataType::is_integer).collect()
}

fn whole_arrays(data_type: &DataType, len: usize) -> BoxedStrategy<ArrayRef> {
    match data_type {
        DataType::Null => Just(new_null_array(&DataType::Null, len)).boxed(),
        DataType::Boolean => collected::<_, BooleanArray>(any::<bool>(), len),
        DataType::Int8 => numbers::<Int8Type>(any::<i8>(), len),
        DataType::Int16 => numbers::<Int16Type>(any::<i16>(), len),
        DataType::Int32 => numbers::<Int32Type>(any::<i32>(), len),
        DataType::Int64 => numbers::<Int64Type>(long(), len),
        DataType::UInt8 => numbers::<UInt8Type>(any::<u8>(), len),
        DataType::UInt16 => numbers::<UInt16Type>(any::<u16>(), len),
        DataType::UInt32 => numbers::<UInt32Type>(any::<u32>(), len),
        DataType::UInt64 => numbers::<UInt64Type>(prop_oneof![any::<u64>(), Just(u64::MAX)], len),
        DataType::Float16 => {
            type Half = <Float16Type as ArrowPrimitiveType>::Native;
            numbers::<Float16Type>(any::<u16>().prop_map(Half::from_bits), len)
        }
        DataType::Float32 => numbers::<Float32Type>(any::<u32>().prop_map(f32::from_bits), len),
        DataType::Float64 => numbers::<Float64Type>(
            prop_oneof![any::<u64>().prop_map(f64::from_bits), Just(f64::NAN), -9.0..9.0],
            len,
        ),
        DataType::Decimal32(precision, _) => {
            let end = 10_i32.pow((*precision).into());
            typed::<Decimal32Type>(1 - end..end, len, data_type)
        }
        DataType::Decimal64(precision, _) => {
            let end = 10_i64.pow((*precision).into());
            typed::<Decimal64Type>(1 - end..end, len, data_type)
        }
        DataType::Decimal128(precision, _) => {
            let end = 10_i128.pow((*precision).into());
            typed::<Decimal128Type>(prop_oneof![1 - end..end, -9..9_i128], len, data_type)
        }
        DataType::Decimal256(_, _) => {
            // 76 digits are more than 128 bits, which are multiplied to get there.
            let end = 10_i128.pow(38);
            let (high, low) = (1 - end..end, 1 - end..end);
            let wide = (high, low).prop_map(move |(high, low)| {
                i256::from_i128(high).wrapping_mul(i256::from_i128(low))
            });
            typed::<Decimal256Type>(wide, len, data_type)
        }
        DataType::Utf8 => collected::<_, StringArray>(text(), len),
        DataType::LargeUtf8 => collected::<_, LargeStringArray>(text(), len),
        DataType::Utf8View => collected::<_, StringViewArray>(text(), len),
        DataType::Binary => collected::<_, BinaryArray>(bytes(), len),
        DataType::LargeBinary => collected::<_, LargeBinaryArray>(bytes(), len),
        DataType::BinaryView => collected::<_, BinaryViewArray>(bytes(), len),
        DataType::FixedSizeBinary(size) => {
            let (width, size) = (*size as usize, *size);
            optional(vec(any::<u8>(), width), len, move |values| {
                let values = values.into_iter();
                FixedSizeBinaryArray::try_from_sparse_iter_with_size(values, size)
                    .expect("values are of one size")
            })
        }
        DataType::Date32 => numbers::<Date32Type>(any::<i32>(), len),
        DataType::Date64 => {
            numbers::<Date64Type>(any::<i32>().prop_map(|days| i64::from(days) * 86_400_000), len)
        }
        DataType::Time32(TimeUnit::Second) => numbers::<Time32SecondType>(0..86_400, len),
        DataType::Time32(_) => numbers::<Time32MillisecondType>(0..86_400_000, len),
        DataType::Time64(TimeUnit::Microsecond) => {
            numbers::<Time64MicrosecondType>(0..86_400_000_000_i64, len)
        }
        DataType::Time64(_) => numbers::<Time64NanosecondType>(0..86_400_000_000_000_i64, len),
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => typed::<TimestampSecondType>(long(), len, data_type),
            TimeUnit::Millisecond => typed::<TimestampMillisecondType>(long(), len, data_type),
            TimeUnit::Microsecond => typed::<TimestampMicrosecondType>(long(), len, data_type),
            TimeUnit::Nanosecond => typed::<TimestampNanosecondType>(long(), len, data_type),
        },
        DataType::Duration(unit) => match unit {
            TimeUnit::Second => numbers::<DurationSecondType>(long(), len),
            TimeUnit::Millisecond => numbers::<DurationMillisecondType>(long(), len),
            TimeUnit::Microsecond => numbers::<DurationMicrosecondType>(long(), len),
            TimeUnit::Nanosecond => numbers::<DurationNanosecondType>(long(), len),
        },
        DataType::Interval(IntervalUnit::YearMonth) => {
            numbers::<IntervalYearMonthType>(any::<i32>(), len)
        }
        DataType::Interval(IntervalUnit::DayTime) => {
            let value = (small(), any::<i32>());
            numbers::<IntervalDayTimeType>(
                value.prop_map(|(days, milliseconds)| IntervalDayTime { days, milliseconds }),
                len,
            )
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let value = (small(), small(), long());
            numbers::<IntervalMonthDayNanoType>(
                value.prop_map(|(months, days, nanoseconds)| IntervalMonthDayNano {
                    months,
                    days,
                    nanoseconds,
                }),
                len,
            )
        }
        DataType::List(item) => lists::<i32>(item.clone(), len),
        DataType::LargeList(item) => lists::<i64>(item.clone(), len),
        DataType::ListView(item) => list_views::<i32>(item.clone(), len),
        DataType::LargeListView(item) => list_views::<i64>(item.clone(), len),
        DataType::FixedSizeList(item, size) => {
            let (item, size) = (item.clone(), *size);
            (arrays(item.data_type(), len * size as usize), nulls(len))
                .prop_map(move |(items, nulls)| {
                    let array = FixedSizeListArray::try_new_with_length(
                        item.clone(),
                        size,
                        items,
                        nulls,
                        len,
                    );
                    Arc::new(array.expect("items are as many as asked for")) as ArrayRef
                })
                .boxed()
        }
        DataType::Struct(fields) => structs(fields.clone(), len),
        DataType::Map(entries, _) => maps(entries.clone(), len),
        DataType::Dictionary(key, values) => match **key {
            DataType::Int8 => dictionaries::<Int8Type>(values, len),
            DataType::Int16 => dictionaries::<Int16Type>(values, len),
            DataType::Int32 => dictionaries::<Int32Type>(values, len),
            DataType::Int64 => dictionaries::<Int64Type>(values, len),
            DataType::UInt8 => dictionaries::<UInt8Type>(values, len),
            DataType::UInt16 => dictionaries::<UInt16Type>(values, len),
            DataType::UInt32 => dictionaries::<UInt32Type>(values, len),
            _ => dictionaries::<UInt64Type>(values, len),
        },
        DataType::RunEndEncoded(end, values) => match end.data_type() {
            DataType::Int16 => runs::<Int16Type>(values.data_type(), len),
            DataType::Int32 => runs::<Int32Type>(values.data_type(), len),
            _ => runs::<Int64Type>(values.data_type(), len),
        },
        other => unreachable!("{other} is not among the types of `data_types`"),
    }
}

/// 64-bit numbers: small ones, whole ones of larger units, and both ends.
fn long() -> impl Strategy<Value = i64> + Clone {
    prop_oneof![
        any::<i64>(),
        -2_000..2_000_i64,
        (-4_000_000_000..4_000_000_000_i64).prop_map(|seconds| seconds * 1_000_000_000),
        Just(i64::MIN),
        Just(i64::MAX),
    ]
}

fn small() -> impl Strategy<Value = i32> {
    prop_oneof![-20..20_i32, any::<i32>()]
}

/// Text with what JSON escapes, and longer than what a view holds itself.
fn text() -> impl Strategy<Value = String> + Clone {
    prop_oneof![any::<String>(), "[a-z\"\\\\\n\u{7f}\u{1}ε]{0,20}"]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> + Clone {
    vec(any::<u8>(), 0..20)
}

fn nulls(len: usize) -> impl Strategy<Value = Option<NullBuffer>> {
    proptest::option::of(vec(any::<bool>(), len).prop_map(NullBuffer::from))
}

/// Some values are null; in some arrays, none.
fn optional<V: std::fmt::Debug + Clone + 'static, A: Array + 'static>(
    values: impl Strategy<Value = V> + 'static,
    len: usize,
    array: impl Fn(Vec<Option<V>>) -> A + 'static,
) -> BoxedStrategy<ArrayRef> {
    (vec(values, len), nulls(len))
        .prop_map(move |(values, nulls)| {
            let valid = |row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            let values = values.into_iter().enumerate();
            Arc::new(array(values.map(|(row, value)| valid(row).then_some(value)).collect()))
                as ArrayRef
        })
        .boxed()
}

fn collected<V: std::fmt::Debug + Clone + 'static, A>(
    values: impl Strategy<Value = V> + 'static,
    len: usize,
) -> BoxedStrategy<ArrayRef>
where
    A: Array + FromIterator<Option<V>> + 'static,
{
    optional(values, len, |values| values.into_iter().collect::<A>())
}

fn numbers<T: ArrowPrimitiveType>(
    values: impl Strategy<Value = T::Native> + 'static,
    len: usize,
) -> BoxedStrategy<ArrayRef> {
    typed::<T>(values, len, &T::DATA_TYPE)
}

fn typed<T: ArrowPrimitiveType>(
    values: impl Strategy<Value = T::Native> + 'static,
    len: usize,
    data_type: &DataType,
) -> BoxedStrategy<ArrayRef> {
    let data_type = data_type.clone();
    optional(values, len, move |values| {
        PrimitiveArray::<T>::from_iter(values).with_data_type(data_type.clone())
    })
}

fn lists<O: OffsetSizeTrait>(item: FieldRef, len: usize) -> BoxedStrategy<ArrayRef> {
    (vec(0..3_usize, len), nulls(len))
        .prop_flat_map(move |(lengths, nulls)| {
            let item = item.clone();
            arrays(item.data_type(), lengths.iter().sum()).prop_map(move |items| {
                let offsets = OffsetBuffer::<O>::from_lengths(lengths.iter().copied());
                Arc::new(GenericListArray::new(item.clone(), offsets, items, nulls.clone()))
                    as ArrayRef
            })
        })
        .boxed()
}

/// Views are in any order and may overlap.
fn list_views<O: OffsetSizeTrait>(item: FieldRef, len: usize) -> BoxedStrategy<ArrayRef> {
    const ITEMS: usize = 5;
    let views = vec((0..=ITEMS, 0..=ITEMS), len);
    (views, nulls(len), arrays(item.data_type(), ITEMS))
        .prop_map(move |(views, nulls, items)| {
            let size = |(one, other): &(usize, usize)| O::usize_as(one.abs_diff(*other));
            let sizes: ScalarBuffer<O> = views.iter().map(size).collect();
            let start = |(one, other): &(usize, usize)| O::usize_as(*one.min(other));
            let starts: ScalarBuffer<O> = views.iter().map(start).collect();
            Arc::new(GenericListViewArray::new(item.clone(), starts, sizes, items, nulls))
                as ArrayRef
        })
        .boxed()
}

fn structs(fields: Fields, len: usize) -> BoxedStrategy<ArrayRef> {
    let columns: Vec<_> = fields.iter().map(|field| arrays(field.data_type(), len)).collect();
    (columns, nulls(len))
        .prop_map(move |(columns, nulls)| {
            let array = StructArray::try_new_with_length(fields.clone(), columns, nulls, len);
            Arc::new(array.expect("columns are as long as asked for")) as ArrayRef
        })
        .boxed()
}

/// The keys of a map are distinct, since a JSON object's must be.
fn maps(entries: FieldRef, len: usize) -> BoxedStrategy<ArrayRef> {
    let DataType::Struct(fields) = entries.data_type().clone() else {
        unreachable!("the item of a map is a struct")
    };
    (vec(0..3_usize, len), nulls(len))
        .prop_flat_map(move |(lengths, nulls)| {
            let (entries, fields) = (entries.clone(), fields.clone());
            let total = lengths.iter().sum();
            arrays(fields[1].data_type(), total).prop_map(move |values| {
                let keys: ArrayRef = match fields[0].data_type() {
                    DataType::Int16 => Arc::new(Int16Array::from_iter_values(0..total as i16)),
                    DataType::Utf8View => Arc::new(StringViewArray::from_iter_values(
                        (0..total).map(|key| format!("\"key\" {key}")),
                    )),
                    _ => Arc::new(StringArray::from_iter_values(
                        (0..total).map(|key| format!("key\t{key}")),
                    )),
                };
                let pairs = StructArray::new(fields.clone(), vec![keys, values], None);
                let offsets = OffsetBuffer::from_lengths(lengths.iter().copied());
                Arc::new(MapArray::new(entries.clone(), offsets, pairs, nulls.clone(), false))
                    as ArrayRef
            })
        })
        .boxed()
}

/// Keys and values may both be null; the values may be none at all.
fn dictionaries<K: ArrowDictionaryKeyType>(
    values: &DataType,
    len: usize,
) -> BoxedStrategy<ArrayRef> {
    let values = values.clone();
    (0..4_usize)
        .prop_flat_map(move |words| (arrays(&values, words), vec(any::<Option<Index>>(), len)))
        .prop_map(|(words, keys)| {
            let key = |key: Index| {
                (!words.is_empty()).then(|| K::Native::usize_as(key.index(words.len())))
            };
            let keys = keys.into_iter().map(|index| index.and_then(key));
            Arc::new(DictionaryArray::new(PrimitiveArray::<K>::from_iter(keys), words)) as ArrayRef
        })
        .boxed()
}

fn runs<R: RunEndIndexType>(values: &DataType, len: usize) -> BoxedStrategy<ArrayRef> {
    let values = values.clone();
    vec(1..4_usize, len)
        .prop_flat_map(move |lengths| {
            arrays(&values, lengths.len()).prop_map(move |values| {
                let ends = lengths.iter().scan(0, |end, length| {
                    *end += length;
                    Some(R::Native::usize_as(*end))
                });
                let ends = PrimitiveArray::<R>::from_iter_values(ends);
                let array = RunArray::try_new(&ends, &values).expect("ends grow");
                Arc::new(array.slice(0, len)) as ArrayRef
            })
        })
        .boxed()
}
