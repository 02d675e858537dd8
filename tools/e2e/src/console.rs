//! Prints to standard output and to a file, so that what was printed can be searched for secrets.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};

pub(crate) struct Console {
    started: Instant,
    file: Mutex<File>,
}

impl Console {
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let file =
            File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { started: Instant::now(), file: Mutex::new(file) })
    }

    /// Says some lines.
    pub(crate) fn say(&self, text: &str) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        println!("{text}");
        // The screen has it, if the disk has not.
        let _ = writeln!(file, "{text}");
    }

    /// Says what happens, behind the time since the start.
    pub(crate) fn note(&self, who: &str, text: &str) {
        self.say(&format!("{:>7.1} s  {who}: {text}", self.started.elapsed().as_secs_f64()));
    }
}
