//! A question that is asked until it is answered.

use influx_flight::Error;
use sync_engine::{Failure, RetryPolicy};

use crate::influxdb::failure;

/// Asks until the answer has come, or until the policy gives up.
///
/// # Errors
///
/// The last failure.
pub(crate) async fn ask<T, Question, Try>(
    retry: &RetryPolicy,
    mut question: Question,
) -> Result<T, Failure>
where
    Question: FnMut() -> Try,
    Try: Future<Output = Result<T, Error>>,
{
    let question = || {
        let answer = question();
        async { answer.await.map_err(failure) }
    };
    retry.run(question).await
}
