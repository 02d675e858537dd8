//! Runs one sync after another.

use sync_core::{Rules, Selection, Unlisted};

use crate::support::{Bench, Event, HOUR, NOW, SECOND};

/// A point of the measurement `m` with this value, this many nanoseconds before [`NOW`].
fn point(value: i64, before: i64) -> String {
    format!("m,host=a v={value}i {}", NOW - before)
}

#[tokio::test]
async fn a_first_sync_truncates_sends_everything_and_vouches_for_it() {
    let mut bench = Bench::new(&[point(1, 48 * HOUR), point(2, 20 * SECOND)].join("\n")).await;
    let said = bench.sync().await;
    assert_eq!(said.0.first(), Some(&Event::Truncate("m".to_owned())));
    assert_eq!(said.column("m", "v"), ["1", "2"]);
    assert!(matches!(said.0.last(), Some(Event::Checkpoint(_))));
    assert_eq!(said.warnings(), [""; 0]);
}

#[tokio::test]
async fn the_next_sync_sends_what_is_new_and_what_the_lookback_covers() {
    let mut bench = Bench::new(&[point(1, 48 * HOUR), point(2, 30 * 60 * SECOND)].join("\n")).await;
    bench.sync().await;
    bench.write(&point(3, -5 * SECOND));
    bench.now += 60 * SECOND;
    let said = bench.sync().await;
    assert_eq!(said.column("m", "v"), ["2", "3"]);
    assert_eq!(said.truncated(), [""; 0]);
}

#[tokio::test]
async fn late_and_overwritten_points_within_the_lookback_are_sent() {
    let mut bench = Bench::new(&[point(1, 50 * 60 * SECOND), point(2, 48 * HOUR)].join("\n")).await;
    bench.sync().await;
    bench.write(&point(10, 50 * 60 * SECOND));
    bench.write(&point(3, 40 * 60 * SECOND));
    let said = bench.sync().await;
    assert_eq!(said.column("m", "v"), ["10", "3"]);
}

#[tokio::test]
async fn points_in_the_future_and_those_still_settling_wait_for_their_time() {
    let lines = [point(1, HOUR), point(2, 5 * SECOND), point(3, -24 * HOUR)].join("\n");
    let mut bench = Bench::new(&lines).await.set("lookback", "0s").set("audit_days", "0");
    assert_eq!(bench.sync().await.column("m", "v"), ["1"]);
    bench.now += 10 * SECOND;
    assert_eq!(bench.sync().await.column("m", "v"), ["2"]);
    assert_eq!(bench.sync().await.column("m", "v"), [""; 0]);
    bench.now += 25 * HOUR;
    assert_eq!(bench.sync().await.column("m", "v"), ["3"]);
}

#[tokio::test]
async fn how_long_points_settle_is_a_setting() {
    let lines = [point(1, HOUR), point(2, 30 * SECOND), point(3, SECOND)].join("\n");
    let mut bench = Bench::new(&lines).await.set("lookback", "0s").set("audit_days", "0");
    for (settle, expected) in [("1m", "1"), ("10s", "2"), ("0s", "3")] {
        bench.change("settle", settle);
        assert_eq!(bench.sync().await.column("m", "v"), [expected], "{settle}");
    }
    // Where the end of a sync comes before that of the last one, the table waits.
    bench.change("settle", "1m");
    let said = bench.sync().await;
    assert_eq!((said.rows().count(), said.warnings().len()), (0, 0));
}

#[tokio::test]
async fn windows_lose_nothing_at_their_edges_and_repeat_nothing() {
    // Points of one time in two series, points a nanosecond apart, and decades without points.
    let mut lines = Vec::new();
    for (value, time) in
        [-7_000_000_000 * SECOND, -1, 0, 1, HOUR - 1, HOUR, HOUR + 1, NOW - HOUR].iter().enumerate()
    {
        lines.push(format!("m,host=a v={value}i {time}\nm,host=b v={value}i {time}"));
    }
    let mut bench = Bench::new(&lines.join("\n")).await.set("primary_key", "none");
    let said = bench.sync().await;
    let expected: Vec<_> =
        (0..8).flat_map(|value| [value.to_string(), value.to_string()]).collect();
    assert_eq!(said.column("m", "v"), expected);
    let queries = bench.windows();
    assert!((2..30).contains(&queries.len()), "{} queries", queries.len());
    for sql in queries {
        assert!(
            sql.contains("\"time\" >= arrow_cast(")
                && sql.contains(" AND \"time\" < arrow_cast(")
                && !sql.contains("ORDER"),
            "{sql}"
        );
    }
}

#[tokio::test]
async fn a_sync_can_resume_from_each_checkpoint() {
    let lines: Vec<_> = (0..40).map(|hour| point(hour, hour * 24 * HOUR + HOUR)).collect();
    let mut bench = Bench::new(&lines.join("\n")).await.set("lookback", "0s");
    let said = bench.sync().await;
    let states: Vec<_> = said.states().map(str::to_owned).collect();
    // There is one at the end of the first window and one at the end of the sync. Those between
    // would come within the same second, and are held back.
    assert!(states.len() >= 2);
    let mut seen = 0;
    for (index, event) in said.0.iter().enumerate() {
        if let Event::Row(..) = event {
            seen += 1;
        }
        let Event::Checkpoint(state) = event else { continue };
        bench.state = Some(state.clone());
        let resumed = bench.sync().await;
        assert_eq!(resumed.rows().count(), 40 - seen, "after event {index}");
        assert_eq!(resumed.truncated(), [""; 0]);
    }
}

#[tokio::test]
async fn points_before_the_start_time_are_left_out() {
    let lines = [point(1, 72 * HOUR), point(2, 25 * HOUR), point(3, 2 * HOUR)].join("\n");
    let mut bench = Bench::new(&lines).await.set("start_time", "2025-06-09").set("lookback", "7d");
    assert_eq!(bench.sync().await.column("m", "v"), ["3"]);
    // The lookback does not reach before it either.
    assert_eq!(bench.sync().await.column("m", "v"), ["3"]);
}

#[tokio::test]
async fn a_table_without_points_is_truncated_once_and_remembered() {
    let mut bench = Bench::new(&point(1, -24 * HOUR)).await;
    let said = bench.sync().await;
    assert_eq!(said.truncated(), ["m"]);
    assert_eq!(said.states().count(), 1);
    assert_eq!(bench.sync().await.truncated(), [""; 0]);
}

#[tokio::test]
async fn a_resync_may_keep_what_the_warehouse_holds() {
    let mut bench = Bench::new(&point(1, HOUR)).await.set("on_resync", "keep");
    let said = bench.sync().await;
    assert_eq!((said.truncated().len(), said.rows().count()), (0, 1));
}

#[tokio::test]
async fn a_table_that_joins_later_brings_its_whole_history() {
    let mut bench = Bench::new(&point(1, 48 * HOUR)).await;
    bench.sync().await;
    bench.write(&format!("other v=7i {}", NOW - 72 * HOUR));
    let said = bench.sync().await;
    assert_eq!((said.truncated(), said.column("other", "v")), (vec!["other"], vec!["7"]));
}

#[tokio::test]
async fn a_setting_that_shapes_rows_starts_the_table_anew_and_says_so() {
    for (name, value) in [
        ("table_name", "other"),
        ("primary_key", "tags_and_time"),
        ("time_format", "iso8601"),
        ("column_types", r#"{"v":"INT"}"#),
        ("start_time", "2020-01-01"),
    ] {
        let mut bench = Bench::new(&point(1, 48 * HOUR)).await.set("measurement", "m");
        bench.sync().await;
        bench.change(name, value);
        let said = bench.sync().await;
        assert_eq!((said.truncated().len(), said.rows().count()), (1, 1), "{name}");
        let warning = format!(
            "Measurement \"m\" starts anew, because `{name}` has changed and rows of both kinds \
             would not fit together."
        );
        assert_eq!(said.warnings(), [warning]);
        assert_eq!(bench.sync().await.warnings(), [""; 0], "{name}");
    }
    // Other settings do not start it anew.
    let mut bench = Bench::new(&point(1, 48 * HOUR)).await.set("measurement", "m");
    bench.sync().await;
    for (name, value) in [
        ("lookback", "2h"),
        ("parallel_queries", "1"),
        ("window_rows", "1000"),
        ("on_resync", "keep"),
    ] {
        bench.change(name, value);
        let said = bench.sync().await;
        assert_eq!((said.rows().count(), said.warnings().len()), (0, 0), "{name}");
    }
}

#[tokio::test]
async fn a_clock_that_jumped_ahead_is_noticed_and_the_lookback_is_read_again() {
    let mut bench = Bench::new(&point(1, 2 * HOUR)).await;
    bench.now += 24 * HOUR;
    bench.sync().await;
    bench.now = NOW;
    bench.write(&point(2, 30 * 60 * SECOND));
    let said = bench.sync().await;
    assert_eq!(said.column("m", "v"), ["2"]);
    insta::assert_snapshot!(said.warnings().join("\n"), @r#"Measurement "m" was synced up to 2025-06-10T23:59:50.000000000Z, which lies after the present time (2025-06-09T23:59:50.000000000Z): a clock has jumped. It is read again from 2025-06-09T22:59:50.000000000Z; if the clock was wrong before that, re-sync the table."#);
    assert_eq!(bench.sync().await.warnings(), [""; 0]);
}

#[tokio::test]
async fn a_text_that_is_no_state_is_for_the_customer_to_mend() {
    for (state, reason) in [
        (r#"{"version":9}"#, "it has version 9, and this connector knows none above 2"),
        (r#"{"last_row":"1990"}"#, "it names no version, so another connector wrote it"),
    ] {
        let mut bench = Bench::new(&point(1, HOUR)).await;
        bench.state = Some(state.to_owned());
        let (said, error) = bench.failing_sync().await;
        assert!(said.0.is_empty());
        assert_eq!(error.fault(), sync_core::Fault::Setup);
        assert_eq!(
            error.to_string(),
            format!(
                "The saved state of this connection cannot be used: {reason}. Run a full re-sync \
                 of the connection, which starts without a state; or go back to the version that \
                 wrote it."
            )
        );
    }
    for state in ["", "{}"] {
        let mut bench = Bench::new(&point(1, HOUR)).await;
        bench.state = Some(state.to_owned());
        assert_eq!(bench.sync().await.rows().count(), 1);
    }
}

#[tokio::test]
async fn a_table_is_announced_before_its_rows_and_again_when_it_gets_a_column() {
    let mut bench = Bench::new(&point(1, HOUR)).await;
    let announced = |said: &crate::support::Said| -> Vec<usize> {
        let of = said.0.iter().filter_map(|event| match event {
            Event::Announced(_, columns) => Some(*columns),
            _ => None,
        });
        of.collect()
    };
    let said = bench.sync().await;
    assert!(
        matches!(said.0[..3], [Event::Truncate(_), Event::Announced(..), Event::Row(..)]),
        "{said:?}"
    );
    assert_eq!(announced(&said), [5]);
    assert_eq!(announced(&bench.sync().await), [0; 0]);
    bench.write(&format!("m,host=a w=1i {}", NOW - 2 * HOUR));
    assert_eq!(announced(&bench.sync().await), [6]);
    assert_eq!(announced(&bench.sync().await), [0; 0]);
}

#[tokio::test]
async fn a_new_column_that_has_a_chosen_type_is_no_change_of_settings() {
    let mut bench = Bench::new(&point(1, 48 * HOUR))
        .await
        .set("column_types", r#"{"w":"INT","m.x":"STRING","y.z":"STRING"}"#);
    bench.sync().await;
    bench.write(&format!("m,host=a v=2i,w=3i,x=4i,y.z=5i {}", NOW - 30 * 60 * SECOND));
    for _ in 0..2 {
        let said = bench.sync().await;
        assert_eq!(
            (
                said.truncated().len(),
                said.column("m", "w"),
                said.column("m", "x"),
                said.column("m", "y.z")
            ),
            (0, vec!["3"], vec!["4"], vec!["5"])
        );
    }
    // A column that is gone is no change either.
    bench.fake.drop_table("db", "m");
    bench.write(&format!("m,host=a v=6i {}", NOW - 20 * 60 * SECOND));
    assert_eq!(bench.sync().await.truncated().len(), 0);
    // Another type for a column that is there is a change.
    bench.change("column_types", r#"{"v":"STRING"}"#);
    assert_eq!(bench.sync().await.truncated().len(), 1);
}

#[tokio::test]
async fn a_table_selected_again_catches_up_from_where_it_was_left() {
    let mut bench =
        Bench::new(&format!("{}\nother v=1i {}", point(1, 48 * HOUR), NOW - HOUR)).await;
    bench.sync().await;
    bench.selection = Selection::Tables(Rules {
        listed: [("m".to_owned(), None)].into(),
        unlisted: Unlisted::Included,
    });
    bench.write(&point(2, -HOUR));
    bench.now += 100 * HOUR;
    assert_eq!(bench.sync().await.column("m", "v"), [""; 0]);
    bench.selection = Selection::Everything;
    let said = bench.sync().await;
    assert_eq!((said.column("m", "v"), said.truncated().len()), (vec!["2"], 0));
}

#[tokio::test]
async fn a_restart_that_keeps_old_rows_says_so() {
    let mut bench = Bench::new(&point(1, 48 * HOUR)).await.set("on_resync", "keep");
    bench.sync().await;
    bench.change("time_format", "iso8601");
    let said = bench.sync().await;
    assert_eq!(said.truncated(), [""; 0]);
    assert!(
        said.warnings()[0].ends_with("since `on_resync` is `keep`; drop them by hand."),
        "{:?}",
        said.warnings()
    );
}
