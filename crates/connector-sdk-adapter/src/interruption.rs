//! Notices that the process is to end, while Python runs nothing of its own.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyCFunction;

/// Whether Python has begun to shut down.
static IS_EXITING: AtomicBool = AtomicBool::new(false);

/// Whether somebody is told of it already.
static IS_WATCHED: AtomicBool = AtomicBool::new(false);

/// Has Python tell us when it begins to shut down, once for the process.
///
/// A sync may run on a thread that Python waits for, so that hooks like `atexit` would come too
/// late. `threading._register_atexit` is called before that, and is private: where it is missing,
/// Ctrl-C ends the process when the sync has ended.
pub(crate) fn watch(py: Python<'_>) -> PyResult<()> {
    if IS_WATCHED.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let Some(register) = py.import("threading")?.getattr_opt("_register_atexit")? else {
        return Ok(());
    };
    let exits = PyCFunction::new_closure(py, None, None, |_, _| {
        IS_EXITING.store(true, Ordering::Relaxed);
    })?;
    match register.call1((exits,)) {
        // It refuses when Python shuts down already.
        Err(error) if error.is_instance_of::<PyException>(py) => {
            IS_EXITING.store(true, Ordering::Relaxed);
            Ok(())
        }
        result => result.map(drop),
    }
}

/// Whether Python has begun to shut down.
pub(crate) fn is_exiting() -> bool {
    IS_EXITING.load(Ordering::Relaxed)
}
