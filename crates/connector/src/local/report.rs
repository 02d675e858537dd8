//! What a sync came to, for people and for programs.

use std::fmt::Write;

use comfy_table::CellAlignment;
use fivetran_tester::{Counts, Project, Report, WarehouseTable};
use serde_json::{Value, json};

use super::table::table;

/// The summary that a person reads: a line for each table, the rows that landed last, and how the sync ended.
pub(crate) fn summary(report: &Report, project: &Project, rows: u32) -> anyhow::Result<String> {
    let mut text = String::new();
    let warehouse = project.warehouse()?;
    let mut counts = table(["table", "rows sent", "rows in the warehouse"]);
    for table in warehouse.tables() {
        let sent = report.tables.get(&table.name).map_or(0, Counts::rows);
        let live = warehouse.live_rows(table.name.clone())?;
        counts.add_row([table.name.to_string(), sent.to_string(), live.to_string()]);
    }
    for index in [1, 2] {
        if let Some(column) = counts.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(text, "{}", counts.trim_fmt())?;
    for stored in warehouse.tables() {
        let sent = report.tables.get(&stored.name).map_or(0, Counts::rows);
        if rows == 0 || sent == 0 {
            continue;
        }
        let mut shown = table(stored.columns.iter().map(|column| column.name.clone()));
        let latest = warehouse.latest_rows(stored.name.clone(), rows)?;
        for row in &latest {
            shown.add_row(row.cells.iter().map(|cell| cell.as_deref().unwrap_or("NULL")));
        }
        writeln!(text, "\n{}\n{}", title(&stored, latest.len()), shown.trim_fmt())?;
    }
    for breach in &report.breaches {
        writeln!(text, "\nFivetran's rules: {breach}")?;
    }
    writeln!(
        text,
        "\nThe sync {}: {} rows, {} checkpoints, {:.2} s.",
        report.end,
        rows_sent(report),
        report.checkpoints,
        report.duration.as_secs_f64()
    )?;
    Ok(text)
}

/// The same for a program.
pub(crate) fn json(report: &Report) -> Value {
    let tables = report.tables.iter().map(|(name, counts)| {
        (name.to_string(), json!({ "rows": counts.rows(), "truncates": counts.truncates }))
    });
    json!({
        "end": report.end.to_string(),
        "rows": rows_sent(report),
        "tables": tables.collect::<serde_json::Map<_, _>>(),
        "checkpoints": report.checkpoints,
        "warnings": report.warnings,
        "tasks": report.tasks,
        "breaches": report.breaches.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "seconds": report.duration.as_secs_f64(),
    })
}

fn rows_sent(report: &Report) -> u64 {
    report.tables.values().map(Counts::rows).sum()
}

fn title(table: &WarehouseTable, shown: usize) -> String {
    format!("{} (the last {shown} rows to land)", table.name)
}
