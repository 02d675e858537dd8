//! What a connection is made from, checked before any packet is sent.

use influx_flight::{CaCertificateError, Client, ErrorKind, Target};

use crate::scripted::Authority;

fn target(host: &str) -> Target {
    Target::new(host.parse().unwrap(), "home")
}

async fn connects(target: Target) -> bool {
    match Client::connect(target).await {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind(), &ErrorKind::PlaintextToken);
            insta::allow_duplicates! {
                insta::assert_snapshot!(error, @"the token would travel unencrypted to http://db.example.com:8181: use https, or allow plain text if the network is trusted");
            }
            false
        }
    }
}

#[tokio::test]
async fn a_token_in_plain_text_stays_on_this_machine() {
    assert!(connects(target("https://db.example.com").with_token("t".into())).await);
    assert!(connects(target("http://localhost").with_token("t".into())).await);
    assert!(connects(target("http://127.1.2.3").with_token("t".into())).await);
    assert!(connects(target("http://[::1]").with_token("t".into())).await);
    assert!(connects(target("http://db.example.com")).await, "there is no token to protect");
    assert!(!connects(target("http://db.example.com").with_token("t".into())).await);
    let allowed = target("http://db.example.com").with_token("t".into()).allow_plaintext(true);
    assert!(connects(allowed).await);
}

#[tokio::test]
async fn a_token_that_cannot_be_sent() {
    for token in ["secret\n", "sec\0ret", "secrét"] {
        let target = target("localhost").with_token(token.into());
        let error = Client::connect(target).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Token);
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @r#"InfluxDB at http://localhost:8181 does not accept the token (it holds characters that no token has, such as a line break): give a valid one that may read database "home""#);
        }
    }
}

#[test]
fn ca_certificates() {
    let check = |pem: &str| target("db").with_ca_certificates(pem.as_bytes()).map(drop);
    let (one, two) = (Authority::new().pem, Authority::new().pem);
    assert_eq!(check(&one), Ok(()));
    assert_eq!(check(&format!("# ours\n{one}\n{two}")), Ok(()));
    assert_eq!(check(""), Err(CaCertificateError::Empty));
    assert_eq!(check("hello"), Err(CaCertificateError::Empty));
    let cut = &one[..one.len() / 2];
    assert!(matches!(check(cut), Err(CaCertificateError::NotPem(_))));
    let odd = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    assert!(matches!(check(odd), Err(CaCertificateError::Unusable { number: 1, .. })));
    let second = format!("{one}{odd}");
    assert!(matches!(check(&second), Err(CaCertificateError::Unusable { number: 2, .. })));
    let key = "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n";
    assert_eq!(check(key), Err(CaCertificateError::Empty));
}
