//! Begins where another connector has stopped.

use sync_state::{Cursor, Fingerprint};

use crate::state::{Notes, State, TableProgress};

/// A table that another connector has filled, from a measurement, up to some time.
///
/// A sync that begins with it starts the table at that time, without a truncate: what lies before
/// stays as the other connector sent it, and is never read, however late it comes and whatever
/// changes. Only a table that starts anew, as after a re-sync, is read from its first point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The name under which the state keeps the positions of the database:
    /// [`Settings::database`](crate::Settings::database).
    pub database: String,
    /// The measurement.
    pub measurement: String,
    /// The first time that is read, in nanoseconds since 1970-01-01T00:00:00Z. Where it lies after
    /// the present time, the table starts at the end of its first sync.
    pub floor: i64,
}

impl Handover {
    /// The state for the first sync.
    #[must_use]
    pub fn state(&self) -> String {
        // Like a table that was not read for long: none of its rows is vouched for, and they may
        // stay. That its rows have a shape is not known before its columns are.
        let notes = Notes { floor: Some(Cursor(self.floor)), shrunk: true, ..Notes::default() };
        let progress = TableProgress::new(Cursor(i64::MIN), Fingerprint::new(), notes);
        let mut state = State::default();
        state.start(&self.database, &self.measurement, progress);
        state.to_json()
    }
}
