//! Configures the table of Fivetran's InfluxDB example, column for column.

use std::collections::BTreeMap;

use crate::stack::Stack;

const CENSUS: &str = include_str!("../../../../fixtures/census.lp");
const PARITY: &str = include_str!("../../../../fixtures/parity-configuration.json");

#[tokio::test(flavor = "multi_thread")]
async fn the_parity_configuration_gives_the_examples_table() {
    let mut stack = Stack::start("census", CENSUS).await;
    let parity: BTreeMap<String, String> = serde_json::from_str(PARITY).unwrap();
    for (name, value) in parity {
        // Address and token of InfluxDB differ for each reader.
        if !value.starts_with('<') {
            stack.set(&name, &value);
        }
    }
    let tables = stack.connector.tester.tables(&stack.configuration).await.unwrap().answer;
    let described: Vec<_> = tables
        .iter()
        .flat_map(|table| {
            table.columns.iter().map(|column| {
                format!("{} {} {} key={}", table.name, column.name, column.column_type, column.key)
            })
        })
        .collect();
    insta::assert_snapshot!(described.join("\n"), @r"
    census_table ants INT key=false
    census_table bees INT key=false
    census_table location STRING key=false
    census_table time STRING key=false
    ");
    let report = stack.good_sync().await;
    assert_eq!(
        report.warnings,
        ["Column \"time\" of measurement \"census\" had 1 times that are finer than a \
             microsecond; the rest was cut. Set `time_format` to `iso8601` to keep it."]
    );
    let mut rows = stack.rows("census_table");
    rows.sort_by(|a, b| a.rsplit(" | ").next().cmp(&b.rsplit(" | ").next()));
    insta::assert_snapshot!(rows.join("\n"), @r"
    30 | 23 | Klamath | 2025-06-02T06:36:58.190260Z
    32 | 28 | Portland | 2025-06-02T09:13:00.610947Z
    33 | 25 | Klamath | 2025-06-03T06:36:58.190260Z
    NULL | 31 | Portland | 2025-06-03T09:13:20.000000Z
    29 | NULL | Klamath | 2025-06-04T06:30:00.500000Z
    12 | 0 | Bend | 2025-06-04T06:40:00.000000Z
    34 | 27 | Portland | 2025-06-04T09:13:00.610947Z
    NULL | 4 | Bend | 2025-06-05T06:40:00.000000Z
    ");
}
