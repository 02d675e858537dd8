//! FlightSQL, and the parts of Flight around `DoGet`.

use arrow::datatypes::{DataType, Schema};
use arrow_flight::sql::{
    Any, Command, CommandGetCatalogs, CommandGetDbSchemas, CommandGetSqlInfo, CommandGetTableTypes,
};
use arrow_flight::sql::{CommandGetTables, CommandStatementQuery, ProstMessageExt};
use arrow_flight::{Action, Empty, FlightDescriptor, HandshakeRequest, IpcMessage};
use futures::{StreamExt, TryStreamExt, stream};
use prost::Message;
use tonic::{Code, Status};

use crate::client::{Answer, Served, decode, every_ten_minutes, serve_points};

/// `GetFlightInfo`, and `DoGet` of the one ticket that it gives.
async fn ask(served: &mut Served, command: Any) -> Result<Answer, Status> {
    let mut request = tonic::Request::new(FlightDescriptor::new_cmd(command.encode_to_vec()));
    request.metadata_mut().insert("database", "db".parse().unwrap());
    let info = served.flight.get_flight_info(request).await?.into_inner();
    assert_eq!(
        (info.endpoint.len(), info.endpoint[0].location.len(), info.total_records),
        (1, 0, -1)
    );
    let promised = info.clone().try_decode_schema().unwrap();
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    let frames = served.flight.do_get(ticket).await?.into_inner();
    let answer = decode(frames.map_err(Into::into)).await;
    assert_eq!(promised.fields(), answer.schema.fields());
    Ok(answer)
}

fn statement(sql: &str) -> Any {
    CommandStatementQuery { query: sql.to_owned(), transaction_id: None }.as_any()
}

#[tokio::test]
async fn a_statement_in_two_steps() {
    let mut served = serve_points("m,host=a v=1i 1").await;
    let answer = ask(&mut served, statement("SELECT host, v FROM m")).await.unwrap();
    assert_eq!((answer.rows(), answer.schema.field(0).data_type()), (1, &DataType::Utf8));
    assert_eq!(served.fake.queries(), ["SELECT host, v FROM m"], "only the second step runs it");

    let status = ask(&mut served, statement("SELECT * FROM nosuch")).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn the_file_limit_waits_for_the_second_step() {
    let mut served = serve_points(&every_ten_minutes(0, 433)).await;
    served.fake.snapshot("db").unwrap();
    let command = statement("SELECT * FROM m").encode_to_vec();
    let mut request = tonic::Request::new(FlightDescriptor::new_cmd(command));
    request.metadata_mut().insert("database", "db".parse().unwrap());
    let info = served.flight.get_flight_info(request).await.unwrap().into_inner();
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    let status = served.flight.do_get(ticket).await.unwrap_err();
    assert!(status.message().contains("file limit"), "{}", status.message());
}

#[tokio::test]
async fn tables_come_with_their_marked_schemas() {
    let mut served = serve_points("m,host=a v=1i 1").await;
    let command = CommandGetTables { include_schema: true, ..Default::default() };
    let answer = ask(&mut served, command.as_any()).await.unwrap();
    let batch = &answer.batches[0];
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let names = column("table_name").as_any().downcast_ref::<arrow::array::StringArray>().unwrap();
    let row = names.iter().position(|name| name == Some("m")).unwrap();
    let schemas =
        column("table_schema").as_any().downcast_ref::<arrow::array::BinaryArray>().unwrap();
    let schema = Schema::try_from(IpcMessage(schemas.value(row).to_vec().into())).unwrap();
    let host = schema.field_with_name("host").unwrap();
    assert_eq!(host.data_type().to_string(), "Dictionary(Int32, Utf8)");
    assert_eq!(host.metadata()["iox::column::type"], "iox::column_type::tag");

    let views = CommandGetTables { table_types: vec!["VIEW".to_owned()], ..Default::default() };
    insta::assert_snapshot!(ask(&mut served, views.as_any()).await.unwrap().table(), @"
    +--------------+--------------------+-------------+------------+
    | catalog_name | db_schema_name     | table_name  | table_type |
    +--------------+--------------------+-------------+------------+
    | public       | information_schema | columns     | VIEW       |
    | public       | information_schema | df_settings | VIEW       |
    | public       | information_schema | parameters  | VIEW       |
    | public       | information_schema | routines    | VIEW       |
    | public       | information_schema | schemata    | VIEW       |
    | public       | information_schema | tables      | VIEW       |
    | public       | information_schema | views       | VIEW       |
    +--------------+--------------------+-------------+------------+
    ");
}

#[tokio::test]
async fn catalogs_schemas_types_and_facts() {
    let mut served = serve_points("m v=1i 1").await;
    for (command, rows) in [
        (CommandGetCatalogs {}.as_any(), 1),
        (CommandGetDbSchemas { catalog: None, db_schema_filter_pattern: None }.as_any(), 3),
        (CommandGetTableTypes {}.as_any(), 2),
        (CommandGetSqlInfo { info: vec![0] }.as_any(), 1),
    ] {
        let name = command.type_url.clone();
        assert_eq!(ask(&mut served, command).await.unwrap().rows(), rows, "{name}");
    }
}

#[tokio::test]
async fn the_database_is_named_by_one_of_four_headers() {
    let mut served = serve_points("m v=1i 1").await;
    let mut info = async |headers: &[(&'static str, &str)]| {
        let mut request =
            tonic::Request::new(FlightDescriptor::new_cmd(statement("SELECT 1").encode_to_vec()));
        for (name, value) in headers {
            request.metadata_mut().insert(*name, value.parse().unwrap());
        }
        served
            .flight
            .get_flight_info(request)
            .await
            .map_or_else(|status| status.code(), |_| Code::Ok)
    };
    for name in ["database", "bucket", "bucket-name", "iox-namespace-name"] {
        assert_eq!(info(&[(name, "db")]).await, Code::Ok, "{name}");
    }
    assert_eq!(info(&[]).await, Code::InvalidArgument);
    assert_eq!(info(&[("database", "db"), ("bucket", "db")]).await, Code::Ok);
    assert_eq!(info(&[("database", "db"), ("bucket", "other")]).await, Code::InvalidArgument);
    assert_eq!(info(&[("database", "nope")]).await, Code::Internal);
}

#[tokio::test]
async fn a_handshake_is_echoed() {
    let mut served = serve_points("m v=1i 1").await;
    let hello = HandshakeRequest { protocol_version: 1, payload: "hello".into() };
    let mut request = tonic::Request::new(stream::iter([hello]));
    request.metadata_mut().insert("authorization", "Bearer whatever".parse().unwrap());
    let response = served.flight.handshake(request).await.unwrap();
    assert_eq!(response.metadata().get("authorization").unwrap(), "Bearer whatever");
    let echo = response.into_inner().next().await.unwrap().unwrap();
    assert_eq!((echo.protocol_version, &echo.payload[..]), (1, &b"hello"[..]));
}

#[tokio::test]
async fn the_rest_is_not_implemented() {
    let mut served = serve_points("m v=1i 1").await;
    let descriptor = || FlightDescriptor::new_cmd(statement("SELECT 1").encode_to_vec());
    let flight = &mut served.flight;
    let codes = [
        flight.get_schema(descriptor()).await.unwrap_err().code(),
        flight.poll_flight_info(descriptor()).await.unwrap_err().code(),
        flight.list_flights(arrow_flight::Criteria::default()).await.unwrap_err().code(),
        flight.list_actions(Empty {}).await.unwrap_err().code(),
        flight.do_action(Action::new("x", "")).await.unwrap_err().code(),
    ];
    assert_eq!(codes, [Code::Unimplemented; 5]);

    let mut path = tonic::Request::new(FlightDescriptor::new_path(vec!["m".to_owned()]));
    path.metadata_mut().insert("database", "db".parse().unwrap());
    assert_eq!(flight.get_flight_info(path).await.unwrap_err().code(), Code::Unimplemented);
    let other = Command::CommandGetPrimaryKeys(Default::default()).into_any();
    assert_eq!(ask(&mut served, other).await.unwrap_err().code(), Code::Unimplemented);
}
