//! Runs work of a source on the thread that Python gave.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use pyo3::prelude::*;
use tokio::runtime::Builder;

use crate::ending::{PANIC, SHUTDOWN};
use crate::interruption::is_exiting;
use crate::logs::Lines;

/// How often work is looked after while Python runs nothing: half of what Ctrl-C may take.
const TICK: Duration = Duration::from_millis(500);

/// How long connections may take to close when the work is done.
const GRACE: Duration = Duration::from_secs(1);

/// What ended work before it was done.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A panic, or a runtime that did not start.
    Broken(String),
    /// The process is shutting down.
    Exiting,
    /// Python raised it in a tick.
    Raised(PyErr),
}

impl Stop {
    /// A sentence for the customer.
    pub(crate) fn text(self) -> Result<String, PyErr> {
        match self {
            Self::Broken(text) => Ok(text),
            Self::Exiting => Ok(SHUTDOWN.to_owned()),
            Self::Raised(error) => Err(error),
        }
    }
}

/// Runs `work` to its end, and `tick` twice a second.
///
/// The calling thread drives it, so that what it says to Python needs no other thread and no copy.
/// A second thread drives connections, which must go on while Python makes this one wait. Both are
/// gone when the call is. Log lines of the work go to `lines`.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    (lines, crates): (&Lines, &[&str]),
    tick: impl Fn(Python<'_>) -> PyResult<()> + Sync,
    work: impl Future<Output = T> + Send,
) -> Result<T, Stop> {
    let tick = &tick;
    py.detach(move || {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| {
            Stop::Broken(format!("The connector cannot start its threads: {error}."))
        })?;
        // A panic that reaches Python is no `Exception` there, and the SDK would take the sync for
        // one that has succeeded.
        let result = catch_unwind(AssertUnwindSafe(|| {
            tracing::subscriber::with_default(lines.subscriber(crates), || {
                runtime.block_on(async {
                    tokio::select! {
                        biased;
                        stop = look_after(tick) => Err(stop),
                        done = work => Ok(done),
                    }
                })
            })
        }));
        runtime.shutdown_timeout(GRACE);
        result.unwrap_or_else(|_| Err(Stop::Broken(PANIC.to_owned())))
    })
}

/// Ticks until the work has to stop.
async fn look_after(tick: &(impl Fn(Python<'_>) -> PyResult<()> + Sync)) -> Stop {
    loop {
        tokio::time::sleep(TICK).await;
        if is_exiting() {
            return Stop::Exiting;
        }
        // Signals count on the main thread alone; elsewhere this asks nothing.
        let ticked = Python::try_attach(|py| py.check_signals().and_then(|()| tick(py)));
        match ticked {
            None => return Stop::Exiting,
            Some(Err(error)) => return Stop::Raised(error),
            Some(Ok(())) => {}
        }
    }
}
