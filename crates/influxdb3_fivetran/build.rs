//! Tells the linker of macOS that Python's functions come from the process that loads the module.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    pyo3_build_config::add_extension_module_link_args();
}
