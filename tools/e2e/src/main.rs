//! Docker end to end: InfluxDB, the connector and the platform in containers of their own, with
//! faults injected between them. `cargo xtask e2e` starts it; README.md, "Docker end to end", says
//! what it does.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is read by people")]

mod arguments;
mod cell;
mod certificates;
mod clock;
mod compare;
mod console;
mod engine;
mod faults;
mod generator;
mod graph;
mod image;
mod images;
mod influx;
mod libraries;
mod load;
mod logs;
mod outcome;
mod point;
mod present;
mod probe;
mod proxy;
mod run;
mod scenarios;
mod sdk_tester;
mod secrets;
mod soak;
mod sync;
mod together;
mod trend;
mod truth;
mod warehouse;
mod world;
mod write_log;
mod writers;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Inside};

/// The exit code where no Docker engine answers: neither a success nor a failure of the project.
const NO_ENGINE: u8 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match &arguments.inside {
        // These two run in containers.
        Some(Inside::Proxy(proxy)) => proxy::serve(proxy).await.map(|()| true),
        Some(Inside::Probe) => probe::print().map(|()| true),
        None if arguments.list => {
            scenarios::list();
            Ok(true)
        }
        None => match engine::Engine::connect().await {
            Ok(engine) => run::run(&arguments, engine).await,
            Err(reason) => {
                println!("No Docker engine answers, so nothing was run: {reason:#}");
                return ExitCode::from(NO_ENGINE);
            }
        },
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
