//! Serves Fivetran.

use fivetran_adapter::{listen, log_to_stdout, shutdown_signal};

use crate::serve_influx;

/// The crates whose log lines Fivetran gets, besides those of the adapter.
const LOGGING_CRATES: &[&str] = &["influx_source", "sync_engine"];

/// Serves until SIGTERM or Ctrl-C.
pub(crate) async fn run(port: u16) -> anyhow::Result<()> {
    log_to_stdout(LOGGING_CRATES)?;
    let shutdown = shutdown_signal().await?;
    serve_influx(listen(port)?, shutdown).await?;
    Ok(())
}
