//! Shorter windows, where one is too much for the database.

use sync_core::{Sink, SyncError};

use super::TableSync;
use crate::error::{Failure, Refusal};
use crate::table::TableFailure;
use crate::table::failure::sentence;
use crate::time_series::TimeSeries;
use crate::window::{CannotShrink, Window};

/// How often windows are made shorter because they are not answered, without one that is: from all
/// of a year to two hours.
const MOST_SHORTENED: usize = 12;

/// From so many on it is hardly the length of the windows: a sixteenth is not answered either.
const NOT_ITS_LENGTH: usize = 4;

impl<D: TimeSeries, S: Sink> TableSync<'_, '_, D, S> {
    /// Reads shorter windows from now on, since the server refuses one as too big.
    pub(super) async fn shorten(
        &mut self,
        window: Window,
        refusal: Refusal,
        failure: Failure,
    ) -> Result<(), TableFailure> {
        if refusal == Refusal::Pressure {
            if self.session.distress.is_there() {
                return Err(TableFailure::Unanswered(failure.into()));
            }
            // Asking again at once would add to the pressure. How often is bounded by the windows,
            // which cannot be halved for ever.
            tokio::time::sleep(self.waits.next_or_longest()).await;
        }
        self.halve(window, refusal, &failure).map_err(|CannotShrink| match refusal {
            Refusal::Limit => no_window_is_small_enough(self.measurement(), &failure),
            Refusal::Pressure => TableFailure::Unanswered(failure.into()),
        })
    }

    /// Reads shorter windows from now on, since one is not answered while other questions are.
    pub(super) async fn shorten_unanswered(
        &mut self,
        window: Window,
        failure: Failure,
    ) -> Result<(), TableFailure> {
        self.shortened += 1;
        if self.shortened >= NOT_ITS_LENGTH {
            self.session.distress.grows(self.measurement());
        }
        let is_hopeless = self.shortened > MOST_SHORTENED || self.session.distress.is_there();
        if is_hopeless || self.halve(window, Refusal::Limit, &failure).is_err() {
            return Err(TableFailure::Unanswered(failure.into()));
        }
        tokio::time::sleep(self.waits.next_or_longest()).await;
        Ok(())
    }

    /// Makes the next windows half as long as this one, for the reason that the failure names.
    fn halve(
        &mut self,
        window: Window,
        refusal: Refusal,
        failure: &Failure,
    ) -> Result<(), CannotShrink> {
        let (measurement, reason) = (self.measurement(), failure.reason());
        tracing::info!(measurement, reason, "reading shorter windows");
        self.sizer.halve(window, refusal)
    }
}

fn no_window_is_small_enough(measurement: &str, failure: &Failure) -> TableFailure {
    TableFailure::Parked(SyncError::setup(
        format!(
            "Measurement {measurement:?} cannot be read in windows of any size: {}",
            sentence(failure)
        ),
        "Raise the limit of the server, or set a later `start_time`",
    ))
}
