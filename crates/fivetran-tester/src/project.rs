//! A project directory: the warehouse and the state that goes with it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::{Error, Warehouse};

const STATE: &str = "state.json";
const WAREHOUSE: &str = "warehouse.db";

/// A directory with two files: `warehouse.db` holds what a connector sent, and `state.json` the
/// text of its last checkpoint.
///
/// The state never claims rows that the warehouse does not have. So the state is written after the
/// warehouse commits, and removed before the warehouse is.
#[derive(Debug)]
pub struct Project {
    directory: PathBuf,
}

impl Project {
    /// Opens a project, and makes its directory if there is none.
    ///
    /// # Errors
    /// [`Error::File`] if the directory cannot be made.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        let directory = directory.into();
        fs::create_dir_all(&directory).map_err(Error::file("create", &directory))?;
        Ok(Self { directory })
    }

    /// Where the warehouse is, or will be after a sync: an SQLite file.
    pub fn warehouse_path(&self) -> PathBuf {
        self.directory.join(WAREHOUSE)
    }

    /// Where the state is, or will be after a checkpoint: the connector's own JSON text.
    pub fn state_path(&self) -> PathBuf {
        self.directory.join(STATE)
    }

    /// Opens the warehouse for reading, as it is now.
    ///
    /// # Errors
    /// As [`Warehouse::open`].
    pub fn warehouse(&self) -> Result<Warehouse, Error> {
        Warehouse::open(&self.warehouse_path())
    }

    /// The text of the last checkpoint; `None` before the first.
    ///
    /// It is not checked. A test can put any text there, to see what a connector does with a state
    /// that it did not write.
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be read, or is not text.
    pub fn state(&self) -> Result<Option<String>, Error> {
        let path = self.state_path();
        match fs::read_to_string(&path) {
            Ok(state) => Ok(Some(state)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file("read", path)(error)),
        }
    }

    /// Forgets the state and keeps the warehouse: the next sync is a re-sync.
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be removed.
    pub fn clear_state(&mut self) -> Result<(), Error> {
        remove(&self.state_path())
    }

    /// Removes the state and the warehouse: the next sync is a first one.
    ///
    /// # Errors
    /// [`Error::File`] if a file cannot be removed.
    pub fn reset(&mut self) -> Result<(), Error> {
        self.clear_state()?;
        // SQLite has the first two files while a warehouse is open, and leaves them after a crash.
        for suffix in ["-wal", "-shm", ""] {
            remove(&self.directory.join(format!("{WAREHOUSE}{suffix}")))?;
        }
        Ok(())
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Replaces the state atomically: readers, and the next run after a crash, see the old text or the
/// new one.
///
/// It does not sync the directory. A power cut may bring the old state back, and rows are sent
/// again, which does no harm.
pub(crate) fn write_state(path: &Path, state: &str) -> Result<(), Error> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let write = || {
        let mut file = NamedTempFile::new_in(directory)?;
        file.write_all(state.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(Error::file("write", path))
}
