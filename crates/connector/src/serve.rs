//! Serving Fivetran.

use fivetran_adapter::{Limits, listen, log_to_stdout, serve, shutdown_signal};
use influx_source::InfluxSource;

/// The crates whose log lines Fivetran sees, besides the adapter's.
const SPEAKERS: &[&str] = &["influx_source", "influx_flight"];

/// Serves until SIGTERM or Ctrl-C.
pub(crate) async fn run(port: u16) -> anyhow::Result<()> {
    log_to_stdout(SPEAKERS)?;
    let shutdown = shutdown_signal().await?;
    serve(InfluxSource::default(), listen(port)?, Limits::default(), shutdown).await?;
    Ok(())
}
