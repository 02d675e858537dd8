//! The form, the setup tests, the schema; and connectors that cannot be reached.

use std::pin::pin;
use std::time::Duration;

use fivetran_tester::{Configuration, Error, Tester, Verdict};
use fivetran_wire::{
    ConditionalFields, ConfigurationFormResponse, ConfigurationTest, DataType, FormField,
    TestResponse, TextField, VisibilityCondition, form_field::Type, test_response::Response,
};
use tokio::net::TcpSocket;
use tokio::time::timeout;

use crate::scripted::{Script, Stage};
use crate::wire::{column, cpu, key, schema, table};

fn field(name: &str) -> FormField {
    let r#type = Some(Type::TextField(TextField::PlainText.into()));
    FormField { name: name.to_owned(), r#type, ..Default::default() }
}

fn group(on: &str, fields: &[FormField]) -> FormField {
    let condition =
        Some(VisibilityCondition { condition_field: on.to_owned(), visible_when: None });
    let group = ConditionalFields { condition, fields: fields.to_vec() };
    let r#type = Some(Type::ConditionalFields(group));
    FormField { name: format!("when {on}"), r#type, ..Default::default() }
}

fn test(name: &str) -> ConfigurationTest {
    ConfigurationTest { name: name.to_owned(), label: format!("Test {name}") }
}

async fn form_breaches(fields: &[FormField], tests: &[ConfigurationTest]) -> String {
    let form = ConfigurationFormResponse {
        fields: fields.to_vec(),
        tests: tests.to_vec(),
        ..Default::default()
    };
    let stage = Stage::new(Script { form, ..Script::default() }).await;
    let form = stage.tester.form().await.unwrap();
    form.breaches.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_form_may_have_groups_within_groups() {
    let inner = group("port", &[field("path")]);
    let fields = [field("host"), group("host", &[field("port"), inner]), field("token")];
    assert_eq!(form_breaches(&fields, &[test("connect"), test("query")]).await, "");
}

#[tokio::test]
async fn groups_under_different_conditions_may_share_names() {
    let fields = [field("host"), group("host", &[field("port")]), group("host", &[field("port")])];
    assert_eq!(form_breaches(&fields, &[]).await, "");
}

#[tokio::test]
async fn a_condition_names_an_earlier_field() {
    let fields = [group("host", &[field("port")]), field("host")];
    insta::assert_snapshot!(form_breaches(&fields, &[]).await,
        @"the connector: a condition names no earlier field: `host`, in `when host`");
}

#[tokio::test]
async fn names_of_fields_and_tests_are_unique() {
    let fields = [field("host"), field("host"), field("host")];
    let tests = [test("connect"), test("connect")];
    insta::assert_snapshot!(form_breaches(&fields, &tests).await, @"
    the connector: two fields of the form have one name, 2 times; first: `host`
    the connector: two tests have one name: `connect`
    ");
}

#[tokio::test]
async fn every_test_of_the_form_is_called() {
    let names = ["good", "bad", "silent", "mute", "no", "unlisted"];
    let form = ConfigurationFormResponse {
        tests: names.map(test).to_vec(),
        ..ConfigurationFormResponse::default()
    };
    let answers = [
        ("good", Some(Response::Success(true))),
        ("bad", Some(Response::Failure("the token is wrong".to_owned()))),
        ("silent", None),
        ("mute", Some(Response::Failure(String::new()))),
        ("no", Some(Response::Success(false))),
    ];
    let tests = answers.map(|(name, response)| (name.to_owned(), TestResponse { response })).into();
    let stage = Stage::new(Script { form, tests, ..Script::default() }).await;

    let checked = stage.tester.check(&Configuration::new()).await.unwrap();
    let verdicts: Vec<_> = checked.answer.iter().map(|test| &test.verdict).collect();
    let broken = |text: &str| Verdict::Broken(text.to_owned());
    assert_eq!(checked.answer[1].label, "Test bad");
    assert_eq!(
        verdicts,
        [
            &Verdict::Passed,
            &Verdict::Failed("the token is wrong".to_owned()),
            &broken("nothing set"),
            &broken("a failure without a text"),
            &broken("success: false"),
            &broken("NotFound: no such test"),
        ]
    );
    let breaches: Vec<_> = checked.breaches.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(breaches.join("\n"), @"
    the connector: a test of the form was answered with a gRPC status: `unlisted`: NotFound: no such test
    the connector: a test's answer is neither success nor a failure with a text, 3 times; first: `silent`: nothing set
    ");
}

#[tokio::test]
async fn a_test_can_be_asked_for_by_any_name() {
    let stage = Stage::new(Script::default()).await;
    let error = stage.tester.test("no_such", &Configuration::new()).await.unwrap_err();
    insta::assert_snapshot!(error, @"the connector answered Test with status NotFound: no such test");
}

#[tokio::test]
async fn a_schema_is_judged() {
    let tables = [
        cpu(),
        table("userData", [key("id", DataType::Long)]),
        table(
            "user.data",
            [column("at", DataType::NaiveTime), column("any", DataType::Unspecified)],
        ),
        table("_fivetran_audit", [column("a.b", DataType::Int), column("a-b", DataType::Int)]),
        table("twice", [column("a", DataType::Int), column("a", DataType::Int)]),
        table("twice", []),
    ];
    let script = Script { schema: Some(schema(tables)), ..Script::default() };
    let stage = Stage::new(script).await;
    let checked = stage.tester.schema(&Configuration::new()).await.unwrap();
    let breaches: Vec<_> = checked.breaches.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(breaches.join("\n"), @"
    table `twice`: a table is listed twice
    column `a` of table `twice`: a column is listed twice
    column `any` of table `user.data`: a column has no type
    column `at` of table `user.data`: a column is NAIVE_TIME, which is not for sources
    table `_fivetran_audit`: a name starts with `_fivetran_`
    table `user.data`: two tables get one name in the warehouse: `userData` and `user.data` become `user_data`
    column `a-b` of table `_fivetran_audit`: two columns get one name in the warehouse: `a.b` and `a-b` become `a_b`
    ");
}

#[tokio::test]
async fn a_schema_that_fails_is_an_error() {
    let stage = Stage::new(Script::default()).await;
    let error = stage.tester.schema(&Configuration::new()).await.unwrap_err();
    insta::assert_snapshot!(error, @"the connector answered Schema with status Unavailable: no database");
}

#[tokio::test]
async fn addresses_that_are_none_are_named() {
    for (address, expect) in [
        ("https://localhost:50051", "Fivetran does not speak `https`"),
        ("localhost", "it has no port"),
        ("local host:1", "invalid URI"),
    ] {
        let Err(error) = Tester::connect(address).await else { panic!("{address} connects") };
        assert!(matches!(error, Error::Address { .. }), "{error:?}");
        assert!(error.to_string().contains(expect), "{error}");
    }
}

/// A socket that holds its port without listening: the port is nobody else's, and connections to it
/// are refused.
fn silent_socket() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    (socket, address)
}

#[tokio::test]
async fn a_connector_that_listens_late_is_waited_for() {
    let (socket, address) = silent_socket();
    let mut connected = pin!(Tester::connect(&address));
    // This much makes the first try, and it is refused.
    assert!(timeout(Duration::ZERO, &mut connected).await.is_err());
    let _listener = socket.listen(1).unwrap();
    assert!(connected.await.is_ok());
}

#[tokio::test]
async fn nobody_listening_is_named_after_a_few_tries() {
    let (_socket, address) = silent_socket();
    let Err(error) = Tester::connect_within(&address, 2).await else { panic!("connects") };
    assert!(matches!(error, Error::Connect { tries: 2, .. }), "{error:?}");
}
