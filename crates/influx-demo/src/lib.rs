//! An InfluxDB 3 Core look-alike, for tests and first runs.
//!
//! Line protocol comes in over HTTP or in-process; SQL is asked over Arrow Flight, and DataFusion answers it. Types, column
//! marks, merging, errors and their codes, and the zero-row batches that keep a stream alive are those of the real server, held
//! to its recorded answers by `tests/it/contract.rs`. Points live in memory and end with the process, unless [`Demo::keep_in`] is told a directory. [`Demo::snapshot`] files them
//! as the real server files points in Parquet: files are listed, counted and limited as there, though none is on a disk.
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! use arrow_flight::Ticket;
//! use arrow_flight::flight_service_client::FlightServiceClient;
//! use influx_demo::{Code, Demo, Fault, Options};
//! use tonic::transport::Channel;
//!
//! let demo = Demo::new(Options::default());
//! demo.write("census", "census,location=Klamath ants=30i,bees=23i 1748846218190260000")?;
//! demo.faults().add(Fault::fail(Code::Unavailable, "try again"));
//! let running = demo.spawn().await?;
//!
//! let channel = Channel::from_shared(running.url())?.connect().await?;
//! let mut client = FlightServiceClient::new(channel);
//! let ticket = || Ticket { ticket: r#"{"database":"census","sql_query":"SELECT * FROM census"}"#.into() };
//! assert_eq!(client.do_get(ticket()).await.unwrap_err().code(), Code::Unavailable);
//! assert!(client.do_get(ticket()).await.is_ok());
//! assert_eq!(demo.queries().len(), 2);
//! # anyhow::Ok(())
//! # })?;
//! # anyhow::Ok(())
//! ```

#![cfg_attr(
    not(feature = "server"),
    allow(dead_code, reason = "without the server nobody reads what the store holds")
)]

#[cfg(feature = "server")]
mod auth;
#[cfg(feature = "server")]
mod connection;
#[cfg(feature = "server")]
mod demo;
#[cfg(feature = "server")]
mod engine;
#[cfg(feature = "server")]
mod faults;
#[cfg(feature = "server")]
mod flight;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
#[cfg(feature = "server")]
mod http_api;
mod journal;
#[cfg(feature = "server")]
mod options;
mod params;
#[cfg(feature = "server")]
mod running;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod state;
mod store;
mod ticket;

#[cfg(feature = "server")]
pub use demo::Demo;
#[cfg(feature = "server")]
pub use faults::{Fault, Faults};
#[cfg(feature = "server")]
pub use options::{
    FileLimitText, FileListing, MissingDatabase, Options, Overwrites, TimeSpelling, Tls,
};
#[cfg(feature = "server")]
pub use running::Running;
/// Which release a look-alike says it is, in [`Options`].
#[cfg(feature = "server")]
pub use semver::Version;
pub use store::{LineError, WriteError};
/// The status codes of gRPC, as `Fault::fail` takes them.
pub use tonic::Code;
/// What a look-alike is called, in [`Options`].
#[cfg(feature = "server")]
pub use uuid::Uuid;
