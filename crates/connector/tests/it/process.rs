//! The program in a process of its own, as Fivetran runs it.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;
use snapbox::cmd::cargo_bin;

/// The program, serving on a free port. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    port: u16,
    /// Its output, which is short, stays in the pipe. If the pipe were closed, its next line would
    /// fail.
    log: Lines<BufReader<ChildStdout>>,
}

impl Process {
    pub(crate) fn start() -> Self {
        Self::spawn(&mut Command::new(cargo_bin!("connector")))
    }

    /// The program, with a limit on open files and sockets.
    pub(crate) fn with_files(limit: u32) -> Self {
        let limited = format!("ulimit -n {limit} && exec \"$0\" \"$@\"");
        Self::spawn(Command::new("sh").arg("-c").arg(limited).arg(cargo_bin!("connector")))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command.args(["--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&log.next().unwrap().unwrap()).unwrap();
        let port = first["context"]["port"].as_u64().unwrap();
        Self { child, port: port.try_into().unwrap(), log }
    }

    /// The next line of the log.
    pub(crate) fn says(&mut self) -> String {
        self.log.next().unwrap().unwrap()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its peak memory so far, in bytes, as Linux counts it (`VmHWM`).
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix("kB").unwrap().trim().parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
