//! From what InfluxDB says to what the engine does about it.

use std::error::Error as _;
use std::time::Duration;

use influx_flight::{Error, ErrorKind};
use sync_engine::{ErrorKind as Kind, Failure, Refusal};

/// How long to leave a server alone that limits its rate and does not say for how long, each time:
/// InfluxDB Cloud Serverless counts over 5 minutes, which the engine's own waits would not outlast.
const UNTOLD_RATE_LIMIT: Duration = Duration::from_secs(60);

/// An error of the client, as the engine understands it.
pub(crate) fn failure(error: Error) -> Failure {
    let reason = format!("{:?}", error.kind());
    let failure = Failure::new(kind(error.kind()), error.to_string()).logged_as(reason);
    match error.source() {
        // Its text: the error itself does not outlive this.
        Some(cause) => failure.caused_by(cause.to_string()),
        None => failure,
    }
}

fn kind(kind: &ErrorKind) -> Kind {
    match kind {
        ErrorKind::Unavailable | ErrorKind::Stalled | ErrorKind::Connect(_) => {
            Kind::Retry { after: None }
        }
        ErrorKind::RateLimited { retry_after } => {
            Kind::Retry { after: Some(retry_after.unwrap_or(UNTOLD_RATE_LIMIT)) }
        }
        ErrorKind::FileLimit | ErrorKind::PartitionLimit | ErrorKind::MessageTooLarge => {
            Kind::TooLarge(Refusal::Limit)
        }
        ErrorKind::Memory | ErrorKind::Deadline => Kind::TooLarge(Refusal::Pressure),
        ErrorKind::ColumnMissing { .. } => Kind::ColumnsChanged,
        ErrorKind::TableMissing { .. } => Kind::TableGone,
        ErrorKind::DatabaseMissing => Kind::DatabaseGone,
        ErrorKind::PlaintextToken
        | ErrorKind::Token
        | ErrorKind::Tls(_)
        | ErrorKind::NotInfluxDb3(_) => Kind::Setup,
        ErrorKind::InvalidQuery | ErrorKind::Protocol | ErrorKind::Internal => Kind::Refused,
        ErrorKind::Unsupported => Kind::Bug,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use influx_flight::ErrorKind;
    use sync_engine::ErrorKind as Kind;

    use super::kind;

    #[test]
    fn a_limit_on_the_rate_is_given_its_time_or_a_minute() {
        for (told, expected) in [(Some(7), 7), (None, 60)] {
            let retry_after = told.map(Duration::from_secs);
            let after = Some(Duration::from_secs(expected));
            assert_eq!(kind(&ErrorKind::RateLimited { retry_after }), Kind::Retry { after });
        }
    }
}
