//! Queries InfluxDB 3 over Arrow Flight and streams the answer as record batches.
//!
//! [`Client::query`] sends SQL in the server's own `DoGet` ticket and returns a [`BatchStream`].
//! Every failure is an [`Error`]: its [`ErrorKind`] tells the caller what it can do, its text tells
//! the customer. A query is sent once; whether to retry it is the caller's to decide, by
//! [`ErrorKind::is_transient`]. Nothing here knows what the rows are for.
//!
//! ```no_run
//! use influx_flight::{Client, Target};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let target = Target::new("localhost:8181".parse()?, "home").with_token("apiv3_...".into());
//! let client = Client::connect(target).await?;
//! client.check().await?;
//! let mut batches = client.query("SELECT room, temp, time FROM home").await?;
//! println!("{}", batches.schema());
//! while let Some(batch) = batches.try_next().await? {
//!     println!("{} rows", batch.num_rows());
//! }
//! # Ok(())
//! # }
//! ```

mod catalog;
mod classify;
mod client;
mod clock;
mod endpoint;
mod error;
mod error_kind;
mod files;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod grpc_only;
mod message;
mod probe;
mod report;
mod server_info;
mod stream;
mod target;
mod tls;
mod transport;

pub use catalog::{ColumnInfo, ColumnType, Role, TableInfo};
pub use classify::classify;
pub use client::Client;
pub use endpoint::{Endpoint, EndpointError, EndpointProblem, Scheme};
pub use error::Error;
pub use error_kind::{ConnectProblem, ErrorKind, OtherServer, TlsProblem};
pub use files::ParquetFile;
pub use server_info::ServerInfo;
pub use stream::BatchStream;
pub use target::{CaCertificateError, Target, Timeouts};
