//! The limits that the server sets to its clients.

use std::time::Duration;

use fivetran_wire::limit::MESSAGE_BYTES;

/// The limits that the server sets to its clients. The defaults suit Fivetran, and a port that
/// strangers can reach.
///
/// Fivetran's protocol does not authenticate clients. So everything that a connection or a call can
/// hold is limited in number, in bytes or in time, whoever the client is. `SECURITY.md` adds it up.
///
/// The rate of answers has no limit here: the *client's* HTTP/2 windows decide how far the server
/// may run ahead of it. What waits for the client is bounded at 2 MiB for each sync.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at a time: 128. More wait to be accepted until one is closed.
    pub connections: usize,
    /// How long a connection may take to start HTTP/2: 10 s.
    pub preface_timeout: Duration,
    /// How long a connection may be without a call: 5 min. gRPC clients reconnect by themselves.
    pub idle_timeout: Duration,
    /// How often the server pings the client of a connection: every 60 s.
    pub keep_alive_interval: Duration,
    /// How long the client may take to answer a ping: 30 s. Then the connection is closed, and its
    /// syncs are aborted.
    pub keep_alive_timeout: Duration,
    /// How long a client may read nothing of what it is sent: 5 min. Then the connection is closed,
    /// and its syncs are aborted.
    ///
    /// This does not concern a client that takes its rows slowly, or pauses: HTTP/2's flow control
    /// holds the rows back, and the client still reads the connection to answer pings. The socket
    /// stays full only if the client does not even do that.
    pub write_timeout: Duration,
    /// Calls that all connections together may have open: 64. More are refused with
    /// `RESOURCE_EXHAUSTED`.
    pub calls: usize,
    /// Calls that one connection may have open: 64.
    pub concurrent_calls: u32,
    /// Bytes of headers that a call may have: 16 KiB.
    pub header_bytes: u32,
    /// How long a request may take to arrive in full: 60 s.
    pub request_timeout: Duration,
    /// Bytes of all requests that are larger than 64 KiB, from their arrival until their answers
    /// are sent: 128 MiB, which is one request of the largest size that Fivetran allows. A request
    /// beyond it is refused with `RESOURCE_EXHAUSTED`. Smaller requests do not count.
    pub request_bytes: u32,
    /// How long a shutdown waits for clients to read the end of their answers: 10 s. Orchestrators
    /// commonly kill a process after 30 s.
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
