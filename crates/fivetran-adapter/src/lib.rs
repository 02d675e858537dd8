//! Serves any [`Source`](sync_core::Source) as a Fivetran source connector.
//!
//! Fivetran is a gRPC client that makes four calls: it asks for a setup form, runs setup tests,
//! asks for tables and columns, and runs syncs. This crate answers all four for a source whose
//! configuration is a [`sync_config::Config`]. It makes the form of the configuration's fields,
//! encodes rows [straight to bytes](TableEncoder), and turns an error into what Fivetran expects: a
//! failed test, a `Task` for the customer, or a status.
//!
//! | fault | `Test` | `Schema` | `Update` |
//! |---|---|---|---|
//! | the configuration cannot be read | failure | `INVALID_ARGUMENT` | `Task` |
//! | [`Setup`](sync_core::Fault::Setup) | failure | `FAILED_PRECONDITION` | `Task` |
//! | [`Transient`](sync_core::Fault::Transient) | failure | `UNAVAILABLE` | `UNAVAILABLE` |
//! | [`Bug`](sync_core::Fault::Bug), a panic | failure | `INTERNAL` | `INTERNAL` |
//! | shutdown | `UNAVAILABLE` | `UNAVAILABLE` | `UNAVAILABLE` |
//!
//! It warns of names that collide under [Fivetran's naming](fivetran_wire::naming): `Schema` in the
//! log, and `Update` with a `Warning`.
//!
//! It knows no database. A whole connector is a source and a few lines:
//!
//! ```
//! use fivetran_adapter::{Limits, listen, serve};
//! use sync_config::{Answers, Config, Field, Invalid};
//! use sync_core::{Catalog, SetupTest, Sink, Source, SyncError, SyncRequest};
//!
//! /// A source without settings and without tables.
//! struct Empty;
//! struct NoSettings;
//!
//! impl Config for NoSettings {
//!     const FIELDS: &'static [&'static Field] = &[];
//!
//!     fn read(_: &mut Answers<'_>) -> Result<Self, Invalid> {
//!         Ok(NoSettings)
//!     }
//! }
//!
//! impl Source for Empty {
//!     type Config = NoSettings;
//!
//!     fn setup_tests(&self) -> &'static [SetupTest] {
//!         &[]
//!     }
//!     async fn test(&self, _: &str, _: &NoSettings) -> Result<(), SyncError> {
//!         Ok(())
//!     }
//!     async fn schema(&self, _: &NoSettings) -> Result<Catalog, SyncError> {
//!         Ok(Catalog::Tables(vec![]))
//!     }
//!     async fn sync<S: Sink>(
//!         &self,
//!         _: &NoSettings,
//!         _: SyncRequest,
//!         _: &S,
//!     ) -> Result<(), SyncError> {
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let shutdown_signal = async || Ok::<_, std::io::Error>(async {});
//! // A real program has `let shutdown = fivetran_adapter::shutdown_signal().await?;`
//! let shutdown = shutdown_signal().await?;
//! serve(Empty, listen(0)?, Limits::default(), shutdown).await?;
//! # Ok(())
//! # }
//! ```

mod admission;
mod channel;
mod coalesced_writes;
mod connection;
mod encode;
mod form;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod generated;
mod grpc;
mod incoming;
mod limits;
mod listen;
mod logs;
mod message;
mod name_collisions;
mod schema;
mod selection;
mod serve;
mod service;
mod signal;
mod sink;
mod status;
mod task;
mod text;
mod update;

pub use encode::{EncodedMessage, TableEncoder};
pub use fivetran_wire::limit::DEFAULT_PORT;
pub use limits::Limits;
pub use listen::{ListenError, listen};
pub use logs::{LogLayer, log_to_stdout};
pub use serve::{ServeError, serve};
pub use signal::shutdown_signal;
