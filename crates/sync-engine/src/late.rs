//! Late and changed points before the cursor: where they are to be read again.

mod audit;
mod counts;
mod detect;
mod files;
mod keeper;
mod named;
mod tally;
mod units;
mod watermark;

pub(crate) use audit::count;
pub(crate) use counts::{Counts, MainStretch};
pub(crate) use detect::{Detected, detect_late_data};
pub(crate) use keeper::CountKeeper;
pub(crate) use named::Named;
pub(crate) use tally::{Counting, Tally};
pub(crate) use units::Units;
pub(crate) use watermark::FileWatermark;
