//! Accepts connections, up to a number, and with pauses while the system refuses them.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, Stream, StreamExt};
use tokio::sync::Semaphore;

use crate::connection::Connection;
use crate::limits::Limits;

/// The first pause after an error that is not about one connection, such as too many open files.
/// Each next pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// The longest pause. Without pauses the log would fill up, and a core would be busy.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Accepts connections, at most [`Limits::connections`] at a time.
///
/// Connections beyond that wait in the system's queue, so that a burst is served late and not
/// refused. A connection that is not used is closed by [`Connection`], and makes room.
pub(crate) fn connections<Io>(
    accepted: impl Stream<Item = io::Result<Io>> + Unpin,
    limits: Limits,
) -> impl Stream<Item = io::Result<Connection<Io>>> {
    let permits = Arc::new(Semaphore::new(limits.connections));
    stream::unfold((accepted, permits, limits), |(mut accepted, permits, limits)| async move {
        let permit = Arc::clone(&permits).acquire_owned().await.ok()?;
        let io = next(&mut accepted).await?;
        Some((Ok(Connection::new(io, permit, &limits)), (accepted, permits, limits)))
    })
}

async fn next<Io>(accepted: &mut (impl Stream<Item = io::Result<Io>> + Unpin)) -> Option<Io> {
    let mut pause = FIRST_PAUSE;
    loop {
        match accepted.next().await? {
            Ok(io) => return Some(io),
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "No connection can be accepted; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Whether an error concerns one client only, such as one that left before it was accepted.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind};
    use std::time::Duration;

    use futures::{StreamExt, stream};
    use tokio::io::DuplexStream;
    use tokio::time::Instant;

    use super::connections;
    use crate::limits::Limits;

    fn connection() -> io::Result<DuplexStream> {
        Ok(tokio::io::duplex(1).0)
    }

    #[tokio::test(start_paused = true)]
    async fn waits_while_the_system_has_no_room() {
        let too_many_files = || Err(io::Error::from_raw_os_error(24));
        let failures = std::iter::repeat_with(too_many_files).take(12);
        let accepted = stream::iter(failures.chain([connection()]));
        let started = Instant::now();
        let mut connections = Box::pin(connections(accepted, Limits::default()));
        assert!(connections.next().await.is_some());
        // 10, 20, ... 640 ms, and then a second each.
        assert_eq!(started.elapsed(), Duration::from_millis(1_270 + 5 * 1_000));
    }

    #[tokio::test(start_paused = true)]
    async fn does_not_wait_for_a_client_that_left() {
        let left = Err(ErrorKind::ConnectionAborted.into());
        let accepted = stream::iter([left, connection()]);
        let started = Instant::now();
        let mut connections = Box::pin(connections(accepted, Limits::default()));
        assert!(connections.next().await.is_some());
        assert_eq!(started.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn accepts_no_more_than_there_is_room_for() {
        let accepted = stream::iter(std::iter::repeat_with(connection));
        let limits = Limits { connections: 2, ..Limits::default() };
        let mut connections = Box::pin(connections(accepted, limits));
        let first = connections.next().await;
        let _second = connections.next().await;
        assert!(futures::poll!(connections.next()).is_pending());
        drop(first);
        assert!(futures::poll!(connections.next()).is_ready());
    }
}
