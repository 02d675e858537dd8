//! The three calls that the SDK makes of a connector.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyList;
use sync_config::{Config, Parsed};
use sync_core::{Sink, Source, SyncRequest};

use crate::declared::Declared;
use crate::ending::{Ending, PANIC};
use crate::error::ConnectorError;
use crate::logs::{Line, Lines};
use crate::run::{Stop, run};
use crate::sdk::Sdk;
use crate::sink::SdkSink;
use crate::text::cut;
use crate::{catalog, configuration, interruption};

/// A source behind the SDK's functions: one for the whole process, since what `schema()` has
/// declared is what `update()` may send.
#[derive(Debug)]
pub struct Adapter<S> {
    source: S,
    crates: &'static [&'static str],
    declared: Mutex<Option<Declared>>,
}

impl<S> Adapter<S>
where
    S: Source,
    S::Config: Config,
{
    /// Serves `source`, and logs what `crates` say, whose names are spelled as in `use`.
    ///
    /// Lines of other crates could hold a token or the customer's data.
    pub fn new(source: S, crates: &'static [&'static str]) -> Self {
        Self { source, crates, declared: Mutex::default() }
    }

    /// The tables that there are, as dicts.
    ///
    /// # Errors
    ///
    /// A [`ConnectorError`] with a sentence that says what is wrong, or what Python raised.
    pub fn schema<'py>(
        &self,
        py: Python<'py>,
        configuration: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyList>> {
        guarded(|| {
            let config = self.parse(configuration)?.map_err(ConnectorError::new_err)?;
            let Parsed { config, warnings } = config;
            let (sdk, lines) = (Sdk::import(py)?, Lines::default());
            for warning in warnings {
                sdk.log(py, &Line::warning(&warning))?;
            }
            let result = self.look_after(py, &sdk, &lines, self.source.schema(&config))?;
            let catalog = result
                .and_then(|result| result.map_err(|error| cut(error.to_string())))
                .map_err(ConnectorError::new_err)?;
            let tables = catalog::tables(py, &catalog)?;
            *self.declared.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Declared::new(&catalog));
            Ok(tables)
        })
    }

    /// Runs a setup test. Returns why it failed, or `None` if it passed.
    ///
    /// # Errors
    ///
    /// What Python raised.
    pub fn test(
        &self,
        py: Python<'_>,
        name: &str,
        configuration: &Bound<'_, PyAny>,
    ) -> PyResult<Option<String>> {
        guarded(|| {
            if !self.source.setup_tests().iter().any(|test| test.name == name) {
                return Ok(Some(cut(format!("There is no setup test {name:?}."))));
            }
            let config = match self.parse(configuration)? {
                Ok(parsed) => parsed.config,
                Err(text) => return Ok(Some(text)),
            };
            let (sdk, lines) = (Sdk::import(py)?, Lines::default());
            let test = self.source.test(name, &config);
            Ok(match self.look_after(py, &sdk, &lines, test)? {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(cut(error.to_string())),
                Err(text) => Some(text),
            })
        })
    }

    /// Runs a sync.
    ///
    /// What the customer can mend becomes a task, after which it returns; where the SDK has no
    /// tasks it is an exception.
    ///
    /// # Errors
    ///
    /// A [`ConnectorError`] with a sentence that says what is wrong; or what the SDK raised,
    /// unchanged, as long as it is an `Exception`: the SDK takes a sync that ends with anything
    /// else for one that has succeeded.
    pub fn update(
        &self,
        py: Python<'_>,
        configuration: &Bound<'_, PyAny>,
        state: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        guarded(|| self.sync(py, configuration, state))
            .map_err(|error| as_exception(py, error).unwrap_or_else(|error| error))
    }

    fn sync(
        &self,
        py: Python<'_>,
        configuration: &Bound<'_, PyAny>,
        state: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        interruption::watch(py)?;
        let declared = self.declared.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(declared) = declared else {
            return Err(ConnectorError::new_err(
                "update() was called before schema() in this process, so that no column has a \
                 type and numbers would lose digits. Pass both to Connector(), as in \
                 Connector(update=update, schema=schema).",
            ));
        };
        let sdk = Sdk::import(py)?;
        let request = match self.parse(configuration)? {
            Err(text) => Err(text),
            Ok(parsed) => configuration::state(state)?.map(|state| (parsed, state)),
        };
        let (Parsed { config, warnings }, state) = match request {
            Ok(request) => request,
            Err(text) => return sdk.task(py, &text),
        };
        let request = SyncRequest { state, selection: declared.selection() };
        let lines = Lines::default();
        let sink = SdkSink::new(sdk, declared, lines.clone());
        let work = async {
            for warning in warnings {
                // If Python raised something, the sync below ends with the same error.
                let _ = sink.warn(warning).await;
            }
            let ending = Ending::of(self.source.sync(&config, request, &sink).await);
            let (rows, checkpoints) = sink.figures();
            tracing::info!(rows, checkpoints, "{}", ending.name());
            ending
        };
        let result = run(py, (&lines, self.crates), |py| sink.tick(py), work);
        end(py, &sink, result)
    }

    /// Parses a configuration. Returns a text for the customer if it is wrong.
    fn parse(
        &self,
        configuration: &Bound<'_, PyAny>,
    ) -> PyResult<Result<Parsed<S::Config>, String>> {
        Ok(configuration::texts(configuration)?.and_then(|typed| {
            sync_config::parse::<S::Config>(&typed).map_err(|problems| cut(problems.to_string()))
        }))
    }

    /// Runs a call without a sink, and writes its log. Returns a text if it was stopped.
    fn look_after<T: Send>(
        &self,
        py: Python<'_>,
        sdk: &Sdk,
        lines: &Lines,
        work: impl Future<Output = T> + Send,
    ) -> PyResult<Result<T, String>> {
        interruption::watch(py)?;
        let write_log = |py: Python<'_>| lines.take().iter().try_for_each(|line| sdk.log(py, line));
        let result = run(py, (lines, self.crates), write_log, work);
        write_log(py)?;
        match result {
            Ok(done) => Ok(Ok(done)),
            Err(stop) => stop.text().map(Err),
        }
    }
}

/// Ends a sync: with what Python raised, or else with the last checkpoint and then a task, an
/// exception or neither.
fn end(py: Python<'_>, sink: &SdkSink, result: Result<Ending, Stop>) -> PyResult<()> {
    if let Some(error) = sink.take_raised() {
        return Err(error);
    }
    let ending = match result {
        Ok(ending) if sink.sdk().has_tasks() => ending,
        Ok(ending) => ending.without_tasks(),
        // Nobody may be there to take a checkpoint, for which the SDK would wait.
        Err(stop @ (Stop::Exiting | Stop::Raised(_))) => {
            return Err(ConnectorError::new_err(stop.text()?));
        }
        Err(Stop::Broken(text)) => Ending::Failed(text),
    };
    sink.write_log(py)?;
    sink.send_held(py)?;
    match ending {
        Ending::Finished => Ok(()),
        Ending::Task(text) => sink.sdk().task(py, &text),
        Ending::Failed(text) => Err(ConnectorError::new_err(text)),
    }
}

/// Runs a call so that a panic becomes an `Exception`, which Python's own code expects.
fn guarded<T>(call: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err(ConnectorError::new_err(PANIC)))
}

/// What to raise for what was raised: itself if it is an `Exception`, or if this is the main
/// thread, whose process it ends.
fn as_exception(py: Python<'_>, error: PyErr) -> PyResult<PyErr> {
    if error.is_instance_of::<PyException>(py) {
        return Ok(error);
    }
    let threading = py.import("threading")?;
    let current = threading.call_method0("current_thread")?;
    if current.is(&threading.call_method0("main_thread")?) {
        return Ok(error);
    }
    let name = error.get_type(py).name()?.to_string();
    let raised = ConnectorError::new_err(format!("The sync was interrupted by {name}."));
    raised.set_cause(py, Some(error));
    Ok(raised)
}
