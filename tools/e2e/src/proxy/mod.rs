//! A TCP proxy that delays, throttles, drops and resets, as a bad network does: not every kernel
//! has `netem`, and every machine has sockets.
//!
//! Runs in a container between the others. Each route is a port here and an address behind it; the
//! control port sets the rules of a route, and tells what has been done so far.

mod control;
mod pump;
mod route;
mod rules;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fastrand::Rng;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) use control::Remote;
pub(crate) use rules::Rules;

use route::Route;

/// How long a connection to what is behind may take.
const CONNECT: Duration = Duration::from_secs(5);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A port to listen on, and where it leads
    #[arg(long, value_name = "PORT=HOST:PORT")]
    route: Vec<String>,
    /// What chances are drawn from
    #[arg(long)]
    seed: u64,
}

/// Serves until the container ends.
pub(crate) async fn serve(arguments: &Arguments) -> Result<()> {
    let mut rng = Rng::with_seed(arguments.seed);
    let mut routes = Vec::new();
    for route in &arguments.route {
        let Some((port, target)) = route.split_once('=') else {
            bail!("--route {route}: write PORT=HOST:PORT");
        };
        let port = port.parse().with_context(|| format!("--route {route}"))?;
        let (rules, counters) = (watch::Sender::new(Rules::default()), Arc::default());
        let route = Route { port, target: target.into(), rules, counters };
        let listener = TcpListener::bind(("0.0.0.0", port)).await?;
        tokio::spawn(listen(listener, route.clone(), rng.fork()));
        routes.push(route);
    }
    let listener = TcpListener::bind(("0.0.0.0", control::PORT)).await?;
    println!("the proxy listens");
    control::serve(listener, routes).await
}

async fn listen(listener: TcpListener, route: Route, mut rng: Rng) {
    loop {
        // A socket that could not be accepted is one that the network has lost.
        let Ok((client, _)) = listener.accept().await else { continue };
        route.counters.connections.fetch_add(1, Ordering::Relaxed);
        if route.rules.borrow().refuse {
            route.counters.refused.fetch_add(1, Ordering::Relaxed);
            pump::reset(&client);
            continue;
        }
        let (route, rng) = (route.clone(), rng.fork());
        tokio::spawn(async move {
            let target = tokio::time::timeout(CONNECT, TcpStream::connect(&*route.target)).await;
            match target {
                Ok(Ok(target)) => pump::both(client, target, &route, rng).await,
                _ => pump::reset(&client),
            }
        });
    }
}
