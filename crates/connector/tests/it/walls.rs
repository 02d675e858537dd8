//! Checks which crates a crate may know, by the dependencies that cargo resolves.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

use crate::sources::below;

/// The packages of the workspace, with their normal dependencies.
struct Walls {
    metadata: Metadata,
    direct: BTreeMap<PackageId, Vec<PackageId>>,
}

impl Walls {
    fn new() -> Self {
        let metadata =
            MetadataCommand::new().other_options(["--locked".to_owned()]).exec().unwrap();
        let nodes = &metadata.resolve.as_ref().unwrap().nodes;
        let direct = nodes.iter().map(|node| {
            let normal = node.deps.iter().filter(|dependency| {
                dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
            });
            (node.id.clone(), normal.map(|dependency| dependency.pkg.clone()).collect())
        });
        Self { direct: direct.collect(), metadata }
    }

    fn members(&self) -> Vec<String> {
        let packages = self.metadata.workspace_packages();
        let mut names: Vec<_> = packages.iter().map(|package| package.name.to_string()).collect();
        names.sort_unstable();
        names
    }

    /// The names of all packages that a member depends on, directly or not.
    fn reached_from(&self, member: &str) -> BTreeSet<String> {
        let packages = self.metadata.workspace_packages();
        let root = packages.iter().find(|package| package.name == member).unwrap();
        let mut open = self.direct[&root.id].clone();
        let mut reached = BTreeSet::new();
        while let Some(id) = open.pop() {
            if reached.insert(id.clone()) {
                open.extend(self.direct[&id].iter().cloned());
            }
        }
        reached.iter().map(|id| self.metadata[id].name.to_string()).collect()
    }

    /// The members that a member depends on directly.
    fn members_below(&self, member: &str) -> Vec<String> {
        let packages = self.metadata.workspace_packages();
        let root = packages.iter().find(|package| package.name == member).unwrap();
        let members = self.members();
        let direct = self.direct[&root.id].iter().map(|id| self.metadata[id].name.to_string());
        let mut below: Vec<_> = direct.filter(|name| members.contains(name)).collect();
        below.sort_unstable();
        below
    }
}

fn is_fivetran(name: &str) -> bool {
    name.starts_with("fivetran")
}

fn is_influx_or_arrow(name: &str) -> bool {
    name.starts_with("influx") || name.starts_with("arrow")
}

#[test]
fn there_are_fifteen_members() {
    assert_eq!(
        Walls::new().members(),
        [
            "arrow-rows",
            "connector",
            "connector-bench",
            "e2e",
            "fivetran-adapter",
            "fivetran-tester",
            "fivetran-wire",
            "fivetran_source",
            "influx-demo",
            "influx-flight",
            "influx-source",
            "sync-config",
            "sync-core",
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
    for member in ["arrow-rows", "influx-flight", "influx-source", "influx-demo"] {
        let reached = walls.reached_from(member);
        assert!(!reached.iter().any(|name| is_fivetran(name)), "{member}: {reached:?}");
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
    below("influx-demo", &[]);
    below("xtask", &[]);
    below("e2e", &["xtask"]);
    below("arrow-rows", &["sync-core"]);
    below(
        "influx-source",
        &["arrow-rows", "influx-flight", "sync-config", "sync-core", "sync-state"],
    );
    below("fivetran-adapter", &["fivetran-wire", "sync-config", "sync-core"]);
    below("connector", &["fivetran-adapter", "fivetran-tester", "influx-source"]);
    below("fivetran_source", &["connector"]);
    // Like the wiring it knows InfluxDB and Fivetran. It is built for measurements only.
    below(
        "connector-bench",
        &[
            "fivetran-adapter",
            "fivetran-wire",
            "influx-flight",
            "influx-source",
            "sync-config",
            "sync-core",
        ],
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
    let tree = std::process::Command::new(env!("CARGO"))
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
    for unwanted in ["datafusion", "rusqlite", "fivetran-tester", "influx-demo"] {
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
