//! Virtual environments of Python, made once in the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::program;

/// A virtual environment.
pub(crate) struct Environment {
    directory: PathBuf,
}

/// The scripts and the pinned requirements.
pub(crate) fn scripts() -> PathBuf {
    program::root().join("xtask").join("python")
}

/// An environment with a release of the SDK and all that it depends on, pinned by hash.
pub(crate) fn sdk(directory: &Path, release: &str) -> Result<Environment> {
    let name = format!("sdk-{release}");
    Environment::with(&directory.join(&name), &format!("requirements-{release}.txt"))
}

impl Environment {
    /// An environment with what a file of `xtask/python` lists.
    pub(crate) fn with(directory: &Path, requirements: &str) -> Result<Self> {
        let environment = Self { directory: directory.to_owned() };
        let requirements = scripts().join(requirements);
        let wanted = fs::read_to_string(&requirements)
            .with_context(|| format!("{} is missing", requirements.display()))?;
        // Written last, so that an environment that was not completed is made again.
        let installed = directory.join("installed.txt");
        if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
            return Ok(environment);
        }
        println!("python3 -m venv {} ...", directory.display());
        program::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(directory))
            .context("the wheel needs Python 3.10 or newer with its venv module")?;
        program::run(
            environment.pip(&["install", "--require-hashes", "--requirement"]).arg(&requirements),
        )?;
        fs::write(installed, wanted)?;
        Ok(environment)
    }

    pub(crate) fn python(&self) -> PathBuf {
        self.binary("python")
    }

    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.directory.join("bin").join(name)
    }

    /// `pip` with these arguments.
    pub(crate) fn pip(&self, arguments: &[&str]) -> Command {
        let mut pip = Command::new(self.python());
        pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check"]).args(arguments);
        pip
    }

    /// Installs a wheel of ours, also one of the same version as before.
    pub(crate) fn install_wheel(&self, wheel: &Path) -> Result<()> {
        program::run(
            self.pip(&["install", "--no-index", "--no-deps", "--force-reinstall"]).arg(wheel),
        )
    }
}
