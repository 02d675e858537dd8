//! TLS on the same port, for gRPC as for HTTP.

use arrow_flight::flight_service_client::FlightServiceClient;
use influx_fake::{Fake, Options, Tls};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tonic::transport::{Certificate, Channel, ClientTlsConfig};

use crate::client::{do_get, ticket};

#[tokio::test]
async fn a_client_that_trusts_the_certificate_is_served() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let tls =
        Tls { certificate: cert.pem().into_bytes(), key: signing_key.serialize_pem().into_bytes() };
    let fake = Fake::new(Options::default().tls(tls));
    fake.create_database("db");
    let running = fake.spawn().await.unwrap();
    assert!(running.url().starts_with("https://127.0.0.1:"), "{}", running.url());

    let trust = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(cert.pem()))
        .domain_name("localhost");
    let channel = Channel::from_shared(running.url())
        .unwrap()
        .tls_config(trust)
        .unwrap()
        .connect()
        .await
        .unwrap();
    let answer = do_get(&mut FlightServiceClient::new(channel), &ticket("db", "SELECT 1"), None)
        .await
        .unwrap();
    assert_eq!(answer.rows(), 1);

    // Refuses plain text and an unknown certificate, and keeps serving.
    let plain = running.url().replace("https", "http");
    let is_answered = match Channel::from_shared(plain).unwrap().connect().await {
        Ok(channel) => {
            do_get(&mut FlightServiceClient::new(channel), &ticket("db", "SELECT 1"), None)
                .await
                .is_ok()
        }
        Err(_) => false,
    };
    assert!(!is_answered);
    assert_eq!(fake.queries(), ["SELECT 1"]);
}

#[tokio::test]
async fn a_bad_certificate_is_an_error_that_says_so() {
    let CertifiedKey { cert, .. } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let tls = Tls { certificate: cert.pem().into_bytes(), key: b"nonsense".to_vec() };
    let error = Fake::new(Options::default().tls(tls)).spawn().await.unwrap_err();
    assert!(error.to_string().contains("the TLS key is not a private key in PEM"), "{error}");
}
