//! The server's clock.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};

use crate::client::Client;
use crate::error::Error;
use crate::error_kind::ErrorKind;

impl Client {
    /// Reads the server's clock, in nanoseconds since 1970 in UTC.
    ///
    /// # Errors
    /// As [`Client::query`].
    pub async fn server_now(&self) -> Result<i64, Error> {
        let mut answer = self.query("SELECT now() AS now").await?;
        let mut now = None;
        // Read to the end: only that shows that the answer is whole.
        while let Some(batch) = answer.try_next().await? {
            let Some(column) = batch.columns().first() else {
                return Err(self.unreadable("now() came without a column"));
            };
            // A time is a whole number of its unit since 1970, in UTC with a zone or without.
            let scale = match column.data_type() {
                DataType::Timestamp(TimeUnit::Second, _) => 1_000_000_000,
                DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000_000,
                DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000,
                DataType::Timestamp(TimeUnit::Nanosecond, _) => 1,
                other => return Err(self.unreadable(&format!("now() is of type {other}"))),
            };
            let numbers = cast(column, &DataType::Int64)
                .map_err(|error| self.unreadable(&error.to_string()))?;
            now =
                numbers.as_primitive::<Int64Type>().iter().flatten().next().map(|now| (now, scale));
        }
        now.and_then(|(now, scale)| now.checked_mul(scale))
            .ok_or_else(|| self.unreadable("now() has no value"))
    }

    /// The error for an answer that came whole, but does not fit the query.
    pub fn unreadable(&self, what: &str) -> Error {
        self.error(ErrorKind::Protocol).with_detail(what)
    }
}
