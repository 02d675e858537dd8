//! Limits of the protocol.
//!
//! They come from the guides and discussions of <https://github.com/fivetran/fivetran_partner_sdk>.

use std::time::Duration;

/// The most records of one [`Records`](crate::Records) message. Fivetran answers a larger one with
/// an error (fivetran_partner_sdk#128).
pub const RECORDS_PER_MESSAGE: usize = 100;

/// The most bytes of one message, in both directions: 128 MiB.
pub const MESSAGE_BYTES: usize = 128 * 1024 * 1024;

/// The longest time between two checkpoints of a sync.
pub const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(60 * 60);

/// The port that Fivetran's tools expect a source connector on.
pub const DEFAULT_PORT: u16 = 50051;
