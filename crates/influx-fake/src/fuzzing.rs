//! Opens the parsers to the fuzz targets of `xtask/fuzz`, without a server.

use std::fmt::Debug;

use bytes::Bytes;
use chrono::DateTime;
use tonic::Status;

use crate::store::{Acceptance, Precision, Store, WriteError};
use crate::ticket::{Query, Ticket};

const DATABASE: &str = "fuzz";

/// What a ticket asks for, in a form that can be compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The database's name.
    pub database: String,
    /// The query: its language, and what else there is to it.
    pub query: String,
}

/// Reads a ticket.
///
/// # Errors
///
/// As the server answers.
pub fn ticket(bytes: &[u8]) -> Result<Asked, Status> {
    let Ticket { database, query } = Ticket::decode(bytes)?;
    let text = |query: &dyn Debug| format!("{query:?}");
    let query = match query {
        Query::Sql(sql, params) => text(&(sql, params)),
        Query::InfluxQl(text) => text,
        Query::Command(command) => text(&command),
    };
    Ok(Asked { database, query })
}

/// The ticket that stands for a FlightSQL command.
#[must_use]
pub fn ticket_of_command(database: &str, command: Bytes) -> Bytes {
    Ticket::of_command(database, command)
}

/// A store without points.
#[derive(Debug, Default)]
pub struct Lines(Store);

impl Lines {
    /// Writes line protocol at the beginning of 1970; `None` if there is no such precision.
    pub fn write(
        &self,
        lines: &str,
        precision: &str,
        all_or_nothing: bool,
    ) -> Option<Result<(), WriteError>> {
        let acceptance =
            if all_or_nothing { Acceptance::AllOrNothing } else { Acceptance::Partial };
        let precision = Precision::parse(precision)?;
        Some(self.0.write(DATABASE, lines, precision, acceptance, DateTime::UNIX_EPOCH))
    }

    /// Each table with its columns and rows.
    ///
    /// # Panics
    ///
    /// If the rows of a table cannot be had, or their columns are not those that the table has.
    #[allow(clippy::panic, reason = "a fuzz target fails by panicking")]
    pub fn tables(&self) -> Vec<(String, usize, usize)> {
        let tables = self.0.tables(DATABASE).into_iter().map(|table| {
            let view = match self.0.view(DATABASE, &table) {
                Some(Ok(view)) => view,
                other => panic!("no rows of {table:?}: {other:?}"),
            };
            let columns = self.0.columns(DATABASE).iter().filter(|(of, ..)| *of == table).count();
            for segment in &view.segments {
                assert_eq!(segment.batch.num_columns(), columns, "{table:?}");
                assert_eq!(segment.batch.schema(), view.schema, "{table:?}");
            }
            let rows = view.segments.iter().map(|segment| segment.batch.num_rows()).sum();
            (table, columns, rows)
        });
        tables.collect()
    }

    /// Takes a snapshot and counts the rows in the files of a table.
    pub fn rows_in_files(&self, table: &str) -> usize {
        self.0.snapshot(DATABASE, None);
        let files = self.0.files(DATABASE, table).unwrap_or_default();
        files.iter().map(|file| file.row_count as usize).sum()
    }
}
