//! `connector discover`: prints tables, columns, types and keys.

use std::process::ExitCode;

use fivetran_tester::read_configuration;

use super::Connection;
use super::peer::Peer;
use super::table::table;

pub(crate) async fn run(connection: &Connection) -> anyhow::Result<ExitCode> {
    let configuration = read_configuration(&connection.configuration)?;
    let peer = Peer::connect(connection).await?;
    let checked = peer.tester.tables(&configuration).await?;
    let mut shown = table(["table", "column", "type", "key"]);
    for declared in &checked.answer {
        let mut name = declared.name.to_string();
        for column in &declared.columns {
            let key = if column.key { "key" } else { "" };
            // Print the name of the table only beside its first column.
            let name = std::mem::take(&mut name);
            shown.add_row([&name, &column.name, &column.column_type.to_string(), key]);
        }
    }
    println!("{}", shown.trim_fmt());
    for breach in &checked.breaches {
        println!("Fivetran's rules: {breach}");
    }
    Ok(ExitCode::SUCCESS)
}
