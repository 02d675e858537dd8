//! The control port: takes a line of JSON with a port and its rules, and answers with a line of
//! what was done there so far.

use std::net::IpAddr;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::route::Route;
use super::rules::{Done, Rules};

/// Where the proxy listens for orders.
pub(super) const PORT: u16 = 9000;

#[derive(Serialize, Deserialize)]
struct Order {
    port: u16,
    /// None: all is to stay as it is.
    rules: Option<Rules>,
}

pub(super) async fn serve(listener: TcpListener, routes: Vec<Route>) -> Result<()> {
    let routes = Arc::new(routes);
    loop {
        let (stream, _) = listener.accept().await?;
        let routes = Arc::clone(&routes);
        tokio::spawn(async move {
            if let Err(error) = obey(stream, &routes).await {
                eprintln!("an order was not understood: {error:#}");
            }
        });
    }
}

async fn obey(stream: TcpStream, routes: &[Route]) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let order: Order = serde_json::from_str(&line)?;
        let route = routes.iter().find(|route| route.port == order.port);
        let route = route.with_context(|| format!("no route of port {}", order.port))?;
        if let Some(rules) = order.rules {
            route.rules.send_replace(rules);
        }
        let done = serde_json::to_string(&route.counters.done())?;
        stream.get_mut().write_all(format!("{done}\n").as_bytes()).await?;
        line.clear();
    }
    Ok(())
}

/// The proxy, from outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remote {
    address: IpAddr,
}

impl Remote {
    pub(crate) fn new(address: IpAddr) -> Self {
        Self { address }
    }

    /// Does this to a route's connections from now on.
    pub(crate) async fn order(&self, port: u16, rules: Rules) -> Result<Done> {
        self.send(Order { port, rules: Some(rules) }).await
    }

    /// What was done to a route's connections.
    pub(crate) async fn done(&self, port: u16) -> Result<Done> {
        self.send(Order { port, rules: None }).await
    }

    async fn send(&self, order: Order) -> Result<Done> {
        let mut stream = BufReader::new(TcpStream::connect((self.address, PORT)).await?);
        let order = serde_json::to_string(&order)?;
        stream.get_mut().write_all(format!("{order}\n").as_bytes()).await?;
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        ensure!(!line.is_empty(), "the proxy refuses {order}");
        Ok(serde_json::from_str(&line)?)
    }
}
