//! `connector discover`: tables, columns, types and keys.

use std::process::ExitCode;

use anyhow::bail;
use fivetran_wire::data_type_params::Params;
use fivetran_wire::schema_response::Response;
use fivetran_wire::{Column, DataTypeParams};

use super::peer::Peer;
use super::table::table;
use super::{Connection, configuration};

pub(crate) async fn run(connection: &Connection) -> anyhow::Result<ExitCode> {
    let configuration = configuration::read(&connection.configuration)?;
    let peer = Peer::connect(connection).await?;
    let checked = peer.tester.schema(&configuration).await?;
    let tables = match checked.answer.response {
        Some(Response::WithoutSchema(list)) => list.tables,
        _ => bail!("the connector answered with another shape of schema than tables alone"),
    };
    let mut shown = table(["table", "column", "type", "key"]);
    for found in &tables {
        for (index, column) in found.columns.iter().enumerate() {
            let name = if index == 0 { found.name.as_str() } else { "" };
            let key = if column.primary_key { "key" } else { "" };
            shown.add_row([name, &column.name, &data_type(column), key]);
        }
    }
    println!("{}", shown.trim_fmt());
    for breach in &checked.breaches {
        println!("Fivetran's rules: {breach}");
    }
    Ok(ExitCode::SUCCESS)
}

fn data_type(column: &Column) -> String {
    let name = column.r#type().name();
    match &column.params {
        Some(DataTypeParams { params: Some(Params::Decimal(decimal)) }) => {
            format!("{name}({},{})", decimal.precision, decimal.scale)
        }
        _ => name.to_owned(),
    }
}
