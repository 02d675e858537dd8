//! Where one table stands.

use serde_json::{Map, Value};

use crate::Cursor;

/// What shaped the rows that were delivered, by name: settings, mostly.
pub type Fingerprint = Map<String, Value>;

/// What a source remembers of a table beside its cursor. It is read once, and written at
/// checkpoints.
///
/// Neither can fail. What another version wrote in another form has to be read as something that
/// vouches for no more than it did.
pub trait Notes: Default {
    /// Reads what [`write`](Self::write) of this version or an earlier one wrote.
    fn read(notes: Map<String, Value>) -> Self;

    /// Gives what to keep, by name; nothing stands for the default.
    fn write(&self) -> Map<String, Value>;
}

/// Kept as they are.
impl Notes for Map<String, Value> {
    fn read(notes: Map<String, Value>) -> Self {
        notes
    }

    fn write(&self) -> Map<String, Value> {
        self.clone()
    }
}

/// Where one table stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress<N> {
    cursor: Cursor,
    fingerprint: Fingerprint,
    /// What the source remembers of the table.
    pub notes: N,
}

impl<N> Progress<N> {
    /// A table that has been started: everything before the cursor counts as delivered.
    pub fn new(cursor: Cursor, fingerprint: Fingerprint, notes: N) -> Self {
        Self { cursor, fingerprint, notes }
    }

    /// Everything of the table before this position has been delivered.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Tells what shaped the rows that were delivered: with another fingerprint the table has to
    /// start anew.
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Replaces the fingerprint by one that stands for the same shape of rows.
    pub fn describe(&mut self, fingerprint: Fingerprint) {
        self.fingerprint = fingerprint;
    }

    /// Moves the cursor forward to `position`, or leaves it where it is further on already.
    pub fn advance(&mut self, position: Cursor) {
        self.cursor = self.cursor.max(position);
    }
}

impl<N: Notes> Progress<N> {
    pub(crate) fn to_value(&self) -> Value {
        let mut object = Map::new();
        object.insert("cursor".to_owned(), self.cursor.to_string().into());
        object.insert("fingerprint".to_owned(), Value::Object(self.fingerprint.clone()));
        let notes = self.notes.write();
        if !notes.is_empty() {
            object.insert("notes".to_owned(), Value::Object(notes));
        }
        Value::Object(object)
    }
}
