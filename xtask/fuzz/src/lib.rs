//! What the fuzz targets share. Each target is a file in `fuzz_targets/`, with its first inputs in
//! `corpus/`.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

/// A token, which must not be in any output.
pub const SECRET: &str = "s3cr3t-T0KEN-of-the-fuzz-target";

/// The text of an input. `None` if it is not UTF-8, or if it has the secret in it, since outputs
/// may repeat inputs.
pub fn text(input: &[u8]) -> Option<&str> {
    std::str::from_utf8(input).ok().filter(|text| !text.contains(SECRET))
}

/// The lines of a text. `\n` stands for a line break inside of a line, so that people can read and
/// write the corpus.
pub fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(|line| line.replace("\\n", "\n"))
}

/// A configuration in lines of `name=value`.
pub fn configuration(text: &str) -> BTreeMap<String, String> {
    let pairs = lines(text).filter_map(|line| {
        line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
    });
    pairs.collect()
}

/// Puts the secret into a configuration's token, where it has one.
pub fn with_secret(configuration: &mut BTreeMap<String, String>) {
    let token = configuration.get_mut("token").filter(|token| !token.trim().is_empty());
    if let Some(token) = token {
        token.insert_str(token.len() - token.trim_start().len(), SECRET);
    }
}

/// Runs a future to its end, on one runtime for all inputs.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_current_thread().enable_time().build().expect("a runtime is made")
    });
    runtime.block_on(future)
}
