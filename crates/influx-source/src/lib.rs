//! The InfluxDB 3 [`Source`](sync_core::Source): what a customer can set, which measurements there
//! are, and the questions of [`sync_engine`] in SQL over Flight.
//!
//! Nothing here knows where the rows go. Wire it to a platform, or collect its rows in a test:
//!
//! ```no_run
//! # async fn example(
//! #     typed: std::collections::BTreeMap<String, String>,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! use influx_source::{InfluxConfig, InfluxSource};
//! use sync_core::{Catalog, Source};
//!
//! let source = InfluxSource::default();
//! let config = sync_config::parse::<InfluxConfig>(&typed)?.config;
//! if let Catalog::Tables(tables) = source.schema(&config).await? {
//!     println!("{} measurements", tables.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! How a sync works, and why it loses nothing, is the business of [`sync_engine`].

mod catalog;
mod config;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod influxdb;
mod predecessor;
mod source;

pub use config::{FIELDS, InfluxConfig};
pub use source::InfluxSource;
pub use sync_engine::{Clock, SystemClock};
