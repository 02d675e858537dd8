//! What a run was measured on.

use std::fmt;

use anyhow::Result;
use procfs::{CpuInfo, Current, Meminfo};
use serde::Serialize;

/// The machine, as far as a figure depends on it.
#[derive(Serialize)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory_gb: u64,
    system: &'static str,
}

impl Machine {
    pub(crate) fn describe() -> Result<Self> {
        let cpu = CpuInfo::current()?;
        Ok(Self {
            processor: cpu.model_name(0).unwrap_or("unknown").to_owned(),
            cores: cpu.num_cores(),
            memory_gb: Meminfo::current()?.mem_total / 1_000_000_000,
            system: std::env::consts::OS,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, memory_gb, system } = self;
        write!(f, "{processor}, {cores} cores, {memory_gb} GB, {system}")
    }
}
