//! What the state remembers of a table, apart from its cursor.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sync_state::Cursor;

use crate::late::{Counts, FileWatermark, Named};
use crate::settings::Settings;
use crate::state::Server;
use crate::window::{TimeRangeSet, Window};

/// What the state remembers of a table, apart from its cursor.
///
/// Cursor, backfill, watermark, counts, cursor jumps and `reread` speak of what was read from
/// `server`. In a state some of them have the names that the first versions gave them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Notes {
    /// The columns that the table was last announced with, and their types.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) columns: BTreeMap<String, String>,
    /// The columns that there were and that nobody had selected.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) hidden: BTreeSet<String>,
    /// The columns that the table was announced with at some time and does not have now, and their
    /// last types: rows of then may be in the warehouse.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) former: BTreeMap<String, String>,
    /// What lies before the cursor and has to be read again.
    #[serde(rename = "owed", skip_serializing_if = "TimeRangeSet::is_empty")]
    pub(crate) backfill: TimeRangeSet,
    /// The newest files whose ranges were read or are in the backfill.
    #[serde(rename = "mark", skip_serializing_if = "Option::is_none")]
    pub(crate) watermark: Option<FileWatermark>,
    /// What of the backfill files have named, until every query is sure to show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) named: Option<Named>,
    /// How many points there were when they were last counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) counts: Option<Counts>,
    /// The windows whose reading was interrupted, as long as they may be read again: where they
    /// were, the next syncs ask for less.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) interrupted: Vec<Window>,
    /// How far before the present the upper bound was that the cursor has reached, in nanoseconds,
    /// where it was not the usual time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) settled: Option<Cursor>,
    /// Where the cursor has moved far at once, as it does after a pause or when clocks jump ahead;
    /// the latest comes last.
    #[serde(rename = "leaps", skip_serializing_if = "Vec::is_empty")]
    pub(crate) cursor_jumps: Vec<Window>,
    /// Whether everything before the cursor is to be read again, from the first point on: the table
    /// was gone, or is another server's.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) reread: bool,
    /// The time before which nothing is read, ever: another connector sent what lies there. All
    /// other notes speak of what comes after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<Cursor>,
    /// The server that the table was last read from. States of earlier versions name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<Server>,
    /// The servers that it was read from before, the latest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) away: Vec<Away>,
    /// Since when syncs have not read the table, since it is gone or not selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unused_since: Option<Cursor>,
    /// Whether that was so long ago that all but the columns is forgotten.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) shrunk: bool,
    /// Whether the last sync left the table out because the platform had not heard of it, or of one
    /// of its columns.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) unheard_of: bool,
    /// The release of the server with whose caveats the customer was made familiar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) warned_of: Option<String>,
}

/// How many windows are remembered whose reading was interrupted.
const MOST_INTERRUPTED: usize = 8;

/// Where a table stood with a server that is away now. It may come back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Away {
    pub(crate) server: Server,
    pub(crate) cursor: Cursor,
    #[serde(rename = "owed", default, skip_serializing_if = "TimeRangeSet::is_empty")]
    backfill: TimeRangeSet,
    #[serde(rename = "mark", default, skip_serializing_if = "Option::is_none")]
    watermark: Option<FileWatermark>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    named: Option<Named>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
    #[serde(rename = "leaps", default, skip_serializing_if = "Vec::is_empty")]
    cursor_jumps: Vec<Window>,
    #[serde(default, skip_serializing_if = "is_false")]
    reread: bool,
    /// Where rows of other servers may have been sent since.
    pub(crate) overwritten: TimeRangeSet,
}

impl sync_state::Notes for Notes {
    /// What another version wrote in another form is forgotten: a sync then reads or says more, and
    /// never less, unless clocks have jumped.
    fn read(mut notes: Map<String, Value>) -> Self {
        let backfill = notes.remove("owed");
        let backfill = backfill.map(serde_json::from_value::<TimeRangeSet>).transpose();
        let Ok(backfill) = backfill else {
            // What is to be read again is not known, so all of it may be, and no watermark and no
            // count vouches.
            notes.remove("mark");
            notes.remove("counts");
            return Self { reread: true, ..Self::read(notes) };
        };
        let mut notes = ByName(notes);
        Self {
            columns: notes.take("columns"),
            hidden: notes.take("hidden"),
            former: notes.take("former"),
            backfill: backfill.unwrap_or_default(),
            watermark: notes.take("mark"),
            named: notes.take("named"),
            counts: notes.take("counts"),
            interrupted: notes.take("interrupted"),
            settled: notes.take("settled"),
            cursor_jumps: notes.take("leaps"),
            reread: notes.take("reread"),
            floor: notes.take("floor"),
            server: notes.take("server"),
            away: notes.take("away"),
            unused_since: notes.take("unused_since"),
            shrunk: notes.take("shrunk"),
            unheard_of: notes.take("unheard_of"),
            warned_of: notes.take("warned_of"),
        }
    }

    fn write(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(notes)) => notes,
            // Maps with text for keys and numbers cannot fail to be written. If they did, nothing
            // would vouch for what was read.
            _ => [("reread".to_owned(), true.into())].into_iter().collect(),
        }
    }
}

/// Notes as they are written down.
struct ByName(Map<String, Value>);

impl ByName {
    fn take<T: DeserializeOwned + Default>(&mut self, name: &str) -> T {
        let note = self.0.remove(name).map(serde_json::from_value);
        note.and_then(Result::ok).unwrap_or_default()
    }
}

impl Notes {
    /// The time before which nothing is read, where there is such a time.
    pub(crate) fn start(&self, settings: &Settings) -> Option<i64> {
        settings.start.max(self.floor.map(|floor| floor.0))
    }

    /// Notes that a window was not read to its end; gives whether that is new.
    pub(crate) fn interrupted(&mut self, window: Window) -> bool {
        if self.interrupted.contains(&window) {
            return false;
        }
        // What holds it says less.
        let holds = |other: &Window| other.from() <= window.from() && window.to() <= other.to();
        self.interrupted.retain(|other| !holds(other));
        self.interrupted.push(window);
        self.interrupted.drain(..self.interrupted.len().saturating_sub(MOST_INTERRUPTED));
        true
    }

    /// Notes that a window was read from `began` on, where every query shows within `settle` what
    /// one shows; gives whether that changes anything. Times are nanoseconds.
    pub(crate) fn read_again(&mut self, window: Window, began: i64, settle: i64) -> bool {
        if !self.backfill.remove(window) {
            return false;
        }
        if let Some(named) = &mut self.named {
            self.backfill.extend(&named.left_of(window, began, settle));
            if named.ranges().is_empty() {
                self.named = None;
            }
        }
        true
    }

    /// Marks that the table was not found: what comes back under its name may be another one. Gives
    /// whether that is new.
    pub(crate) fn gone(&mut self) -> bool {
        let is_new = !self.reread || self.counts.is_some();
        self.reread = true;
        self.counts = None;
        is_new
    }

    /// Forgets all but what came from where and from when on, and which columns there were.
    pub(crate) fn shrink(self) -> Self {
        Self {
            columns: self.columns,
            hidden: self.hidden,
            former: self.former,
            floor: self.floor,
            server: self.server,
            unused_since: self.unused_since,
            shrunk: true,
            ..Self::default()
        }
    }

    /// Puts aside what was read from the present server, with the cursor that belongs to it.
    pub(crate) fn leave(&mut self, cursor: Cursor) -> Option<Away> {
        Some(Away {
            server: self.server.take()?,
            cursor,
            backfill: std::mem::take(&mut self.backfill),
            named: self.named.take(),
            watermark: self.watermark.take(),
            counts: self.counts.take(),
            cursor_jumps: self.cursor_jumps.clone(),
            reread: std::mem::take(&mut self.reread),
            overwritten: TimeRangeSet::default(),
        })
    }

    /// Takes up where a server was left that is back; gives the cursor that belongs to it.
    pub(crate) fn take_up(&mut self, away: Away) -> Cursor {
        self.backfill = away.backfill;
        // Rows of other servers lie there now.
        self.backfill.extend(&away.overwritten.between(i64::MIN, away.cursor.0));
        self.watermark = away.watermark;
        self.named = away.named;
        self.counts = away.counts;
        self.cursor_jumps = away.cursor_jumps;
        self.reread = away.reread;
        self.server = Some(away.server);
        away.cursor
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};
    use sync_state::Notes as _;

    use super::Notes;

    fn notes(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn with_an_unreadable_backfill_nothing_is_taken_for_seen() {
        let written = |owed| {
            notes(json!({
                "owed": owed,
                "mark": { "node": [7, 2] },
                "counts": { "covered": [["0", "9"]], "days": { "0": [4, 9] }, "compared": "9" },
                "hidden": ["secret"],
            }))
        };
        let read = Notes::read(written(json!([["5", "6"]])));
        assert!(read.watermark.is_some() && read.counts.is_some() && read.backfill.len() == 1);
        let read = Notes::read(written(json!([["5", "5"]])));
        assert_eq!((read.watermark, read.counts), (None, None));
        assert_eq!((read.backfill.len(), read.reread), (0, true));
        assert_eq!(read.hidden.len(), 1);
    }

    #[test]
    fn what_is_written_is_read() {
        let read = Notes::read(notes(json!({
            "former": { "a": "LONG" },
            "mark": { "node": [7, 2] },
            "server": { "id": "one", "address": "x:1" },
            "away": [{
                "server": { "address": "y:1" },
                "cursor": "7",
                "reread": true,
                "overwritten": [["5", "6"]],
            }],
            "unused_since": "9",
            "floor": "3",
            "reread": true,
        })));
        assert_eq!(Notes::read(read.write()), read);
        assert_eq!((read.former["a"].as_str(), read.away.len(), read.reread), ("LONG", 1, true));
    }
}
