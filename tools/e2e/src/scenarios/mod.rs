//! The scenarios: each is a file with one function, and ends with the same comparison
//! (`compare.rs`).

mod clock;
mod connector_killed;
mod cut_network;
mod disk_full;
mod end;
mod first_sync;
mod incremental;
mod influxdb_killed;
mod late;
mod network_cut;
mod network_cut_long;
mod paused;
mod platform_killed;
mod resync;
mod selection;
mod servers;
mod silent_network;
mod slow_network;
mod slow_platform;
mod tls;
mod token;
mod twenty;
mod upgrade;

use anyhow::Result;
use futures::FutureExt;
use futures::future::BoxFuture;

pub(crate) use end::End;

use crate::world::World;

pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// It takes minutes, most of them spent waiting.
    pub(crate) long: bool,
    pub(crate) play: for<'a> fn(&'a mut World) -> BoxFuture<'a, Result<End>>,
}

const LONG: bool = true;
const SHORT: bool = false;

macro_rules! scenarios {
    ($($name:literal, $module:ident, $long:expr, $about:literal;)*) => {
        &[$(Scenario {
            name: $name,
            about: $about,
            long: $long,
            play: |world| $module::play(world).boxed(),
        }),*]
    };
}

pub(crate) const ALL: &[Scenario] = scenarios![
    "first-sync", first_sync, SHORT,
        "the first sync of six hours of points, while more are written";
    "incremental", incremental, SHORT,
        "five syncs in a row";
    "late", late, SHORT,
        "points come and change hours late, and the connector is killed meanwhile";
    "re-sync", resync, SHORT,
        "the state is forgotten, and everything is sent anew";
    "selection", selection, SHORT,
        "a table and a column are left out, and taken in again";
    "servers", servers, SHORT,
        "the configuration names another database, another server, and the first again";
    "connector-killed", connector_killed, SHORT,
        "the connector is killed at random moments of syncs";
    "platform-killed", platform_killed, SHORT,
        "the platform is killed or breaks off at random moments, and loses or keeps rows";
    "influxdb-killed", influxdb_killed, SHORT,
        "InfluxDB is killed at random moments of syncs, and started again";
    "network-cut", network_cut, SHORT,
        "InfluxDB is out of reach for seconds, again and again";
    "network-cut-long", network_cut_long, LONG,
        "InfluxDB is out of reach for longer than the connector has patience";
    "slow-network", slow_network, LONG,
        "a proxy delays every piece, or lets little pass";
    "cut-network", cut_network, SHORT,
        "a proxy resets connections in the middle, and refuses new ones";
    "silent-network", silent_network, LONG,
        "a proxy lets connections stay open that carry nothing more";
    "paused", paused, SHORT,
        "InfluxDB, connector and platform are frozen for seconds";
    "slow-platform", slow_platform, SHORT,
        "the platform reads slowly";
    "disk-full", disk_full, SHORT,
        "the disk of the platform is full, and then larger";
    "clock", clock, SHORT,
        "clocks are an hour off, of one side and of both";
    "upgrade", upgrade, SHORT,
        "the state is one of an earlier version";
    "tls", tls, SHORT,
        "a private CA, an expired certificate, a wrong name";
    "token", token, SHORT,
        "the token is revoked in mid-sync, and replaced";
    "twenty-connectors", twenty, LONG,
        "twenty connectors on one InfluxDB";
];

/// Prints their names, and what they are about.
pub(crate) fn list() {
    for scenario in ALL {
        println!("{:16} {}", scenario.name, scenario.about);
    }
}
