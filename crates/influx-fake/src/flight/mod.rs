//! The gRPC side: Arrow Flight, by native tickets and by FlightSQL.

mod answer;
mod influxql;
mod sql;

use std::sync::Arc;
use std::time::Duration;

use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo,
    HandshakeRequest, HandshakeResponse, PollInfo, PutResult, SchemaResult, Ticket as FlightTicket,
};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use http::HeaderMap;
use tonic::{Code, Request, Response, Status, Streaming, async_trait};

use crate::auth::Access;
use crate::connection::Connection;
use crate::engine::Engine;
use crate::options::MissingDatabase;
use crate::proxy::Proxy;
use crate::state::ServerState;
use crate::store::Store;
use crate::ticket::{Query, Ticket};
use answer::{Answer, Ending, Rows};

/// The headers that name a database for FlightSQL, which has no place for it in its messages.
const DATABASE_HEADERS: [&str; 4] = ["database", "bucket", "bucket-name", "iox-namespace-name"];

pub(crate) fn service(state: Arc<ServerState>) -> FlightServiceServer<Flight> {
    FlightServiceServer::new(Flight { state })
}

pub(crate) struct Flight {
    state: Arc<ServerState>,
}

impl Flight {
    fn authorize(&self, headers: &HeaderMap) -> Result<(), Status> {
        match self.state.tokens.check(headers) {
            Access::Granted => Ok(()),
            Access::Unknown => Err(Status::unauthenticated("Unauthenticated")),
            Access::Expired => Err(Status::permission_denied("Permission denied")),
        }
    }

    fn find_database(&self, store: &Store, name: &str) -> Result<(), Status> {
        if store.has_database(name) {
            return Ok(());
        }
        Err(match self.state.options.missing_database {
            MissingDatabase::Internal => Status::internal(format!(
                "Cannot retrieve database: External error: database not found: {name}"
            )),
            MissingDatabase::NotFound => Status::not_found(format!("Database '{name}' not found")),
            MissingDatabase::InvalidArgument => {
                Status::invalid_argument(format!("bucket \"{name}\" not found"))
            }
        })
    }

    async fn answer(
        &self,
        ticket: Ticket,
        connection: Connection,
        proxy: Proxy,
    ) -> Result<Answer, Status> {
        let engine = self.state.engine_for(&connection);
        self.find_database(engine.store(), &ticket.database)?;
        let text = match &ticket.query {
            Query::Sql(text, _) | Query::InfluxQl(text) => text.clone(),
            Query::Command(command) => sql::text(command),
        };
        self.state.record(&text);
        let rows = rows(&engine, ticket).await;
        let scans = rows.as_ref().map(|rows| rows.scans.as_slice()).unwrap_or_default();
        let faults = self.state.faults.take(&text, scans);
        if let Some(patience) = faults.patience {
            proxy.limit(patience).await;
        }
        let ending = Ending { state: Arc::clone(&self.state), connection };
        if let Some((None, end)) = &faults.end {
            return Err(ending.strike(end).await);
        }
        let Rows { schema, batches, .. } = rows?;
        let keep_alive = self.state.options.keep_alive;
        Ok(Answer { schema, batches, faults, ending, keep_alive })
    }
}

/// What a query is answered with, if nothing goes wrong.
async fn rows(engine: &Engine, ticket: Ticket) -> Result<Rows, Status> {
    let Ticket { database, query } = ticket;
    match query {
        Query::Sql(text, params) => Ok(Rows::of(engine.plan(&database, &text, &params).await?)?),
        Query::InfluxQl(text) => Ok(influxql::answer(engine.store(), &database, &text)?),
        Query::Command(command) => sql::answer(engine, &database, command).await,
    }
}

/// The database that a header names. If several do, they must agree.
fn database_of(headers: &HeaderMap) -> Result<String, Status> {
    let mut names: Vec<&str> =
        DATABASE_HEADERS.iter().filter_map(|name| headers.get(*name)?.to_str().ok()).collect();
    names.dedup();
    match names.as_slice() {
        [name] => Ok((*name).to_owned()),
        [] => Err(Status::invalid_argument("no 'database' header in request")),
        _ => Err(Status::invalid_argument("the headers that name the database do not agree")),
    }
}

/// The time that the client gives the server: a number and a unit, as the gRPC protocol has it.
fn timeout_of(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = number.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number.checked_mul(3600)?),
        "M" => Duration::from_secs(number.checked_mul(60)?),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

type Frames<T> = BoxStream<'static, Result<T, Status>>;

fn not_implemented<T>(what: &str) -> Result<Response<T>, Status> {
    Err(Status::new(Code::Unimplemented, format!("Not yet implemented: {what}")))
}

#[async_trait]
impl FlightService for Flight {
    type HandshakeStream = Frames<HandshakeResponse>;
    type ListFlightsStream = Frames<FlightInfo>;
    type DoGetStream = Frames<FlightData>;
    type DoPutStream = Frames<PutResult>;
    type DoExchangeStream = Frames<FlightData>;
    type DoActionStream = Frames<arrow_flight::Result>;
    type ListActionsStream = Frames<ActionType>;

    async fn do_get(
        &self,
        request: Request<FlightTicket>,
    ) -> Result<Response<Self::DoGetStream>, Status> {
        let (metadata, extensions, ticket) = request.into_parts();
        let headers = metadata.into_headers();
        self.authorize(&headers)?;
        let ticket = Ticket::decode(&ticket.ticket)?;
        let connection = extensions.get::<Connection>().cloned().unwrap_or_default();
        let proxy = extensions.get::<Proxy>().cloned().unwrap_or_default();
        let frames = self.answer(ticket, connection, proxy).await?.frames()?;
        Ok(Response::new(match timeout_of(&headers) {
            Some(timeout) => answer::within(frames, timeout).boxed(),
            None => frames.boxed(),
        }))
    }

    async fn get_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let (metadata, _, descriptor) = request.into_parts();
        let headers = metadata.into_headers();
        self.authorize(&headers)?;
        let database = database_of(&headers)?;
        self.find_database(&self.state.store, &database)?;
        sql::flight_info(&self.state.engine, &database, descriptor).await.map(Response::new)
    }

    /// Returns the token and the payload that it got, without a check.
    async fn handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        let authorization = request.metadata().get("authorization").cloned();
        let echo = request.into_inner().map_ok(|request| HandshakeResponse {
            protocol_version: request.protocol_version,
            payload: request.payload,
        });
        let mut response = Response::new(echo.boxed());
        if let Some(authorization) = authorization {
            response.metadata_mut().insert("authorization", authorization);
        }
        Ok(response)
    }

    async fn list_flights(
        &self,
        _: Request<Criteria>,
    ) -> Result<Response<Self::ListFlightsStream>, Status> {
        not_implemented("ListFlights")
    }

    async fn poll_flight_info(
        &self,
        _: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        not_implemented("PollFlightInfo")
    }

    async fn get_schema(
        &self,
        _: Request<FlightDescriptor>,
    ) -> Result<Response<SchemaResult>, Status> {
        not_implemented("GetSchema")
    }

    async fn do_put(
        &self,
        _: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        not_implemented("DoPut")
    }

    async fn do_exchange(
        &self,
        _: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        not_implemented("DoExchange")
    }

    async fn do_action(
        &self,
        _: Request<Action>,
    ) -> Result<Response<Self::DoActionStream>, Status> {
        not_implemented("DoAction")
    }

    async fn list_actions(
        &self,
        _: Request<Empty>,
    ) -> Result<Response<Self::ListActionsStream>, Status> {
        not_implemented("ListActions")
    }
}
