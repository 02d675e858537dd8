//! What the server says of itself in every answer over HTTP.

use influx_fake::{Fake, Options, Uuid};

use crate::client::{Served, exchange, request, serve};

/// The cluster, the version and the edition in one answer, and its status.
async fn headers(
    served: &Served,
    method: &str,
    path: &str,
    token: &str,
) -> (u16, [Option<String>; 3]) {
    let mut asked = request(method, path, "");
    asked.headers_mut().insert("authorization", token.parse().unwrap());
    let answer = exchange(&served.running.url(), asked).await;
    let said = ["cluster-uuid", "x-influxdb-version", "x-influxdb-build"]
        .map(|name| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()));
    (answer.status().as_u16(), said)
}

#[tokio::test]
async fn every_answer_says_which_server_and_release_it_is() {
    let options = Options::default().token("secret").expired_token("old");
    let served = serve(options.release("3.11.2".parse().unwrap())).await;
    let cluster = served.fake.cluster_uuid().map(|cluster| cluster.to_string());
    for (method, path, status) in [
        ("GET", "/ping", 200),
        ("HEAD", "/ping", 404),
        ("GET", "/health", 200),
        ("GET", "/nosuch", 404),
        ("POST", "/api/v3/write_lp", 400),
        ("GET", "/api/v3/query_sql?db=nosuch&q=SELECT%201", 404),
    ] {
        let release = [Some("3.11.2".to_owned()), Some("Core".to_owned())];
        let said = [[cluster.clone()].as_slice(), &release].concat();
        let got = headers(&served, method, path, "Bearer secret").await;
        assert_eq!((got.0, got.1.to_vec()), (status, said), "{path}");
    }
    for (token, status) in [("Bearer wrong", 401), ("bearer secret", 401), ("Bearer old", 403)] {
        let got = headers(&served, "GET", "/ping", token).await;
        assert_eq!(got, (status, [cluster.clone(), None, None]), "{token}");
    }
}

#[tokio::test]
async fn servers_are_told_apart() {
    let (one, other) = (Fake::new(Options::default()), Fake::new(Options::default()));
    assert_ne!(one.cluster_uuid(), other.cluster_uuid());
    let named = Uuid::from_u128(7);
    assert_eq!(Fake::new(Options::default().cluster_uuid(named)).cluster_uuid(), Some(named));
    let served = serve(Options::default().cluster_uuid(named)).await;
    let cluster = async |cluster| {
        served.fake.set_cluster_uuid(cluster);
        let (_, [said, _, _]) = headers(&served, "GET", "/ping", "").await;
        said.map(|said| said.parse::<Uuid>().unwrap())
    };
    for set in [Some(named), Some(Uuid::from_u128(8)), None, Some(named)] {
        assert_eq!(cluster(set).await, set);
    }
}

#[test]
fn a_directory_keeps_which_server_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let start = |options| {
        let fake = Fake::new(options);
        fake.keep_in(directory.path()).unwrap();
        fake
    };
    let first = start(Options::default());
    let cluster = first.cluster_uuid();
    first.write("db", "m v=1i 1").unwrap();
    drop(first);
    assert_eq!(start(Options::default()).cluster_uuid(), cluster);
    // The name belongs to the store: a start cannot give it another one.
    let renamed = start(Options::default().cluster_uuid(Uuid::from_u128(7)));
    assert_eq!(renamed.cluster_uuid(), cluster);
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Fake::new(Options::default());
    other.keep_in(elsewhere.path()).unwrap();
    assert_ne!(other.cluster_uuid(), cluster);
}
