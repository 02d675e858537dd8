//! Parses a configuration of flat strings into a type of your own.
//!
//! Platforms give a connector what a customer typed as a `map<string, string>`. This crate parses
//! it into a typed configuration, and reports *all* problems at once. One table of [`Field`]s is
//! the source of the form that the customer sees, of the parser's rules, of its error texts and of
//! the documentation ([`markdown`]).
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::time::Duration;
//! use secrecy::{ExposeSecret, SecretString};
//! use sync_config::{Answers, Config, Field, Invalid, Kind, Requirement, parse, value};
//!
//! static TOKEN: Field = Field {
//!     name: "token",
//!     label: "API token",
//!     description: "A token that can read the database.",
//!     requirement: Requirement::Required,
//!     kind: Kind::Secret,
//!     placeholder: None,
//! };
//! static EVERY: Field = Field {
//!     name: "every",
//!     label: "Interval",
//!     description: "How often to look.",
//!     requirement: Requirement::Default("5m"),
//!     kind: Kind::Text,
//!     placeholder: None,
//! };
//!
//! struct Settings { token: SecretString, every: Duration }
//!
//! impl Config for Settings {
//!     const FIELDS: &'static [&'static Field] = &[&TOKEN, &EVERY];
//!
//!     fn read(answers: &mut Answers<'_>) -> Result<Self, Invalid> {
//!         // Each line notes its own problem. Use `?` only after all of them.
//!         let token = answers.required(&TOKEN, value::secret);
//!         let every = answers.required(&EVERY, value::duration);
//!         Ok(Settings { token: token?, every: every? })
//!     }
//! }
//!
//! let typed = BTreeMap::from([("token".to_owned(), "s3cret".to_owned())]);
//! let parsed = parse::<Settings>(&typed).unwrap();
//! assert_eq!(parsed.config.every, Duration::from_secs(300));
//! assert_eq!(parsed.config.token.expose_secret(), "s3cret");
//! assert!(!format!("{:?}", parsed.config.token).contains("s3cret"));
//!
//! let typed = BTreeMap::from([("every".to_owned(), "soon".to_owned())]);
//! let problems = parse::<Settings>(&typed).err().unwrap();
//! assert_eq!(problems.iter().count(), 2);
//! ```

mod answers;
mod cut;
mod field;
mod markdown;
mod problem;
pub mod value;

pub use answers::{Answers, Config, Parsed, parse};
pub use field::{Choice, Choose, Field, Kind, Removed, Requirement};
pub use markdown::markdown;
pub use problem::{Invalid, Problem, Problems};
