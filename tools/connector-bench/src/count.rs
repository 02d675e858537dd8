//! Whether a sync has brought all of its rows, told by its bytes: what is measured decodes none of
//! it, and a sync that ends early would pass for a fast one.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use crate::capture::{CapturedMessage, records};
use crate::drain::{Drained, each};

/// How far the bytes of a whole sync may be from the expected ones. Rows and messages differ a
/// little.
const TOLERANCE: f64 = 0.02;

/// The rows of messages that were decoded, and their bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Yardstick {
    pub(crate) rows: u64,
    bytes: u64,
}

/// Takes a whole first sync, and counts its rows.
pub(crate) async fn count(port: u16, configuration: BTreeMap<String, String>) -> Result<Yardstick> {
    let mut yardstick = Yardstick::default();
    each(port, configuration, |message| {
        yardstick.rows += records(&message)?.len() as u64;
        yardstick.bytes += message.len() as u64;
        Ok(true)
    })
    .await?;
    ensure!(yardstick.rows > 0, "no row has come");
    Ok(yardstick)
}

impl Yardstick {
    /// What some messages hold.
    pub(crate) fn of(messages: &[CapturedMessage]) -> Self {
        messages.iter().fold(Self::default(), |sum, message| Self {
            rows: sum.rows + message.records,
            bytes: sum.bytes + message.bytes.len() as u64,
        })
    }

    /// How many rows like these have come.
    pub(crate) fn rows_of(&self, drained: &Drained) -> f64 {
        drained.bytes as f64 * self.rows as f64 / self.bytes as f64
    }

    /// Fails unless all of the rows of a sync have come.
    pub(crate) fn ensure(&self, rows: u64, drained: &Drained) -> Result<()> {
        let came = self.rows_of(drained);
        // A sync of a few rows, for a quick look, may be off by one of them.
        let close = (came - rows as f64).abs() <= 1.0 + TOLERANCE * rows as f64;
        ensure!(close, "{rows} rows should have come, and by their bytes {came:.0} have");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Drained, Yardstick};

    fn is_whole(bytes: u64) -> bool {
        let yardstick = Yardstick { rows: 1_000, bytes: 182_000 };
        let drained = Drained { bytes, elapsed: Duration::from_secs(1) };
        yardstick.ensure(10_000, &drained).is_ok()
    }

    #[test]
    fn a_sync_that_ends_early_is_not_whole() {
        assert!(is_whole(1_820_000) && is_whole(1_830_000) && is_whole(1_810_000));
        assert!(!is_whole(0) && !is_whole(910_000) && !is_whole(1_700_000));
        // Nor is one that repeats itself.
        assert!(!is_whole(3_640_000));
    }
}
