//! Checks that memory depends on the configuration, which is the number of parallel queries, and
//! not on the size of rows, tables and databases, nor on how slowly a client reads.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use fivetran_wire::update_response::Operation;
use fivetran_wire::value_type::Inner;
use fivetran_wire::{Record, UpdateResponse};
use influx_fake::Options;
use influx_source::InfluxSource;
use tokio::time::timeout;
use tonic::Streaming;

use crate::proxy::Proxy;
use crate::stack::{Connector, Stack, TOKEN};

const DATABASE: &str = "db";
const SECOND: i64 = 1_000_000_000;
const MIB: u64 = 1024 * 1024;
/// A text that makes a row of a megabyte.
const MEGABYTE: usize = 1_000_000;

/// Tables that are all alike.
#[derive(Clone, Copy)]
struct Dataset {
    tables: usize,
    /// Of each table.
    rows: usize,
    /// Integers of each row, besides its tag and its time.
    integers: usize,
    /// The length of its one text; none if this is 0.
    text: usize,
    /// The time of the first row. It is recent, since every window from there to now is a query.
    begin: i64,
    /// The time between two rows of a table.
    step: i64,
}

impl Dataset {
    /// Rows that follow each other by a second, with one integer and nothing more.
    fn new(tables: usize, rows: usize) -> Self {
        let now = chrono::Utc::now().timestamp();
        Self { tables, rows, integers: 1, text: 0, begin: (now - 86_400) * SECOND, step: SECOND }
    }

    /// With a text that makes each row a megabyte.
    fn megabytes(self) -> Self {
        Self { text: MEGABYTE, ..self }
    }

    /// With as much time between its rows as a day has for them.
    fn within_a_day(self) -> Self {
        Self { step: 86_000 * SECOND / self.rows as i64, ..self }
    }

    fn line(self, table: usize, row: usize, into: &mut String) {
        write!(into, "t{table},host=h{} ", row % 10).unwrap();
        for column in 0..self.integers {
            let comma = if column > 0 { "," } else { "" };
            write!(into, "{comma}f{column}={}i", row + column).unwrap();
        }
        if self.text > 0 {
            let number = row.to_string();
            write!(into, ",text=\"{number}{}\"", "x".repeat(self.text - number.len())).unwrap();
        }
        writeln!(into, " {}", self.begin + row as i64 * self.step).unwrap();
    }

    /// Writes all points, a few megabytes at a time.
    fn write(self, stack: &Stack) {
        let mut lines = String::new();
        let flush = |lines: &mut String, above: usize| {
            if lines.len() > above {
                stack.fake.write(DATABASE, lines).unwrap();
                lines.clear();
            }
        };
        for table in 0..self.tables {
            for row in 0..self.rows {
                self.line(table, row, &mut lines);
                flush(&mut lines, 16 * MIB as usize);
            }
        }
        flush(&mut lines, 0);
    }

    /// A stack with these points, which reads with so many queries at once.
    async fn stack(self, connector: Connector, parallel_queries: usize) -> Stack {
        let mut stack = Stack::with(connector, Options::default().token(TOKEN), DATABASE).await;
        self.write(&stack);
        stack.set("parallel_queries", &parallel_queries.to_string());
        stack
    }
}

/// The rows that a client has taken, by table and time.
#[derive(Default)]
struct Taken {
    times: BTreeMap<String, Vec<i64>>,
    rows: usize,
    bytes: u64,
}

impl Taken {
    /// Reads a sync to its end. A task means that it failed.
    async fn all(mut stream: Streaming<UpdateResponse>, dataset: Dataset) -> Self {
        let mut taken = Self::default();
        while let Some(response) = stream.message().await.unwrap() {
            match response.operation {
                Some(Operation::Records(records)) => {
                    records.records.iter().for_each(|record| taken.take(record, dataset));
                }
                Some(Operation::Task(task)) => panic!("{task:?}"),
                _ => {}
            }
        }
        taken
    }

    fn take(&mut self, record: &Record, dataset: Dataset) {
        // A truncation has no values.
        if record.data.is_empty() {
            return;
        }
        let value = |name: &str| record.data[name].inner.as_ref();
        let Some(&Inner::Long(time)) = value("_time_ns") else { panic!("a row without a time") };
        if dataset.text > 0 {
            let Some(Inner::String(text)) = value("text") else { panic!("a row without its text") };
            let row = (time - dataset.begin) / dataset.step;
            assert_eq!(text.len(), dataset.text);
            assert_eq!(text.trim_end_matches('x'), row.to_string());
            self.bytes += text.len() as u64;
        }
        // The key, the time, the host, the integers and the text.
        assert_eq!(record.data.len(), 4 + dataset.integers + usize::from(dataset.text > 0));
        self.times.entry(record.table_name.clone()).or_default().push(time);
        self.rows += 1;
    }

    /// Checks that every row came once.
    fn assert_is(mut self, dataset: Dataset) {
        assert_eq!(self.times.len(), dataset.tables);
        let expected: Vec<_> =
            (0..dataset.rows as i64).map(|row| dataset.begin + row * dataset.step).collect();
        for (table, times) in &mut self.times {
            times.sort_unstable();
            assert!(*times == expected, "{table}: {} rows of {}", times.len(), expected.len());
        }
    }
}

/// How long InfluxDB has to send nothing until it counts as held back.
const STILL: Duration = Duration::from_secs(1);

/// Waits until InfluxDB has sent something, and then nothing for a while. Returns how many bytes it
/// has sent since `before`.
async fn held_back(proxy: &Proxy, before: u64) -> u64 {
    let mut passing = proxy.passing();
    loop {
        let more = timeout(STILL, passing.changed()).await;
        let sent = *passing.borrow_and_update() - before;
        if more.is_err() && sent >= MIB {
            return sent;
        }
    }
}

/// The most bytes that InfluxDB may have sent while the client does not read.
///
/// For each query: the HTTP/2 window (512 KiB), an incomplete message (2 MiB), and a record batch
/// that is being encoded (2 MiB). For the sync: what waits for the client (2 MiB), the client's
/// window (2 MiB), and what is in between. It is about twice the sum, since messages have whole
/// rows.
fn most_held_back(parallel_queries: usize) -> u64 {
    (12 * parallel_queries as u64 + 10) * MIB
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_holds_influxdb_back() {
    let dataset = Dataset::new(4, 32).megabytes();
    let all = (dataset.tables * dataset.rows * MEGABYTE) as u64;
    let mut stack = dataset.stack(Connector::start(InfluxSource::default()).await, 1).await;
    let proxy = Proxy::start(stack.influx.address(), []).await;
    stack.set("hostname", &proxy.url());
    for parallel_queries in [1, 4] {
        stack.set("parallel_queries", &parallel_queries.to_string());
        let before = proxy.passed();
        let stream = stack.connector.updates(&stack.configuration, None).await.unwrap();
        let held_back = held_back(&proxy, before).await;
        println!(
            "a client that does not read, {parallel_queries} queries at once: \
             {held_back} of {all} bytes came from InfluxDB"
        );
        assert!(held_back <= most_held_back(parallel_queries), "{held_back}");
        assert!(most_held_back(parallel_queries) < all / 2);
        Taken::all(stream, dataset).await.assert_is(dataset);
        assert!(proxy.passed() - before > all);
    }
}

/// Runs a sync in a process of its own. Returns its report, and the peak memory of the process in
/// bytes.
async fn synced(dataset: Dataset, parallel_queries: usize) -> (Taken, u64) {
    let stack = dataset.stack(Connector::start_apart().await, parallel_queries).await;
    let stream = stack.connector.updates(&stack.configuration, None).await.unwrap();
    let taken = Taken::all(stream, dataset).await;
    (taken, stack.connector.peak_memory())
}

// The bounds are about twice what was measured, and much less than the size of the rows.

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_megabyte_pass_through_and_do_not_stay() {
    let dataset = Dataset::new(4, 80).megabytes();
    let (taken, peak) = synced(dataset, 4).await;
    taken.assert_is(dataset);
    assert!(peak < 240 * MIB, "{peak}");
}

/// Windows of one table that wait for the sink must not delay the checkpoint of another table
/// forever.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_megabyte_of_one_table_do_not_block_each_other() {
    let dataset = Dataset::new(1, 400).megabytes().within_a_day();
    let (taken, peak) = synced(dataset, 4).await;
    taken.assert_is(dataset);
    assert!(peak < 240 * MIB, "{peak}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_columns() {
    let dataset = Dataset { integers: 1_000, ..Dataset::new(1, 500) };
    let (taken, peak) = synced(dataset, 4).await;
    taken.assert_is(dataset);
    assert!(peak < 128 * MIB, "{peak}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_tables() {
    let dataset = Dataset::new(100, 50);
    let (taken, peak) = synced(dataset, 4).await;
    taken.assert_is(dataset);
    assert!(peak < 80 * MIB, "{peak}");
}

/// Prints the figures that the documents give.
#[tokio::test(flavor = "multi_thread")]
// It asserts no figure, and takes minutes and gigabytes to print them.
#[ignore = "run it with `cargo test -p connector --test it -- --ignored --nocapture peak_memory`"]
async fn peak_memory() {
    println!("{:<44} queries  peak MB  seconds", "rows");
    for (name, dataset) in [
        ("1,000,000 in one table", Dataset::new(1, 1_000_000).within_a_day()),
        ("1,000,000 in 4 tables", Dataset::new(4, 250_000).within_a_day()),
        ("2,000 of 1 MB in one table", Dataset::new(1, 2_000).megabytes().within_a_day()),
        ("2,000 of 1 MB in 4 tables", Dataset::new(4, 500).megabytes().within_a_day()),
    ] {
        let mut stack = dataset.stack(Connector::start_apart().await, 1).await;
        let idle = stack.connector.peak_memory();
        let proxy = Proxy::start(stack.influx.address(), []).await;
        stack.set("hostname", &proxy.url());
        for (parallel_queries, reads_late) in [(1, false), (4, false), (4, true)] {
            // The peak memory of a process never falls, so each sync has a process of its own.
            stack.connector = Connector::start_apart().await;
            stack.set("parallel_queries", &parallel_queries.to_string());
            let (started, before) = (Instant::now(), proxy.passed());
            let stream = stack.connector.updates(&stack.configuration, None).await.unwrap();
            if reads_late {
                held_back(&proxy, before).await;
            }
            Taken::all(stream, dataset).await.assert_is(dataset);
            let name = if reads_late { format!("{name}, read late") } else { name.to_owned() };
            let (peak, seconds) = (stack.connector.peak_memory(), started.elapsed().as_secs_f64());
            println!("{name:<44} {parallel_queries:>7} {:>8} {seconds:>8.1}", peak / 1_000_000);
        }
        println!("{:<44} {:>7} {:>8}", "nothing yet", "", idle / 1_000_000);
    }
}
