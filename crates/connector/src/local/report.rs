//! The report of a sync, for people.

use std::fmt::Write;

use comfy_table::CellAlignment;
use fivetran_tester::{Counts, Project, Report, WarehouseTable};

use super::table::table;

/// The summary of a sync: a line for each table, the rows that were written last, and how the sync
/// ended.
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
        report.rows(),
        report.checkpoints,
        report.duration.as_secs_f64()
    )?;
    Ok(text)
}

fn title(table: &WarehouseTable, shown: usize) -> String {
    format!("{} (the last {shown} rows loaded)", table.name)
}
