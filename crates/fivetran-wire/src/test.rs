//! `Test`: one setup test on the answers of a customer.

use std::collections::BTreeMap;

/// Runs one setup test.
///
/// Its `Debug` shows the configuration, secrets included: do not log it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TestRequest {
    /// The test's name, from the form.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What the customer typed, by field name.
    #[prost(btree_map = "string, string", tag = "2")]
    pub configuration: BTreeMap<String, String>,
}

/// How the test ended.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct TestResponse {
    /// Passed or failed.
    #[prost(oneof = "test_response::Response", tags = "1, 2")]
    pub response: Option<test_response::Response>,
}

/// The kinds of [`TestResponse`].
pub mod test_response {
    /// Passed or failed.
    #[derive(Clone, PartialEq, Eq, Hash, prost::Oneof)]
    pub enum Response {
        /// Passed: always true.
        #[prost(bool, tag = "1")]
        Success(bool),
        /// Failed: what is wrong, for the customer.
        #[prost(string, tag = "2")]
        Failure(String),
    }
}
