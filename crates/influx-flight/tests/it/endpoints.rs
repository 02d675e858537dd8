//! How a host may be written.

use influx_flight::{Endpoint, Scheme};

#[track_caller]
fn check(text: &str, expect: &str) {
    let endpoint: Endpoint = text.parse().unwrap();
    assert_eq!(endpoint.to_string(), expect, "{text}");
}

#[track_caller]
fn refuse(text: &str, expect: &str) {
    let error = text.parse::<Endpoint>().unwrap_err();
    let text = error.to_string();
    assert!(text.contains(expect), "{text}");
    assert!(!text.contains("secret"), "{text}");
    assert!(text.ends_with(
        "write https://host[:port][/path], http://host[:port][/path], host:port or host"
    ));
}

#[test]
fn with_a_scheme() {
    check("https://db.example.com", "https://db.example.com:443");
    check("https://db.example.com/", "https://db.example.com:443");
    check("https://db.example.com:8181", "https://db.example.com:8181");
    check("HTTPS://DB.Example.com", "https://db.example.com:443");
    check("http://db.example.com", "http://db.example.com:8181");
    check("http://db.example.com:80", "http://db.example.com:80");
    check("https://db.example.com:443", "https://db.example.com:443");
    check("https://localhost", "https://localhost:443");
    check("http://10.0.0.7:9000", "http://10.0.0.7:9000");
    check("https://bücher.example", "https://xn--bcher-kva.example:443");
}

#[test]
fn without_a_scheme() {
    check("db.example.com", "https://db.example.com:443");
    check("db.example.com:8181", "https://db.example.com:8181");
    check("db.example.com:80", "https://db.example.com:80");
    check("  db.example.com\n", "https://db.example.com:443");
    check("influxdb", "https://influxdb:443");
    check("my_host:8181", "https://my_host:8181");
    check("10.0.0.7", "https://10.0.0.7:443");
}

#[test]
fn on_this_machine() {
    check("localhost", "http://localhost:8181");
    check("LocalHost:9000", "http://localhost:9000");
    check("127.0.0.1", "http://127.0.0.1:8181");
    check("127.8.9.10:1", "http://127.8.9.10:1");
    check("[::1]", "http://[::1]:8181");
    check("[::1]:9000", "http://[::1]:9000");
    // A name that only looks local goes over the network.
    check("localhost.example.com", "https://localhost.example.com:443");
    check("128.0.0.1", "https://128.0.0.1:443");
}

#[test]
fn with_a_path() {
    check("https://db.example.com/influx", "https://db.example.com:443/influx");
    check("https://db.example.com/a/b/", "https://db.example.com:443/a/b");
    check("db.example.com:8443/influx", "https://db.example.com:8443/influx");
    check("localhost/influx", "http://localhost:8181/influx");
    check("https://db.example.com/a%20b", "https://db.example.com:443/a%20b");
    check("https://db.example.com/a@b", "https://db.example.com:443/a@b");
}

#[test]
fn ipv6_literals() {
    check("https://[2001:db8::1]", "https://[2001:db8::1]:443");
    check("[2001:DB8:0::1]:8181", "https://[2001:db8::1]:8181");
    refuse("::1", "needs brackets");
    refuse("2001:db8::1:8181", "needs brackets");
    refuse("[::1", "needs brackets");
    refuse("[::1]8181", "host is not valid");
    refuse("[::g]", "host is not valid");
}

#[test]
fn malformed() {
    refuse("", "it is empty");
    refuse("   ", "it is empty");
    refuse("https://", "it is empty");
    refuse("https:///path", "host is not valid");
    refuse("https://:8181", "host is not valid");
    refuse("/path", "host is not valid");
    refuse("my host", "host is not valid");
    refuse("my\\host", "host is not valid");
    refuse("8181", "host is not valid");
    refuse("1.2.3.4.5", "host is not valid");
    refuse("ftp://db.example.com", "it starts with \"ftp://\"");
    refuse("grpc+tls://db.example.com", "it starts with \"grpc+tls://\"");
    refuse("host:", "port is not a number");
    refuse("host:0", "port is not a number");
    refuse("host:65536", "port is not a number");
    refuse("host:+80", "port is not a number");
    refuse("host:http", "port is not a number");
    refuse("https://host/a b", "path is not valid");
    refuse("https://host?db=home", "holds a \"?\"");
    refuse("https://host/#top", "holds a \"?\"");
}

#[test]
fn credentials_are_refused_and_not_repeated() {
    refuse("https://user:secret@host", "\"https://***@host\"");
    refuse("user:secret@host:8181", "\"***@host:8181\"");
    refuse("https://secret@host/path", "belong in the token");
    refuse("secret@https://host", "belong in the token");
    // A password may hold what ends a scheme.
    refuse("user:sec://ret@host", "\"***@host\" is not an address of an InfluxDB: it holds a user");
    refuse(
        "user:sec ret://@host",
        "\"***@host\" is not an address of an InfluxDB: it holds a user",
    );
    refuse("https://host/?token=secret", "\"https://host/?***\"");
    refuse("host?token=secret", "\"host?***\"");
}

#[test]
fn the_parts() {
    let endpoint: Endpoint = "https://[2001:db8::1]:8181/influx".parse().unwrap();
    assert_eq!(endpoint.scheme(), Scheme::Https);
    assert_eq!(endpoint.host(), "[2001:db8::1]");
    assert_eq!(endpoint.port(), 8181);
    assert_eq!(endpoint.path(), "/influx");
    assert_eq!(endpoint.address(), "[2001:db8::1]:8181");
    assert!(!endpoint.is_loopback());
}

#[test]
fn an_address_is_the_same_however_it_is_written() {
    for text in ["DB.Example.com", "https://db.example.com/influx", "db.EXAMPLE.com:443"] {
        let endpoint: Endpoint = text.parse().unwrap();
        assert_eq!(endpoint.address(), "db.example.com:443", "{text}");
    }
    let endpoint: Endpoint = "localhost".parse().unwrap();
    assert_eq!(endpoint.address(), "localhost:8181");
}
