//! The listening socket.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use fivetran_adapter::{ListenError, listen};

use crate::server::{Client, Server};

#[tokio::test]
async fn both_families_are_served_by_one_port() {
    let server = Server::start([]);
    let mut addresses = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, server.port))];
    // A machine without IPv6 is served as well, by IPv4 alone.
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        addresses.push((Ipv6Addr::LOCALHOST, server.port).into());
    }
    for address in addresses {
        let mut client = Client::connect(address).await.unwrap();
        assert_eq!(client.form().await.unwrap().tests.len(), 3, "{address}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let ours = listen(0).unwrap();
    let theirs = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    for taken in [ours, theirs] {
        let port = taken.local_addr().unwrap().port();
        let error = listen(port).unwrap_err();
        assert!(matches!(error, ListenError::Taken { port: named } if named == port), "{error}");
        assert_eq!(
            error.to_string(),
            format!(
                "port {port} is taken by another process; stop that process, or choose another port"
            )
        );
    }
}
