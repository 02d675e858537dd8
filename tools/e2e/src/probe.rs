//! Measures what the first process of a PID namespace uses: in a container that shares the
//! processes of another, as its user, this needs no rights on the machine.

use std::fs;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Memory that is in use.
    pub(crate) resident_kilobytes: u64,
    /// The most that ever was.
    pub(crate) peak_kilobytes: u64,
    pub(crate) descriptors: u64,
}

pub(crate) fn print() -> Result<()> {
    let status = fs::read_to_string("/proc/1/status")?;
    let kilobytes = |field: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let number = line.and_then(|rest| rest.trim().strip_suffix("kB"));
        number.and_then(|number| number.trim().parse().ok()).with_context(|| field.to_owned())
    };
    let usage = Usage {
        resident_kilobytes: kilobytes("VmRSS:")?,
        peak_kilobytes: kilobytes("VmHWM:")?,
        descriptors: fs::read_dir("/proc/1/fd")?.count() as u64,
    };
    println!("{}", serde_json::to_string(&usage)?);
    Ok(())
}
