//! `cargo xtask ci`: every check that a change has to pass.

use std::time::Instant;

use anyhow::Result;

use crate::{bench, demo, dist, e2e, fresh, fuzz, locks, peers, program, python, simulate};

pub(crate) fn run() -> Result<()> {
    // The quick ones first.
    step("cargo fmt --all --check", || {
        cargo(&["fmt", "--all", "--check"])?;
        // The tools and the fuzz targets are workspaces of their own.
        tools("fmt", &["--all", "--check"])?;
        cargo(&["fmt", "--manifest-path", "xtask/fuzz/Cargo.toml", "--check"])
    })?;
    step("cargo clippy --workspace --all-targets -- -D warnings", || {
        cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
        tools("clippy", &["--workspace", "--all-targets", "--", "-D", "warnings"])
    })?;
    step("one version in both locks", locks::check)?;
    step("cargo deny check bans licenses sources", || {
        program::install("deny", CARGO_DENY)?;
        cargo(&["deny", "check", "bans", "licenses", "sources"])?;
        // The tools need no more than some of the licences that the list allows.
        let manifest = ["deny", "--manifest-path", "tools/Cargo.toml", "--config", "deny.toml"];
        let check = ["check", "-A", "license-not-encountered", "bans", "licenses", "sources"];
        cargo(&[&manifest[..], &check].concat())
    })?;
    step("cargo deny: what ships", || {
        let manifest = ["deny", "--manifest-path", "crates/fivetran_source/Cargo.toml"];
        let check = ["--config", "deny-shipped.toml", "check", "bans", "licenses", "sources"];
        cargo(&[&manifest[..], &check].concat())
    })?;
    step("cargo doc --workspace --no-deps", || {
        program::run(
            program::cargo(["doc", "--workspace", "--no-deps", "--quiet"])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    })?;
    step("cargo xtask dist", dist::run)?;
    step("cargo xtask demo", demo::run)?;
    step("the tests take what the demo has compiled", fresh::check)?;
    step("cargo xtask peers", peers::run)?;
    step("cargo xtask python --short", || python::run(python::Arguments::SHORT))?;
    step("cargo xtask fuzz --seconds 3", fuzz::smoke)?;
    step("cargo xtask bench, a few rows", bench::smoke)?;
    step("cargo xtask e2e --short", e2e::short)?;
    step("cargo xtask simulate --mutants, a few", simulate::few)?;
    step("cargo test of the tools", || tools("test", &["--workspace"]))?;
    // Last, so that its result closes the output.
    step("cargo test --workspace", || cargo(&["test", "--workspace"]))
}

fn cargo(arguments: &[&str]) -> Result<()> {
    program::run(&mut program::cargo(arguments))
}

fn tools(verb: &str, arguments: &[&str]) -> Result<()> {
    program::run(program::tools(verb).args(arguments))
}

fn step(name: &str, check: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("\n==> {name}");
    let started = Instant::now();
    check()?;
    println!("<== {name}: {} s", started.elapsed().as_secs());
    Ok(())
}

/// The version that is installed where there is none.
const CARGO_DENY: &str = "0.20.2";
