//! InfluxDB 3 as a [`Database`]: each question in SQL.

use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, SchemaRef, TimeUnit, TimestampNanosecondType};
use influx_flight::{BatchStream, Client, DroppedTables, Error, ParquetFiles, TableInfo};

use crate::database::{Answer, Bin, Columns, Database};
use crate::sql;
use crate::window::Window;

/// An InfluxDB 3 and a database on it.
#[derive(Debug)]
pub(crate) struct Influx(Client);

impl Influx {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    /// The first column of a batch, which has to hold times.
    fn times(&self, batch: &RecordBatch) -> Result<Vec<Option<i64>>, Error> {
        let nanoseconds = DataType::Timestamp(TimeUnit::Nanosecond, None);
        let times = match batch.column(0).data_type() {
            DataType::Timestamp(..) => cast(batch.column(0), &nanoseconds).ok(),
            _ => None,
        };
        let times = times.ok_or_else(|| self.0.unreadable("a time is of another type"))?;
        Ok(times.as_primitive::<TimestampNanosecondType>().iter().collect())
    }
}

impl Database for Influx {
    type Answer = BatchStream;

    async fn now(&self) -> Result<i64, Error> {
        self.0.server_now().await
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, Error> {
        self.0.tables().await
    }

    async fn dropped_tables(&self) -> DroppedTables {
        self.0.soft_deleted_tables().await
    }

    async fn first_time(&self, measurement: &str) -> Result<Option<i64>, Error> {
        let mut answer = self.0.query(&sql::first_time(measurement)).await?;
        let mut first = None;
        while let Some(batch) = answer.try_next().await? {
            first = self.times(&batch)?.first().copied();
        }
        // An aggregate has a row also where there are no points; none at all must not pass for "no points".
        first.ok_or_else(|| self.0.unreadable("min(time) came without a row"))
    }

    async fn has_points(&self, measurement: &str, window: Window) -> Result<bool, Error> {
        let mut answer = self.0.query(&sql::any_point(measurement, window)).await?;
        let mut any = false;
        while let Some(batch) = answer.try_next().await? {
            any |= batch.num_rows() > 0;
        }
        Ok(any)
    }

    async fn columns(&self, measurement: &str) -> Result<SchemaRef, Error> {
        let mut answer = self.0.query(&sql::columns(measurement)).await?;
        while answer.try_next().await?.is_some() {}
        Ok(SchemaRef::clone(answer.schema()))
    }

    async fn files(&self, measurement: &str) -> ParquetFiles {
        self.0.parquet_files(measurement).await
    }

    async fn counts(
        &self,
        measurement: &str,
        window: Window,
        bin: Bin,
    ) -> Result<BTreeMap<i64, u64>, Error> {
        let mut answer = self.0.query(&sql::counts(measurement, window, bin)).await?;
        let mut counts = BTreeMap::new();
        while let Some(batch) = answer.try_next().await? {
            let points = batch.column(1).as_primitive_opt::<Int64Type>();
            let points = points.ok_or_else(|| self.0.unreadable("count(*) is no Int64"))?;
            for (bin, points) in self.times(&batch)?.into_iter().zip(points) {
                if let (Some(bin), Some(points)) = (bin, points) {
                    *counts.entry(bin).or_default() += points.unsigned_abs();
                }
            }
        }
        Ok(counts)
    }

    async fn read(
        &self,
        measurement: &str,
        columns: &Columns,
        window: Window,
    ) -> Result<BatchStream, Error> {
        self.0.query_once(&sql::select(measurement, columns, window)).await
    }
}

impl Answer for BatchStream {
    fn schema(&self) -> &SchemaRef {
        Self::schema(self)
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        self.try_next().await
    }
}
