//! Runs work of a source in a task of its own, apart from the connection that asked for it.

use sync_core::SyncError;
use tokio::task::JoinSet;

/// A task that is aborted when this is dropped, and whose panic becomes an error.
///
/// Without it, a panic inside a source would end the call with no message to either side.
#[derive(Debug)]
pub(crate) struct IsolatedTask<T>(JoinSet<Result<T, SyncError>>);

impl<T: Send + 'static> IsolatedTask<T> {
    /// Starts the task.
    pub(crate) fn spawn(work: impl Future<Output = Result<T, SyncError>> + Send + 'static) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(work);
        Self(tasks)
    }

    /// Waits for the task to end.
    pub(crate) async fn join(mut self) -> Result<T, SyncError> {
        match self.0.join_next().await {
            Some(Ok(result)) => result,
            // The message of a panic may hold the customer's data. It goes to standard error only.
            Some(Err(_)) | None => Err(SyncError::bug("The connector failed inside (a panic)")),
        }
    }
}
