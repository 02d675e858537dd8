//! The InfluxDB 3 [`Source`](sync_core::Source): it discovers tables, plans windows of time, and pushes the points of each window into a
//! [`Sink`](sync_core::Sink), with a checkpoint at the window's end.
//!
//! Nothing here knows where the rows go. Wire it to a platform, or collect its rows in a test:
//!
//! ```no_run
//! # async fn example(typed: std::collections::BTreeMap<String, String>) -> Result<(), Box<dyn std::error::Error>> {
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
//! How a sync works, and why it loses nothing:
//!
//! 1. The upper bound (the earlier of two clocks, less some seconds) is taken once, before anything is looked at.
//! 2. Windows of time are half-open, tile without holes, and have both bounds in SQL. Their length adapts to what they bring.
//! 3. The cursor of a table is always a window's end and never the time of a row, so that ties and order cannot lose one.
//! 4. Each table has its own cursor, with a fingerprint of the settings that shape its rows.
//! 5. Every sync reads again a lookback before the cursor, which finds late and overwritten points; upserts by key make that harmless.
//! 6. Before anything is read, the server's files, or counts where it shows none, tell what came later than that. It is owed, in the
//!    state, until it is read.
//! 7. Windows of one table never overlap, so that an older answer cannot overwrite a newer one, and the cursor follows the complete
//!    prefix alone.
//! 8. An answer with other columns than were listed is not used: the columns are listed again first.

mod audit;
mod batches;
mod begin;
mod bounds;
mod config;
mod database;
mod density;
mod discover;
mod fault;
mod fingerprint;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod influx;
mod notes;
mod origin;
mod outage;
mod pace;
mod plan;
mod plant;
mod progress;
mod reader;
mod reading;
mod release;
mod series;
mod server;
mod session;
mod shape;
#[cfg(test)]
mod simulation;
mod source;
mod sql;
mod stretches;
mod sync;
mod table;
mod table_sync;
mod time;
mod window;
mod window_read;

pub use config::{FIELDS, InfluxConfig};
pub use source::InfluxSource;
pub use time::{Clock, SystemClock};
