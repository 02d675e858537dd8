//! Where a sync stands, as one JSON text that a platform keeps between syncs.
//!
//! A [`State`] holds a [`Progress`] per table, keyed by database and table, so that a table which
//! joins later starts from its own beginning. A cursor cannot move backwards: [`Progress::advance`]
//! takes the larger of two positions, and only [`State::start`] begins a table anew. What a source
//! remembers beside the cursor is a type of its own ([`Notes`]): the text is read once, at the
//! border, and written at checkpoints. The crate does no I/O and knows neither the source nor the
//! platform.
//!
//! ```
//! use serde_json::{Map, Value};
//! use sync_state::{Cursor, Fingerprint, Progress};
//!
//! type State = sync_state::State<Map<String, Value>>;
//!
//! let mut state = State::parse(None)?;
//! let started = Progress::new(Cursor(0), Fingerprint::new(), Map::new());
//! let progress = state.start("plant", "boiler", started);
//! progress.advance(Cursor(60));
//! progress.advance(Cursor(30));
//!
//! let resumed = State::parse(Some(&state.to_json()))?;
//! let boiler = resumed.table("plant", "boiler");
//! assert_eq!(boiler.map(|progress| progress.cursor()), Some(Cursor(60)));
//! # Ok::<(), sync_state::StateError>(())
//! ```

mod cursor;
mod progress;
mod state;
mod stored;

pub use cursor::Cursor;
pub use progress::{Fingerprint, Notes, Progress};
pub use state::{State, StateError};
