//! Answers the four calls.

use std::sync::Arc;
use std::time::Instant;

use fivetran_wire::test_response;
use fivetran_wire::{
    ConfigurationFormRequest, ConfigurationFormResponse, SchemaRequest, SchemaResponse,
    TestRequest, TestResponse, UpdateRequest,
};
use sync_config::{Config, Parsed};
use sync_core::{Catalog, Source, SyncError, SyncRequest};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status};

use crate::generated::SourceConnector;
use crate::task::IsolatedTask;
use crate::text::{cut, cut_to};
use crate::update::{self, UpdateStream, seconds_since};
use crate::{form, name_collisions, schema, selection, status};

/// How much of the name of an unknown test an error repeats.
const TEST_NAME_BYTES: usize = 60;

/// Answers Fivetran for a source.
pub(crate) struct Connector<S> {
    source: Arc<S>,
    /// Cancelled when the process shuts down.
    stop: CancellationToken,
}

impl<S> Connector<S> {
    pub(crate) fn new(source: S, stop: CancellationToken) -> Self {
        Self { source: Arc::new(source), stop }
    }

    /// Runs work of the source. Returns `None` if the process shuts down first, and aborts the
    /// work.
    async fn until_stopped<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, SyncError>> + Send + 'static,
    ) -> Option<Result<T, SyncError>> {
        self.stop.run_until_cancelled(IsolatedTask::spawn(work).join()).await
    }
}

impl<S> Connector<S>
where
    S: Source,
    S::Config: Config,
{
    /// Runs a sync. An error that the customer can mend becomes a `Task`, the last message of the
    /// stream. Any other error becomes a status.
    pub(crate) fn update(&self, request: UpdateRequest) -> UpdateStream {
        let Parsed { config, warnings } =
            match sync_config::parse::<S::Config>(&request.configuration) {
                Ok(parsed) => parsed,
                Err(problems) => {
                    let problems_found = problems.iter().count();
                    tracing::warn!(
                        problems_found,
                        "Sync refused with a task for the customer: the configuration is wrong"
                    );
                    return update::task_only(&problems.to_string());
                }
            };
        let request = SyncRequest {
            state: request.state_json.filter(|state| !state.trim().is_empty()),
            selection: selection::selection(request.selection),
        };
        let (source, stop) = (Arc::clone(&self.source), self.stop.clone());
        update::run(source, config, warnings, request, stop)
    }
}

#[tonic::async_trait]
impl<S> SourceConnector for Connector<S>
where
    S: Source,
    S::Config: Config,
{
    async fn configuration_form(
        &self,
        _request: Request<ConfigurationFormRequest>,
    ) -> Result<Response<ConfigurationFormResponse>, Status> {
        Ok(Response::new(form::response(S::Config::FIELDS, self.source.setup_tests())))
    }

    /// Runs a setup test. Every error is an answer for the customer. Only a shutdown is a status.
    async fn test(&self, request: Request<TestRequest>) -> Result<Response<TestResponse>, Status> {
        let started = Instant::now();
        let TestRequest { name, configuration } = request.into_inner();
        let tests = self.source.setup_tests();
        let Some(test) = tests.iter().find(|test| test.name == name) else {
            let known: Vec<_> = tests.iter().map(|test| format!("`{}`", test.name)).collect();
            let known = known.join(", ");
            tracing::warn!("A setup test was asked for that is not in the form");
            let name = cut_to(&name, TEST_NAME_BYTES);
            return Ok(failed(&format!("There is no setup test {name:?}; there are: {known}.")));
        };
        let test = test.name;
        let config = match sync_config::parse::<S::Config>(&configuration) {
            Ok(Parsed { config, warnings }) => {
                log_warnings(&warnings);
                config
            }
            Err(problems) => {
                let problems_found = problems.iter().count();
                tracing::warn!(
                    test,
                    problems_found,
                    "Setup test failed: the configuration is wrong"
                );
                return Ok(failed(&problems.to_string()));
            }
        };
        let source = Arc::clone(&self.source);
        let result = self.until_stopped(async move { source.test(test, &config).await }).await;
        let seconds = seconds_since(started);
        match result {
            None => {
                tracing::warn!(test, seconds, "Setup test stopped: the process is shutting down");
                Err(shutting_down())
            }
            Some(Ok(())) => {
                tracing::info!(test, seconds, "Setup test passed");
                Ok(tested(test_response::Response::Success(true)))
            }
            Some(Err(error)) => {
                let fault = status::fault_name(&error);
                tracing::warn!(test, seconds, fault, "Setup test failed");
                Ok(failed(&error.to_string()))
            }
        }
    }

    /// Lists tables and columns. The answer has no field for an error, so that an error is a
    /// status: `INVALID_ARGUMENT` if the configuration cannot be read, and `FAILED_PRECONDITION` if
    /// the customer must mend something else.
    async fn schema(
        &self,
        request: Request<SchemaRequest>,
    ) -> Result<Response<SchemaResponse>, Status> {
        let started = Instant::now();
        let parsed = sync_config::parse::<S::Config>(&request.get_ref().configuration);
        let Parsed { config, warnings } = parsed.map_err(|problems| {
            let problems_found = problems.iter().count();
            tracing::warn!(problems_found, "Schema failed: the configuration is wrong");
            status::status(Code::InvalidArgument, &problems.to_string())
        })?;
        log_warnings(&warnings);
        let source = Arc::clone(&self.source);
        let result = self.until_stopped(async move { source.schema(&config).await }).await;
        let seconds = seconds_since(started);
        let Some(result) = result else {
            tracing::warn!(seconds, "Schema stopped: the process is shutting down");
            return Err(shutting_down());
        };
        log_schema(&result, seconds);
        match result {
            Ok(catalog) => {
                log_warnings(&name_collisions::in_catalog(&catalog));
                Ok(Response::new(schema::response(&catalog)))
            }
            Err(error) => Err(status::from_error(&error)),
        }
    }
}

fn failed(text: &str) -> Response<TestResponse> {
    tested(test_response::Response::Failure(cut(text).into_owned()))
}

fn tested(response: test_response::Response) -> Response<TestResponse> {
    Response::new(TestResponse { response: Some(response) })
}

fn shutting_down() -> Status {
    status::status(Code::Unavailable, "The connector is shutting down; ask again later.")
}

/// Logs warnings, for calls whose answer has no field for them.
fn log_warnings(warnings: &[String]) {
    for warning in warnings {
        tracing::warn!("{warning}");
    }
}

fn log_schema(result: &Result<Catalog, SyncError>, seconds: f64) {
    match result {
        Ok(Catalog::Tables(tables)) => {
            tracing::info!(tables = tables.len(), seconds, "Schema answered");
        }
        Ok(Catalog::Schemas(schemas)) => {
            let tables: usize = schemas.iter().map(|schema| schema.tables.len()).sum();
            tracing::info!(schemas = schemas.len(), tables, seconds, "Schema answered");
        }
        Err(error) => {
            let fault = status::fault_name(error);
            tracing::warn!(seconds, fault, "Schema failed");
        }
    }
}
