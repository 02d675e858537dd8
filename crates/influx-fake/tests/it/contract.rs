//! Compares the answers of the fake with the recorded ones of a real server. Queries a real
//! server instead if the environment names one.
//!
//! `INFLUXDB3_HOST` (an http URL), `INFLUXDB3_TOKEN` and `INFLUXDB3_DATABASE` name it; the database
//! should be new. With `--nocapture` there is one line per case.

use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    DataType, Float64Type, Int64Type, Schema, TimeUnit, TimestampNanosecondType, UInt64Type,
};
use influx_fake::{Fake, Options, Running};
use serde_json::{Value, json};
use tonic::{Code, Status};

use crate::client::{Answer, connect, do_get, http, request};

/// Cases that are not met, each with its reason. None so far.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// What of a recorded message is stable between versions: what a client may match.
const STABLE: &[(&str, &str)] = &[
    (
        "params-int-vs-time",
        "Cannot infer common argument type for comparison operation Timestamp(ns) >= UInt64",
    ),
    ("params-missing", "No value found for placeholder with name $l"),
    ("params-array", "Invalid ticket"),
    ("err-missing-database", "Cannot retrieve database: External error: database not found"),
    ("err-missing-table", "table 'public.iox.nosuch' not found"),
    ("err-missing-column", "No field named nosuch. Valid fields are census.ants"),
    ("err-bad-sql", "ParserError"),
    ("err-ddl", "DDL not supported: DropTable"),
    ("err-divide-by-zero", "Error while execution Flight SQL stream"),
    ("err-not-json", "Invalid ticket"),
    ("err-bad-query-type", "Invalid ticket"),
    ("err-wrong-token", "Unauthenticated"),
    ("err-no-token", "Unauthenticated"),
    (
        "err-bound-text-earliest-point",
        "Overflow converting 1677-09-21 00:12:43.145224194 to Nanosecond",
    ),
    (
        "err-bound-text-before-44s",
        "Overflow converting 1677-09-21 00:12:43.999999999 to Nanosecond",
    ),
    ("err-bound-text-too-late", "Overflow converting 2262-04-11 23:47:16.854775808 to Nanosecond"),
    (
        "err-bound-cast-as-timestamp",
        "Error while planning query: Optimizer rule 'simplify_expressions' failed",
    ),
];

/// A server that has the points: where, with what token, and under which name of the database.
struct Server {
    url: String,
    token: String,
    database: String,
    /// Ours, kept until the cases are done.
    _running: Option<Running>,
}

impl Server {
    async fn ready(points: &str) -> Self {
        let named = |name| std::env::var(name).ok();
        let server = match (
            named("INFLUXDB3_HOST"),
            named("INFLUXDB3_TOKEN"),
            named("INFLUXDB3_DATABASE"),
        ) {
            (Some(url), Some(token), Some(database)) => {
                Self { url, token, database, _running: None }
            }
            _ => {
                let fake = Fake::new(Options::default().token("a-token"));
                let running = fake.spawn().await.unwrap();
                let (token, database) = ("a-token".to_owned(), "census".to_owned());
                Self { url: running.url(), token, database, _running: Some(running) }
            }
        };
        for line in points.lines() {
            let path = format!("/api/v3/write_lp?db={}&precision=nanosecond", server.database);
            let mut write = request("POST", &path, line);
            write
                .headers_mut()
                .insert("authorization", format!("Bearer {}", server.token).parse().unwrap());
            assert_eq!(http(&server.url, write).await, (204, String::new()), "{line}");
        }
        server
    }

    async fn ask(&self, case: &Value) -> Result<Answer, Status> {
        let ticket = text(&case["ticket"])
            .replace(r#""database": "census""#, &format!(r#""database": "{}""#, self.database));
        let authorization = match text(&case["authorization"]) {
            "" => None,
            "valid" => Some(format!("Bearer {}", self.token)),
            other => Some(other.replace("<token>", &self.token)),
        };
        let answer =
            do_get(&mut connect(&self.url).await, &ticket, authorization.as_deref()).await?;
        // A fault that comes in mid-stream is a fault all the same.
        match answer.error {
            Some(status) => Err(status),
            None => Ok(answer),
        }
    }
}

#[tokio::test]
async fn contract() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/contract");
    let read = |file| std::fs::read_to_string(folder.join(file)).unwrap();
    let recordings: [Value; 2] = ["answers.json", "answers-more.json"]
        .map(|file| serde_json::from_str(&read(file)).unwrap());
    let server = Server::ready(&read("points.lp")).await;

    let cases: Vec<_> =
        recordings.iter().flat_map(|recorded| recorded["cases"].as_array().unwrap()).collect();
    let mut wrong = Vec::new();
    for case in &cases {
        let name = text(&case["name"]);
        let verdict = judge(case, server.ask(case).await);
        let exception = EXCEPTIONS.iter().find(|(excepted, _)| *excepted == name);
        match (verdict, exception) {
            (Ok(()), None) => println!("contract: {name}: same"),
            (Err(_), Some((_, reason))) => println!("contract: {name}: EXCEPTION: {reason}"),
            (Ok(()), Some(_)) => {
                wrong.push(format!("{name}: is met; take it out of the exceptions"))
            }
            (Err(difference), None) => wrong.push(format!("{name}: {difference}")),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases differ:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
    println!("contract: {} cases, {} exceptions", cases.len(), EXCEPTIONS.len());
}

fn judge(case: &Value, answer: Result<Answer, Status>) -> Result<(), String> {
    match (answer, case.get("error")) {
        (Ok(answer), None) => {
            let ordered = text(&case["ticket"]).contains("ORDER BY");
            same("schema", &case["answer"]["schema"], &schema(&answer.schema))?;
            let (mut expected, mut got) =
                (case["answer"]["rows"].as_array().unwrap().clone(), rows(&answer));
            if !ordered {
                expected.sort_by_key(Value::to_string);
                got.sort_by_key(Value::to_string);
            }
            same("rows", &expected.into(), &got.into())
        }
        (Err(status), Some(error)) => {
            let (_, stable) = STABLE
                .iter()
                .find(|(name, _)| *name == text(&case["name"]))
                .ok_or("say in STABLE what of its message is stable")?;
            assert!(
                text(&error["message"]).contains(stable),
                "STABLE is not part of the recorded message: {stable}"
            );
            same("code", &recorded_code(error).into(), &code(status.code()).into())?;
            match status.message().contains(stable) {
                true => Ok(()),
                false => Err(format!("message: expected {stable:?} in {:?}", status.message())),
            }
        }
        (Ok(answer), Some(error)) => Err(format!("expected {error}, got {} rows", answer.rows())),
        (Err(status), None) => {
            Err(format!("expected an answer, got {:?}: {}", status.code(), status.message()))
        }
    }
}

fn same(what: &str, expected: &Value, got: &Value) -> Result<(), String> {
    if expected == got { Ok(()) } else { Err(format!("{what}: expected {expected}\n  got {got}")) }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A schema as it was recorded. Real servers may add other metadata; only the mark counts.
fn schema(schema: &Schema) -> Value {
    let fields = schema.fields().iter().map(|field| {
        let mark = field.metadata().get("iox::column::type");
        json!({
            "name": field.name(),
            "type": pyarrow(field.data_type()),
            "nullable": field.is_nullable(),
            "metadata": mark.map_or(json!({}), |mark| json!({ "iox::column::type": mark })),
        })
    });
    fields.collect()
}

/// The names that pyarrow gives to the types of the recording.
fn pyarrow(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "bool",
        DataType::Int64 => "int64",
        DataType::UInt64 => "uint64",
        DataType::Float64 => "double",
        DataType::Utf8 => "string",
        DataType::Utf8View => "string_view",
        DataType::Timestamp(TimeUnit::Nanosecond, None) => "timestamp[ns]",
        DataType::Decimal128(precision, scale) => {
            return format!("decimal128({precision}, {scale})");
        }
        other => return other.to_string(),
    }
    .to_owned()
}

fn rows(answer: &Answer) -> Vec<Value> {
    let batches = answer.batches.iter();
    let rows = batches.flat_map(|batch| {
        (0..batch.num_rows())
            .map(move |row| batch.columns().iter().map(|column| cell(column, row)).collect())
    });
    rows.collect()
}

/// A value as it was recorded: numbers as text, so that none is rounded.
fn cell(column: &dyn Array, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string().into(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).to_string().into(),
        DataType::Float64 => python_float(column.as_primitive::<Float64Type>().value(row)).into(),
        DataType::Utf8 => column.as_string::<i32>().value(row).into(),
        DataType::Utf8View => column.as_string_view().value(row).into(),
        DataType::Timestamp(TimeUnit::Nanosecond, None) => {
            column.as_primitive::<TimestampNanosecondType>().value(row).to_string().into()
        }
        other => panic!("no recorded case has {other}"),
    }
}

/// A float as Python writes it: with a sign in a positive exponent, where Rust has none.
fn python_float(value: f64) -> String {
    let text = format!("{value:?}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

/// The code of a recorded error. The second recording has the names that pyarrow gives to codes.
fn recorded_code(error: &Value) -> &str {
    match error["python"].as_str() {
        Some("ArrowInvalid") => "INVALID_ARGUMENT",
        Some(other) => panic!("no recorded case has {other}"),
        None => text(&error["code"]),
    }
}

fn code(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::Internal => "INTERNAL",
        Code::Unauthenticated => "UNAUTHENTICATED",
        Code::NotFound => "NOT_FOUND",
        _ => "a code that no recorded case has",
    }
}
