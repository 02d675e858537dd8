//! Changes the database, the measurement or the server behind one configuration, and lets tables go
//! and come back.

use influx_fake::Options;
use sync_core::Fault;

use crate::support::{Bench, Event, HOUR, NOW, Said};

const DAY: i64 = 24 * HOUR;

/// A point of a measurement with this value, this many nanoseconds before [`NOW`].
fn point(measurement: &str, value: i64, before: i64) -> String {
    format!("{measurement},host=a v={value}i {}", NOW - before)
}

/// The values that the table `m` got.
fn values(said: &Said) -> Vec<&str> {
    said.column("m", "v")
}

/// Configures the database `db` of a server that also has a database `staging`.
async fn with_staging(lines: &str, staging: &str) -> Bench {
    let bench = Bench::new(lines).await;
    bench.fake.create_database("staging");
    bench.fake.write("staging", staging).unwrap();
    bench
}

#[tokio::test]
async fn a_database_that_was_away_starts_anew() {
    let history = [point("m", 1, 3 * DAY), point("m", 2, DAY)].join("\n");
    let mut bench = with_staging(&history, &point("m", 7, 2 * DAY)).await;
    assert_eq!(values(&bench.sync().await), ["1", "2"]);

    bench.change("database", "staging");
    let said = bench.sync().await;
    assert_eq!((said.truncated(), values(&said)), (vec!["m"], vec!["7"]));
    insta::assert_snapshot!(said.warnings().join("\n"), @r#"Table "m" got its rows from measurement "m" of database "db" before. It starts anew with those of measurement "m" of database "staging"."#);
    // A checkpoint takes the old position back before anything is said of the table.
    assert!(matches!(said.0[..3], [Event::Warning(_), Event::Checkpoint(_), Event::Truncate(_)]));

    bench.change("database", "db");
    let said = bench.sync().await;
    assert_eq!((said.truncated(), values(&said)), (vec!["m"], vec!["1", "2"]));
    // The syncs after that go on as usual.
    assert_eq!(bench.sync().await.truncated(), [""; 0]);
}

#[tokio::test]
async fn an_empty_database_takes_a_table_over_as_well() {
    let mut bench = with_staging(&point("m", 1, 3 * DAY), &point("m", 9, -DAY)).await;
    bench.sync().await;
    bench.change("database", "staging");
    let said = bench.sync().await;
    assert_eq!((said.truncated(), values(&said)), (vec!["m"], vec![""; 0]));
    bench.change("database", "db");
    assert_eq!(values(&bench.sync().await), ["1"]);
}

#[tokio::test]
async fn a_database_without_the_measurement_takes_nothing_over() {
    let mut bench = with_staging(&point("m", 1, 3 * DAY), &point("other", 9, DAY)).await;
    bench.sync().await;
    bench.change("database", "staging");
    bench.sync().await;
    bench.change("database", "db");
    let said = bench.sync().await;
    assert_eq!((said.truncated().len(), values(&said)), (0, vec![""; 0]));
}

#[tokio::test]
async fn a_measurement_that_was_away_starts_anew_also_without_a_truncate() {
    let lines = [point("a", 1, 3 * DAY), point("b", 7, 3 * DAY)].join("\n");
    for (on_resync, truncated) in [("truncate", vec!["m"]), ("keep", Vec::new())] {
        let bench = Bench::new(&lines).await.set("table_name", "m").set("on_resync", on_resync);
        let mut bench = bench.set("measurement", "a");
        for (measurement, value) in [("a", "1"), ("b", "7"), ("a", "1")] {
            bench.change("measurement", measurement);
            let said = bench.sync().await;
            assert_eq!((said.truncated(), values(&said)), (truncated.clone(), vec![value]));
        }
    }
}

#[tokio::test]
async fn where_a_state_has_two_owners_the_selected_one_starts_anew() {
    let mut bench = with_staging(&point("m", 1, 3 * DAY), &point("m", 7, 2 * DAY)).await;
    bench.sync().await;
    // Earlier versions could leave such a state.
    let state = bench.state.take().unwrap();
    let mut both: serde_json::Value = serde_json::from_str(&state).unwrap();
    both["databases"]["staging"] = both["databases"]["db"].clone();
    bench.state = Some(both.to_string());
    let said = bench.sync().await;
    assert_eq!((said.truncated(), values(&said)), (vec!["m"], vec!["1"]));
    bench.change("database", "staging");
    assert_eq!(values(&bench.sync().await), ["7"]);
}

/// Starts two servers with a database of the same name, each with a configuration.
async fn two_servers(one: &str, other: &str) -> (Bench, Bench) {
    (Bench::new(one).await, Bench::new(other).await)
}

#[tokio::test]
async fn another_server_is_read_from_its_beginning_and_the_first_one_where_it_was_overwritten() {
    let one = [point("m", 1, 3 * DAY), point("m", 2, 2 * HOUR)].join("\n");
    let other = [point("m", 7, 3 * DAY), point("m", 8, 2 * DAY)].join("\n");
    let (mut bench, other) = two_servers(&one, &other).await;
    bench.sync().await;

    let here = bench.settings["hostname"].clone();
    bench.change("hostname", &other.settings["hostname"]);
    let said = bench.sync().await;
    assert_eq!((said.truncated().len(), values(&said)), (0, vec!["7", "8"]));
    let [warning] = said.warnings()[..] else { panic!("{:?}", said.warnings()) };
    assert!(warning.contains("is another server than the one that was read before"), "{warning}");
    // The state knows of the other server before its first row goes out.
    assert!(matches!(said.0[..2], [Event::Warning(_), Event::Checkpoint(_)]));

    bench.change("hostname", &here);
    let said = bench.sync().await;
    // It reads all windows again from which rows of the other server were sent.
    assert_eq!((said.truncated().len(), values(&said)), (0, vec!["1"]));
    assert_eq!(said.warnings().len(), 1);
    let said = bench.sync().await;
    assert_eq!((said.warnings().len(), values(&said)), (0, vec![""; 0]));
}

#[tokio::test]
async fn a_server_that_was_replaced_at_its_address_is_another_one() {
    let mut bench = Bench::new(&point("m", 1, 3 * DAY)).await;
    bench.sync().await;
    let first = bench.fake.cluster_uuid();
    bench.fake.set_cluster_uuid(Some("0198c9c2-6a2b-7c3e-8a6f-3b0a1c2d4e5f".parse().unwrap()));
    assert_eq!(values(&bench.sync().await), ["1"]);
    // A server that does not say who it is counts as the same one.
    bench.fake.set_cluster_uuid(None);
    assert_eq!(bench.sync().await.warnings(), [""; 0]);
    bench.fake.set_cluster_uuid(first);
    assert_eq!(bench.sync().await.warnings().len(), 1);
}

#[tokio::test]
async fn a_crash_right_after_the_change_of_server_leaves_no_foreign_value() {
    let (mut bench, other) = two_servers(&point("m", 1, 3 * DAY), &point("m", 7, 3 * DAY)).await;
    bench.sync().await;
    let here = bench.settings["hostname"].clone();
    bench.change("hostname", &other.settings["hostname"]);
    // The rows have arrived, and the last checkpoint is the one before them.
    let said = bench.sync().await;
    let row = said.0.iter().position(|event| matches!(event, Event::Row(..))).unwrap();
    bench.state = said.0[..row].iter().rev().find_map(|event| match event {
        Event::Checkpoint(state) => Some(state.clone()),
        _ => None,
    });
    bench.change("hostname", &here);
    assert_eq!(values(&bench.sync().await), ["1"]);
}

#[tokio::test]
async fn a_measurement_that_was_gone_is_read_from_its_first_point_when_it_is_back() {
    let mut bench =
        Bench::new(&point("m", 1, 3 * DAY)).await.set("measurement", "m").set("audit_days", "0");
    bench.sync().await;
    bench.fake.drop_table("db", "m");
    // No other measurement is asked for, so the sync fails. It still saves that this one was gone.
    let (said, error) = bench.failing_sync().await;
    assert_eq!((said.states().count(), error.fault()), (1, Fault::Setup));
    bench.write(&point("m", 2, 4 * DAY));
    let said = bench.sync().await;
    assert_eq!((said.truncated().len(), values(&said)), (0, vec!["2"]));
    assert_eq!(values(&bench.sync().await), [""; 0]);
}

#[tokio::test]
async fn a_table_that_is_not_read_for_long_starts_again_and_is_not_truncated() {
    let lines = [point("a", 1, 3 * DAY), point("b", 7, 3 * DAY)].join("\n");
    let mut bench = Bench::new(&lines).await.set("audit_days", "0");
    bench.sync().await;
    bench.change("measurement", "b");
    bench.sync().await;
    bench.now += 31 * DAY;
    bench.sync().await;
    let state: serde_json::Value = serde_json::from_str(bench.state.as_ref().unwrap()).unwrap();
    let shrunk = &state["databases"]["db"]["a"]["notes"];
    assert_eq!((shrunk["shrunk"].as_bool(), shrunk.get("mark")), (Some(true), None));
    bench.change("measurement", "*");
    let said = bench.sync().await;
    assert_eq!((said.truncated().len(), said.column("a", "v")), (0, vec!["1"]));
}

#[tokio::test]
async fn what_a_release_is_known_to_do_is_told_once_for_each_table() {
    let old = Options::default().release("3.10.0-nightly".parse().unwrap());
    let mut bench = Bench::with_options(&point("a", 1, DAY), old).await;
    let said = bench.sync().await;
    insta::assert_snapshot!(said.warnings().join("\n"), @r#"
    InfluxDB 3.10.0-nightly may leave points out of an answer while it writes them to files; later syncs find them. Update it to 3.11.2 or later. This concerns "a".
    InfluxDB 3.10.0-nightly may answer a point that was overwritten with an earlier value, until the point is in a file (influxdata/influxdb#27548); the sync after that corrects it where the server shows its files. Update it to 3.11.4 or later. This concerns "a".
    "#);
    assert_eq!(bench.sync().await.warnings(), [""; 0]);
    bench.write(&point("b", 1, DAY));
    let said = bench.sync().await;
    assert!(said.warnings().iter().all(|warning| warning.ends_with(r#"concerns "b"."#)));
    assert_eq!(said.warnings().len(), 2);
}
