//! Limits how much a query may read, in files or in days, after pruning by time.

use std::ops::Range;

use datafusion::error::DataFusionError;
use tonic::Code;

use super::error::Refusal;
use crate::options::{FileLimitText, Options};
use crate::store::ReadView;

/// The limits of one scan of a table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    files: Option<usize>,
    text: FileLimitText,
    partitions: Option<usize>,
}

impl Limits {
    pub(super) fn of(options: &Options) -> Self {
        Self {
            files: options.file_limit,
            text: options.file_limit_text,
            partitions: options.partition_limit,
        }
    }

    /// Refuses a scan of more files than the limit. As in the real server, the text names the limit
    /// and not the number of files.
    pub(super) fn check_files(&self, files: usize) -> Result<(), DataFusionError> {
        let Some(limit) = self.files.filter(|limit| files > *limit) else { return Ok(()) };
        let (code, message) = match self.text {
            FileLimitText::WouldScan => (
                Code::Internal,
                format!(
                    "Query would scan {limit} Parquet files, exceeding the file limit. \
                     Ask for a narrower range of time."
                ),
            ),
            FileLimitText::WouldExceed => (
                Code::Internal,
                format!(
                    "Query would exceed file limit of {limit} parquet files. \
                     Ask for a narrower range of time."
                ),
            ),
            FileLimitText::WouldProcess => (
                Code::ResourceExhausted,
                format!("Query would process more than {limit} parquet files"),
            ),
        };
        Err(Refusal::new(code, message).into())
    }

    /// Refuses a scan of more days than the limit. A partition is a day, and exists if it has
    /// points.
    pub(super) fn check_partitions(
        &self,
        rows: &ReadView,
        times: &Range<i128>,
    ) -> Result<(), DataFusionError> {
        match self.partitions {
            Some(limit) if rows.days_within(times) > limit => {
                let message = format!("Query would process more than {limit} partitions");
                Err(Refusal::new(Code::ResourceExhausted, message).into())
            }
            _ => Ok(()),
        }
    }
}
