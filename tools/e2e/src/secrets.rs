//! Holds tokens so that they cannot be printed, and searches for them in all that was printed and
//! written.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aho_corasick::AhoCorasick;
use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A token.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one who has to send it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Every token that a run has had.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<Vec<Secret>>>);

/// A file that holds a token, and in which form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Leak {
    pub(crate) file: PathBuf,
    pub(crate) form: &'static str,
}

/// What a search came to.
#[derive(Debug, Default)]
pub(crate) struct Search {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) leaks: Vec<Leak>,
    /// Configuration files, each of which must hold a token: they show that the search works.
    pub(crate) inputs: u64,
    /// Those of them in which one was found.
    pub(crate) inputs_found: u64,
}

impl Search {
    /// Whether it has found what is there to be found.
    pub(crate) fn is_sharp(&self) -> bool {
        self.inputs_found == self.inputs
    }
}

/// What holds the token since it is what tells it to the connector.
const INPUT: &str = "configuration.json";

impl Secrets {
    pub(crate) fn add(&self, secret: &Secret) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(secret.clone());
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Looks into every file below a directory.
    pub(crate) fn search(&self, directory: &Path) -> Result<Search> {
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Look for all forms in one pass: a long run has hundreds, and hundreds of megabytes.
        let needles: Vec<_> = secrets.iter().flat_map(forms).collect();
        let finder = AhoCorasick::new(needles.iter().map(|(_, needle)| needle))?;
        let mut search = Search::default();
        let mut open = vec![directory.to_path_buf()];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                for entry in fs::read_dir(&path)? {
                    open.push(entry?.path());
                }
                continue;
            }
            let bytes = fs::read(&path)?;
            let found =
                finder.find(&bytes).and_then(|found| needles.get(found.pattern().as_usize()));
            if path.file_name().is_some_and(|name| name == INPUT) {
                search.inputs += 1;
                search.inputs_found += u64::from(found.is_some());
                continue;
            }
            search.files += 1;
            search.bytes += bytes.len() as u64;
            if let Some((form, _)) = found {
                search.leaks.push(Leak { file: path, form });
            }
        }
        Ok(search)
    }
}

/// The forms in which a token could be written: as it is, and in base64 at any offset of a text.
fn forms(secret: &Secret) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![("plain", secret.0.clone().into_bytes())];
    for before in 0..3 {
        let text = [vec![0; before], secret.0.clone().into_bytes()].concat();
        // Characters that the bytes around the token have a part in are left out.
        let within = (before * 8).div_ceil(6)..text.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
            forms.push(("base64", encoded.as_bytes()[within.clone()].to_vec()));
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, content: &str, expected: Option<&'static str>) {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("logs")).unwrap();
        fs::write(directory.path().join("logs").join(file), content).unwrap();
        let secrets = Secrets::default();
        secrets.add(&Secret::new("apiv3_0123456789abcdef"));
        let search = secrets.search(directory.path()).unwrap();
        assert_eq!(search.leaks.first().map(|leak| leak.form), expected, "{content}");
    }

    #[test]
    fn tokens_are_found_in_every_form() {
        check("a.log", "all is well", None);
        check("a.log", "authorization: Bearer apiv3_0123456789abcdef.", Some("plain"));
        for around in ["", "a", "ab", "abc", "any:", "é"] {
            for after in ["", "x", "yz", "\n"] {
                let text = format!("{around}apiv3_0123456789abcdef{after}");
                check("a.log", &STANDARD_NO_PAD.encode(text), Some("base64"));
            }
        }
        check("configuration.json", "apiv3_0123456789abcdef", None);
    }

    #[test]
    fn a_search_has_to_find_what_must_be_there() {
        let directory = tempfile::tempdir().unwrap();
        let secrets = Secrets::default();
        secrets.add(&Secret::new("apiv3_0123456789abcdef"));
        let file = directory.path().join("configuration.json");
        fs::write(&file, r#"{"token":"apiv3_0123456789abcdef"}"#).unwrap();
        assert!(secrets.search(directory.path()).unwrap().is_sharp());
        fs::write(&file, r#"{"token":"apiv3_1"}"#).unwrap();
        assert!(!secrets.search(directory.path()).unwrap().is_sharp());
    }

    #[test]
    fn a_secret_has_no_form() {
        assert_eq!(format!("{:?}", Secret::new("apiv3_0")), "Secret");
    }
}
