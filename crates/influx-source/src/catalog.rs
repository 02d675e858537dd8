//! What InfluxDB 3 says of its tables and their columns.

mod columns;
mod dropped;

pub(crate) use columns::role;

use influx_flight::Client;
use sync_engine::{Failure, RetryPolicy, TableInfo};

use crate::influxdb::ask;

/// The tables that there are, without those that are dropped and only wait to be deleted.
///
/// # Errors
///
/// InfluxDB does not answer.
pub(crate) async fn tables(
    client: &Client,
    retry: &RetryPolicy,
) -> Result<Vec<TableInfo>, Failure> {
    let mut tables = ask(retry, || client.tables()).await?;
    dropped::leave_out(client, retry, &mut tables).await?;
    Ok(tables.into_iter().map(columns::table).collect())
}
