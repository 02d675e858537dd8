//! Reads any database of timed points window by window, and loses none.
//!
//! The engine asks a database through a port, [`TimeSeries`], and pushes what it reads into a
//! [`Sink`](sync_core::Sink), with a checkpoint at each window's end. It knows no query language,
//! no socket, no wire format and no platform. It spawns nothing: a [`sync`] is one future, and
//! dropping it ends the sync at its last checkpoint.
//!
//! How a sync works, and why it loses nothing:
//!
//! 1. The upper bound (the earlier of two clocks, less some seconds) is taken once, before anything
//!    else is asked.
//! 2. Windows of time are half-open, tile without holes, and have both bounds. Their length adapts
//!    to what they bring.
//! 3. The cursor of a table is always a window's end and never the time of a row, so that ties and
//!    order cannot lose one.
//! 4. Each table has its own cursor, with a fingerprint of the settings that shape its rows.
//! 5. Every sync reads again a lookback before the cursor, which finds late and overwritten points;
//!    upserts by key make that harmless.
//! 6. Before anything is read, the database's files, or counts where it shows none, tell what came
//!    later than that. It is noted in the state, as backfill, until it is read.
//! 7. Windows of one table never overlap, so that an older answer cannot overwrite a newer one, and
//!    the cursor follows the complete prefix alone.
//! 8. An answer with other columns than were listed is not used: the columns are listed again
//!    first.
//!
//! # A database of one measurement
//!
//! A list of points, as a port, and what a sync makes of it:
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::{Arc, Mutex};
//!
//! use arrow_array::{Int64Array, RecordBatch, TimestampNanosecondArray};
//! use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
//! use sync_core::{CheckpointKind, Rows, Sink, SinkError, SyncRequest, Table, Value};
//! use sync_engine::{
//!     About, Answer, Bin, ColumnInfo, ColumnType, Columns, Count, ErrorKind, Failure, File,
//!     Profile, Role, Server, Settings, SystemClock, TableInfo, TimeSeries, Window,
//! };
//!
//! /// Points of the measurement `census`: when, and how many ants.
//! struct Points(Vec<(i64, i64)>);
//!
//! impl Points {
//!     fn within(&self, window: Window) -> impl Iterator<Item = &(i64, i64)> {
//!         self.0.iter().filter(move |(time, _)| (window.from()..window.to()).contains(time))
//!     }
//!
//!     fn fields() -> Vec<Field> {
//!         let time = DataType::Timestamp(TimeUnit::Nanosecond, None);
//!         vec![Field::new("time", time, false), Field::new("ants", DataType::Int64, true)]
//!     }
//! }
//!
//! impl TimeSeries for Points {
//!     const PROFILE: Profile = Profile { name: "The list", file_span: 1, most_files: 1 };
//!     type Answer = Batches;
//!
//!     async fn about(&self) -> About {
//!         let server = Server { id: None, address: "memory".to_owned() };
//!         About { server, release: None, caveats: Vec::new() }
//!     }
//!     async fn now(&self) -> Result<i64, Failure> {
//!         Ok(1_000_000_000_000)
//!     }
//!     async fn tables(&self) -> Result<Vec<TableInfo>, Failure> {
//!         let columns = Self::fields().into_iter().map(|field| ColumnInfo {
//!             role: self.role(&field).unwrap(),
//!             data_type: ColumnType::Arrow(field.data_type().clone()),
//!             name: field.name().clone(),
//!         });
//!         Ok(vec![TableInfo { name: "census".to_owned(), columns: columns.collect() }])
//!     }
//!     async fn has_points(&self, _: &str, window: Window) -> Result<bool, Failure> {
//!         Ok(self.within(window).next().is_some())
//!     }
//!     async fn columns(&self, _: &str) -> Result<SchemaRef, Failure> {
//!         Ok(Arc::new(Schema::new(Self::fields())))
//!     }
//!     async fn files(&self, _: &str, _: &BTreeMap<String, u64>) -> Result<Vec<File>, Failure> {
//!         Err(Failure::new(ErrorKind::Refused, "A list has no files"))
//!     }
//!     async fn counts(
//!         &self,
//!         _: &str,
//!         fields: &[String],
//!         window: Window,
//!         bin: Bin,
//!     ) -> Result<BTreeMap<i64, Count>, Failure> {
//!         let mut counts = BTreeMap::<i64, Count>::new();
//!         for (time, _) in self.within(window) {
//!             let count = counts.entry(time - time.rem_euclid(bin.length())).or_default();
//!             count.points += 1;
//!             count.cells += fields.len() as u64;
//!         }
//!         Ok(counts)
//!     }
//!     async fn read(&self, _: &str, _: &Columns, window: Window) -> Result<Batches, Failure> {
//!         let schema: SchemaRef = Arc::new(Schema::new(Self::fields()));
//!         let times = self.within(window).map(|(time, _)| *time);
//!         let times = Arc::new(TimestampNanosecondArray::from_iter_values(times));
//!         let ants = self.within(window).map(|(_, ants)| *ants);
//!         let ants = Arc::new(Int64Array::from_iter_values(ants));
//!         let batch = RecordBatch::try_new(Arc::clone(&schema), vec![times, ants]).unwrap();
//!         Ok(Batches { schema, batch: Some(batch) })
//!     }
//!     fn role(&self, field: &Field) -> Option<Role> {
//!         Some(if field.name() == "time" { Role::Time } else { Role::Field })
//!     }
//! }
//!
//! struct Batches {
//!     schema: SchemaRef,
//!     batch: Option<RecordBatch>,
//! }
//!
//! impl Answer for Batches {
//!     fn schema(&self) -> &SchemaRef {
//!         &self.schema
//!     }
//!     async fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
//!         Ok(self.batch.take())
//!     }
//! }
//!
//! /// Keeps the ants, and the last checkpoint.
//! #[derive(Default)]
//! struct Warehouse(Mutex<(Vec<i64>, Option<String>)>);
//!
//! impl Sink for Warehouse {
//!     async fn upsert(&self, _: &Table, rows: &mut (dyn Rows + Send)) -> Result<u64, SinkError> {
//!         let mut taken = 0;
//!         while let Some(row) = rows.next_row()? {
//!             if let Some(Value::Long(ants)) = row.last() {
//!                 self.0.lock().unwrap().0.push(*ants);
//!             }
//!             taken += 1;
//!         }
//!         Ok(taken)
//!     }
//!     async fn checkpoint(&self, state: String, _: CheckpointKind) -> Result<(), SinkError> {
//!         self.0.lock().unwrap().1 = Some(state);
//!         Ok(())
//!     }
//!     // ...
//! #   async fn truncate(&self, _: &Table) -> Result<(), SinkError> { Ok(()) }
//! #   async fn schema_change(&self, _: &[Table]) -> Result<(), SinkError> { Ok(()) }
//! #   fn most_state_bytes(&self) -> usize { usize::MAX }
//! #   async fn warn(&self, _: String) -> Result<(), SinkError> { Ok(()) }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
//! let points = Points(vec![(5, 100), (7, 101), (86_400_000_000_000, 102)]);
//! let warehouse = Warehouse::default();
//! let settings = Settings::new("zoo");
//! let request = SyncRequest::default();
//! sync_engine::sync(&SystemClock, &points, &settings, request, &warehouse).await?;
//!
//! let (ants, state) = warehouse.0.into_inner().unwrap();
//! assert_eq!(ants, [100, 101]); // The last one lies after what the list takes for the present.
//! assert!(state.unwrap().contains("census"));
//! # Ok::<(), sync_core::SyncError>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod column_types;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod late;
mod outage;
mod retry;
mod settings;
mod state;
mod sync;
mod table;
mod time;
mod time_series;
mod window;

pub use column_types::ColumnTypes;
pub use error::{ErrorKind, Failure, Refusal};
pub use retry::RetryPolicy;
pub use settings::{Measurements, OnResync, PrimaryKey, Settings, TimeFormat};
pub use state::{Handover, Server};
pub use sync::sync;
pub use table::{UnusableTable, catalog};
pub use time::{Clock, SystemClock};
pub use time_series::{
    About, Answer, Bin, ColumnInfo, ColumnType, Columns, Count, File, Item, Profile, Role, TIME,
    TableInfo, TimeSeries,
};
pub use window::{EARLIEST, Window};
