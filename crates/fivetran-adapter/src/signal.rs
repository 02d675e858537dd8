//! Waits for the signals that end the process.

use std::io;

/// A future that completes when the process is asked to end: by SIGTERM, which containers get, or
/// by Ctrl-C.
///
/// From this call on, the signals do not end the process by themselves. None is lost before the
/// future is first polled. The function is async since signals need a runtime.
///
/// # Errors
///
/// The system does not let us listen for signals.
#[cfg(unix)]
pub async fn shutdown_signal() -> io::Result<impl Future<Output = ()> + Send + use<>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// A future that completes when the process is asked to end, by Ctrl-C.
///
/// # Errors
///
/// The system does not let us listen for signals.
#[cfg(windows)]
pub async fn shutdown_signal() -> io::Result<impl Future<Output = ()> + Send + use<>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
