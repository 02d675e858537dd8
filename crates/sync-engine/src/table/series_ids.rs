//! The identity of a series: a hash of its tags that every warehouse can rely on.
//!
//! `_series_id` is a contract that never changes: the first 128 bits, in lowercase hex, of BLAKE3
//! over the tags that are neither null nor empty, in byte order of their names, each as name and
//! value, each of the two behind its length in bytes (u32, little-endian). A point without tags has
//! the hash of nothing. So a tag that is added later changes no series that does not have it, and a
//! null tag equals an empty one. Test vectors stand in `fixtures/series-id.json`.

use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, StringArray};
use arrow_cast::cast;
use arrow_ord::partition::partition;
use arrow_schema::{ArrowError, DataType};
use hashbrown::HashMap;

/// The type of the arrays that [`SeriesIds`] makes: most rows of a batch share their series with
/// the row before.
pub(crate) fn data_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// Hashes the tags of record batches, and remembers the hashes of the tag tuples that it has met.
#[derive(Debug)]
pub(crate) struct SeriesIds {
    /// For each tag, in byte order: its name behind its length.
    names: Vec<Vec<u8>>,
    /// From what is hashed to its hash. It is emptied when it holds [`REMEMBERED_BYTES`], so that
    /// memory is bounded; a series that is met again then costs one more hash.
    memo: HashMap<Vec<u8>, Remembered>,
    /// What the memo holds, in bytes.
    remembered: usize,
    /// Counts batches, to tell which of them a [`Remembered::place`] belongs to.
    batch: u64,
}

/// Some 100,000 series of a few short tags. A bound on their number would bound nothing, since one
/// tag may be as long as a megabyte.
const REMEMBERED_BYTES: usize = 16 * 1024 * 1024;
const HEX_DIGITS: usize = 32;

#[derive(Clone, Copy, Debug)]
struct Remembered {
    hex: [u8; HEX_DIGITS],
    batch: u64,
    /// Where the dictionary of that batch holds the hash.
    place: i32,
}

impl SeriesIds {
    /// For a table with these tags, in byte order of their names.
    pub(crate) fn new(tags: &[String]) -> Self {
        debug_assert!(tags.is_sorted());
        let names = tags.iter().map(|tag| {
            let mut name = Vec::with_capacity(4 + tag.len());
            push_prefixed(&mut name, tag.as_bytes());
            name
        });
        Self { names: names.collect(), memo: HashMap::new(), remembered: 0, batch: 0 }
    }

    /// The hash of every row, as a dictionary array, from the columns of the tags in the order of
    /// [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// A tag that is not text.
    pub(crate) fn of(&mut self, tags: &[ArrayRef], rows: usize) -> Result<ArrayRef, ArrowError> {
        let tags: Vec<_> = tags.iter().map(text).collect::<Result<_, _>>()?;
        // Most databases send series by series, so that most rows have the tags of the row before.
        let runs = match tags.as_slice() {
            [] => std::iter::once(0..rows).collect(),
            tags => partition(tags)?.ranges(),
        };
        let tags: Vec<_> = tags.iter().map(|tag| tag.as_string::<i32>()).collect();
        self.batch += 1;
        let mut hashes = StringBuilder::new();
        let mut places: Vec<i32> = Vec::with_capacity(rows);
        let mut current = Vec::new();
        for run in runs.into_iter().filter(|run| !run.is_empty()) {
            self.collect(&tags, run.start, &mut current);
            places.resize(run.end, self.place(&current, &mut hashes));
        }
        let dictionary: DictionaryArray<Int32Type> =
            DictionaryArray::try_new(Int32Array::from(places), Arc::new(hashes.finish()))?;
        Ok(Arc::new(dictionary))
    }

    /// What is hashed for a row.
    fn collect(&self, tags: &[&StringArray], row: usize, into: &mut Vec<u8>) {
        into.clear();
        for (name, tag) in self.names.iter().zip(tags) {
            if tag.is_valid(row) && !tag.value(row).is_empty() {
                into.extend_from_slice(name);
                push_prefixed(into, tag.value(row).as_bytes());
            }
        }
    }

    /// Where the dictionary of this batch holds the hash of these tags; it is added if it is not
    /// there yet.
    fn place(&mut self, tags: &[u8], hashes: &mut StringBuilder) -> i32 {
        let batch = self.batch;
        let bytes = tags.len() + size_of::<(Vec<u8>, Remembered)>();
        let is_full = self.remembered + bytes > REMEMBERED_BYTES;
        if is_full && !self.memo.contains_key(tags) {
            self.memo.clear();
            self.remembered = 0;
        }
        let unplaced = || {
            self.remembered += bytes;
            Remembered { hex: hash(tags), batch: 0, place: 0 }
        };
        let remembered = self.memo.entry_ref(tags).or_insert_with(unplaced);
        if remembered.batch != batch {
            remembered.batch = batch;
            // A batch has at most as many distinct series as rows, and Arrow counts those in 32
            // bits too.
            remembered.place = hashes.len() as i32;
            hashes.append_value(str::from_utf8(&remembered.hex).unwrap_or_default());
        }
        remembered.place
    }
}

/// Plain text is hashed as it is; views and dictionaries become plain text first.
fn text(tag: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match tag.data_type() {
        DataType::Utf8 => Ok(Arc::clone(tag)),
        _ => cast(tag, &DataType::Utf8),
    }
}

fn push_prefixed(to: &mut Vec<u8>, bytes: &[u8]) {
    // Arrow counts the bytes of a text in 31 bits, so that a length always fits.
    to.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    to.extend_from_slice(bytes);
}

fn hash(tags: &[u8]) -> [u8; HEX_DIGITS] {
    let mut hex = [0; HEX_DIGITS];
    hex.copy_from_slice(&blake3::hash(tags).to_hex().as_bytes()[..HEX_DIGITS]);
    hex
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;

    use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, StringArray, StringViewArray};
    use arrow::compute::cast;
    use arrow::datatypes::{DataType, Int32Type};
    use serde::Deserialize;

    use super::{REMEMBERED_BYTES, Remembered, SeriesIds};

    #[derive(Deserialize)]
    struct Vector {
        tags: BTreeMap<String, Option<String>>,
        series_id: String,
    }

    fn text(values: &[Option<&str>]) -> ArrayRef {
        Arc::new(StringArray::from(values.to_vec()))
    }

    fn ids(names: &[&str], tags: &[ArrayRef]) -> Vec<String> {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let rows = tags.first().map_or(1, |tag| tag.len());
        strings(&SeriesIds::new(&names).of(tags, rows).unwrap())
    }

    fn strings(array: &ArrayRef) -> Vec<String> {
        let array = cast(array, &DataType::Utf8).unwrap();
        array.as_string::<i32>().iter().map(|id| id.unwrap().to_owned()).collect()
    }

    #[test]
    fn equals_the_test_vectors() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../../../fixtures/series-id.json")).unwrap();
        assert!(vectors.len() >= 8);
        for Vector { tags, series_id } in vectors {
            let names: Vec<_> = tags.keys().map(String::as_str).collect();
            let columns: Vec<_> = tags.values().map(|value| text(&[value.as_deref()])).collect();
            assert_eq!(ids(&names, &columns), [series_id], "{tags:?}");
        }
    }

    #[test]
    fn interleaved_series_keep_their_ids_and_share_a_dictionary_entry() {
        let mut series = SeriesIds::new(&["host".to_owned()]);
        let column = text(&[Some("a"), Some("b"), Some("a"), Some("a"), None, Some("")]);
        let array = series.of(std::slice::from_ref(&column), 6).unwrap();
        let dictionary: &DictionaryArray<Int32Type> = array.as_dictionary();
        assert_eq!(dictionary.keys().values(), &[0, 1, 0, 0, 2, 2]);
        // The next batch has a dictionary of its own.
        let next = series.of(&[text(&[Some("b")])], 1).unwrap();
        assert_eq!(strings(&next)[0], strings(&array)[1]);
        assert_eq!(next.as_dictionary::<Int32Type>().values().len(), 1);
    }

    #[test]
    fn reads_views_and_dictionaries() {
        let plain = ids(&["host"], &[text(&[Some("a")])]);
        let view: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a")]));
        assert_eq!(ids(&["host"], &[view]), plain);
        let dictionary: DictionaryArray<Int32Type> = vec!["a"].into_iter().collect();
        assert_eq!(ids(&["host"], &[Arc::new(dictionary) as ArrayRef]), plain);
    }

    /// Meets so many series twice, whose tags are as long as this at least.
    #[track_caller]
    fn check_bounded(rows: usize, length: usize) {
        let values: Vec<_> = (0..rows).map(|row| Some(format!("{row:0length$}"))).collect();
        let column: ArrayRef = Arc::new(StringArray::from(values));
        let mut series = SeriesIds::new(&["host".to_owned()]);
        let first = strings(&series.of(std::slice::from_ref(&column), rows).unwrap());
        let again = strings(&series.of(&[column], rows).unwrap());
        assert_eq!(first, again);
        assert!(first.iter().collect::<BTreeSet<_>>().len() == rows);
        let keys: usize = series.memo.keys().map(Vec::capacity).sum();
        let entries = series.memo.len() * size_of::<(Vec<u8>, Remembered)>();
        assert!(keys + entries <= REMEMBERED_BYTES, "{keys} {entries}");
        assert!(series.memo.len() < rows);
    }

    #[test]
    fn more_series_than_are_remembered_keep_their_ids() {
        check_bounded(200_000, 1);
    }

    #[test]
    fn long_tags_are_bounded_in_bytes() {
        check_bounded(2_000, 20_000);
    }
}
