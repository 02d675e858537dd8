//! Resumes from the states that earlier versions have written.

use std::fs;
use std::path::Path;

use crate::support::{Bench, HOUR};

/// The server that the later states name.
const SERVER: &str = "0198c9c2-6a2b-7c3e-8a6f-3b0a1c2d4e5f";
/// The position of the cursors in the states: 2025-06-02T08:00:00Z.
const CURSOR: i64 = 1_748_851_200_000_000_000;

#[tokio::test]
async fn a_sync_goes_on_from_the_state_of_every_earlier_version() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let home = fs::read_to_string(fixtures.join("home.lp")).unwrap();
    let time = |line: &str| line.rsplit(' ').next().and_then(|time| time.parse::<i64>().ok());
    let times = home.lines().filter_map(time);
    let expected = times.filter(|time| *time >= CURSOR - HOUR).count();
    let mut states = 0;
    for entry in fs::read_dir(fixtures.join("states")).unwrap() {
        let path = entry.unwrap().path();
        // Without this, the first count of days would have all of them read again.
        let mut bench = Bench::new(&home).await.set("audit_days", "0");
        let state = fs::read_to_string(&path).unwrap().replace("\"plant\"", "\"db\"");
        if state.contains(SERVER) {
            bench.fake.set_cluster_uuid(Some(SERVER.parse().unwrap()));
        }
        bench.state = Some(state);
        let said = bench.sync().await;
        assert_eq!(said.warnings(), [""; 0], "{path:?}");
        // It reads from the lookback on, and not from the beginning.
        assert_eq!((said.truncated().len(), said.rows().count()), (0, expected), "{path:?}");
        states += 1;
    }
    assert!(states >= 6, "the states of earlier versions are missing");
}
