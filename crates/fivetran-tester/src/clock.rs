//! The clock of a tester, which tests replace.

use std::sync::Arc;
use std::time::SystemTime;

/// Tells the time.
pub(crate) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;
