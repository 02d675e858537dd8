//! A model Fivetran: it takes what a sync says, vouches for it at a checkpoint, and crashes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value as Json;
use sync_core::{CheckpointKind, Rows, Sink, SinkError, Table};

use super::time::iso8601;
use super::warehouse::{Message, Warehouse, cell};
use super::world::Shared;

/// How a sync is to end before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crash {
    /// The sink takes no more after so many messages.
    Closed(usize),
    /// The sync is dropped after so many messages.
    Dropped(usize),
}

/// One sync's end of the line.
pub(super) struct Fivetran {
    shared: Shared,
    crash: Option<Crash>,
    /// How many checkpoints in a hundred are held back, as in Fivetran's Connector SDK, of those
    /// that may be.
    holds_back: u32,
    inner: Mutex<Inner>,
    dropping: tokio::sync::Notify,
}

pub(super) struct Inner {
    pub(super) warehouse: Warehouse,
    /// The text of the last checkpoint.
    pub(super) state: Option<String>,
    /// What has been said since.
    pending: Vec<Message>,
    /// A checkpoint that is held back, and how much had been said before it.
    held_back: Option<(String, usize)>,
    said: usize,
    pub(super) warnings: Vec<String>,
    /// Breaches of what holds at every moment.
    pub(super) breaches: Vec<String>,
    /// The tables that may be truncated in this sync; all that are not known may be.
    pub(super) kept: BTreeSet<String>,
    truncated: BTreeSet<String>,
    filled: BTreeSet<String>,
    sync: usize,
}

impl Fivetran {
    pub(super) fn new(
        shared: Shared,
        warehouse: Warehouse,
        state: Option<String>,
        kept: BTreeSet<String>,
        sync: usize,
        crash: Option<Crash>,
    ) -> Self {
        let inner = Inner {
            warehouse,
            state,
            pending: Vec::new(),
            held_back: None,
            said: 0,
            warnings: Vec::new(),
            breaches: Vec::new(),
            kept,
            truncated: BTreeSet::new(),
            filled: BTreeSet::new(),
            sync,
        };
        let holds_back = [0, 0, 70, 100][shared.lock().rng.usize(0..4)];
        let dropping = tokio::sync::Notify::new();
        Self { shared, crash, holds_back, inner: Mutex::new(inner), dropping }
    }

    /// Resolves when the sync is to be dropped.
    pub(super) async fn dropping(&self) {
        self.dropping.notified().await;
    }

    /// The end of the sync: what was said after the last checkpoint has landed, or a part of it.
    /// One that is held back is kept, unless the sync is cut off.
    pub(super) fn end(self, is_success: bool) -> Inner {
        let mut inner = self.inner.into_inner().unwrap_or_else(PoisonError::into_inner);
        let is_cut_off = !is_success && self.crash.is_some();
        if let Some((state, said)) = inner.held_back.take()
            && !is_cut_off
        {
            inner.keep(state, said);
        }
        let pending = std::mem::take(&mut inner.pending);
        let landing = match is_success {
            true => pending.len(),
            // Often all of it.
            false if self.shared.lock().rng.bool() => pending.len(),
            false => self.shared.lock().rng.usize(0..=pending.len()),
        };
        if !is_success {
            self.shared.tell(|| {
                format!("{landing} of {} messages without a checkpoint have landed", pending.len())
            });
        }
        for message in pending.into_iter().take(landing) {
            inner.apply(message);
        }
        inner
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a message, unless this is where the crash is.
    async fn take(&self) -> Result<(), SinkError> {
        let delay = {
            let mut world = self.shared.lock();
            if world.rng.u32(0..3) == 0 { world.rng.u64(0..30) } else { 0 }
        };
        if delay > 0 {
            // Time is simulated, so this takes none.
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        let said = {
            let mut inner = self.lock();
            inner.said += 1;
            inner.said
        };
        match self.crash {
            Some(Crash::Closed(after)) if said > after => Err(SinkError::Closed),
            Some(Crash::Dropped(after)) if said > after => {
                self.dropping.notify_one();
                std::future::pending().await
            }
            _ => Ok(()),
        }
    }
}

impl Inner {
    /// Keeps a checkpoint, before which so many messages were said that are still on their way.
    fn keep(&mut self, state: String, said: usize) {
        for message in self.pending.drain(..said).collect::<Vec<_>>() {
            self.apply(message);
        }
        self.held_back = None;
        self.state = Some(state);
    }

    fn apply(&mut self, message: Message) {
        self.breaches.extend(self.warehouse.apply(message));
    }
}

impl Sink for Fivetran {
    async fn truncate(&self, table: &Table) -> Result<(), SinkError> {
        self.take().await?;
        self.shared.tell(|| format!("TRUNCATE {}", table.name));
        let mut inner = self.lock();
        if inner.kept.contains(&table.name) {
            inner.breaches.push(format!("table {} was truncated without a reason", table.name));
        }
        if !inner.truncated.insert(table.name.clone()) {
            inner.breaches.push(format!("table {} was truncated twice", table.name));
        }
        if inner.filled.contains(&table.name) {
            inner.breaches.push(format!("table {} was truncated after rows were sent", table.name));
        }
        inner.pending.push(Message::Truncate(table.name.clone()));
        Ok(())
    }

    async fn upsert(&self, table: &Table, rows: &mut (dyn Rows + Send)) -> Result<u64, SinkError> {
        let taken = self.take().await;
        let (mut cells, mut failure) = (Vec::new(), None);
        loop {
            match rows.next_row() {
                Ok(Some(row)) if row.len() == table.columns.len() => {
                    cells.push(row.iter().map(cell).collect::<Vec<_>>());
                }
                Ok(Some(row)) => {
                    let breach = format!("a row of {} has {} values", table.name, row.len());
                    self.lock().breaches.push(breach);
                }
                Ok(None) => break,
                Err(error) => {
                    failure = Some(SinkError::Row(error));
                    break;
                }
            }
        }
        if taken.is_err() {
            // Whoever goes away may have taken some rows before.
            let few = self.shared.lock().rng.usize(0..=cells.len());
            cells.truncate(few);
        }
        let count = cells.len() as u64;
        self.shared.tell(|| {
            let times: Vec<_> = cells.iter().map(|row| row.join(" ")).collect();
            format!("UPSERT {} {:?}", table.name, times)
        });
        let mut inner = self.lock();
        inner.filled.insert(table.name.clone());
        let sync = inner.sync;
        inner.pending.push(Message::Rows { table: table.clone(), rows: cells, sync });
        drop(inner);
        taken?;
        failure.map_or(Ok(count), Err)
    }

    async fn schema_change(&self, tables: &[Table]) -> Result<(), SinkError> {
        self.take().await?;
        let names = |table: &Table| {
            let columns =
                table.columns.iter().map(|column| format!("{} {}", column.name, column.data_type));
            format!("{}: {}", table.name, columns.collect::<Vec<_>>().join(", "))
        };
        self.shared.tell(|| format!("SCHEMA {:?}", tables.iter().map(names).collect::<Vec<_>>()));
        self.lock().pending.push(Message::Declare(tables.to_vec()));
        Ok(())
    }

    async fn checkpoint(&self, state: String, kind: CheckpointKind) -> Result<(), SinkError> {
        self.take().await?;
        let mut inner = self.lock();
        let (before, after) = (cursors(inner.state.as_deref()), cursors(Some(&state)));
        self.shared.tell(|| {
            let short = |((database, name), cursor): (&(String, String), &i64)| {
                format!("{database}.{name} {}", iso8601(*cursor))
            };
            format!("CHECKPOINT {:?}", after.iter().map(short).collect::<Vec<_>>())
        });
        for ((database, name), cursor) in &before {
            let is_told =
                inner.warnings.iter().any(|warning| warning.contains(&format!("{name:?}")));
            match after.get(&(database.clone(), name.clone())) {
                None if !is_told => {
                    let breach = format!("the state forgets {name} without a warning");
                    inner.breaches.push(breach);
                }
                // Nobody asks any more for what is not read for long.
                Some(&i64::MIN) => {}
                Some(now) if now < cursor && !is_told => {
                    let breach = format!("the cursor of {name} goes back without a warning");
                    inner.breaches.push(breach);
                }
                None | Some(_) => {}
            }
        }
        let said = inner.pending.len();
        let may_wait = kind == CheckpointKind::Advances && self.holds_back > 0;
        if may_wait && self.shared.lock().chance(self.holds_back) {
            self.shared.tell(|| "it is held back".to_owned());
            inner.held_back = Some((state, said));
        } else {
            inner.keep(state, said);
        }
        Ok(())
    }

    fn most_state_bytes(&self) -> usize {
        usize::MAX
    }

    async fn warn(&self, message: String) -> Result<(), SinkError> {
        self.take().await?;
        self.shared.tell(|| format!("WARNING {message}"));
        self.lock().warnings.push(message);
        Ok(())
    }
}

/// The cursors in a state, by database and measurement.
fn cursors(state: Option<&str>) -> BTreeMap<(String, String), i64> {
    tables(state, |progress| progress["cursor"].as_str().unwrap().parse().unwrap())
}

/// The cursors of a database in a state.
pub(super) fn cursors_of(state: Option<&str>, database: &str) -> BTreeMap<String, i64> {
    of(database, cursors(state))
}

/// The cursors of a database in a state with what they stand for, whatever that is.
pub(super) fn places_of(state: Option<&str>, database: &str) -> BTreeMap<String, String> {
    let place = |progress: &Json| {
        let server = &progress["notes"]["server"];
        format!("{} {} {server}", progress["cursor"], progress["fingerprint"])
    };
    of(database, tables(state, place))
}

fn of<T>(database: &str, all: BTreeMap<(String, String), T>) -> BTreeMap<String, T> {
    let of_it = all.into_iter().filter(|((of, _), _)| of == database);
    of_it.map(|((_, name), found)| (name, found)).collect()
}

fn tables<T>(state: Option<&str>, read: impl Fn(&Json) -> T) -> BTreeMap<(String, String), T> {
    let state: Json = state.map_or(Json::Null, |text| serde_json::from_str(text).unwrap());
    let databases = state["databases"].as_object().into_iter().flatten();
    let tables = databases.flat_map(|(database, tables)| {
        let tables = tables.as_object().into_iter().flatten();
        tables.map(|(name, progress)| ((database.clone(), name.clone()), read(progress)))
    });
    tables.collect()
}
