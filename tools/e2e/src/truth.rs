//! What InfluxDB has, in the form in which it is compared.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cell::Cell;
use crate::influx::Influx;
use crate::point::{Key, Point, Table};
use crate::present::Present;

/// The time of a row in nanoseconds, which the answer's own `time` may be too coarse for.
const NANOSECONDS: &str = "__nanoseconds";

/// Reads every point of every table.
pub(crate) fn read(influx: &Influx) -> Result<BTreeMap<String, Table<Point>>> {
    let release = influx.release()?;
    let columns = influx.query(
        "SELECT table_name, column_name, data_type FROM information_schema.columns \
         WHERE table_schema = 'iox'",
    )?;
    let mut types: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for row in &columns {
        let text = |column: &str| row[column].as_str().unwrap_or_default().to_owned();
        let table = types.entry(text("table_name")).or_default();
        table.insert(text("column_name"), text("data_type"));
    }
    let mut tables = BTreeMap::new();
    for (name, types) in types {
        let quoted = name.replace('"', "\"\"");
        let rows = influx
            .query(&format!("SELECT *, CAST(time AS BIGINT) AS {NANOSECONDS} FROM \"{quoted}\""))?;
        let mut table = Table::new(tags(&types));
        let log = influx.write_log();
        for row in rows {
            let time = row[NANOSECONDS].as_i64().context("a row without a time")?;
            let mut fields = BTreeMap::new();
            let mut key = Key { time, tags: BTreeMap::new() };
            for (column, value) in &row {
                if column == NANOSECONDS || column == "time" || value.is_null() {
                    continue;
                }
                if table.tags.contains(column) {
                    key.tags.insert(column.clone(), value.as_str().unwrap_or_default().to_owned());
                } else {
                    let data_type = types.get(column).map(String::as_str).unwrap_or_default();
                    fields.insert(column.clone(), cell(value, data_type)?);
                }
            }
            let present = fields.into_iter().map(|(field, answered)| {
                let buffered = log.buffered(&name, &key, &field);
                (field, Present::new(answered, buffered, release.as_ref()))
            });
            let point: Point = present.collect();
            table.points.entry(key).or_default().push(point);
        }
        tables.insert(name, table);
    }
    Ok(tables)
}

fn tags(types: &BTreeMap<String, String>) -> Vec<String> {
    let tags = types.iter().filter(|(_, data_type)| data_type.starts_with("Dictionary"));
    tags.map(|(column, _)| column.clone()).collect()
}

fn cell(value: &Value, data_type: &str) -> Result<Cell> {
    Ok(match (data_type, value) {
        ("Float64", value) => Cell::float(value.as_f64().context("a float is none")?),
        // The warehouse has them as decimals, which are text.
        ("UInt64", value) => Cell::Text(value.to_string()),
        (_, Value::Bool(value)) => Cell::Integer((*value).into()),
        (_, Value::Number(value)) => Cell::Integer(value.as_i64().context("an integer is none")?),
        (_, Value::String(text)) => Cell::Text(text.clone()),
        (_, other) => Cell::Text(other.to_string()),
    })
}
