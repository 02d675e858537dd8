//! What a `DoGet` ticket asks for.

use arrow_flight::sql::Any;
use bytes::Bytes;
use prost::Message;
use serde::Deserialize;
use serde_json::{Map, Value};
use tonic::Status;

use crate::params::Params;

const READ_INFO: &str = "type.googleapis.com/influxdata.iox.querier.v1.ReadInfo";

/// A decoded ticket.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) database: String,
    pub(crate) query: Query,
}

#[derive(Debug)]
pub(crate) enum Query {
    Sql(String, Params),
    InfluxQl(String),
    /// A FlightSQL command that an earlier `GetFlightInfo` was asked about.
    Command(Any),
}

/// The tickets that `GetFlightInfo` hands out, and that old clients make themselves.
#[derive(Clone, PartialEq, Message)]
struct ReadInfo {
    #[prost(string, tag = "1")]
    database: String,
    #[prost(string, tag = "2")]
    query: String,
    #[prost(enumeration = "QueryType", tag = "3")]
    query_type: i32,
    #[prost(bytes = "bytes", tag = "4")]
    command: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
enum QueryType {
    Unspecified = 0,
    Sql = 1,
    InfluxQl = 2,
    FlightSql = 3,
}

/// The tickets that today's clients make. Unknown members are passed over.
#[derive(Debug, Deserialize)]
struct JsonTicket {
    #[serde(alias = "namespace_name", alias = "bucket", alias = "bucket-name")]
    database: String,
    sql_query: String,
    query_type: Option<JsonQueryType>,
    params: Option<Map<String, Value>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum JsonQueryType {
    Sql,
    InfluxQl,
}

impl Ticket {
    /// The ticket for a FlightSQL command. It carries the database, which `DoGet` has no header
    /// for.
    pub(crate) fn of_command(database: &str, command: Bytes) -> Bytes {
        let info = ReadInfo {
            database: database.to_owned(),
            query: String::new(),
            query_type: QueryType::FlightSql.into(),
            command,
        };
        let any = Any { type_url: READ_INFO.to_owned(), value: info.encode_to_vec().into() };
        any.encode_to_vec().into()
    }

    /// Decodes a ticket in the server's order: protobuf in an `Any`, bare protobuf, JSON. Bytes
    /// that happen to be protobuf, such as an empty ticket, name a database that does not exist.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Status> {
        if let Ok(any) = Any::decode(bytes)
            && any.type_url == READ_INFO
        {
            return ReadInfo::decode(any.value).map_err(|_| invalid())?.try_into();
        }
        if let Ok(info) = ReadInfo::decode(bytes) {
            return info.try_into();
        }
        let ticket: JsonTicket = serde_json::from_slice(bytes).map_err(|_| invalid())?;
        let query = match ticket.query_type {
            None | Some(JsonQueryType::Sql) => {
                let params =
                    Params::parse(ticket.params.unwrap_or_default()).map_err(|_| invalid())?;
                Query::Sql(ticket.sql_query, params)
            }
            Some(JsonQueryType::InfluxQl) => Query::InfluxQl(ticket.sql_query),
        };
        Ok(Self { database: ticket.database, query })
    }
}

impl TryFrom<ReadInfo> for Ticket {
    type Error = Status;

    fn try_from(info: ReadInfo) -> Result<Self, Status> {
        let query = match info.query_type() {
            QueryType::Unspecified | QueryType::Sql => Query::Sql(info.query, Params::default()),
            QueryType::InfluxQl => Query::InfluxQl(info.query),
            QueryType::FlightSql => {
                Query::Command(Any::decode(info.command).map_err(|_| invalid())?)
            }
        };
        Ok(Self { database: info.database, query })
    }
}

fn invalid() -> Status {
    Status::invalid_argument("Invalid ticket. Error: Invalid ticket")
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[track_caller]
    fn check(ticket: &str, database: &str) {
        assert_eq!(Ticket::decode(ticket.as_bytes()).unwrap().database, database, "{ticket}");
    }

    #[track_caller]
    fn check_invalid(ticket: &str) {
        let status = Ticket::decode(ticket.as_bytes()).unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::InvalidArgument, "Invalid ticket. Error: Invalid ticket"),
            "{ticket}"
        );
    }

    #[test]
    fn the_database_has_four_names() {
        for name in ["database", "namespace_name", "bucket", "bucket-name"] {
            check(&format!(r#"{{"{name}":"db","sql_query":"SELECT 1"}}"#), "db");
        }
        check_invalid(r#"{"database_name":"db","sql_query":"SELECT 1"}"#);
        check_invalid(r#"{"namespace":"db","sql_query":"SELECT 1"}"#);
    }

    #[test]
    fn query_types() {
        check(r#"{"database":"db","sql_query":"SELECT 1","query_type":null}"#, "db");
        check(r#"{"database":"db","sql_query":"SHOW TAG KEYS","query_type":"influxql"}"#, "db");
        check_invalid(r#"{"database":"db","sql_query":"SELECT 1","query_type":""}"#);
        check_invalid(r#"{"database":"db","sql_query":"SELECT 1","query_type":"flux"}"#);
    }

    #[test]
    fn params_are_scalars() {
        let params = r#"{"a":1,"b":"x","c":true,"d":null,"e":-1.5}"#;
        check(&format!(r#"{{"database":"db","sql_query":"SELECT 1","params":{params}}}"#), "db");
        check_invalid(r#"{"database":"db","sql_query":"SELECT 1","params":{"a":[1]}}"#);
    }

    #[test]
    fn protobuf_wins_over_json() {
        check("", "");
        let command = arrow_flight::sql::CommandStatementQuery {
            query: "SELECT 1".to_owned(),
            transaction_id: None,
        };
        let ticket = Ticket::decode(&command.encode_to_vec()).unwrap();
        assert_eq!(ticket.database, "SELECT 1");
    }

    #[test]
    fn a_command_comes_back() {
        let command = Any { type_url: "some.Command".to_owned(), value: Bytes::from_static(b"x") };
        let ticket =
            Ticket::decode(&Ticket::of_command("db", command.encode_to_vec().into())).unwrap();
        assert_eq!(ticket.database, "db");
        assert!(matches!(ticket.query, Query::Command(any) if any == command));
    }
}
