//! Limits that a connector is held to.
//!
//! Source of all of them: the guides and discussions of <https://github.com/fivetran/fivetran_partner_sdk>.

use std::time::Duration;

/// Records in one [`Records`](crate::Records) message, at most. Fivetran answers a larger one with an error
/// (fivetran_partner_sdk#128).
pub const RECORDS_PER_MESSAGE: usize = 100;

/// Bytes in one message, at most, either way: 128 MiB.
pub const MESSAGE_BYTES: usize = 128 * 1024 * 1024;

/// The longest that a sync may go without a checkpoint.
pub const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(60 * 60);

/// The port that Fivetran's tools expect a source connector on.
pub const DEFAULT_PORT: u16 = 50051;
