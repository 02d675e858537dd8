//! The client against the fake: what a healthy InfluxDB 3 says, and what it refuses.

use std::collections::BTreeSet;
use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Float64Type, TimeUnit};
use influx_fake::{Code, Fake, Fault, MissingDatabase, Options, Running, TimeSpelling, Tls};
use influx_flight::{Client, ColumnType, ErrorKind, Role, Target, Timeouts};

use crate::scripted::{Authority, collect, target, timeouts};

const POINTS: &str = "\
home,room=Kitchen temp=21.5,co=0i 1641024000000000000
home,room=Kitchen temp=23.0,co=7i 1641027600000000000
Garden wet=true,depth=3u,note=\"dry\" 1641024000000000000";

async fn start(options: Options) -> (Fake, Running) {
    let fake = Fake::new(options);
    fake.write("home", POINTS).unwrap();
    let running = fake.spawn().await.unwrap();
    (fake, running)
}

fn at(running: &Running) -> Target {
    target(running.url().parse().unwrap())
}

async fn client(running: &Running) -> Client {
    Client::connect(at(running)).await.unwrap()
}

async fn kind(client: &Client, sql: &str) -> ErrorKind {
    collect(client, sql).await.unwrap_err().kind().clone()
}

#[tokio::test]
async fn rows_and_their_schema() {
    let (_fake, running) = start(Options::default()).await;
    let client = client(&running).await;
    let stream = client.query("SELECT * FROM home").await.unwrap();
    let names: Vec<_> =
        stream.schema().fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["co", "room", "temp", "time"]);
    let batches = collect(&client, "SELECT temp FROM home ORDER BY time").await.unwrap();
    let temps: Vec<f64> = batches
        .iter()
        .flat_map(|batch| batch.column(0).as_primitive::<Float64Type>().values().to_vec())
        .collect();
    assert_eq!(temps, [21.5, 23.0]);
}

#[tokio::test]
async fn clones_ask_from_many_tasks() {
    let (_fake, running) = start(Options::default()).await;
    let client = client(&running).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let client = client.clone();
        tasks.spawn(async move { collect(&client, "SELECT temp FROM home").await.unwrap().len() });
    }
    assert_eq!(tasks.join_all().await, [1; 8]);
}

#[tokio::test]
async fn a_check_tells_the_version() {
    let (_fake, running) = start(Options::default().token("right")).await;
    let client = Client::connect(at(&running).with_token("right".into())).await.unwrap();
    let version = client.check().await.unwrap().version.unwrap();
    assert_eq!(version.major, 3);
}

#[tokio::test]
async fn tokens() {
    let (_fake, running) = start(Options::default().token("right").expired_token("old")).await;
    for token in [Some("wrong"), Some("old"), None] {
        let mut target = at(&running);
        if let Some(token) = token {
            target = target.with_token(token.into());
        }
        let client = Client::connect(target).await.unwrap();
        assert_eq!(client.check().await.unwrap_err().kind(), &ErrorKind::Token, "{token:?}");
    }
    let client = client(&running).await;
    let text = client.check().await.unwrap_err().to_string().replace(&running.url(), "HOST");
    insta::assert_snapshot!(text, @r#"InfluxDB at HOST asks for a token (Unauthenticated): give one that may read database "home""#);
}

#[tokio::test]
async fn a_missing_database_in_every_edition() {
    for answer in
        [MissingDatabase::Internal, MissingDatabase::NotFound, MissingDatabase::InvalidArgument]
    {
        let (_fake, running) = start(Options::default().missing_database(answer)).await;
        let client = client(&running).await;
        client.check().await.unwrap();
        let error = client.on_database("hone").check().await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::DatabaseMissing, "{answer:?}");
        let text = error.to_string().replace(&running.url(), "HOST");
        insta::allow_duplicates! {
            insta::assert_snapshot!(text, @r#"InfluxDB at HOST has no database "hone": check its name, and that the token may see it"#);
        }
    }
}

#[tokio::test]
async fn names_that_are_not_there() {
    let (_fake, running) = start(Options::default()).await;
    let client = client(&running).await;
    let table = |name: &str| ErrorKind::TableMissing { table: Some(name.to_owned()) };
    assert_eq!(kind(&client, "SELECT * FROM nosuch").await, table("nosuch"));
    assert_eq!(kind(&client, "SELECT * FROM \"No Such\"").await, table("No Such"));
    let column = |name: &str| ErrorKind::ColumnMissing { column: name.to_owned() };
    assert_eq!(kind(&client, "SELECT nosuch FROM home").await, column("nosuch"));
    assert_eq!(kind(&client, "SELECT \"No.Such\" FROM \"Garden\"").await, column("No.Such"));
    assert_eq!(kind(&client, "SELEC 1").await, ErrorKind::InvalidQuery);
}

#[tokio::test]
async fn tables_in_every_release() {
    for spelling in [TimeSpelling::Short, TimeSpelling::Long] {
        let (_fake, running) = start(Options::default().time_spelling(spelling)).await;
        let tables = client(&running).await.tables().await.unwrap();
        let shape: Vec<_> = tables
            .iter()
            .flat_map(|table| table.columns.iter().map(|column| (&*table.name, column)))
            .map(|(table, column)| (table, &*column.name, column.role, column.data_type.clone()))
            .collect();
        let tag = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let time = DataType::Timestamp(TimeUnit::Nanosecond, None);
        let expect = [
            ("Garden", "depth", Role::Field, DataType::UInt64),
            ("Garden", "note", Role::Field, DataType::Utf8),
            ("Garden", "time", Role::Time, time.clone()),
            ("Garden", "wet", Role::Field, DataType::Boolean),
            ("home", "co", Role::Field, DataType::Int64),
            ("home", "room", Role::Tag, tag),
            ("home", "temp", Role::Field, DataType::Float64),
            ("home", "time", Role::Time, time),
        ]
        .map(|(table, column, role, data_type)| {
            (table, column, role, ColumnType::Arrow(data_type))
        });
        assert_eq!(shape, expect, "{spelling:?}");
    }
}

#[tokio::test]
async fn dropped_tables_are_told_from_odd_names() {
    let (fake, running) = start(Options::default()).await;
    fake.write("home", "export-20250601T000000 v=1 1641024000000000000").unwrap();
    fake.write("other", "home v=1 1641024000000000000").unwrap();
    fake.drop_table("other", "home").unwrap();
    let dropped = fake.drop_table("home", "Garden").unwrap();
    let client = client(&running).await;
    assert_eq!(client.dropped_tables().await.unwrap(), BTreeSet::from([dropped]));
    fake.faults().add(Fault::fail(Code::NotFound, "Database '_internal' not found"));
    let error = client.dropped_tables().await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::DatabaseMissing);
}

#[tokio::test]
async fn the_clock() {
    let (_fake, running) = start(Options::default()).await;
    let nanoseconds = |time: std::time::SystemTime| {
        time.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as i64
    };
    let before = nanoseconds(std::time::SystemTime::now());
    let now = client(&running).await.server_now().await.unwrap();
    let after = nanoseconds(std::time::SystemTime::now());
    assert!((before..=after).contains(&now), "{before} {now} {after}");
}

#[tokio::test]
async fn a_broken_connection_is_not_an_end() {
    let (fake, running) = start(Options::default()).await;
    let client = client(&running).await;
    let rows = "SELECT temp FROM home";
    fake.faults().add(Fault::rows_per_batch(1).always());
    fake.faults().add(Fault::cut_connection().after_batches(1));
    assert_eq!(kind(&client, rows).await, ErrorKind::Unavailable);
    // The same client connects anew.
    assert_eq!(collect(&client, rows).await.unwrap().len(), 2);
    fake.faults().add(Fault::cut_connection());
    assert_eq!(kind(&client, rows).await, ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_query_is_sent_once() {
    let (fake, running) = start(Options::default()).await;
    let client = client(&running).await;
    for fault in [Fault::cut_connection(), Fault::fail(Code::Unavailable, "restarting")] {
        let sent = fake.queries().len();
        fake.faults().add(fault);
        let kind = kind(&client, "SELECT temp FROM home").await;
        assert!(kind.is_transient(), "{kind:?}");
        assert_eq!(fake.queries().len(), sent + 1);
    }
}

#[tokio::test]
async fn keep_alives_outlast_the_idle_limit() {
    let options = Options::default().keep_alive(Duration::from_millis(50));
    let (fake, running) = start(options).await;
    let limits = Timeouts { idle: Duration::from_secs(1), ..timeouts() };
    let client = Client::connect(at(&running).with_timeouts(limits)).await.unwrap();
    let rows = "SELECT temp FROM home";
    fake.faults().add(Fault::stall(Duration::from_millis(1500)));
    assert_eq!(collect(&client, rows).await.unwrap().len(), 1);
    fake.faults().add(Fault::silence(Duration::from_secs(60)));
    assert_eq!(kind(&client, rows).await, ErrorKind::Stalled);
}

#[tokio::test]
async fn batches_as_small_and_empty_as_they_come() {
    let (fake, running) = start(Options::default()).await;
    fake.faults().add(Fault::rows_per_batch(1));
    fake.faults().add(Fault::empty_last_batch());
    let batches = collect(&client(&running).await, "SELECT temp FROM home").await.unwrap();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).collect::<Vec<_>>(), [1, 1]);
}

#[tokio::test]
async fn over_tls() {
    let authority = Authority::new();
    let (certificate, key) = authority.certificate(&["127.0.0.1"], |_| {});
    let tls = Tls { certificate: certificate.pem().into(), key: key.serialize_pem().into() };
    let (_fake, running) = start(Options::default().tls(tls)).await;
    let trusting = at(&running).with_ca_certificates(authority.pem.as_bytes()).unwrap();
    let client = Client::connect(trusting).await.unwrap();
    assert!(client.check().await.unwrap().version.is_some());
    assert_eq!(collect(&client, "SELECT temp FROM home").await.unwrap().len(), 1);
}
