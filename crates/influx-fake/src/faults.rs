//! Faults on demand: what a real server does only when it is in trouble.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tonic::Code;

use crate::engine::Scan;
use crate::reading::Reading;

/// A fault of one query: the next one, unless told otherwise.
///
/// ```
/// use influx_fake::{Code, Fake, Fault, Options};
///
/// let fake = Fake::new(Options::default());
/// fake.faults().add(Fault::fail(Code::Unavailable, "gone for a while").times(2));
/// let no_memory = Fault::fail(Code::ResourceExhausted, "no memory");
/// fake.faults().add(no_memory.after_batches(1).containing("census"));
/// fake.faults().add(Fault::store_down(Code::Internal).always());
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    effect: Effect,
    containing: Option<String>,
    reading: Option<Reading>,
    /// How many matching queries pass before the first that fails.
    after_queries: usize,
    times: usize,
    after_batches: Option<usize>,
}

/// What a server says whose object store does not answer.
const STORE_IS_AWAY: &str = "Error while execution Flight SQL stream: Object Store error: Generic \
     S3 error: Error performing GET http://store:9000/bucket/n1/dbs/1/0 in 183.2s, after 10 \
     retries, max_retries: 10, retry_timeout: 180s  - HTTP error: error sending request";

#[derive(Clone, Debug)]
enum Effect {
    End(End),
    Impatience(Duration),
    Stall { lasting: Duration, silent: bool },
    RowsPerBatch(usize),
    EmptyLastBatch,
}

/// How a query ends before its answer does.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Fail(Code, String),
    Cut,
    Crash { away: Duration },
}

impl Fault {
    fn of(effect: Effect) -> Self {
        Self {
            effect,
            containing: None,
            reading: None,
            after_queries: 0,
            times: 1,
            after_batches: None,
        }
    }

    /// Fails the query with this status: before its schema, or where
    /// [`after_batches`](Self::after_batches) says.
    pub fn fail(code: Code, message: impl Into<String>) -> Self {
        Self::of(Effect::End(End::Fail(code, message.into())))
    }

    /// Fails the query as a server whose object store is away: after the schema, and only if it
    /// reads points. Catalogs and `now()` are answered.
    pub fn store_down(code: Code) -> Self {
        Self::fail(code, STORE_IS_AWAY).reading_points().after_batches(0)
    }

    /// Brings the server down: every connection is cut, and for so long each new one is closed
    /// before it is answered. At once, or where [`after_batches`](Self::after_batches) says.
    pub fn crash(away: Duration) -> Self {
        Self::of(Effect::End(End::Crash { away }))
    }

    /// Lets a proxy cut the answer off if it takes longer than this: by a reset of its stream, or
    /// with HTTP 504 and a web page if it has not begun. Without any patience none begins.
    pub fn impatient_proxy(patience: Duration) -> Self {
        Self::of(Effect::Impatience(patience))
    }

    /// Cuts the query's connection: at once, or where [`after_batches`](Self::after_batches) says.
    /// A client may lose what was sent just before, even the schema, as when a machine dies.
    pub fn cut_connection() -> Self {
        Self::of(Effect::End(End::Cut))
    }

    /// Sends no rows for this long, only keep-alive batches, as when a query waits for its turn:
    /// after the schema, or where [`after_batches`](Self::after_batches) says.
    pub fn stall(lasting: Duration) -> Self {
        Self::of(Effect::Stall { lasting, silent: false })
    }

    /// Sends nothing for this long, not even keep-alive batches; see [`stall`](Self::stall).
    pub fn silence(lasting: Duration) -> Self {
        Self::of(Effect::Stall { lasting, silent: true })
    }

    /// Limits the rows of each batch, to at least one.
    pub fn rows_per_batch(rows: usize) -> Self {
        Self::of(Effect::RowsPerBatch(rows.max(1)))
    }

    /// Sends a batch without rows after the last one.
    pub fn empty_last_batch() -> Self {
        Self::of(Effect::EmptyLastBatch)
    }

    /// Strikes only queries whose text contains this, in any case of letters.
    pub fn containing(mut self, text: impl AsRef<str>) -> Self {
        self.containing = Some(text.as_ref().to_lowercase());
        self
    }

    /// Strikes only queries that read points, or would if there were any: none that asks for
    /// columns alone, for a catalog, for files or for the time.
    pub fn reading_points(self) -> Self {
        self.reading(|_| {})
    }

    /// Strikes only queries that scan more rows of one table than this.
    pub fn reading_rows_over(self, rows: usize) -> Self {
        self.reading(|reading| reading.rows_over = Some(rows))
    }

    /// Strikes only queries that scan more files of one table than this.
    pub fn reading_files_over(self, files: usize) -> Self {
        self.reading(|reading| reading.files_over = Some(files))
    }

    /// Strikes only queries that scan the whole of a half-open range of time, in nanoseconds.
    pub fn reading_whole(self, times: Range<i64>) -> Self {
        self.reading(|reading| reading.whole = Some(times))
    }

    fn reading(mut self, narrow: impl FnOnce(&mut Reading)) -> Self {
        narrow(self.reading.get_or_insert_default());
        self
    }

    /// Lets so many matching queries pass first.
    pub fn after_queries(mut self, queries: usize) -> Self {
        self.after_queries = queries;
        self
    }

    /// Strikes so many queries; one by default.
    pub fn times(mut self, queries: usize) -> Self {
        self.times = queries;
        self
    }

    /// Strikes every query from now on.
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    /// Strikes within the answer, after the schema and this many batches with rows.
    pub fn after_batches(mut self, batches: usize) -> Self {
        self.after_batches = Some(batches);
        self
    }

    fn matches(&self, query: &str, scans: &[Scan]) -> bool {
        self.times > 0
            && self.containing.as_ref().is_none_or(|text| query.to_lowercase().contains(text))
            && self.reading.as_ref().is_none_or(|reading| reading.is_in(scans))
    }
}

/// The faults that wait for their queries. Clones share the list.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    waiting: Arc<Mutex<Vec<Fault>>>,
}

impl Faults {
    /// Adds a fault. Those that end a query (a failure, a cut, a crash) strike in the order in
    /// which they were added, one a query. All others act together.
    pub fn add(&self, fault: Fault) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// How many faults still wait for a query: a test can tell whether its fault has struck.
    pub fn waiting(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Forgets all faults that still wait.
    pub fn clear(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Takes the faults of a query that starts now.
    pub(crate) fn take(&self, query: &str, scans: &[Scan]) -> QueryFaults {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut faults = QueryFaults::default();
        for fault in waiting.iter_mut().filter(|fault| fault.matches(query, scans)) {
            if fault.after_queries > 0 {
                fault.after_queries -= 1;
                continue;
            }
            match &fault.effect {
                Effect::End(_) if faults.end.is_some() => continue,
                Effect::End(end) => faults.end = Some((fault.after_batches, end.clone())),
                Effect::Impatience(patience) => faults.patience = Some(*patience),
                Effect::Stall { lasting, silent } => {
                    faults.stall = Some(Stall {
                        after_batches: fault.after_batches.unwrap_or(0),
                        lasting: *lasting,
                        silent: *silent,
                    });
                }
                Effect::RowsPerBatch(rows) => faults.rows_per_batch = Some(*rows),
                Effect::EmptyLastBatch => faults.empty_last_batch = true,
            }
            if fault.times != usize::MAX {
                fault.times -= 1;
            }
        }
        waiting.retain(|fault| fault.times > 0);
        faults
    }
}

/// The faults of one query.
#[derive(Debug, Default)]
pub(crate) struct QueryFaults {
    /// A failure, a cut or a crash: before the schema, or after so many batches.
    pub(crate) end: Option<(Option<usize>, End)>,
    /// How long a proxy waits for the end of the answer.
    pub(crate) patience: Option<Duration>,
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
