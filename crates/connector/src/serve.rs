//! Serving Fivetran.

use fivetran_adapter::{listen, log_to_stdout, shutdown_signal};

use crate::serve_influx;

/// The crates whose log lines Fivetran sees, besides the adapter's.
const SPEAKERS: &[&str] = &["influx_source", "influx_flight"];

/// Serves until SIGTERM or Ctrl-C.
pub(crate) async fn run(port: u16) -> anyhow::Result<()> {
    log_to_stdout(SPEAKERS)?;
    let shutdown = shutdown_signal().await?;
    serve_influx(listen(port)?, shutdown).await?;
    Ok(())
}
