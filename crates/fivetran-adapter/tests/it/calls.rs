//! Form, tests and schema.

use std::collections::BTreeMap;

use fivetran_adapter::Limits;
use fivetran_wire::schema_response::Response as Shape;
use fivetran_wire::test_response::Response as Outcome;
use sync_core::{Catalog, Column, DataType, Fault, Schema, Table};
use tonic::Code;

use crate::scripted::{Scripted, Step, table};
use crate::server::{Client, Server, configuration};

#[tokio::test]
async fn the_form_comes_from_the_fields() {
    let server = Server::start([]);
    let form = server.client().await.form().await.unwrap();
    assert!(form.schema_selection_supported && form.table_selection_supported);
    let line = |field: &fivetran_wire::FormField| {
        format!(
            "{} | {} | required {:?} | default {:?} | placeholder {:?}\n  {}\n  {:?}\n",
            field.name,
            field.label,
            field.required.unwrap(),
            field.default_value,
            field.placeholder,
            field.description.as_deref().unwrap(),
            field.r#type.as_ref().unwrap()
        )
    };
    insta::assert_snapshot!(form.fields.iter().map(line).collect::<String>(), @r#"
    token | API token | required true | default None | placeholder None
      A token that can read.
      TextField(Password)
    lookback | Lookback | required false | default Some("1h") | placeholder Some("1h")
      How far to look back.
      TextField(PlainText)
    plaintext | Allow plain text | required false | default None | placeholder None
      Whether to do without TLS.
      ToggleField(ToggleField)
    order | Order | required false | default Some("up") | placeholder None
      What comes first.
      DescriptiveDropDownFields(DescriptiveDropDownFields { descriptive_dropdown_field: [DescriptiveDropDownField { value: "up", label: "Upwards", description: "Small things first." }, DescriptiveDropDownField { value: "down", label: "Downwards", description: "Large ones." }] })
    size | Size | required false | default None | placeholder None
      How much.
      DropdownField(DropdownField { dropdown_field: ["s"] })
    certificate | CA certificate | required false | default None | placeholder None
      Whom to trust.
      UploadField(UploadField { allowed_file_type: [".pem", ".crt"], max_file_size_bytes: 65536 })
    "#);
    let tests: Vec<_> = form.tests.iter().map(|test| (&*test.name, &*test.label)).collect();
    assert_eq!(tests, [("passes", "Passes"), ("fails", "Fails"), ("panics", "Panics")]);
}

async fn check_test(name: &str, configuration: BTreeMap<String, String>, expect: Result<(), &str>) {
    let server = Server::start([]);
    let answer = server.client().await.test(name, configuration).await.unwrap();
    let expect = match expect {
        Ok(()) => Outcome::Success(true),
        Err(text) => Outcome::Failure(text.to_owned()),
    };
    assert_eq!(answer.response, Some(expect));
}

#[tokio::test]
async fn a_test_passes_or_says_what_is_wrong() {
    check_test("passes", configuration(&[]), Ok(())).await;
    check_test("fails", configuration(&[]), Err("The token was refused. Paste another.")).await;
    check_test("panics", configuration(&[]), Err("The connector failed inside (a panic).")).await;
    check_test(
        "unheard",
        configuration(&[]),
        Err("There is no setup test \"unheard\"; there are: `passes`, `fails`, `panics`."),
    )
    .await;
    let (long, shown) = ("x".repeat(1_000_000), "x".repeat(60));
    let text = format!(
        "There is no setup test \"{shown} (cut)\"; there are: `passes`, `fails`, `panics`."
    );
    check_test(&long, configuration(&[]), Err(&text)).await;
}

#[tokio::test]
async fn a_test_answers_with_all_problems_of_a_configuration() {
    let wrong = configuration(&[("token", ""), ("lookback", "soon")]);
    let server = Server::start([]);
    let answer = server.client().await.test("passes", wrong).await.unwrap();
    let Some(Outcome::Failure(text)) = answer.response else { panic!("it passed") };
    insta::assert_snapshot!(text, @r#"The configuration has 2 problems: (1) `token` is required and was left empty; fill it in. (2) `lookback` is "soon", but must be a duration with a unit, such as `90s`, `1h` or `7d`."#);
}

#[tokio::test]
async fn a_request_may_be_large() {
    let upload = "A".repeat(6 * 1024 * 1024);
    check_test("passes", configuration(&[("certificate", &upload)]), Ok(())).await;
}

async fn schema(source: Scripted) -> Result<fivetran_wire::SchemaResponse, tonic::Status> {
    let server = Server::serve(source, Limits::default());
    server.client().await.schema(configuration(&[])).await
}

#[tokio::test]
async fn tables_come_without_schema() {
    let wide =
        Table::new("wide", vec![Column::new("d", DataType::Decimal { precision: 20, scale: 3 })]);
    let catalog = Catalog::Tables(vec![table(), wide]);
    let answer = schema(Scripted { catalog, ..Scripted::new([]) }).await.unwrap();
    assert_eq!(answer.selection_not_supported, Some(false));
    let Some(Shape::WithoutSchema(list)) = answer.response else { panic!("another shape") };
    let columns = |table: &fivetran_wire::Table| {
        let column = |column: &fivetran_wire::Column| {
            let key = if column.primary_key { " key" } else { "" };
            format!("\n  {} {:?}{key} {:?}", column.name, column.r#type(), column.params)
        };
        format!("{}{}\n", table.name, table.columns.iter().map(column).collect::<String>())
    };
    insta::assert_snapshot!(list.tables.iter().map(columns).collect::<String>(), @r#"
    points
      id Long key None
      time UtcDatetime None
      text String None
    wide
      d Decimal Some(DataTypeParams { params: Some(Decimal(DecimalParams { precision: 20, scale: 3 })) })
    "#);
}

#[tokio::test]
async fn grouped_tables_come_with_schema() {
    let tables = vec![Table { schema: Some("east".to_owned()), ..table() }];
    let catalog = Catalog::Schemas(vec![
        Schema { name: "east".to_owned(), tables },
        Schema { name: "west".to_owned(), tables: vec![] },
    ]);
    let answer = schema(Scripted { catalog, ..Scripted::new([]) }).await.unwrap();
    let Some(Shape::WithSchema(list)) = answer.response else { panic!("another shape") };
    let found: Vec<_> =
        list.schemas.iter().map(|schema| (&*schema.name, schema.tables.len())).collect();
    assert_eq!(found, [("east", 1), ("west", 0)]);
}

#[tokio::test]
async fn a_schema_that_cannot_be_had_is_a_status() {
    let check = async |step, code, text| {
        let status = schema(Scripted::new([step])).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (code, text));
    };
    let setup = "The token was refused. Paste another.";
    check(Step::Fail(Fault::Setup), Code::FailedPrecondition, setup).await;
    check(Step::Fail(Fault::Transient), Code::Unavailable, "The server is away.").await;
    check(Step::Fail(Fault::Bug), Code::Internal, "A wheel came off.").await;
    check(Step::Panic, Code::Internal, "The connector failed inside (a panic).").await;
}

#[tokio::test]
async fn a_wrong_configuration_is_an_invalid_argument_of_schema() {
    let server = Server::start([]);
    let status = server.client().await.schema(BTreeMap::new()).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    insta::assert_snapshot!(status.message(), @r#"The configuration has a problem: `token` is required and was left empty; fill it in."#);
}

#[tokio::test]
async fn another_method_is_unimplemented() {
    let server = Server::start([]);
    let mut client: Client = server.client().await;
    let path = "/fivetran_sdk.v2.SourceConnector/Capabilities";
    let answer: Result<fivetran_wire::TestResponse, _> =
        client.call(path, fivetran_wire::TestRequest::default()).await;
    assert_eq!(answer.unwrap_err().code(), Code::Unimplemented);
}
