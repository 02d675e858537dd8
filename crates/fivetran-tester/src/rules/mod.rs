//! The rules for source connectors, and the validation against them.

mod breach;
mod form;
mod row;
mod rule;
mod schema;
mod validator;
mod value;

pub(crate) use breach::Breaches;
pub use breach::{Breach, Place};
pub(crate) use form::check_form;
pub use rule::Rule;
pub(crate) use validator::Validator;
