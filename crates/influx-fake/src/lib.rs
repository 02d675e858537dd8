//! A fake InfluxDB 3 Core, for tests and first runs.
//!
//! It takes line protocol over HTTP or in-process, and answers SQL over Arrow Flight with
//! DataFusion. Types, column metadata, merging, errors with their codes, and keep-alive batches are
//! those of the real server: `tests/it/contract.rs` compares them with its recorded answers.
//!
//! Points are in memory and end with the process, unless [`Fake::keep_in`] names a directory.
//! [`Fake::snapshot`] moves them into files, which are listed, counted and limited as the real
//! server's Parquet files are, though none is on a disk.
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! use arrow_flight::Ticket;
//! use arrow_flight::flight_service_client::FlightServiceClient;
//! use influx_fake::{Code, Fake, Fault, Options};
//! use tonic::transport::Channel;
//!
//! let fake = Fake::new(Options::default());
//! fake.write("census", "census,location=Klamath ants=30i,bees=23i 1748846218190260000")?;
//! fake.faults().add(Fault::fail(Code::Unavailable, "try again"));
//! let running = fake.spawn().await?;
//!
//! let channel = Channel::from_shared(running.url())?.connect().await?;
//! let mut client = FlightServiceClient::new(channel);
//! let query = r#"{"database":"census","sql_query":"SELECT * FROM census"}"#;
//! let ticket = || Ticket { ticket: query.into() };
//! assert_eq!(client.do_get(ticket()).await.unwrap_err().code(), Code::Unavailable);
//! assert!(client.do_get(ticket()).await.is_ok());
//! assert_eq!(fake.queries().len(), 2);
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
mod downtime;
#[cfg(feature = "server")]
mod engine;
#[cfg(feature = "server")]
mod fake;
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
mod lagging_node;
#[cfg(feature = "server")]
mod options;
mod params;
#[cfg(feature = "server")]
mod proxy;
#[cfg(feature = "server")]
mod reading;
#[cfg(feature = "server")]
mod running;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod state;
mod store;
mod ticket;

#[cfg(feature = "server")]
pub use fake::Fake;
#[cfg(feature = "server")]
pub use faults::{Fault, Faults};
#[cfg(feature = "server")]
pub use lagging_node::LaggingNode;
#[cfg(feature = "server")]
pub use options::{
    FileLimitText, FileListing, MissingDatabase, Options, Overwrites, TimeSpelling, Tls,
};
#[cfg(feature = "server")]
pub use running::Running;
/// The release in [`Options`].
#[cfg(feature = "server")]
pub use semver::Version;
pub use store::{LineError, WriteError};
/// The status codes of gRPC, for `Fault::fail`.
pub use tonic::Code;
/// The `cluster-uuid` in [`Options`].
#[cfg(feature = "server")]
pub use uuid::Uuid;
