//! InfluxDB 3 as the engine's port: its questions in SQL, and what its errors mean.

mod failure;
mod port;
mod release;
mod sql;

pub(crate) use failure::failure;
pub(crate) use port::InfluxDb;
pub(crate) use release::caveats;
#[cfg(feature = "fuzzing")]
pub(crate) use sql::{any_point, columns, counts, select};
