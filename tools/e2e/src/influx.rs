//! InfluxDB over its HTTP API: what writers and the comparison need, and the token's life.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use semver::Version;
use serde_json::{Map, Value, json};
use ureq::http::Response;
use ureq::tls::TlsConfig;
use ureq::{Agent, Body};

use crate::secrets::{Secret, Secrets};
use crate::write_log::{File, WriteLog};

/// The database of most scenarios.
pub(crate) const DATABASE: &str = "plant";
/// No answer of these small databases takes longer, if there is one.
const PATIENCE: Duration = Duration::from_secs(30);

/// The header in which a server names its release.
const RELEASE: &str = "x-influxdb-version";

/// A row, by column.
pub(crate) type Row = Map<String, Value>;

/// A database of one server. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Influx {
    server: Arc<Server>,
    database: &'static str,
    write_log: Arc<Mutex<WriteLog>>,
}

struct Server {
    agent: Agent,
    url: RwLock<String>,
    token: RwLock<Option<Secret>>,
    secrets: Secrets,
}

impl Influx {
    pub(crate) fn new(secrets: Secrets) -> Self {
        // Whether a certificate is good is the connector's to say; here it is about the points.
        let tls = TlsConfig::builder().disable_verification(true).build();
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .timeout_connect(Some(Duration::from_secs(2)))
            .http_status_as_error(false)
            .tls_config(tls)
            .build();
        let server = Server {
            agent: config.new_agent(),
            url: RwLock::default(),
            token: RwLock::default(),
            secrets,
        };
        Self { server: Arc::new(server), database: DATABASE, write_log: Arc::default() }
    }

    /// Another database of the same server.
    pub(crate) fn with_database(&self, database: &'static str) -> Self {
        Self { server: Arc::clone(&self.server), database, write_log: Arc::default() }
    }

    pub(crate) fn database(&self) -> &'static str {
        self.database
    }

    /// Where it answers now.
    pub(crate) fn moved_to(&self, url: String) {
        *self.server.url.write().unwrap_or_else(PoisonError::into_inner) = url;
    }

    pub(crate) fn token(&self) -> Option<Secret> {
        self.server.token.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether anybody answers, be it that a token is asked for.
    pub(crate) fn answers(&self) -> bool {
        self.call("GET", "/health", None).is_ok()
    }

    /// Asks for the release; none: the server does not say, or not in a way that is understood.
    pub(crate) fn release(&self) -> Result<Option<Version>> {
        let response = self.send("GET", "/ping", None)?;
        let release = response.headers().get(RELEASE).and_then(|release| release.to_str().ok());
        Ok(release.and_then(|release| Version::parse(release).ok()))
    }

    /// What was written to this server and may be in its buffer.
    pub(crate) fn write_log(&self) -> MutexGuard<'_, WriteLog> {
        self.write_log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self, method: &str, path: &str, body: Option<&str>) -> Result<(u16, String)> {
        let mut response = self.send(method, path, body)?;
        let status = response.status().as_u16();
        let text = response.body_mut().with_config().limit(u64::MAX).read_to_string()?;
        Ok((status, text))
    }

    fn send(&self, method: &str, path: &str, body: Option<&str>) -> Result<Response<Body>> {
        let url = self.server.url.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{url}{path}"));
        if let Some(token) = self.token() {
            request = request.header("authorization", format!("Bearer {}", token.expose()));
        }
        if body.is_some_and(|body| body.starts_with('{')) {
            request = request.header("content-type", "application/json");
        }
        Ok(self.server.agent.run(request.body(body.unwrap_or_default().to_owned())?)?)
    }

    /// Asks for the first admin token.
    pub(crate) fn make_token(&self) -> Result<()> {
        self.take_token("/api/v3/configure/token/admin")
    }

    /// Revokes the token, and takes a new one.
    pub(crate) fn replace_token(&self) -> Result<()> {
        self.take_token("/api/v3/configure/token/admin/regenerate")
    }

    fn take_token(&self, path: &str) -> Result<()> {
        let (status, text) = self.call("POST", path, None)?;
        ensure!(matches!(status, 200 | 201), "InfluxDB gives no token: status {status}");
        let answer: Value = serde_json::from_str(&text).context("the token's answer is no JSON")?;
        let token = Secret::new(answer["token"].as_str().context("no token in the answer")?);
        self.server.secrets.add(&token);
        *self.server.token.write().unwrap_or_else(PoisonError::into_inner) = Some(token);
        Ok(())
    }

    /// Writes line protocol with timestamps in nanoseconds, and waits until it is acknowledged.
    pub(crate) fn write(&self, lines: &str) -> Result<()> {
        let path = format!("/api/v3/write_lp?db={}&precision=nanosecond", self.database);
        self.write_log().sent(lines)?;
        let (status, text) = self.call("POST", &path, Some(lines))?;
        ensure!(status == 204, "InfluxDB refuses a write: status {status}: {text}");
        self.write_log().acknowledged(lines, Instant::now())
    }

    /// Lists the files of all tables, so that what is in them counts no longer as buffered.
    pub(crate) fn list_files(&self) -> Result<()> {
        let tables = self.write_log().tables();
        for table in tables {
            let at = Instant::now();
            let quoted = table.replace('\'', "''");
            let rows = self.query(&format!(
                "SELECT path, min_time, max_time FROM system.parquet_files \
                 WHERE table_name = '{quoted}'"
            ))?;
            let files = rows.iter().map(|row| {
                Some(File {
                    path: row["path"].as_str()?.to_owned(),
                    min_time: row["min_time"].as_i64()?,
                    max_time: row["max_time"].as_i64()?,
                })
            });
            let files = files.collect::<Option<Vec<_>>>().context("a file has no path or time")?;
            self.write_log().listed(&table, files, at);
        }
        Ok(())
    }

    /// Every row of an answer.
    pub(crate) fn query(&self, sql: &str) -> Result<Vec<Row>> {
        let body = json!({ "db": self.database, "q": sql, "format": "jsonl" }).to_string();
        let (status, text) = self.call("POST", "/api/v3/query_sql", Some(&body))?;
        ensure!(status == 200, "InfluxDB refuses {sql:?}: status {status}: {text}");
        let rows = text.lines().filter(|line| !line.is_empty()).map(serde_json::from_str);
        rows.collect::<Result<_, _>>().context("an answer is not JSON lines")
    }
}

/// Runs what blocks on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failure) => bail!("a thread has failed: {failure}"),
    }
}
