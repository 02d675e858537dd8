//! Finds the tables of a database.

use influx_fake::TimeSpelling;
use sync_core::Fault;

use crate::support::{Bench, options};

const POINTS: &str = "cpu,host=a v=1i 1748846218000000000
mem,host=a v=2i 1748846218000000000
Odd\\ \"Name,host=a v=3i 1748846218000000000";

fn names(tables: &[sync_core::Table]) -> Vec<&str> {
    tables.iter().map(|table| table.name.as_str()).collect()
}

#[tokio::test]
async fn all_tables_or_those_that_are_named() {
    let mut bench = Bench::new(POINTS).await;
    assert_eq!(names(&bench.schema().await.unwrap()), ["Odd \"Name", "cpu", "mem"]);
    let said = bench.sync().await;
    assert_eq!(said.column("Odd \"Name", "v"), ["3"]);

    let mut bench = bench.set("measurement", "mem, cpu");
    bench.state = None;
    assert_eq!(names(&bench.schema().await.unwrap()), ["cpu", "mem"]);
    assert_eq!(bench.sync().await.rows().count(), 2);

    let mut bench = bench.set("measurement", "mem").set("table_name", "memory");
    bench.state = None;
    assert_eq!(names(&bench.schema().await.unwrap()), ["memory"]);
    assert_eq!(bench.sync().await.column("memory", "v"), ["2"]);
}

#[tokio::test]
async fn both_spellings_of_time_are_understood() {
    for spelling in [TimeSpelling::Short, TimeSpelling::Long] {
        let bench = Bench::with_options("m v=1i 0", options().time_spelling(spelling)).await;
        let tables = bench.schema().await.unwrap();
        let types: Vec<_> =
            tables[0].columns.iter().map(|column| column.data_type.to_string()).collect();
        assert_eq!(types, ["STRING", "LONG", "UTC_DATETIME", "LONG"]);
    }
}

#[tokio::test]
async fn a_name_that_is_not_there_is_a_warning_as_long_as_another_is() {
    let mut bench = Bench::new(POINTS).await.set("measurement", "cpu,men");
    let said = bench.sync().await;
    assert_eq!(
        said.warnings(),
        [r#"Database "db" has no measurement "men" (did you mean "mem"?)."#]
    );
    assert_eq!(said.rows().count(), 1);

    let mut bench = bench.set("measurement", "men,disk");
    let (_, error) = bench.failing_sync().await;
    assert_eq!(error.fault(), Fault::Setup);
    insta::assert_snapshot!(error, @r#"Database "db" has no measurement "men" (did you mean "mem"?). Correct `measurement`, or set it to `*` for all."#);
}

#[tokio::test]
async fn an_empty_database_is_a_warning() {
    let mut bench = Bench::new("").await;
    let said = bench.sync().await;
    assert_eq!(said.warnings(), [r#"Database "db" has no measurement yet."#]);
}

#[tokio::test]
async fn a_dropped_table_is_left_out_and_one_that_only_bears_such_a_name_is_not() {
    let mut bench = Bench::new(POINTS).await;
    bench.write("export-20250601T000000 v=9i 1748846218000000000");
    let dropped = bench.fake.drop_table("db", "cpu").unwrap();
    let tables = bench.schema().await.unwrap();
    assert_eq!(names(&tables), ["Odd \"Name", "export-20250601T000000", "mem"]);
    let said = bench.sync().await;
    assert_eq!(said.column("export-20250601T000000", "v"), ["9"]);
    assert_eq!(said.column(&dropped, "v"), [""; 0]);
}
