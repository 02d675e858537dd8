//! FlightSQL: statements, and the calls that list catalogs, schemas, tables and server information.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::flight_descriptor::DescriptorType;
use arrow_flight::sql::metadata::{SqlInfoData, SqlInfoDataBuilder};
use arrow_flight::sql::{Any, Command, SqlInfo};
use arrow_flight::{FlightDescriptor, FlightEndpoint, FlightInfo, Ticket as FlightTicket};
use futures::stream;
use prost::Message;
use tonic::Status;

use super::answer::Rows;
use crate::engine::{CATALOG, Engine, TableListing};
use crate::params::Params;
use crate::ticket::Ticket;

/// The text of a command, which faults are matched with and which is recorded.
pub(super) fn text(command: &Any) -> String {
    match Command::try_from(command.clone()) {
        Ok(Command::CommandStatementQuery(statement)) => statement.query,
        Ok(command) => command.type_url().rsplit('.').next().unwrap_or_default().to_owned(),
        Err(_) => command.type_url.clone(),
    }
}

/// One endpoint without a location, which means this server, and a ticket for the same command.
pub(super) async fn flight_info(
    engine: &Engine,
    database: &str,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo, Status> {
    if descriptor.r#type() != DescriptorType::Cmd {
        return Err(Status::unimplemented("Not yet implemented: GetFlightInfo with a path"));
    }
    let command = Any::decode(descriptor.cmd.clone()).map_err(|error| {
        Status::invalid_argument(format!("the command is not a protobuf Any: {error}"))
    })?;
    let schema = match decode(command)? {
        Command::CommandStatementQuery(statement) => {
            engine.schema(database, &statement.query).await?
        }
        command => listing(engine, database, command).await?.schema(),
    };
    let ticket = FlightTicket { ticket: Ticket::of_command(database, descriptor.cmd.clone()) };
    FlightInfo::new()
        .with_descriptor(descriptor)
        .with_endpoint(FlightEndpoint::new().with_ticket(ticket))
        .try_with_schema(&plain(&schema))
        .map_err(|error| Status::internal(error.to_string()))
}

/// The rows that a command's ticket stands for.
pub(super) async fn answer(engine: &Engine, database: &str, command: Any) -> Result<Rows, Status> {
    match decode(command)? {
        Command::CommandStatementQuery(statement) => {
            let planned = engine.plan(database, &statement.query, &Params::default()).await?;
            Ok(Rows::of(planned)?)
        }
        command => Ok(Rows::listing(listing(engine, database, command).await?)),
    }
}

fn decode(command: Any) -> Result<Command, Status> {
    Command::try_from(command).map_err(|error| Status::invalid_argument(error.to_string()))
}

async fn listing(engine: &Engine, database: &str, command: Command) -> Result<RecordBatch, Status> {
    let batch = match command {
        Command::CommandGetTables(command) => {
            let mut builder = command.into_builder();
            for TableListing { schema, table, kind, columns } in engine.tables(database).await? {
                builder.append(CATALOG, schema, table, kind, &columns).map_err(failed)?;
            }
            builder.build()
        }
        Command::CommandGetDbSchemas(command) => {
            let mut builder = command.into_builder();
            let mut schemas: Vec<_> =
                engine.tables(database).await?.into_iter().map(|table| table.schema).collect();
            schemas.dedup();
            schemas.iter().for_each(|schema| builder.append(CATALOG, schema));
            builder.build()
        }
        Command::CommandGetCatalogs(command) => {
            let mut builder = command.into_builder();
            builder.append(CATALOG);
            builder.build()
        }
        Command::CommandGetTableTypes(command) => {
            let mut builder = command.into_builder();
            builder.append("BASE TABLE");
            builder.append("VIEW");
            builder.build()
        }
        Command::CommandGetSqlInfo(command) => command.into_builder(&facts()?).build(),
        other => {
            return Err(Status::unimplemented(format!(
                "Not yet implemented: {}",
                other.type_url()
            )));
        }
    };
    batch.map_err(failed)
}

fn facts() -> Result<SqlInfoData, Status> {
    let mut facts = SqlInfoDataBuilder::new();
    facts.append(SqlInfo::FlightSqlServerName, "InfluxDB IOx");
    facts.append(SqlInfo::FlightSqlServerVersion, "2");
    facts.append(SqlInfo::FlightSqlServerArrowVersion, "1.3");
    facts.append(SqlInfo::FlightSqlServerReadOnly, true);
    facts.build().map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> Status {
    Status::internal(error.to_string())
}

/// The schema as `DoGet` will send it: dictionaries become their values.
fn plain(schema: &Schema) -> SchemaRef {
    let encoder =
        arrow_flight::encode::FlightDataEncoderBuilder::new().with_schema(Arc::new(schema.clone()));
    encoder.build(stream::empty()).known_schema().unwrap_or_else(|| Arc::new(schema.clone()))
}
