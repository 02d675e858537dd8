//! Finds circles: files of a crate that import each other, directly or through other files.
//!
//! Files in a circle can be understood and changed only together. Move what two files share into a
//! third.
//!
//! It reads the paths in each file below `src`: all that start with `crate`, `self` or `super`, and
//! in `use` items also those that start with the name of a child. It leaves out modules of tests. A
//! module that re-exports from its children does not depend on them; a file that imports the
//! re-export depends on the child.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::Visit;
use syn::{ItemMod, ItemUse, UseTree, Visibility};

use crate::sources::{Source, below};

/// The path of a module, from the crate's root.
type Module = Vec<String>;

/// A path to something of the crate, imported or used where it stands.
struct Import {
    /// As it is written, or from the crate's root.
    path: Vec<String>,
    /// The name that it gets in the file that imports it.
    name: String,
    /// Whether it can be imported from there.
    is_public: bool,
}

type Imports = BTreeMap<Module, Vec<Import>>;

#[test]
fn files_do_not_import_each_other() {
    let mut failures = Vec::new();
    for folder in crates() {
        let circles = circles(&imports(below(&format!("{folder}/src")), &folder));
        if !circles.is_empty() {
            failures.push(format!("{folder} has circles: {circles:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The folders of all crates: those that have a `src`.
fn crates() -> BTreeSet<String> {
    let sources = [below("crates"), below("xtask"), below("tools")].concat();
    let folder = |source: &Source| Some(source.path.split_once("/src/")?.0.to_owned());
    sources.iter().filter_map(folder).collect()
}

/// What each file of a crate imports from others of the crate.
fn imports(sources: Vec<Source>, folder: &str) -> Imports {
    let prefix = format!("{folder}/src/");
    let has_library = sources.iter().any(|source| source.path == format!("{prefix}lib.rs"));
    let module = |source: &Source| match source.path.trim_start_matches(&prefix) {
        "main.rs" if !has_library => Module::new(),
        file => module_of(file),
    };
    let modules: BTreeSet<_> = sources.iter().map(module).collect();
    let imports = sources.iter().map(|source| {
        let module = module(source);
        let file = syn::parse_file(&source.text).unwrap();
        let mut paths = Paths::default();
        paths.visit_file(&file);
        let imports = paths.0.into_iter().filter_map(|import| {
            Some(Import { path: absolute(import.path, &module, &modules)?, ..import })
        });
        (module.clone(), imports.collect())
    });
    imports.collect()
}

/// All paths of a file that may lead into its crate.
#[derive(Default)]
struct Paths(Vec<Import>);

impl Visit<'_> for Paths {
    /// Leaves modules inside of a file out: they are tests.
    fn visit_item_mod(&mut self, _: &ItemMod) {}

    fn visit_item_use(&mut self, item: &ItemUse) {
        let is_public = !matches!(item.vis, Visibility::Inherited);
        flatten(&item.tree, Vec::new(), &mut |path, name| {
            self.0.push(Import { path, name, is_public });
        });
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let steps: Vec<_> = path.segments.iter().map(|step| step.ident.to_string()).collect();
        if steps.len() > 1 && ["crate", "self", "super"].contains(&steps[0].as_str()) {
            self.0.push(Import { path: steps, name: String::new(), is_public: false });
        }
        syn::visit::visit_path(self, path);
    }
}

/// The module of a file: `late/files.rs` and `late/files/mod.rs` are `late::files`.
fn module_of(file: &str) -> Module {
    let mut path: Module = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| last == "mod") || path == ["lib"] {
        path.pop();
    }
    path
}

/// Calls `each` with every path of a `use`, and the name that it gets.
fn flatten(tree: &UseTree, mut path: Vec<String>, each: &mut impl FnMut(Vec<String>, String)) {
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            flatten(&step.tree, path, each);
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, path.clone(), each);
            }
        }
        UseTree::Name(name) => {
            path.push(name.ident.to_string());
            each(path, name.ident.to_string());
        }
        UseTree::Rename(rename) => {
            path.push(rename.ident.to_string());
            each(path, rename.rename.to_string());
        }
        UseTree::Glob(_) => {
            each(path, "*".to_owned());
        }
    }
}

/// A path from the crate's root; `None` if it leads out of the crate.
fn absolute(
    mut path: Vec<String>,
    module: &Module,
    modules: &BTreeSet<Module>,
) -> Option<Vec<String>> {
    // `use a::{self}` means `a`.
    path.pop_if(|last| last == "self");
    let mut base = module.clone();
    let child = [&module[..], &path[..1]].concat();
    match path[0].as_str() {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            let up = path.iter().take_while(|step| *step == "super").count();
            base.truncate(module.len() - up);
            path.drain(1..up);
        }
        _ if modules.contains(&child) => return Some([&base[..], &path[..]].concat()),
        _ => return None,
    }
    Some([&base[..], &path[1..]].concat())
}

/// The groups of files that import each other.
fn circles(imports: &Imports) -> BTreeSet<BTreeSet<String>> {
    let edges: BTreeMap<_, BTreeSet<_>> = imports
        .iter()
        .map(|(module, items)| {
            let items = items.iter().filter(|item| {
                let is_re_export = item.is_public && item.path.starts_with(module);
                !is_re_export
            });
            let targets = items.map(|item| defined_in(&item.path, imports));
            (
                module.clone(),
                targets.filter(|target| target != module && imports.contains_key(target)).collect(),
            )
        })
        .collect();
    let reached: BTreeMap<_, _> =
        edges.keys().map(|module| (module, reached_from(module, &edges))).collect();
    let circle = |module: &Module| -> BTreeSet<String> {
        let others = reached[module].iter().filter(|other| reached[other].contains(module));
        others.map(|other| format!("crate::{}", other.join("::"))).collect()
    };
    edges.keys().map(circle).filter(|circle| !circle.is_empty()).collect()
}

/// The module whose file defines what a path names, behind all re-exports.
fn defined_in(path: &[String], imports: &Imports) -> Module {
    let mut path = path.to_vec();
    // No chain of re-exports is longer.
    for _ in 0..imports.len() {
        let length = (0..=path.len()).rev().find(|&length| imports.contains_key(&path[..length]));
        let (module, rest) = path.split_at(length.unwrap_or_default());
        let name = rest.first();
        let re_export = imports
            .get(module)
            .and_then(|items| items.iter().find(|item| item.is_public && Some(&item.name) == name));
        match re_export {
            Some(item) => path = [&item.path[..], &rest[1..]].concat(),
            None => return module.to_vec(),
        }
    }
    path
}

fn reached_from(start: &Module, edges: &BTreeMap<Module, BTreeSet<Module>>) -> BTreeSet<Module> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(module) = open.pop() {
        for next in &edges[module] {
            if reached.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    reached
}

#[track_caller]
fn check(files: &[(&str, &str)], expect: &[&[&str]]) {
    let source = |&(file, text): &(&str, &str)| Source {
        path: format!("a/src/{file}"),
        text: text.to_owned(),
    };
    let found = circles(&imports(files.iter().map(source).collect(), "a"));
    let expect = expect.iter().map(|circle| circle.iter().map(|&name| name.to_owned()).collect());
    assert_eq!(found, expect.collect());
}

#[test]
fn a_circle_is_found() {
    check(
        &[("lib.rs", "mod a; mod b;"), ("a.rs", "use std::fmt;"), ("b.rs", "use crate::a::A;")],
        &[],
    );
    let pair = ["crate::a", "crate::b"];
    check(&[("a.rs", "use crate::b::B;"), ("b.rs", "use super::a::{A, C};")], &[&pair]);
    check(&[("a.rs", "use crate::b;"), ("b.rs", "use super::{a::A, x};")], &[&pair]);
    check(&[("a.rs", "fn f() { crate::b::f() }"), ("b.rs", "fn f(_: super::a::A) {}")], &[&pair]);
    check(&[("a.rs", "mod tests { use crate::b; }"), ("b.rs", "use crate::a;")], &[]);
    let triple = ["crate::a", "crate::b", "crate::c"];
    check(
        &[("a.rs", "use crate::b::B;"), ("b.rs", "use crate::c::C;"), ("c.rs", "use crate::a;")],
        &[&triple],
    );
}

#[test]
fn a_re_export_is_no_dependency() {
    let parent = "mod a; mod b; pub(crate) use a::A; pub use b::B;";
    check(&[("x.rs", parent), ("x/a.rs", "use super::B;"), ("x/b.rs", "")], &[]);
    check(
        &[("x.rs", parent), ("x/a.rs", "use super::B;"), ("x/b.rs", "use crate::x::A;")],
        &[&["crate::x::a", "crate::x::b"]],
    );
    let uses_child = "mod a; use a::A; pub struct X;";
    check(&[("x.rs", uses_child), ("x/a.rs", "use super::X;")], &[&["crate::x", "crate::x::a"]]);
}
