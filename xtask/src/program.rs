//! Builds, runs and stops the project's programs.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::{env, thread};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// The root of the repository.
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The target directory, as `cargo` tells it: the environment or a configuration file may set it.
pub fn target() -> PathBuf {
    static TARGET: LazyLock<Option<PathBuf>> = LazyLock::new(ask_for_target);
    // If `cargo` cannot tell, a build fails too, and says why.
    TARGET.clone().unwrap_or_else(|| root().join("target"))
}

fn ask_for_target() -> Option<PathBuf> {
    let metadata = output(&mut cargo(["metadata", "--no-deps", "--format-version", "1"])).ok()?;
    let metadata: Value = serde_json::from_str(&metadata).ok()?;
    metadata["target_directory"].as_str().map(PathBuf::from)
}

/// The `cargo` that runs us, without the variables that it has set for our package. Build scripts
/// that read these would run again, and crates that depend on them would be compiled again.
pub fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    let ours = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(ours)) {
        command.env_remove(name);
    }
    command
}

/// `cargo` for the workspace of what measures and what needs Docker, which builds where all else is
/// built.
#[must_use]
pub fn tools(verb: &str) -> Command {
    let mut command = cargo([verb, "--manifest-path", "tools/Cargo.toml"]);
    command.env("CARGO_TARGET_DIR", target());
    command
}

/// Installs a command of cargo if it is missing, in a version that builds with this project's Rust.
/// Later versions may need a newer one.
pub fn install(command: &str, version: &str) -> Result<()> {
    let found = cargo([command, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let package = format!("cargo-{command}");
    println!("cargo install {package} {version} ...");
    run(&mut cargo(["install", "--locked", "--quiet", "--version", version, &package]))
}

/// Runs a command to its end.
///
/// # Errors
/// It cannot be started, or fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

/// Runs a command to its end. Returns its output.
///
/// # Errors
/// It cannot be started, fails, or prints what is not text.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(output.status.success(), "{command:?} ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// Builds the connector and the fake InfluxDB. Returns the directory of their executables.
///
/// # Errors
/// The build fails.
pub fn build() -> Result<PathBuf> {
    run(cargo(["build"]).args(DEMO))?;
    Ok(target().join("debug"))
}

/// The programs of a first look. Programs rather than packages, so that the features of shared
/// crates are those of the whole workspace: the tests then find everything compiled.
pub const DEMO: [&str; 4] = ["--bin", "connector", "--bin", "influx-fake"];

/// A program that is stopped when it is dropped.
pub struct Server {
    child: Child,
    /// Where it listens, such as `127.0.0.1:8181`.
    pub address: String,
}

impl Server {
    /// Starts a program, and waits until a line of its output names the port of 127.0.0.1 that it
    /// listens on.
    ///
    /// # Errors
    /// The program cannot be started, or ends before it listens.
    pub fn start(command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let child = child.with_context(|| format!("cannot start {command:?}"))?;
        let mut server = Self { child, address: String::new() };
        let output = server.child.stdout.take().context("its output was taken")?;
        let mut lines = BufReader::new(output).lines();
        for line in &mut lines {
            if let Some(port) = port(&line?) {
                server.address = format!("127.0.0.1:{port}");
                // Read on: a program whose output is not read would block.
                thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
                return Ok(server);
            }
        }
        bail!("{command:?} ended before it listened")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, which is no error.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The port in a line such as `listening on http://127.0.0.1:8181` or
/// `{"context":{"port":50051}, ...}`.
fn port(line: &str) -> Option<u16> {
    let after = |host: &str| line.split_once(host).map(|(_, rest)| rest);
    let rest = after("127.0.0.1:").or_else(|| after("\"port\":"))?;
    let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

/// The fake InfluxDB, with points: each pair is a database and a file of `fixtures/`.
///
/// # Errors
/// It does not start.
pub fn influx_fake(binaries: &Path, loads: &[(&str, &str)]) -> Result<Server> {
    let mut command = Command::new(binaries.join("influx-fake"));
    // A release without known faults, of which a first sync would warn.
    command.args(["--bind", "127.0.0.1:0", "--token", TOKEN, "--release", "3.11.4"]);
    for (database, file) in loads {
        let file = root().join("fixtures").join(file);
        command.arg("--load").arg(format!("{database}={}", file.display()));
    }
    Server::start(&mut command)
}

/// The connector, serving as it does for Fivetran.
///
/// # Errors
/// It does not start.
pub fn connector(binaries: &Path) -> Result<Server> {
    Server::start(Command::new(binaries.join("connector")).args(["--port", "0"]))
}

/// The fake InfluxDB's token.
pub const TOKEN: &str = "demo-token";
