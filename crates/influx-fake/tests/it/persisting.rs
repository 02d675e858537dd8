//! Snapshots that are persisted file by file, and what is in no answer meanwhile.

use influx_fake::{Options, Overwrites};

use crate::client::{Served, serve};

const HOUR: i64 = 3_600_000_000_000;

async fn served(release: &str) -> Served {
    let served = serve(Options::default().release(release.parse().unwrap())).await;
    let point = |hour: i64| format!("m,k=a v={hour}i {}", hour * HOUR);
    served.fake.write("db", &[point(0), point(1), point(2), point(3)].join("\n")).unwrap();
    served
}

/// The values of a table and how many of its files are listed.
async fn seen(served: &mut Served, table: &str) -> (String, usize) {
    let values = format!("SELECT string_agg(CAST(v AS TEXT), ' ' ORDER BY v) AS v FROM {table}");
    let values = served.rows(&values).await.table();
    let values = values.lines().nth(3).unwrap().trim_matches(['|', ' ']).to_owned();
    let files = format!("SELECT path FROM system.parquet_files WHERE table_name = '{table}'");
    (values, served.rows(&files).await.rows())
}

fn expect(values: &str, files: usize) -> (String, usize) {
    (values.to_owned(), files)
}

#[tokio::test]
async fn points_are_hidden_until_their_file_is_listed() {
    let mut served = served("3.11.1").await;
    served.fake.write("db", "other v=7i 0").unwrap();
    assert_eq!(seen(&mut served, "m").await, expect("0 1 2 3", 0));
    assert_eq!(served.fake.begin_snapshot("db"), Some(2));
    assert_eq!(seen(&mut served, "m").await, expect("0", 1));
    // A table with one file hides nothing.
    assert_eq!(seen(&mut served, "other").await, expect("7", 1));
    assert!(served.fake.list_next_files("db"));
    assert_eq!(seen(&mut served, "m").await, expect("0 1", 2));
    // A count is an answer as well, and a range.
    let within = format!("time >= to_timestamp_nanos({HOUR}) AND time < now()");
    assert_eq!(served.rows(&format!("SELECT * FROM m WHERE {within}")).await.rows(), 1);

    // What comes meanwhile is in the buffer, and so is what is written again.
    served.fake.write("db", &format!("m,k=a v=30i {}\nm,k=a v=4i {}", 3 * HOUR, HOUR + 1)).unwrap();
    assert_eq!(seen(&mut served, "m").await, expect("0 1 4 30", 2));
    assert!(served.fake.list_next_files("db"));
    assert_eq!(seen(&mut served, "m").await, expect("0 1 2 4 30", 3));
    assert!(served.fake.list_next_files("db"));
    assert_eq!(seen(&mut served, "m").await, expect("0 1 2 4 30", 4));
    assert!(!served.fake.list_next_files("db"));
    assert_eq!(served.fake.begin_snapshot("db"), Some(3));
}

#[tokio::test]
async fn later_releases_hide_nothing() {
    let mut served = served("3.11.2").await;
    served.fake.begin_snapshot("db").unwrap();
    for files in 1..=4 {
        assert_eq!(seen(&mut served, "m").await, expect("0 1 2 3", files));
        assert_eq!(served.fake.list_next_files("db"), files < 4);
    }
    assert_eq!(served.fake.begin_snapshot("db"), None, "nothing is buffered");
    assert_eq!(served.fake.begin_snapshot("nosuch"), None);
    assert!(!served.fake.list_next_files("nosuch"));
}

#[tokio::test]
async fn a_rebuilt_server_hides_nothing() {
    let mut served = served("3.10.0").await;
    served.fake.begin_snapshot("db").unwrap();
    assert_eq!(seen(&mut served, "m").await, expect("0", 1));
    served.fake.rebuild("n1");
    assert_eq!(seen(&mut served, "m").await, expect("0 1 2 3", 4));
    assert!(!served.fake.list_next_files("db"));
}

#[tokio::test]
async fn overwritten_points_are_hidden_too() {
    let options = Options::default().overwrites(Overwrites::Either { seed: 7 });
    let mut served = serve(options).await;
    let write = |value: i64, hour: i64| {
        let line = |point: i64| format!("m v={value}i {}", hour * HOUR + point);
        served.fake.write("db", &(0..20).map(line).collect::<Vec<_>>().join("\n")).unwrap();
    };
    for hour in [0, 1, 2] {
        write(1, hour);
    }
    served.fake.begin_snapshot("db").unwrap();
    write(2, 3);
    write(3, 3);
    let all = "SELECT DISTINCT v FROM m ORDER BY v";
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 40);
    assert!(served.rows(all).await.rows() > 1, "one value of each point is answered");
    while served.fake.list_next_files("db") {}
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 80);
}
