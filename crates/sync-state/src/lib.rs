//! Where a sync stands, as one JSON text that a platform keeps between syncs.
//!
//! A [`State`] holds a [`Progress`] per table, keyed by database and table, so that a table which
//! joins later starts from its own beginning. A cursor cannot move backwards: [`Progress::advance`]
//! takes the larger of two positions, and only [`State::start`] begins a table anew. The crate does
//! no I/O and knows neither the source nor the platform.
//!
//! ```
//! use sync_state::{Cursor, State};
//!
//! let mut state = State::parse(None)?;
//! let progress = state.start("plant", "boiler", "v1".to_owned(), Cursor(0));
//! progress.advance(Cursor(60));
//! progress.advance(Cursor(30));
//!
//! let resumed = State::parse(Some(&state.to_json()))?;
//! let boiler = resumed.table("plant", "boiler");
//! assert_eq!(boiler.map(|progress| progress.cursor()), Some(Cursor(60)));
//! # Ok::<(), sync_state::StateError>(())
//! ```

mod cursor;
mod state;

pub use cursor::Cursor;
pub use state::{Progress, State, StateError};
