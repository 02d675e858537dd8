//! The two wheels of one version: with the engine, and without it for computers that it does not
//! fit.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::program;
use crate::python::environment::{Environment, scripts};

/// How the engine is compiled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// As the tests are.
    Dev,
    /// Optimized, for the glibc of this machine.
    Release,
    /// Optimized, for glibc 2.28 and newer.
    ReleaseForOldGlibc,
}

/// The wheels.
pub(crate) struct Wheels {
    /// With the engine.
    pub(crate) native: PathBuf,
    /// Without it: `pip` takes it where no other fits.
    pub(crate) plain: PathBuf,
}

/// The newest glibc that a wheel to publish may need.
const GLIBC: &str = "2.28";

pub(crate) fn build(directory: &Path, build: Build) -> Result<Wheels> {
    let maturin = Environment::with(&directory.join("maturin"), "requirements-build.txt")?;
    let dist = directory.join(if build == Build::Dev { "dist-dev" } else { "dist" });
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    // maturin runs cargo, which must not see the variables of the cargo that runs us.
    let mut command = Command::new(maturin.binary("maturin"));
    for (name, value) in program::cargo(["build"]).get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.args(["build", "--locked", "--quiet", "--out"]).arg(&dist);
    command.arg("--manifest-path").arg(package().join("Cargo.toml"));
    match build {
        Build::Dev => command.args(["--profile", "dev"]),
        Build::Release => command.arg("--release"),
        Build::ReleaseForOldGlibc => {
            let zig = Environment::with(&directory.join("zig"), "requirements-zig.txt")?;
            // maturin asks this Python for zig.
            let path = std::env::var("PATH").unwrap_or_default();
            let bin = zig.binary("");
            command.env("PATH", format!("{}:{path}", bin.display()));
            command.env("VIRTUAL_ENV", zig.binary("..").canonicalize()?);
            command.args(["--release", "--zig", "--compatibility", "manylinux_2_28"])
        }
    };
    command.env("CARGO_TARGET_DIR", program::target());
    println!("maturin build ...");
    program::run(&mut command)?;
    let native = only_wheel(&dist)?;
    program::run(
        Command::new(maturin.python())
            .arg(scripts().join("plain_wheel.py"))
            .arg(&native)
            .arg(&dist),
    )?;
    let plain = dist.join(plain_name(&native)?);
    ensure!(plain.exists(), "{} was not made", plain.display());
    Ok(Wheels { native, plain })
}

/// Checks what is in the wheels, and that `pip` takes the one that fits.
pub(crate) fn check(directory: &Path, wheels: &Wheels, build: Build) -> Result<()> {
    let glibc = match build {
        // The dev build and the plain release need what this machine has.
        Build::Dev | Build::Release => "",
        Build::ReleaseForOldGlibc => GLIBC,
    };
    let python = Environment::with(&directory.join("maturin"), "requirements-build.txt")?;
    program::run(
        Command::new(python.python())
            .arg(scripts().join("check_wheels.py"))
            .arg(&wheels.native)
            .arg(&wheels.plain)
            .arg(glibc),
    )
}

fn package() -> PathBuf {
    program::root().join("crates").join("influxdb3_fivetran")
}

fn only_wheel(directory: &Path) -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            found.push(path);
        }
    }
    match found.as_slice() {
        [only] => Ok(only.clone()),
        found => bail!("one wheel was expected, and there are {}: {found:?}", found.len()),
    }
}

/// The name of the wheel without an engine: that of the other, with tags that fit everywhere.
fn plain_name(native: &Path) -> Result<String> {
    let name = native.file_name().and_then(|name| name.to_str()).context("a wheel has a name")?;
    let mut parts = name.split('-');
    let (project, version) = (parts.next(), parts.next());
    let (Some(project), Some(version)) = (project, version) else {
        bail!("{name} is no name of a wheel")
    };
    Ok(format!("{project}-{version}-py3-none-any.whl"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::plain_name;

    #[test]
    fn the_plain_wheel_has_the_version_of_the_other() {
        let native = Path::new("/x/influxdb3_fivetran-0.1.0-cp310-abi3-linux_x86_64.whl");
        assert_eq!(plain_name(native).unwrap(), "influxdb3_fivetran-0.1.0-py3-none-any.whl");
        assert!(plain_name(Path::new("x.whl")).is_err());
    }
}
