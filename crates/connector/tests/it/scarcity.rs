//! The program when the system has no more file descriptors.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::process::Process;

/// The first bytes of an HTTP/2 client: the preface, and SETTINGS without a setting.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[test]
fn a_process_without_file_descriptors_says_so_and_serves_when_it_has_some_again() {
    let mut process = Process::with_files(40);
    let connect = || TcpStream::connect(("127.0.0.1", process.port())).unwrap();
    let strangers: Vec<_> = (0..60).map(|_| connect()).collect();
    let mut client = connect();
    client.write_all(HELLO).unwrap();
    let line = process.says();
    assert!(line.contains("No connection can be accepted; trying again"), "{line}");

    drop(strangers);
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut frame = [0; 9];
    client.read_exact(&mut frame).unwrap();
    assert_eq!(frame[3], 4, "the server's own SETTINGS");
}
