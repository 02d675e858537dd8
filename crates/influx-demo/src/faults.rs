//! Things that a real server does only on a bad day, done on demand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tonic::Code;

/// One thing to go wrong, with the next query unless told otherwise.
///
/// ```
/// use influx_demo::{Code, Demo, Fault, Options};
///
/// let demo = Demo::new(Options::default());
/// demo.faults().add(Fault::fail(Code::Unavailable, "gone for a while").times(2));
/// demo.faults().add(Fault::fail(Code::ResourceExhausted, "no memory").after_batches(1).containing("census"));
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    effect: Effect,
    containing: Option<String>,
    /// Queries to let pass before the first that it befalls.
    after_queries: usize,
    times: usize,
    after_batches: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum Effect {
    Fail(Code, String),
    Cut,
    Stall { lasting: Duration, silent: bool },
    RowsPerBatch(usize),
    EmptyLastBatch,
}

impl Fault {
    fn of(effect: Effect) -> Self {
        Self { effect, containing: None, after_queries: 0, times: 1, after_batches: None }
    }

    /// The query fails with this status: before its schema, or where [`after_batches`](Self::after_batches) says.
    pub fn fail(code: Code, message: impl Into<String>) -> Self {
        Self::of(Effect::Fail(code, message.into()))
    }

    /// The query's connection ends without a word: at once, or where [`after_batches`](Self::after_batches) says. A client may
    /// lose what was sent just before, even the schema, as when a machine dies.
    pub fn cut_connection() -> Self {
        Self::of(Effect::Cut)
    }

    /// No rows for this long, only keep-alive batches, as when a query waits for its turn: after the schema, or where
    /// [`after_batches`](Self::after_batches) says.
    pub fn stall(lasting: Duration) -> Self {
        Self::of(Effect::Stall { lasting, silent: false })
    }

    /// As [`stall`](Self::stall), but without keep-alive batches either.
    pub fn silence(lasting: Duration) -> Self {
        Self::of(Effect::Stall { lasting, silent: true })
    }

    /// No batch has more than this many rows; at least one.
    pub fn rows_per_batch(rows: usize) -> Self {
        Self::of(Effect::RowsPerBatch(rows.max(1)))
    }

    /// A batch without rows comes after the last one that has some.
    pub fn empty_last_batch() -> Self {
        Self::of(Effect::EmptyLastBatch)
    }

    /// Only queries whose text contains this, in any case of letters.
    pub fn containing(mut self, text: impl AsRef<str>) -> Self {
        self.containing = Some(text.as_ref().to_lowercase());
        self
    }

    /// Not before so many queries, of those that it is meant for, have passed unharmed.
    pub fn after_queries(mut self, queries: usize) -> Self {
        self.after_queries = queries;
        self
    }

    /// As many queries as this; once by default.
    pub fn times(mut self, queries: usize) -> Self {
        self.times = queries;
        self
    }

    /// Every query from now on.
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    /// In the answer, when the schema and this many batches with rows have been sent.
    pub fn after_batches(mut self, batches: usize) -> Self {
        self.after_batches = Some(batches);
        self
    }

    fn matches(&self, query: &str) -> bool {
        self.times > 0
            && self.containing.as_ref().is_none_or(|text| query.to_lowercase().contains(text))
    }
}

/// The faults that wait for their queries. A clone is the same list.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    waiting: Arc<Mutex<Vec<Fault>>>,
}

impl Faults {
    /// Adds a fault. Those that end a query (a failure, a cut) take their turn in the order in which they were added, one a
    /// query; all others act together.
    pub fn add(&self, fault: Fault) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// How many faults still wait for a query, so that a test can tell that its fault has struck.
    pub fn waiting(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Forgets all faults that still wait.
    pub fn clear(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Takes what shall befall a query that starts now.
    pub(crate) fn take(&self, query: &str) -> Ordeal {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ordeal = Ordeal::default();
        for fault in waiting.iter_mut().filter(|fault| fault.matches(query)) {
            if fault.after_queries > 0 {
                fault.after_queries -= 1;
                continue;
            }
            let effect = fault.effect.clone();
            match &effect {
                Effect::Fail(..) | Effect::Cut if ordeal.end.is_some() => continue,
                Effect::Fail(..) | Effect::Cut => ordeal.end = Some((fault.after_batches, effect)),
                Effect::Stall { lasting, silent } => {
                    ordeal.stall = Some(Stall {
                        after_batches: fault.after_batches.unwrap_or(0),
                        lasting: *lasting,
                        silent: *silent,
                    });
                }
                Effect::RowsPerBatch(rows) => ordeal.rows_per_batch = Some(*rows),
                Effect::EmptyLastBatch => ordeal.empty_last_batch = true,
            }
            if fault.times != usize::MAX {
                fault.times -= 1;
            }
        }
        waiting.retain(|fault| fault.times > 0);
        ordeal
    }
}

/// What befalls one query.
#[derive(Debug, Default)]
pub(crate) struct Ordeal {
    /// A failure or a cut: before the schema, or after so many batches.
    pub(crate) end: Option<(Option<usize>, Effect)>,
    pub(crate) stall: Option<Stall>,
    pub(crate) rows_per_batch: Option<usize>,
    pub(crate) empty_last_batch: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Stall {
    pub(crate) after_batches: usize,
    pub(crate) lasting: Duration,
    pub(crate) silent: bool,
}
