//! Failures below gRPC: what a chain of library errors says about the connection.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError, InvalidMessage};

use crate::error_kind::{ConnectProblem, ErrorKind, OtherServer, TlsProblem};
use crate::grpc_only::NotGrpc;

/// Looks through a chain of errors for one that explains what is wrong with the connection.
pub(crate) fn explain(error: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(kind) = explain_link(error) {
            return Some(kind);
        }
        next = error.source();
    }
    None
}

fn explain_link(error: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return explain_tls(tls);
    }
    if let Some(io) = error.downcast_ref::<io::Error>() {
        // The source of an I/O error is the source of what it wraps, so look at that itself.
        return match io.get_ref() {
            Some(wrapped) => explain(wrapped).or_else(|| explain_io(io)),
            None => explain_io(io),
        };
    }
    if let Some(answer) = error.downcast_ref::<NotGrpc>() {
        return Some(answer.kind());
    }
    // These have no public type: hyper-util's resolver, and tonic's TLS connector.
    let text = error.to_string();
    if text.starts_with("dns error") {
        Some(ErrorKind::Connect(ConnectProblem::UnknownHost))
    } else if text.starts_with("HTTP/2 was not negotiated") {
        Some(ErrorKind::NotInfluxDb3(OtherServer::Http))
    } else if text.starts_with("TLS handshake timeout") {
        Some(ErrorKind::Connect(ConnectProblem::TimedOut))
    } else {
        None
    }
}

/// Recognizes errors that only a failed attempt to connect has.
///
/// A reset or an unexpected end may also come later, and does not tell the reason.
fn explain_io(error: &io::Error) -> Option<ErrorKind> {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some(ErrorKind::Connect(ConnectProblem::Refused)),
        io::ErrorKind::TimedOut => Some(ErrorKind::Connect(ConnectProblem::TimedOut)),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Some(ErrorKind::Connect(ConnectProblem::Unreachable))
        }
        _ => None,
    }
}

fn explain_tls(error: &rustls::Error) -> Option<ErrorKind> {
    let problem = match error {
        // No TLS record, but the text of a plain HTTP answer.
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            TlsProblem::ServerIsPlain
        }
        rustls::Error::InvalidCertificate(error) => match error {
            // A wrong signature means an authority that only shares its name with one we trust, as
            // a private authority does that was made anew.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                TlsProblem::UnknownAuthority
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsProblem::WrongName
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => TlsProblem::Expired,
            _ => TlsProblem::BadCertificate,
        },
        // TLS works, but the server does not speak HTTP/2.
        rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)
        | rustls::Error::NoApplicationProtocol => {
            return Some(ErrorKind::NotInfluxDb3(OtherServer::Http));
        }
        rustls::Error::AlertReceived(_) | rustls::Error::PeerIncompatible(_) => {
            TlsProblem::Handshake
        }
        _ => return None,
    };
    Some(ErrorKind::Tls(problem))
}
