//! Work of a source, kept apart from the connection that asked for it.

use sync_core::SyncError;
use tokio::task::JoinSet;

/// A task that is stopped when this is dropped, and whose panic is an error like any other.
///
/// Without it, a panic inside a source would tear down the call with no word to either side.
#[derive(Debug)]
pub(crate) struct Contained<T>(JoinSet<Result<T, SyncError>>);

impl<T: Send + 'static> Contained<T> {
    /// Starts it at once.
    pub(crate) fn spawn(work: impl Future<Output = Result<T, SyncError>> + Send + 'static) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(work);
        Self(tasks)
    }

    /// Waits for its end.
    pub(crate) async fn join(mut self) -> Result<T, SyncError> {
        match self.0.join_next().await {
            Some(Ok(result)) => result,
            // What a panic says may hold a customer's data: it goes to standard error alone.
            Some(Err(_)) | None => Err(SyncError::bug("The connector failed inside (a panic)")),
        }
    }
}
