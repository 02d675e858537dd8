//! Opens the listening socket.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 128;

/// Why a port cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another process listens on it.
    #[error("port {port} is taken by another process; stop that process, or choose another port")]
    Taken {
        /// The port.
        port: u16,
    },
    /// The system refused.
    #[error("cannot listen on port {port}")]
    Refused {
        /// The port.
        port: u16,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Listens on all addresses of the machine, IPv4 and IPv6, with one socket; on a free port if
/// `port` is 0.
///
/// Fivetran asks for both families, and for IPv4 where only one is possible
/// (<https://github.com/fivetran/fivetran_partner_sdk>, development guide). An IPv6 socket that is
/// not limited to IPv6 accepts both.
///
/// # Errors
///
/// The port is taken, or the system refused it.
pub fn listen(port: u16) -> Result<TcpListener, ListenError> {
    let both = bind(Domain::IPV6, (Ipv6Addr::UNSPECIFIED, port).into());
    let bound = match both {
        Err(error) if !is_about_the_port(&error) => {
            bind(Domain::IPV4, (Ipv4Addr::UNSPECIFIED, port).into())
        }
        either => either,
    };
    bound.map_err(|source| match source.kind() {
        ErrorKind::AddrInUse => ListenError::Taken { port },
        _ => ListenError::Refused { port, source },
    })
}

/// Whether the error would be the same with IPv4. If not, the machine has no IPv6.
fn is_about_the_port(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied)
}

fn bind(domain: Domain, address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if domain == Domain::IPV6 {
        socket.set_only_v6(false)?;
    }
    // On Unix this allows a restart while old connections linger. On other systems it would let a
    // process take a port that is in use.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
