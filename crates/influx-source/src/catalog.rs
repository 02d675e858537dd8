//! What InfluxDB 3 says of its tables and their columns.

mod columns;
mod dropped;

pub(crate) use columns::role;

use influx_flight::Client;
use sync_engine::{Failure, TableInfo};

use crate::influxdb::failure;

/// The tables that there are, without those that are dropped and only wait to be deleted.
///
/// # Errors
///
/// InfluxDB does not answer.
pub(crate) async fn tables(client: &Client) -> Result<Vec<TableInfo>, Failure> {
    let mut tables = client.tables().await.map_err(failure)?;
    dropped::leave_out(client, &mut tables).await?;
    Ok(tables.into_iter().map(columns::table).collect())
}
