//! InfluxDB 3 as a [`TimeSeries`]: each question in SQL.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampNanosecondType};
use arrow_array::{Int64Array, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{DataType, Field, SchemaRef, TimeUnit};
use influx_flight::{BatchStream, Client, Error, Target};
use sync_engine::{
    About, Answer, Bin, Columns, Count, Failure, File, Profile, Role, Server, TableInfo,
    TimeSeries, Window,
};

use crate::catalog;
use crate::influxdb::release::caveats;
use crate::influxdb::{failure, sql};

/// An InfluxDB 3 and a database on it.
#[derive(Debug)]
pub(crate) struct InfluxDb {
    client: Client,
    /// The host and port that are asked.
    address: String,
}

impl InfluxDb {
    /// Prepares a connection; the network is not touched yet.
    pub(crate) async fn connect(target: &Target) -> Result<Self, Error> {
        let client = Client::connect(target.clone()).await?;
        Ok(Self { client, address: target.endpoint().address() })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    async fn has_points_once(&self, measurement: &str, window: Window) -> Result<bool, Error> {
        let mut answer = self.client.query(&sql::any_point(measurement, window)).await?;
        let mut any = false;
        while let Some(batch) = answer.try_next().await? {
            any |= batch.num_rows() > 0;
        }
        Ok(any)
    }

    async fn columns_once(&self, measurement: &str) -> Result<SchemaRef, Error> {
        let mut answer = self.client.query(&sql::columns(measurement)).await?;
        while answer.try_next().await?.is_some() {}
        Ok(SchemaRef::clone(answer.schema()))
    }

    async fn counts_once(
        &self,
        measurement: &str,
        fields: &[String],
        window: Window,
        bin: Bin,
    ) -> Result<BTreeMap<i64, Count>, Error> {
        let mut answer = self.client.query(&sql::counts(measurement, fields, window, bin)).await?;
        let mut counts = BTreeMap::new();
        while let Some(batch) = answer.try_next().await? {
            let numbers = batch.columns().iter().skip(1);
            let numbers = numbers.map(|column| column.as_primitive_opt::<Int64Type>());
            let numbers = numbers.collect::<Option<Vec<_>>>().filter(|numbers| !numbers.is_empty());
            let numbers = numbers.ok_or_else(|| self.client.unreadable("a count is no Int64"))?;
            for (row, bin) in self.times(&batch)?.into_iter().enumerate() {
                let Some(bin) = bin else { continue };
                let number = |column: &&Int64Array| column.value(row).unsigned_abs();
                let points = number(&numbers[0]);
                let cells: u64 = numbers[1..].iter().map(number).sum();
                // A bin that came in two parts.
                let count: &mut Count = counts.entry(bin).or_default();
                (count.points, count.cells) = (count.points + points, count.cells + cells);
            }
        }
        Ok(counts)
    }

    /// The first column of a batch, which has to hold times.
    fn times(&self, batch: &RecordBatch) -> Result<Vec<Option<i64>>, Error> {
        let nanoseconds = DataType::Timestamp(TimeUnit::Nanosecond, None);
        let times = batch.columns().first();
        let times = times.filter(|times| matches!(times.data_type(), DataType::Timestamp(..)));
        let times = times.and_then(|times| cast(times, &nanoseconds).ok());
        let times = times.ok_or_else(|| self.client.unreadable("a time is of another type"))?;
        Ok(times.as_primitive::<TimestampNanosecondType>().iter().collect())
    }
}

impl TimeSeries for InfluxDb {
    const PROFILE: Profile = Profile {
        name: "InfluxDB",
        // InfluxDB 3 Core keeps ten minutes in a file, and refuses queries over 432 files by
        // default.
        file_span: 600_000_000_000,
        most_files: 400,
    };

    type Answer = Rows;

    async fn about(&self) -> About {
        let info = self.client.server_info().await;
        About {
            server: Server { id: info.cluster_uuid, address: self.address.clone() },
            caveats: info.version.as_ref().map(caveats).unwrap_or_default(),
            release: info.version.map(|version| version.to_string()),
        }
    }

    async fn now(&self) -> Result<i64, Failure> {
        self.client.server_now().await.map_err(failure)
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, Failure> {
        catalog::tables(&self.client).await
    }

    async fn has_points(&self, measurement: &str, window: Window) -> Result<bool, Failure> {
        self.has_points_once(measurement, window).await.map_err(failure)
    }

    async fn columns(&self, measurement: &str) -> Result<SchemaRef, Failure> {
        self.columns_once(measurement).await.map_err(failure)
    }

    async fn files(
        &self,
        measurement: &str,
        since: &BTreeMap<String, u64>,
    ) -> Result<Vec<File>, Failure> {
        let files = self.client.files(measurement, since).await.map_err(failure)?;
        let files = files.into_iter().map(|file| File {
            node: file.node,
            sequence: file.sequence,
            first: file.first,
            last: file.last,
            rows: file.rows,
        });
        Ok(files.collect())
    }

    async fn counts(
        &self,
        measurement: &str,
        fields: &[String],
        window: Window,
        bin: Bin,
    ) -> Result<BTreeMap<i64, Count>, Failure> {
        self.counts_once(measurement, fields, window, bin).await.map_err(failure)
    }

    async fn read(
        &self,
        measurement: &str,
        columns: &Columns,
        window: Window,
    ) -> Result<Rows, Failure> {
        let sql = sql::select(measurement, columns, window);
        self.client.query(&sql).await.map(Rows).map_err(failure)
    }

    fn role(&self, field: &Field) -> Option<Role> {
        catalog::role(field)
    }
}

/// The rows of a window.
pub(crate) struct Rows(BatchStream);

impl Answer for Rows {
    fn schema(&self) -> &SchemaRef {
        self.0.schema()
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        self.0.try_next().await.map_err(failure)
    }
}
