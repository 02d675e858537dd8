//! The tables that are measured, and prebuilt record batches of each.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow::error::ArrowError;
use clap::ValueEnum;
use fastrand::Rng;
use serde::Serialize;

/// A kind of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Workload {
    /// A time, a tag, two integers and a float.
    Narrow,
    /// A hundred fields.
    Wide,
    /// Ten tags, and a series of eight points each.
    Tags,
    /// Texts of 1 KB.
    Strings,
    /// Twenty fields, of which four in five are null.
    Sparse,
    /// As narrow, in batches of 1 to 100 rows.
    Tiny,
    /// As narrow, with another series at every row.
    Interleaved,
}

/// The key of the metadata by which InfluxDB's answers tell a tag from a string field.
pub(crate) const COLUMN_TYPE: &str = "iox::column::type";
/// The value of that metadata for a tag.
pub(crate) const TAG: &str = "iox::column_type::tag";

/// InfluxDB sends no more rows than this in a batch.
const BATCH_ROWS: usize = 8_192;
/// How many bytes are prebuilt, to be sent over and over: more than fit into a processor's nearer
/// caches.
const PREBUILT_BATCHES: usize = 16;
/// The time between two points, in nanoseconds. The first window, of two hours, has ten thousand of
/// them.
pub(crate) const SPACING: i64 = 720_000_000;

impl Workload {
    /// How many rows the smaller of its two syncs moves. The larger one moves ten times as many.
    pub(crate) fn rows(self) -> u64 {
        match self {
            Self::Narrow | Self::Interleaved => 1_000_000,
            Self::Tags | Self::Tiny => 500_000,
            Self::Sparse => 200_000,
            Self::Strings => 100_000,
            Self::Wide => 50_000,
        }
    }

    /// Its name, as in the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The batches to send. Columns are sorted by the bytes of their names, as InfluxDB sorts them.
    pub(crate) fn batches(self) -> Result<Vec<RecordBatch>, ArrowError> {
        // The same at each run.
        let mut rng = Rng::with_seed(8181);
        let mut batches = Vec::new();
        let mut rows = 0;
        let (count, batch_rows) = match self {
            Self::Tiny => (PREBUILT_BATCHES * BATCH_ROWS / 50, 1..=100),
            // Texts and many columns make batches of InfluxDB's target of 2 MB.
            Self::Strings | Self::Wide => (PREBUILT_BATCHES, BATCH_ROWS / 4..=BATCH_ROWS / 4),
            _ => (PREBUILT_BATCHES, BATCH_ROWS..=BATCH_ROWS),
        };
        for _ in 0..count {
            let more = rng.usize(batch_rows.clone());
            let mut columns = self.columns(rows..rows + more, &mut rng);
            columns.sort_by(|(one, _), (other, _)| one.cmp(other));
            batches.push(RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(
                |(name, values)| {
                    let nullable = name != "time";
                    (name, values, nullable)
                },
            ))?);
            rows += more;
        }
        Ok(batches)
    }

    /// Which columns are tags.
    pub(crate) fn is_tag(self, column: &str) -> bool {
        column.starts_with("tag") || column == "host"
    }

    fn columns(self, rows: std::ops::Range<usize>, rng: &mut Rng) -> Vec<(String, ArrayRef)> {
        let count = rows.len();
        let times = rows.clone().map(|row| 1_760_000_000_000_000_000 + row as i64 * SPACING);
        let time: ArrayRef = Arc::new(TimestampNanosecondArray::from_iter_values(times));
        let mut columns = vec![("time".to_owned(), time)];
        let mut add = |name: String, values: ArrayRef| columns.push((name, values));
        match self {
            Self::Narrow | Self::Tiny => {
                // As InfluxDB sends them: series by series.
                add("host".to_owned(), tags(rows.map(|row| row / 512)));
                numbers(count, rng, &mut add);
            }
            Self::Interleaved => {
                add("host".to_owned(), tags(rows.map(|row| row % 1_000)));
                numbers(count, rng, &mut add);
            }
            Self::Tags => {
                for tag in 0..10 {
                    let series = rows.clone().map(|row| row / 8);
                    // The first tag counts them all, the others have fewer and fewer values.
                    add(format!("tag_{tag}"), tags(series.map(|series| series >> tag)));
                }
                numbers(count, rng, &mut add);
            }
            Self::Strings => {
                add("host".to_owned(), tags(rows.map(|row| row / 512)));
                let texts = (0..count).map(|_| text(rng, 1_024));
                add("message".to_owned(), Arc::new(StringArray::from_iter_values(texts)));
            }
            Self::Sparse => {
                add("host".to_owned(), tags(rows.map(|row| row / 512)));
                for field in 0..20 {
                    let values: Vec<_> =
                        (0..count).map(|_| (rng.u8(0..5) == 0).then(|| float(rng))).collect();
                    add(format!("field_{field:02}"), Arc::new(Float64Array::from(values)));
                }
            }
            Self::Wide => {
                add("host".to_owned(), tags(rows.map(|row| row / 512)));
                for field in 0..100 {
                    let values: ArrayRef = match field % 10 {
                        0..5 => {
                            Arc::new(Float64Array::from_iter_values((0..count).map(|_| float(rng))))
                        }
                        5..8 => Arc::new(Int64Array::from_iter_values(
                            (0..count).map(|_| rng.i64(0..1_000_000)),
                        )),
                        8 => {
                            Arc::new((0..count).map(|_| Some(rng.bool())).collect::<BooleanArray>())
                        }
                        _ => Arc::new(StringArray::from_iter_values(
                            (0..count).map(|_| text(rng, 12)),
                        )),
                    };
                    add(format!("field_{field:02}"), values);
                }
            }
        }
        columns
    }
}

fn tags(series: impl Iterator<Item = usize>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(series.map(|series| format!("host-{series:05}"))))
}

fn numbers(rows: usize, rng: &mut Rng, add: &mut impl FnMut(String, ArrayRef)) {
    let requests = (0..rows).map(|_| rng.i64(0..100_000));
    add("requests".to_owned(), Arc::new(Int64Array::from_iter_values(requests)));
    let errors = (0..rows).map(|_| rng.i64(0..100));
    add("errors".to_owned(), Arc::new(Int64Array::from_iter_values(errors)));
    let usage = (0..rows).map(|_| float(rng));
    add("usage".to_owned(), Arc::new(Float64Array::from_iter_values(usage)));
}

fn float(rng: &mut Rng) -> f64 {
    f64::from(rng.u32(0..1_000_000)) / 1_000.0
}

fn text(rng: &mut Rng, length: usize) -> String {
    (0..length).map(|_| rng.alphanumeric()).collect()
}
