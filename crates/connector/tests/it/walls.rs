//! Checks which crates a crate may know, by the dependencies that cargo resolves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::sources::{Source, below};

/// What cargo tells of the workspace with this manifest, named from the root of the repository.
///
/// It is read as it is: the crate for it would have a part of the demo compiled again.
fn metadata(manifest: &str, options: &[&str]) -> Value {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(manifest);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1", "--manifest-path"])
        .arg(manifest)
        .args(options)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// The packages of the workspace, with their normal dependencies.
struct Walls {
    /// The names of all packages, by their ids.
    names: BTreeMap<String, String>,
    members: Vec<String>,
    direct: BTreeMap<String, Vec<String>>,
}

impl Walls {
    fn new() -> Self {
        let metadata = metadata("Cargo.toml", &[]);
        let packages = list(&metadata["packages"]).iter();
        let names = packages.map(|package| (text(&package["id"]), text(&package["name"])));
        let is_normal = |dependency: &&Value| {
            list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null())
        };
        let direct = list(&metadata["resolve"]["nodes"]).iter().map(|node| {
            let normal = list(&node["deps"]).iter().filter(is_normal);
            (text(&node["id"]), normal.map(|dependency| text(&dependency["pkg"])).collect())
        });
        Self {
            names: names.collect(),
            members: list(&metadata["workspace_members"]).iter().map(text).collect(),
            direct: direct.collect(),
        }
    }

    fn members(&self) -> Vec<String> {
        let mut names: Vec<_> = self.members.iter().map(|id| self.names[id].clone()).collect();
        names.sort_unstable();
        names
    }

    fn id(&self, member: &str) -> &String {
        self.members.iter().find(|id| self.names[*id] == member).unwrap()
    }

    /// The names of all packages that a member reaches, itself not among them.
    fn reached_from(&self, member: &str) -> BTreeSet<String> {
        let mut open = self.direct[self.id(member)].clone();
        let mut reached = BTreeSet::new();
        while let Some(id) = open.pop() {
            if reached.insert(id.clone()) {
                open.extend(self.direct[&id].iter().cloned());
            }
        }
        reached.iter().map(|id| self.names[id].clone()).collect()
    }

    /// The members that a member depends on directly.
    fn members_below(&self, member: &str) -> Vec<String> {
        let direct = self.direct[self.id(member)].iter();
        let below = direct.filter(|id| self.members.contains(id));
        let mut names: Vec<_> = below.map(|id| self.names[id].clone()).collect();
        names.sort_unstable();
        names
    }
}

fn is_fivetran(name: &str) -> bool {
    name.starts_with("fivetran")
}

fn is_influx_or_arrow(name: &str) -> bool {
    name.starts_with("influx") || name.starts_with("arrow")
}

#[test]
fn there_are_sixteen_members() {
    assert_eq!(
        Walls::new().members(),
        [
            "arrow-rows",
            "connector",
            "connector-sdk-adapter",
            "fivetran-adapter",
            "fivetran-tester",
            "fivetran-wire",
            "fivetran_source",
            "influx-fake",
            "influx-flight",
            "influx-source",
            "influxdb3_fivetran",
            "sync-config",
            "sync-core",
            "sync-engine",
            "sync-state",
            "xtask",
        ]
    );
}

#[test]
fn fivetrans_side_knows_neither_influxdb_nor_arrow() {
    let walls = Walls::new();
    for member in ["fivetran-wire", "fivetran-adapter", "fivetran-tester"] {
        let reached = walls.reached_from(member);
        assert!(!reached.iter().any(|name| is_influx_or_arrow(name)), "{member}: {reached:?}");
    }
}

#[test]
fn influxdbs_side_does_not_know_fivetran() {
    let walls = Walls::new();
    for member in ["arrow-rows", "sync-engine", "influx-flight", "influx-source", "influx-fake"] {
        let reached = walls.reached_from(member);
        assert!(!reached.iter().any(|name| is_fivetran(name)), "{member}: {reached:?}");
    }
}

#[test]
fn the_engine_knows_neither_influxdb_nor_a_wire_nor_fivetran() {
    let reached = Walls::new().reached_from("sync-engine");
    let is_foreign = |name: &&String| {
        let others = ["arrow-flight", "hyper", "prost", "sync-config", "tonic"];
        name.starts_with("influx") || is_fivetran(name) || others.contains(&name.as_str())
    };
    assert_eq!(reached.iter().find(is_foreign), None, "{reached:?}");
    for Source { path, text } in below("crates/sync-engine/src") {
        for word in ["InfluxDB", "SELECT", "parquet", "iox::"] {
            assert!(!text.contains(word), "{path} says {word}");
        }
    }
}

#[test]
fn pythons_side_knows_neither_influxdb_nor_arrow_nor_grpc_and_nothing_else_knows_python() {
    let walls = Walls::new();
    let reached = walls.reached_from("connector-sdk-adapter");
    let is_foreign = |name: &&String| {
        let others = ["hyper", "prost", "rustls", "tonic"];
        is_influx_or_arrow(name) || is_fivetran(name) || others.contains(&name.as_str())
    };
    assert_eq!(reached.iter().find(is_foreign), None, "{reached:?}");
    for member in walls.members() {
        let is_pythons = ["connector-sdk-adapter", "influxdb3_fivetran"].contains(&member.as_str());
        assert_eq!(walls.reached_from(&member).contains("pyo3"), is_pythons, "{member}");
    }
}

#[test]
fn the_tester_shares_the_wire_with_the_adapter_and_nothing_else() {
    let walls = Walls::new();
    assert_eq!(walls.members_below("fivetran-tester"), ["fivetran-wire"]);
    assert!(!walls.reached_from("fivetran-tester").contains("fivetran-adapter"));
}

#[test]
fn each_member_depends_on_what_the_code_map_says() {
    let walls = Walls::new();
    let below = |member: &str, expected: &[&str]| {
        assert_eq!(walls.members_below(member), expected, "{member}");
    };
    below("sync-config", &[]);
    below("sync-core", &[]);
    below("sync-state", &[]);
    below("fivetran-wire", &[]);
    below("influx-flight", &[]);
    below("influx-fake", &[]);
    below("xtask", &[]);
    below("arrow-rows", &["sync-core"]);
    below("sync-engine", &["arrow-rows", "sync-core", "sync-state"]);
    below("influx-source", &["influx-flight", "sync-config", "sync-core", "sync-engine"]);
    below("fivetran-adapter", &["fivetran-wire", "sync-config", "sync-core"]);
    below("connector-sdk-adapter", &["sync-config", "sync-core"]);
    below("connector", &["fivetran-adapter", "fivetran-tester", "influx-source"]);
    below("influxdb3_fivetran", &["connector-sdk-adapter", "influx-source"]);
    below("fivetran_source", &["connector"]);
}

#[test]
fn the_tools_depend_on_what_the_code_map_says() {
    // A workspace of their own. Only manifests are read, so that what the tools need of others need
    // not be there.
    let metadata = metadata("tools/Cargo.toml", &["--no-deps"]);
    let ours = |tool: &str| {
        let mut packages = list(&metadata["packages"]).iter();
        let package = packages.find(|package| package["name"] == tool).unwrap();
        let dependencies = list(&package["dependencies"]).iter();
        let ours = dependencies.filter(|dependency| dependency["path"].is_string());
        let mut names: Vec<_> = ours.map(|dependency| text(&dependency["name"])).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(ours("e2e"), ["xtask"]);
    // Like the wiring it knows both worlds, and it is built for measuring alone.
    assert_eq!(
        ours("connector-bench"),
        [
            "fivetran-adapter",
            "fivetran-wire",
            "influx-flight",
            "influx-source",
            "sync-config",
            "sync-core",
        ]
    );
}

#[test]
fn nouns_and_rows_know_no_runtime() {
    let walls = Walls::new();
    for member in ["sync-config", "sync-core", "sync-state", "fivetran-wire", "arrow-rows"] {
        let reached = walls.reached_from(member);
        assert!(!reached.contains("tokio") && !reached.contains("tonic"), "{member}: {reached:?}");
    }
    let flight = ["arrow-flight", "influx-flight"];
    assert!(flight.iter().all(|name| !walls.reached_from("arrow-rows").contains(*name)));
}

#[test]
fn the_submission_carries_neither_query_engine_nor_database() {
    // Features are unified over the workspace in the metadata, so this one asks for the submission
    // alone.
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--package",
            "fivetran_source",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.contains("influx-source"), "{tree}");
    for unwanted in ["datafusion", "rusqlite", "fivetran-tester", "influx-fake"] {
        assert!(!tree.lines().any(|line| line.starts_with(unwanted)), "{unwanted}");
    }
}

#[test]
fn only_the_wiring_names_both_worlds() {
    let mut both = Vec::new();
    for member in [
        "arrow-rows",
        "connector",
        "fivetran-adapter",
        "fivetran-tester",
        "influx-flight",
        "influx-source",
    ] {
        for source in below(&format!("crates/{member}/src")) {
            if source.text.contains("InfluxSource") && source.text.contains("fivetran_adapter") {
                both.push(source.path);
            }
        }
    }
    assert_eq!(both, ["crates/connector/src/lib.rs"]);
}
