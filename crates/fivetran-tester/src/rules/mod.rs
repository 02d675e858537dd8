//! The rules that a source connector keeps, and what is noted when one is broken.

mod breach;
mod form;
mod judge;
mod row;
mod rule;
mod schema;
mod value;

pub(crate) use breach::Breaches;
pub use breach::{Breach, Place};
pub(crate) use form::check_form;
pub(crate) use judge::Judge;
pub use rule::Rule;
