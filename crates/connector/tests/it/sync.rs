//! Syncs points into rows of a warehouse, over both protocols.

use fivetran_tester::{Breach, Counts, Rule, SelectionBuilder, SyncOptions, TableName, Verdict};

use crate::stack::{Stack, TOKEN, holds};

const CENSUS: &str = include_str!("../../../../fixtures/census.lp");
const HOME: &str = include_str!("../../../../fixtures/home.lp");
const TYPES: &str = include_str!("../../../../fixtures/types.lp");
const ODD_NAMES: &str = include_str!("../../../../fixtures/odd-names.lp");

#[tokio::test(flavor = "multi_thread")]
async fn every_point_lands_once_and_stays() {
    let mut stack = Stack::start("db", &format!("{CENSUS}\n{HOME}")).await;
    let form = stack.connector.tester.form().await.unwrap();
    assert_eq!(form.breaches, []);
    let checked = stack.connector.tester.check(&stack.configuration).await.unwrap();
    assert!(checked.answer.iter().all(|test| test.verdict == Verdict::Passed), "{checked:?}");

    let first = stack.good_sync().await;
    assert_eq!((stack.rows("census").len(), stack.rows("home").len()), (8, 14));
    assert!(first.warnings.is_empty() && first.checkpoints > 0);
    let before = stack.rows("home");

    // The next sync does not find an overwrite and a late point beyond the lookback. A re-sync
    // does.
    stack.fake.write("db", "census,location=Klamath ants=99i 1748846218190260000").unwrap();
    assert_eq!(stack.good_sync().await.tables.values().map(Counts::rows).sum::<u64>(), 0);
    stack.project.clear_state().unwrap();
    stack.good_sync().await;
    assert_eq!(stack.rows("home"), before);
    assert!(
        stack.rows("census").iter().any(|row| row.contains("| 99 | 23 | Klamath")),
        "{:?}",
        stack.rows("census")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_influxdb_no_longer_has_are_marked_by_a_resync() {
    let mut stack = Stack::start("db", CENSUS).await;
    stack.good_sync().await;
    stack.fake.drop_table("db", "census").unwrap();
    stack.fake.write("db", "census,location=Bend bees=1i 1748846218190260000").unwrap();
    stack.project.clear_state().unwrap();
    stack.good_sync().await;
    let rows = stack.rows("census");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(stack.project.warehouse().unwrap().deleted_rows("census").unwrap(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_and_every_name_survives_the_way() {
    let mut stack = Stack::start("db", TYPES).await;
    stack.good_sync().await;
    // One of the nineteen is far in the future, and is not read yet.
    let rows = stack.rows("types");
    assert_eq!(rows.len(), 18);
    for extreme in [
        "18446744073709551615",
        "9223372036854775808",
        "-9223372036854775808",
        "1677-09-21T00:12:43.145224194Z",
        "世界",
    ] {
        assert!(rows.iter().any(|row| row.contains(extreme)), "{extreme}: {rows:#?}");
    }
    assert_eq!((stack.rows("bare").len(), stack.rows("late").len()), (2, 2));

    let mut stack = Stack::start("db", ODD_NAMES).await;
    let report = stack.sync(SyncOptions::default()).await;
    // Names that merge after Fivetran's renaming are in the points, and nothing else breaks a rule.
    let merging = |breach: &Breach| matches!(breach.rule, Rule::TablesMerge | Rule::ColumnsMerge);
    assert!(report.breaches.iter().all(merging), "{report}");
    assert!(!report.breaches.is_empty());
    let tables =
        ODD_NAMES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
    let stored = stack.project.warehouse().unwrap().tables();
    assert_eq!(stored.len(), tables);
    for table in stored {
        assert_eq!(
            stack.project.warehouse().unwrap().live_rows(table.name.clone()).unwrap(),
            1,
            "{}",
            table.name
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_selected_is_neither_sent_nor_asked_for() {
    let mut stack = Stack::start("db", &format!("{CENSUS}\n{HOME}")).await;
    let schema = stack.connector.tester.schema(&stack.configuration).await.unwrap().answer;
    let selection = SelectionBuilder::new(&schema)
        .without_table(TableName::new("census"))
        .unwrap()
        .without_column(TableName::new("home"), "co")
        .unwrap()
        .without_column(TableName::new("home"), "_series_id")
        .unwrap()
        .build();
    let report = stack.sync(SyncOptions { selection, ..SyncOptions::default() }).await;
    assert_eq!(
        (report.breaches.as_slice(), stack.rows("home").len()),
        ([].as_slice(), 14),
        "{report}"
    );
    assert!(!report.tables.contains_key(&TableName::new("census")));
    let asked: Vec<_> =
        stack.fake.queries().into_iter().filter(|sql| sql.contains(" >= ")).collect();
    assert!(!asked.is_empty());
    assert!(
        asked.iter().all(|sql| !sql.contains("census") && !sql.contains("\"co\"")),
        "{asked:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_kept_from_every_file() {
    let mut stack = Stack::start("db", CENSUS).await;
    stack.good_sync().await;
    assert!(!holds(stack.directory.path(), TOKEN.as_bytes()));
    assert!(holds(stack.directory.path(), b"Klamath"));
}
