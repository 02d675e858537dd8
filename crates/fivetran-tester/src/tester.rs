//! Makes the four calls, as Fivetran does.

use std::sync::Arc;
use std::time::SystemTime;

use fivetran_wire::{
    ConfigurationFormResponse, SchemaResponse, TestResponse, UpdateRequest, test_response,
};
use tonic::Status;

use crate::client::Client;
use crate::clock::Clock;
use crate::declared::{self, DeclaredTable};
use crate::loader::{Loader, Paths};
use crate::rules::{Breaches, Place, Rule, Validator, check_form};
use crate::{Breach, Configuration, Error, Event, FirstState, Project, Report, SyncOptions, sync};

/// How often to try to connect. With pauses that grow to half a second, this takes about ten
/// seconds.
const TRIES: usize = 24;

/// A connection to a source connector, from Fivetran's side.
#[derive(Clone)]
pub struct Tester {
    client: Client,
    clock: Clock,
}

/// A connector's answer, with the rules that it breaks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Checked<T> {
    /// What the connector answered.
    pub answer: T,
    /// The rules that the answer breaks.
    pub breaches: Vec<Breach>,
}

/// One setup test.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetupTest {
    /// Its name, from the form.
    pub name: String,
    /// What the customer reads, from the form.
    pub label: String,
    /// How it went.
    pub verdict: Verdict,
}

/// How a setup test went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It passed.
    Passed,
    /// It failed, for a reason that the customer reads.
    Failed(String),
    /// The connector broke a rule. This is its answer, in words.
    Broken(String),
}

impl Tester {
    /// Connects to `host:port` or `http://host:port`. Waits about ten seconds for a connector that
    /// was just started.
    ///
    /// # Errors
    /// [`Error::Address`] if this is no such address; [`Error::Connect`] if nobody answers.
    pub async fn connect(address: &str) -> Result<Self, Error> {
        Self::connect_within(address, TRIES).await
    }

    /// Connects, with `tries` tries.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_within(address: &str, tries: usize) -> Result<Self, Error> {
        let client = Client::connect(address, tries.max(1)).await?;
        Ok(Self { client, clock: Arc::new(SystemTime::now) })
    }

    /// Replaces the clock, from which `_fivetran_synced`, durations and the hour between
    /// checkpoints come.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Asks for the setup form.
    ///
    /// # Errors
    /// [`Error::Call`] if the connector answers with a status.
    pub async fn form(&self) -> Result<Checked<ConfigurationFormResponse>, Error> {
        let answer = self.client.form().await.map_err(call("ConfigurationForm"))?;
        let mut breaches = Breaches::default();
        check_form(&answer, &mut breaches);
        Ok(Checked { answer, breaches: breaches.into_vec() })
    }

    /// Runs one setup test by its name, which need not be in the form.
    ///
    /// # Errors
    /// [`Error::Call`] if the connector answers with a status.
    pub async fn test(
        &self,
        name: &str,
        configuration: &Configuration,
    ) -> Result<TestResponse, Error> {
        self.client.test(name, configuration).await.map_err(call("Test"))
    }

    /// Runs every setup test of the form in its order, as "Save & Test" does, also after one that
    /// failed.
    ///
    /// # Errors
    /// [`Error::Call`] if there is no form. A test that ends with a status is a breach.
    pub async fn check(
        &self,
        configuration: &Configuration,
    ) -> Result<Checked<Vec<SetupTest>>, Error> {
        let form = self.client.form().await.map_err(call("ConfigurationForm"))?;
        let mut breaches = Breaches::default();
        check_form(&form, &mut breaches);
        let mut answer = Vec::with_capacity(form.tests.len());
        for test in form.tests {
            let verdict = match self.client.test(&test.name, configuration).await {
                Ok(response) => verdict(&response),
                Err(status) => Err((Rule::TestEndedWithStatus, describe(&status))),
            };
            let verdict = verdict.unwrap_or_else(|(rule, text)| {
                let first = || format!("`{}`: {text}", test.name);
                breaches.note(rule, Place::Connector, first);
                Verdict::Broken(text)
            });
            answer.push(SetupTest { name: test.name, label: test.label, verdict });
        }
        Ok(Checked { answer, breaches: breaches.into_vec() })
    }

    /// Asks for tables and columns.
    ///
    /// # Errors
    /// [`Error::Call`] if the connector answers with a status.
    pub async fn schema(
        &self,
        configuration: &Configuration,
    ) -> Result<Checked<SchemaResponse>, Error> {
        let answer = self.client.schema(configuration).await.map_err(call("Schema"))?;
        let now = (self.clock)();
        let (validator, _) = Validator::new(&answer, None, now);
        Ok(Checked { answer, breaches: validator.end(false, now) })
    }

    /// Asks for tables and columns, and parses the answer. Returns none if the connector cannot
    /// list them.
    ///
    /// # Errors
    /// As [`schema`](Self::schema).
    pub async fn tables(
        &self,
        configuration: &Configuration,
    ) -> Result<Checked<Vec<DeclaredTable>>, Error> {
        let Checked { answer, breaches } = self.schema(configuration).await?;
        let (_, tables) = declared::of_schema(&answer);
        Ok(Checked { answer: tables, breaches })
    }

    /// Runs one sync into the project, from its state: asks for the schema, then for the update, as
    /// Fivetran does.
    ///
    /// If the connector fails, that is no error here. The report tells how the sync ended, what it
    /// sent, and which rules it broke. `observer` is called for each event, on the thread that
    /// writes to the warehouse.
    ///
    /// # Errors
    /// [`Error::Call`] if there is no schema; [`Error::File`] or [`Error::Warehouse`] if the
    /// project cannot be read or written. Rows of earlier checkpoints are kept.
    pub async fn sync(
        &self,
        project: &mut Project,
        configuration: &Configuration,
        options: SyncOptions,
        observer: impl FnMut(Event<'_>) + Send + 'static,
    ) -> Result<Report, Error> {
        let started = (self.clock)();
        let state_json = project.state()?.or_else(|| match options.first_state {
            FirstState::Absent => None,
            FirstState::EmptyObject => Some("{}".to_owned()),
        });
        let schema = self.client.schema(configuration).await.map_err(call("Schema"))?;
        let request = UpdateRequest {
            configuration: configuration.clone(),
            selection: options.selection.clone(),
            state_json,
        };
        let stream = self.client.update(request).await;
        let (paths, clock) = (Paths::of(project), self.clock.clone());
        let open = move || Loader::new(&paths, &schema, options, clock, started, observer);
        sync::run(stream, open).await
    }
}

fn verdict(response: &TestResponse) -> Result<Verdict, (Rule, String)> {
    match &response.response {
        Some(test_response::Response::Success(true)) => Ok(Verdict::Passed),
        Some(test_response::Response::Failure(text)) if !text.is_empty() => {
            Ok(Verdict::Failed(text.clone()))
        }
        Some(test_response::Response::Success(false)) => {
            Err((Rule::TestWithoutVerdict, "success: false".to_owned()))
        }
        Some(test_response::Response::Failure(_)) => {
            Err((Rule::TestWithoutVerdict, "a failure without a text".to_owned()))
        }
        None => Err((Rule::TestWithoutVerdict, "nothing set".to_owned())),
    }
}

fn call(method: &'static str) -> impl FnOnce(Status) -> Error {
    move |status| Error::Call { method, status: Box::new(status) }
}

fn describe(status: &Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}
