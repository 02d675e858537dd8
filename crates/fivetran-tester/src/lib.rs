//! Plays Fivetran against any source connector: the four calls, the rules, and a local warehouse.
//!
//! A [`Tester`] connects to a source connector of Fivetran's Partner SDK v2, as Fivetran would: it
//! asks for the setup form, runs the setup tests, asks for the schema, and runs syncs. It loads
//! what a sync sends into a [`Project`]: a local [`Warehouse`] (an SQLite file), and the state that
//! the next sync starts from. It checks each answer against the [`Rule`]s that Fivetran has for
//! source connectors. A [`Report`] lists the rules that were broken, once for each place, with a
//! count.
//!
//! A connector on Fivetran's Connector SDK serves the same calls, and is tested in the same way.
//! Its first state has to be [`{}`](FirstState::EmptyObject). Its records may have their values in
//! `row_data`, which is read by the types of the columns, and its warnings and tasks are texts
//! wrapped in JSON, which are unwrapped.
//!
//! ```no_run
//! use fivetran_tester::{Configuration, Project, SyncOptions, Tester};
//!
//! # async fn example() -> Result<(), fivetran_tester::Error> {
//! let tester = Tester::connect("localhost:50051").await?;
//! let configuration = Configuration::from([("hostname".to_owned(), "localhost".to_owned())]);
//! let mut project = Project::open("trial")?;
//!
//! let report = tester.sync(&mut project, &configuration, SyncOptions::default(), |_| {}).await?;
//! println!("{report}");
//! for table in project.warehouse()?.tables() {
//!     println!("{}: {} rows", table.name, project.warehouse()?.live_rows(table.name.clone())?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! There is a program too:
//! `fivetran-tester --connector localhost:50051 --configuration configuration.json`.
//!
//! It differs from Fivetran in three ways. Tables and columns keep the source's names
//! ([`fivetran_wire::naming`] tells Fivetran's names for them). It does not load in parallel. It
//! does not infer the type of a column from several values.

mod client;
mod clock;
mod configuration;
mod declared;
mod error;
mod event;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod loader;
mod message;
mod name;
mod notice;
mod options;
mod project;
mod report;
mod rules;
mod selection;
mod sync;
mod tester;
mod time;
mod warehouse;

pub use configuration::{Configuration, ConfigurationError, read_configuration};
pub use declared::{ColumnType, DeclaredColumn, DeclaredTable};
pub use error::Error;
pub use event::Event;
pub use name::TableName;
pub use options::{FirstState, Stop, SyncOptions, Trailing};
pub use project::Project;
pub use report::{Counts, End, Report, TEXTS_KEPT};
pub use rules::{Breach, Place, Rule};
pub use selection::SelectionBuilder;
pub use tester::{Checked, SetupTest, Tester, Verdict};
pub use warehouse::{Row, Warehouse, WarehouseColumn, WarehouseTable};
