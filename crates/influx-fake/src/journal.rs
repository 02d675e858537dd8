//! A journal in a directory, so that a fake can be killed and started again: its
//! `cluster-uuid`, every accepted write and the hash of the admin token, in the order in which they
//! took effect. Each entry is a line of JSON.
//!
//! An entry is handed to the operating system before it is acknowledged, so it survives the end of
//! the process. It is not forced to the disk, so it may not survive a power cut. An entry that was
//! cut off was never acknowledged, and is dropped.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::store::Precision;

/// The file in the directory.
const FILE: &str = "journal.jsonl";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Entry<'a> {
    /// Lines of which at least one was stored. Replayed in the same order, the same ones are
    /// stored.
    Write {
        database: Cow<'a, str>,
        precision: Precision,
        /// The time of lines without a timestamp, in nanoseconds.
        at: i64,
        lines: Cow<'a, str>,
    },
    /// The `cluster-uuid`.
    Cluster(Cow<'a, str>),
    /// The hash of the new admin token.
    AdminToken(Cow<'a, str>),
}

/// The journal, which has a file once one is opened.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    file: Mutex<Option<File>>,
}

impl Journal {
    fn lock(&self) -> MutexGuard<'_, Option<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends an entry, if there is a file.
    pub(crate) fn append(&self, entry: &Entry<'_>) -> io::Result<()> {
        let mut file = self.lock();
        let Some(file) = file.as_mut() else { return Ok(()) };
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        file.write_all(&line)
    }

    /// Replays every entry of the directory's file, and appends to it from then on.
    pub(crate) fn open(
        &self,
        directory: &Path,
        mut replay: impl FnMut(Entry<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let path = directory.join(FILE);
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(
            |error| io::Error::new(error.kind(), format!("{}: {error}", path.display())),
        )?;
        let mut reader = BufReader::new(file);
        let (mut line, mut number, mut whole) = (Vec::new(), 0, 0);
        loop {
            line.clear();
            let bytes = reader.read_until(b'\n', &mut line)? as u64;
            number += 1;
            if !line.ends_with(b"\n") {
                break;
            }
            let unreadable = |error: &dyn std::fmt::Display| {
                let message = format!("{}, line {number}: {error}", path.display());
                io::Error::new(io::ErrorKind::InvalidData, message)
            };
            let entry = serde_json::from_slice(&line).map_err(|error| unreadable(&error))?;
            replay(entry).map_err(|error| unreadable(&error))?;
            whole += bytes;
        }
        let file = reader.into_inner();
        file.set_len(whole)?;
        *self.lock() = Some(file);
        Ok(())
    }
}
