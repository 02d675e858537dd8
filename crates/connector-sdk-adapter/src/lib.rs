//! Serves any [`Source`](sync_core::Source) inside Fivetran's Connector SDK, from Python.
//!
//! The SDK is a Python package that calls functions of a customer's: `schema(configuration)`,
//! `update(configuration, state)`, setup tests and a form. An [`Adapter`] is a source behind these
//! functions, for a Python extension module to offer. It knows no database, and no gRPC.
//!
//! | what happens | setup test | `schema()` | `update()` |
//! |---|---|---|---|
//! | the configuration cannot be read | failure | exception | task |
//! | [`Setup`](sync_core::Fault::Setup) | failure | exception | task |
//! | another [`Fault`](sync_core::Fault), a panic | failure | exception | exception |
//! | the SDK raises an exception | the same one | the same one | the same one |
//!
//! Exceptions of ours are [`ConnectorError`]s. SDKs before 2.11.0 have no tasks, and get an
//! exception.
//!
//! A sync runs on the thread that Python gave, and spawns nothing that calls Python. What
//! `schema()` returned in this process is all that may be sent: what is new since then waits for
//! the next sync, which declares it first.
//!
//! An extension module is a few lines:
//!
//! ```text
//! static ADAPTER: LazyLock<Adapter<MySource>> =
//!     LazyLock::new(|| Adapter::new(MySource, &["my_source"]));
//!
//! #[pyfunction]
//! fn schema<'py>(py: Python<'py>, settings: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
//!     ADAPTER.schema(py, &settings)
//! }
//! ```

mod adapter;
mod catalog;
mod cell;
mod checkpoints;
mod configuration;
mod declared;
mod ending;
mod error;
mod form;
mod interruption;
mod logs;
mod rows;
mod run;
mod sdk;
mod sink;
mod state;
mod text;

pub use adapter::Adapter;
pub use error::ConnectorError;
pub use form::form_json;
