//! Late and changed points before the cursor: where they are to be read again.

mod counts;
mod detect;
mod files;
mod named;
mod recount;
mod watermark;

pub(crate) use counts::Counts;
pub(crate) use detect::{Detected, detect_late_data};
pub(crate) use named::Named;
pub(crate) use watermark::FileWatermark;
