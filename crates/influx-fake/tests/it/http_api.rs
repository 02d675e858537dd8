//! The HTTP side: writes, queries, and what the server says of itself.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use influx_fake::Options;
use serde_json::Value;

use crate::client::{http, request, serve, serve_points};

const V3: &str = "/api/v3/write_lp?db=db";

#[tokio::test]
async fn all_three_write_paths() {
    let mut served = serve(Options::default()).await;
    for (path, line) in [
        ("/api/v3/write_lp?db=db&precision=nanosecond&no_sync=true", "m v=1i 1000000000"),
        ("/api/v3/write_lp?db=db", "m v=2i 1748846218"),
        ("/api/v2/write?org=&bucket=db&precision=ns", "m v=3i 3000000000"),
        ("/api/v2/write?bucket=db&precision=s", "m v=4i 4"),
        ("/write?db=db&precision=n", "m v=5i 5000000000"),
        ("/write?db=db&precision=ms", "m v=6i 6000"),
    ] {
        assert_eq!(served.http("POST", path, line).await, (204, String::new()), "{path}");
    }
    let sql = "SELECT v, CAST(time AS BIGINT) / 1000000000 AS s FROM m ORDER BY v";
    insta::assert_snapshot!(served.rows(sql).await.table(), @"
    +---+------------+
    | v | s          |
    +---+------------+
    | 1 | 1          |
    | 2 | 1748846218 |
    | 3 | 3          |
    | 4 | 4          |
    | 5 | 5          |
    | 6 | 6          |
    +---+------------+
    ");
}

#[tokio::test]
async fn a_body_may_be_gzip() {
    let mut served = serve(Options::default()).await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"m v=1i 1\nm v=2i 2").unwrap();
    let mut write =
        request("POST", &format!("{V3}&precision=nanosecond"), encoder.finish().unwrap());
    write.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    assert_eq!(http(&served.running.url(), write).await.0, 204);
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 2);

    let mut write = request("POST", V3, "not gzip");
    write.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
    assert_eq!(http(&served.running.url(), write).await.0, 400);
}

#[tokio::test]
async fn good_lines_of_a_bad_write_are_kept() {
    let mut served = serve_points("m v=1i 1").await;
    let body = "m v=2i 1748846218000000000\nm v=true 1748846219000000000\n# a comment\n\
                nonsense without fields\nm v=3i 1748846220000000000";
    let (status, body) = served.http("POST", V3, body).await;
    assert_eq!(status, 400);
    insta::assert_json_snapshot!(serde_json::from_str::<Value>(&body).unwrap(), @r#"
    {
      "data": [
        {
          "error_message": "invalid column type for column 'v', expected iox::column_type::field::integer, got iox::column_type::field::boolean",
          "line_number": 2,
          "original_line": "m v=true 17488462190"
        },
        {
          "error_message": "No fields were provided",
          "line_number": 4,
          "original_line": "nonsense without fie"
        }
      ],
      "error": "partial write of line protocol occurred"
    }
    "#);
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 3);
}

#[tokio::test]
async fn a_write_can_be_all_or_nothing() {
    let mut served = serve_points("m v=1i 1").await;
    let body =
        "m v=2i 1748846218000000000\nnew w=1i 1748846218000000000\nnew w=1.5 1748846219000000000";
    let (status, body) = served.http("POST", &format!("{V3}&accept_partial=false"), body).await;
    assert_eq!(status, 400);
    insta::assert_json_snapshot!(serde_json::from_str::<Value>(&body).unwrap(), @r#"
    {
      "data": {
        "error_message": "invalid column type for column 'w', expected iox::column_type::field::integer, got iox::column_type::field::float",
        "line_number": 3,
        "original_line": "new w=1.5 1748846219"
      },
      "error": "line protocol parsing error"
    }
    "#);
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 1);
    assert!(served.ask("SELECT * FROM new").await.is_err());
}

#[tokio::test]
async fn a_conflict_on_the_older_paths_is_one_message() {
    let served = serve_points("m v=1i 1").await;
    for path in ["/api/v2/write?bucket=db", "/write?db=db"] {
        let (status, body) = served.http("POST", path, "m v=1.5 1").await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, body["code"].as_str()), (400, Some("invalid")), "{path}");
        assert!(
            body["message"].as_str().unwrap().contains("invalid column type for column 'v'"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn requests_that_are_not_understood() {
    let served = serve(Options::default()).await;
    for (path, body) in [
        ("/api/v3/write_lp", "m v=1i 1"),
        ("/api/v3/write_lp?db=db&precision=fortnight", "m v=1i 1"),
        ("/api/v3/write_lp?db=", "m v=1i 1"),
        ("/api/v2/write?org=", "m v=1i 1"),
        ("/api/v3/write_lp?db=db&precision=second", "m v=1i 9223372036854775807"),
    ] {
        assert_eq!(served.http("POST", path, body).await.0, 400, "{path}");
    }
}

#[tokio::test]
async fn queries_in_three_formats() {
    let served =
        serve_points("m,host=a f=1.5,i=2i 1748846218190260000\nm,host=b i=3i 1748846219000000000")
            .await;
    let json = "[{\"f\":1.5,\"host\":\"a\",\"i\":2,\"time\":\"2025-06-02T06:36:58.190260\"},\
                 {\"host\":\"b\",\"i\":3,\"time\":\"2025-06-02T06:36:59\"}]";
    let select = "SELECT%20*%20FROM%20m%20ORDER%20BY%20time";
    for (format, expected) in [
        ("", json),
        ("&format=json", json),
        (
            "&format=jsonl",
            "{\"f\":1.5,\"host\":\"a\",\"i\":2,\"time\":\"2025-06-02T06:36:58.190260\"}\n\
             {\"host\":\"b\",\"i\":3,\"time\":\"2025-06-02T06:36:59\"}\n",
        ),
        (
            "&format=csv",
            "f,host,i,time\n1.5,a,2,2025-06-02T06:36:58.190260\n,b,3,2025-06-02T06:36:59\n",
        ),
    ] {
        let path = format!("/api/v3/query_sql?db=db&q={select}{format}");
        assert_eq!(served.http("GET", &path, "").await, (200, expected.to_owned()), "{format}");
    }

    let mut post = request(
        "POST",
        "/api/v3/query_sql",
        r#"{"db":"db","q":"SELECT i FROM m WHERE host = $h","params":{"h":"b"}}"#,
    );
    post.headers_mut().insert("content-type", "application/json".parse().unwrap());
    assert_eq!(http(&served.running.url(), post).await, (200, r#"[{"i":3}]"#.to_owned()));
}

#[tokio::test]
async fn queries_that_fail() {
    let served = serve_points("m v=1i 1").await;
    for (query, status) in [
        ("db=nope&q=SELECT%201", 404),
        ("db=db&q=SELECT%20*%20FROM%20nosuch", 400),
        ("db=db&q=SELEC", 400),
    ] {
        let (got, body) = served.http("GET", &format!("/api/v3/query_sql?{query}"), "").await;
        assert_eq!(got, status, "{query}: {body}");
        assert!(serde_json::from_str::<Value>(&body).unwrap()["error"].is_string(), "{body}");
    }
}

#[tokio::test]
async fn the_server_introduces_itself() {
    let served = serve_points("m v=1i 1").await;
    let (status, body) = served.http("GET", "/ping", "").await;
    let ping: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200);
    for member in ["product_name", "version", "revision", "process_id"] {
        assert!(ping[member].is_string(), "{ping}");
    }
    assert_eq!(served.http("HEAD", "/ping", "").await.0, 404);
    assert_eq!(served.http("GET", "/health", "").await, (200, "OK".to_owned()));
    let (status, body) = served.http("GET", "/api/v3/configure/database?format=json", "").await;
    assert_eq!(
        (status, body.as_str()),
        (200, r#"[{"iox::database":"_internal"},{"iox::database":"db"}]"#)
    );
}

#[tokio::test]
async fn grpc_over_http_1_is_a_path_that_does_not_exist() {
    let served = serve(Options::default()).await;
    let mut call = request("POST", "/arrow.flight.protocol.FlightService/DoGet", "");
    call.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    assert_eq!(http(&served.running.url(), call).await.0, 404);
}
