//! The processes of a measurement, and what the system says of them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use procfs::process::Process;
use serde_json::Value;

/// A server in a process of its own, which ends when this is dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) port: u16,
    /// How long it took from its start until it said that it listens.
    pub(crate) listening_after: Duration,
}

impl Program {
    /// The connector, as Fivetran starts it.
    pub(crate) fn connector() -> Result<Self> {
        Self::start(Command::new(connector()?).args(["--port", "0"]))
    }

    /// A role of this program.
    pub(crate) fn role(name: &str, arguments: &[String]) -> Result<Self> {
        Self::start(Command::new(std::env::current_exe()?).arg(name).args(arguments))
    }

    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let started = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("cannot start {command:?}"))?;
        let output = child.stdout.take().context("its output was taken")?;
        let mut program = Self { child, port: 0, listening_after: Duration::ZERO };
        let mut lines = BufReader::new(output).lines();
        for line in &mut lines {
            if let Some(port) = port(&line?) {
                program.port = port;
                program.listening_after = started.elapsed();
                break;
            }
        }
        ensure!(program.port != 0, "{command:?} ended before it listened");
        // Whoever stops reading stops the writer.
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Ok(program)
    }

    /// Asks it to end, as an orchestrator does, and waits until it has.
    pub(crate) fn end(mut self) -> Result<()> {
        let id = self.child.id().to_string();
        ensure!(Command::new("kill").args(["-TERM", &id]).status()?.success(), "it has ended");
        self.child.wait()?;
        Ok(())
    }

    /// The time that all processors have spent on it, in user and system mode.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = self.process()?.stat()?;
        let ticks = stat.utime + stat.stime;
        Ok(Duration::from_secs_f64(ticks as f64 / procfs::ticks_per_second() as f64))
    }

    /// The most memory that it has had at once, in bytes.
    pub(crate) fn peak_bytes(&self) -> Result<u64> {
        let peak = self.process()?.status()?.vmhwm.context("the system does not tell peaks")?;
        Ok(peak * 1024)
    }

    /// The memory that it has now, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        let resident =
            self.process()?.status()?.vmrss.context("the system does not tell memory")?;
        Ok(resident * 1024)
    }

    fn process(&self) -> Result<Process> {
        Ok(Process::new(i32::try_from(self.child.id())?)?)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The connector that was built beside this program.
pub(crate) fn connector() -> Result<PathBuf> {
    let ours = std::env::current_exe()?;
    let theirs = ours.parent().unwrap_or(Path::new(".")).join("connector");
    ensure!(theirs.exists(), "there is no {}: run `cargo xtask bench`", theirs.display());
    Ok(theirs)
}

/// The port in a log line, if it names one.
fn port(line: &str) -> Option<u16> {
    let line: Value = serde_json::from_str(line).ok()?;
    line["context"]["port"].as_u64()?.try_into().ok()
}
