//! What clients may take of the server.

use std::time::Duration;

use fivetran_wire::limit::MESSAGE_BYTES;

/// What clients may take of the server. The default is meant for Fivetran, and for a port that strangers can reach.
///
/// Nobody is asked who they are: Fivetran's protocol has no place for it. So each thing that a connection or a call can hold has an end,
/// in number, in bytes or in time, and what a stranger holds is bounded before anything is known of them. `SECURITY.md` adds it up.
///
/// Flow control of answers is not among it: how far the server may run ahead of a client is decided by the *client's* HTTP/2 windows, and
/// what waits for them is bounded at 2 MiB for each sync.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at a time: 128. Those beyond wait, unaccepted, until another one is closed.
    pub connections: usize,
    /// How long a connection may take to begin HTTP/2: 10 s.
    pub preface_timeout: Duration,
    /// How long a connection may be without a call: 5 min. A client that comes back later connects anew, as gRPC clients do by themselves.
    pub idle_timeout: Duration,
    /// How often a connection is asked whether its client is still there: every 60 s.
    pub keep_alive_interval: Duration,
    /// How long it may take to answer before it is closed, and its syncs stopped: 30 s.
    pub keep_alive_timeout: Duration,
    /// How long a connection may take none of what it is sent: 5 min. Then it is closed, and its syncs stopped.
    ///
    /// A client that takes its rows slowly, or not at all for a while, is not meant: HTTP/2's flow control holds its rows back, and it goes on reading the
    /// connection itself, or it could not answer whether it is there. The socket is full for a client alone that does not even do that.
    pub write_timeout: Duration,
    /// Calls that all connections together may have open at a time: 64. One more is refused with `RESOURCE_EXHAUSTED`.
    pub calls: usize,
    /// Calls that one connection may have open at a time: 64.
    pub concurrent_calls: u32,
    /// Bytes of headers that a call may have: 16 KiB.
    pub header_bytes: u32,
    /// How long a request may take to arrive in full: 60 s.
    pub request_timeout: Duration,
    /// Bytes of all requests that are larger than 64 KiB, from their arrival until their answers are sent: 128 MiB, which is one request of
    /// the size that Fivetran allows. One that goes beyond is refused with `RESOURCE_EXHAUSTED`; smaller requests always have room.
    pub request_bytes: u32,
    /// How long a shutdown waits for clients to take the last of what was said: 10 s. Orchestrators commonly kill after 30 s.
    pub shutdown_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 128,
            preface_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(5 * 60),
            keep_alive_interval: Duration::from_secs(60),
            keep_alive_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(5 * 60),
            calls: 64,
            concurrent_calls: 64,
            header_bytes: 16 * 1024,
            request_timeout: Duration::from_secs(60),
            request_bytes: MESSAGE_BYTES as u32,
            shutdown_grace: Duration::from_secs(10),
        }
    }
}
