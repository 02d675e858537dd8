//! Rows per second from a connector's socket into the warehouse: what `debug` takes beside the
//! connector itself.
//!
//! The connector sends bytes that were made before the clock starts, so that next to nothing of
//! what is measured is its own. `cargo bench -p fivetran-tester`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark that cannot run has nothing better to do"
)]

mod connector;
mod points;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use fivetran_tester::{Configuration, End, Project, SyncOptions, Tester};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::connector::PrebuiltConnector;
use crate::points::Points;

const ROWS: u64 = 500_000;
const ROWS_PER_CHECKPOINT: u64 = 50_000;

fn main() {
    divan::main();
}

/// Points of so many series by turns, each turn a later moment: the fewer the series, the nearer
/// together are keys.
#[divan::bench(args = [1, 1_000, 100_000], sample_count = 5, sample_size = 1)]
fn narrow(bencher: Bencher<'_, '_>, series: u64) {
    let points = Points { rows: ROWS, series, rows_per_checkpoint: ROWS_PER_CHECKPOINT };
    let connector = PrebuiltConnector { schema: points.schema(), messages: points.messages() };
    let runtime = Runtime::new().unwrap();
    let address = runtime.block_on(connector.listen());
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| Stage::new(&runtime, &address))
        .bench_local_values(|stage| stage.sync(&runtime));
}

/// The tester, connected, and a project with nothing in it.
struct Stage {
    tester: Tester,
    project: Project,
    directory: TempDir,
}

impl Stage {
    fn new(runtime: &Runtime, address: &str) -> Self {
        let tester = runtime.block_on(Tester::connect(address)).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let project = Project::open(directory.path()).unwrap();
        Self { tester, project, directory }
    }

    /// Gives back the directory, to be removed after the clock has stopped.
    fn sync(mut self, runtime: &Runtime) -> TempDir {
        let (configuration, options) = (Configuration::new(), SyncOptions::default());
        let sync = self.tester.sync(&mut self.project, &configuration, options, |_| {});
        let report = black_box(runtime.block_on(sync).unwrap());
        assert_eq!((&report.end, report.breaches.len()), (&End::Completed, 0), "{report}");
        assert_eq!(report.tables.values().map(|counts| counts.upserts).sum::<u64>(), ROWS);
        self.directory
    }
}
