//! Opens the reading of an answer to the fuzz targets of `xtask/fuzz`, without a connection.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_flight::FlightData;
use futures::Stream;
use tonic::Status;

use crate::error::Error;
use crate::files;
use crate::report::Reporter;
use crate::stream::BatchStream;
use crate::target::Target;

/// Reads the messages of an answer as if `target` had sent them.
///
/// # Errors
///
/// As [`Client::query`](crate::Client::query).
pub async fn answer(
    messages: impl Stream<Item = Result<FlightData, Status>> + Send + 'static,
    target: &Target,
) -> Result<BatchStream, Error> {
    let reporter = reporter(target);
    BatchStream::open(messages, target.timeouts, Arc::clone(&reporter))
        .await
        .map_err(|failure| reporter.failure(failure))
}

/// The SQL that asks for the files of a table, of some nodes from a sequence on.
#[must_use]
pub fn files_statement(table: &str, since: &BTreeMap<String, u64>) -> String {
    files::statement(table, since)
}

/// The error that a status from `target` becomes.
#[must_use]
pub fn error(status: Status, target: &Target) -> Error {
    reporter(target).failure(status.into())
}

fn reporter(target: &Target) -> Arc<Reporter> {
    Arc::new(Reporter::new(
        target.endpoint.to_string(),
        target.database.clone(),
        target.token.clone(),
    ))
}
