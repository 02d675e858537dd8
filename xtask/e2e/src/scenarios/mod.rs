//! The scenarios: each is a file with one function. At the end of each stands the same sentence: the promise of `design.md` holds.

mod first_sync;
mod incremental;

use anyhow::Result;
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::compare::Comparison;
use crate::world::World;

/// How a scenario went that was played to its end.
pub(crate) enum End {
    /// What the comparison came to.
    Compared(Comparison),
    /// It could not be played here, and why.
    Skipped(String),
}

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
    "first-sync", first_sync, SHORT, "the first sync of six hours of points, while more are written";
    "incremental", incremental, SHORT, "five syncs in a row";
];
