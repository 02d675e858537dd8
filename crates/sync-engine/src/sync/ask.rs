//! A question that is asked until it is known whether it can be answered.

use crate::error::Failure;
use crate::sync::Session;
use crate::sync::distress::Distress;
use crate::time_series::TimeSeries;

/// Why a question is not answered.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// No other question would be answered either.
    All(Failure),
    /// Others are: this one has to be made smaller, or left out.
    This(Failure),
}

/// How often a question has failed.
#[derive(Debug, Default)]
pub(crate) struct Tries(usize);

impl Tries {
    /// How often a question may fail, while others are answered.
    const MOST: usize = 4;

    /// Notes a failure; `was_away` is whether the server did not answer anything after it.
    pub(crate) fn failed(&mut self, was_away: bool) {
        // It may have been this question that brought it down. To find out must not take many
        // tries.
        self.0 += if was_away { 2 } else { 1 };
    }

    pub(crate) fn are_enough(&self, distress: &Distress) -> bool {
        self.0 >= Self::MOST || distress.is_there()
    }
}

impl<D: TimeSeries, S> Session<'_, D, S> {
    /// Asks a question of a measurement, and again where a failure may pass.
    ///
    /// # Errors
    ///
    /// See [`NoAnswer`].
    pub(crate) async fn ask<T, Question, Try>(
        &self,
        measurement: &str,
        mut question: Question,
    ) -> Result<T, NoAnswer>
    where
        Question: FnMut() -> Try,
        Try: Future<Output = Result<T, Failure>>,
    {
        let mut tries = Tries::default();
        loop {
            match question().await {
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.is_transient() => {
                    // In distress it is known that the database answers what costs nothing.
                    if !self.distress.is_there() {
                        tries.failed(self.comes_back(&failure).await.map_err(NoAnswer::All)?);
                    }
                    if tries.are_enough(&self.distress) {
                        self.distress.grows(measurement);
                        return Err(NoAnswer::This(failure));
                    }
                }
                Err(failure) if failure.concerns_all() => return Err(NoAnswer::All(failure)),
                Err(failure) => return Err(NoAnswer::This(failure)),
            }
        }
    }

    /// Waits after a failure that may pass until the database answers the cheapest question again.
    /// Gives whether it did not at first.
    ///
    /// # Errors
    ///
    /// The last failure, if it does not within the time that the settings give it, or for a reason
    /// that will not pass.
    pub(crate) async fn comes_back(&self, failure: &Failure) -> Result<bool, Failure> {
        let retry = &self.settings.retry;
        let mut budget = retry.budget();
        let mut last = failure.copied();
        let mut was_away = false;
        loop {
            let Some(wait) = budget.after(&last) else { return Err(last) };
            self.outage.begins(&last, retry.total);
            tokio::time::sleep(wait).await;
            match self.database.now().await {
                Ok(_) => return Ok(was_away),
                Err(now) => (last, was_away) = (now, true),
            }
        }
    }
}
