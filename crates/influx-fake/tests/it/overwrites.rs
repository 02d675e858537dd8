//! Points that were overwritten in the buffer, of which releases before 3.11.4 answer either value
//! (influxdb#27548).

use std::collections::BTreeSet;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use influx_fake::{Fake, Options, Overwrites};

use crate::client::{Served, connect, serve};

const EITHER: Overwrites = Overwrites::Either { seed: 7 };
const POINTS: i64 = 200;
const HOUR: i64 = 3_600_000_000_000;

/// A point of two fields, a nanosecond after the one before, in each of two series.
fn write(fake: &Fake, start: i64, v: i64, w: i64) {
    let lines = (0..POINTS).map(|point| {
        let time = start + point;
        format!("m,k=a v={v}i,w={w}i {time}\nm,k=b v={v}i {time}\n")
    });
    fake.write("db", &lines.collect::<String>()).unwrap();
}

/// The values of a field of one series in order of time.
async fn values(served: &mut Served, field: &str, series: &str, filter: &str) -> Vec<i64> {
    let sql = format!("SELECT {field} FROM m WHERE k = '{series}' {filter} ORDER BY time");
    let answer = served.rows(&sql).await;
    let columns = answer.batches.iter().map(|batch| batch.column(0).as_primitive::<Int64Type>());
    columns.flat_map(|column| column.values().to_vec()).collect()
}

fn distinct(values: &[i64]) -> Vec<i64> {
    Vec::from_iter(BTreeSet::from_iter(values.iter().copied()))
}

#[tokio::test]
async fn either_value_is_answered_until_a_snapshot() {
    let mut served = serve(Options::default().overwrites(EITHER)).await;
    write(&served.fake, 0, 1, 10);
    assert_eq!(distinct(&values(&mut served, "v", "a", "").await), [1], "nothing is overwritten");
    write(&served.fake, 0, 2, 10);
    served.fake.write("db", "m,k=a x=5i 0\nm,k=a v=9i 1000").unwrap();

    let mut answers = BTreeSet::new();
    for _ in 0..20 {
        let answer = values(&mut served, "v", "a", "AND time < to_timestamp_nanos(1000)").await;
        assert_eq!((answer.len(), distinct(&answer)), (POINTS as usize, vec![1, 2]));
        answers.insert(answer);
    }
    assert!(answers.len() > 1, "by chance");
    let of = async |served: &mut Served, series| values(served, "v", series, "").await;
    assert_ne!(of(&mut served, "a").await[..200], of(&mut served, "b").await[..200]);
    // What was written once has one value, and what was written twice the same.
    assert_eq!(values(&mut served, "x", "a", "AND x IS NOT NULL").await, [5]);
    assert_eq!(values(&mut served, "v", "a", "AND time = to_timestamp_nanos(1000)").await, [9]);
    let w = values(&mut served, "w", "a", "AND w IS NOT NULL").await;
    assert_eq!((w.len(), distinct(&w)), (POINTS as usize, vec![10]));

    served.fake.snapshot("db").unwrap();
    assert_eq!(distinct(&of(&mut served, "b").await), [2]);
    // A value in a file is older than one in the buffer, and no longer one of two.
    write(&served.fake, 0, 3, 30);
    assert_eq!(distinct(&of(&mut served, "b").await), [3]);
    write(&served.fake, 0, 4, 30);
    assert_eq!(distinct(&of(&mut served, "b").await), [3, 4]);
}

#[tokio::test]
async fn a_snapshot_settles_what_it_takes() {
    let mut served = serve(Options::default().overwrites(EITHER)).await;
    for value in [1, 2] {
        write(&served.fake, 0, value, value);
        write(&served.fake, HOUR, value, value);
    }
    served.fake.snapshot_before("db", HOUR).unwrap();
    let early = values(&mut served, "v", "a", "AND time < to_timestamp_nanos(3600000000000)").await;
    let late = values(&mut served, "v", "a", "AND time >= to_timestamp_nanos(3600000000000)").await;
    assert_eq!((distinct(&early), distinct(&late)), (vec![2], vec![1, 2]));
    served.fake.rebuild("n1");
    assert_eq!(distinct(&values(&mut served, "w", "a", "").await), [2]);
}

#[tokio::test]
async fn the_same_seed_has_the_same_answers() {
    let mut answers = BTreeSet::new();
    for seed in [7, 7, 8] {
        let options = Options::default().overwrites(Overwrites::Either { seed });
        let mut served = serve(options).await;
        write(&served.fake, 0, 1, 1);
        write(&served.fake, 0, 2, 2);
        answers.insert(values(&mut served, "v", "a", "").await);
    }
    assert_eq!(answers.len(), 2);
}

#[tokio::test]
async fn the_last_value_is_answered_by_later_releases_and_if_nothing_is_said() {
    let of = |release: &str| Options::default().release(release.parse().unwrap());
    for (options, expect) in [
        (Options::default(), [2].as_slice()),
        (of("3.10.0-nightly").overwrites(EITHER), &[1, 2]),
        (of("3.11.3").overwrites(EITHER), &[1, 2]),
        (of("3.11.4").overwrites(EITHER), &[2]),
        (of("3.12.0").overwrites(EITHER), &[2]),
    ] {
        let mut served = serve(options).await;
        write(&served.fake, 0, 1, 1);
        write(&served.fake, 0, 2, 2);
        assert_eq!(distinct(&values(&mut served, "v", "a", "").await), expect);
    }
}

#[tokio::test]
async fn what_a_directory_kept_has_its_last_value() {
    let directory = tempfile::tempdir().unwrap();
    let start = || {
        let fake = Fake::new(Options::default().overwrites(EITHER));
        fake.keep_in(directory.path()).unwrap();
        fake
    };
    let fake = start();
    write(&fake, 0, 1, 1);
    write(&fake, 0, 2, 2);
    drop(fake);
    let fake = start();
    let running = fake.spawn().await.unwrap();
    let flight = connect(&running.url()).await;
    let mut served = Served { fake, running, flight };
    assert_eq!(distinct(&values(&mut served, "v", "a", "").await), [2]);
    write(&served.fake, 0, 3, 3);
    write(&served.fake, 0, 4, 4);
    assert_eq!(distinct(&values(&mut served, "v", "a", "").await), [3, 4]);
}
