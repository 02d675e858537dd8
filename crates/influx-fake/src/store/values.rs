//! The values of one field of one series, as a vector of the field's type.

use std::ops::Range;

use influxdb_line_protocol::FieldValue;

use super::column::FieldKind;

/// The values of one field of one series, as long as the series' last point that has the field.
#[derive(Clone, Debug)]
pub(super) enum Values {
    Float(Vec<Option<f64>>),
    Integer(Vec<Option<i64>>),
    UInteger(Vec<Option<u64>>),
    String(Vec<Option<Box<str>>>),
    Boolean(Vec<Option<bool>>),
}

/// Runs the same expression over whichever vector the values are.
macro_rules! each {
    ($values:expr, $vector:ident => $body:expr) => {
        match $values {
            Values::Float($vector) => $body,
            Values::Integer($vector) => $body,
            Values::UInteger($vector) => $body,
            Values::String($vector) => $body,
            Values::Boolean($vector) => $body,
        }
    };
}

impl Values {
    pub(super) fn new(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Float => Self::Float(Vec::new()),
            FieldKind::Integer => Self::Integer(Vec::new()),
            FieldKind::UInteger => Self::UInteger(Vec::new()),
            FieldKind::String => Self::String(Vec::new()),
            FieldKind::Boolean => Self::Boolean(Vec::new()),
        }
    }

    pub(super) fn len(&self) -> usize {
        each!(self, vector => vector.len())
    }

    /// Puts a value at a row at or after the end. The caller has checked the type: a value of
    /// another type has no effect.
    pub(super) fn put(&mut self, row: usize, value: &FieldValue<'_>) {
        each!(self, vector => vector.resize(row + 1, None));
        match (self, value) {
            (Self::Float(vector), FieldValue::F64(value)) => vector[row] = Some(*value),
            (Self::Integer(vector), FieldValue::I64(value)) => vector[row] = Some(*value),
            (Self::UInteger(vector), FieldValue::U64(value)) => vector[row] = Some(*value),
            (Self::String(vector), FieldValue::String(value)) => {
                vector[row] = Some(value.as_str().into())
            }
            (Self::Boolean(vector), FieldValue::Boolean(value)) => vector[row] = Some(*value),
            _ => {}
        }
    }

    /// Merges each group of rows into its last value that is not null.
    pub(super) fn merge(&mut self, order: &[usize], groups: &[Range<usize>]) {
        fn merged<T>(
            vector: &mut [Option<T>],
            order: &[usize],
            groups: &[Range<usize>],
        ) -> Vec<Option<T>> {
            groups
                .iter()
                .map(|group| {
                    let rows = order[group.clone()].iter().rev();
                    rows.copied().find_map(|row| vector.get_mut(row).and_then(Option::take))
                })
                .collect()
        }
        each!(self, vector => *vector = merged(vector, order, groups));
    }

    pub(super) fn bytes(&self, row: usize) -> usize {
        match self {
            Self::String(vector) => {
                let text = vector.get(row).and_then(Option::as_ref);
                text.map_or(0, |text| size_of::<u32>() + text.len())
            }
            Self::Boolean(_) => usize::from(self.is_at(row)),
            _ => size_of::<u64>() * usize::from(self.is_at(row)),
        }
    }

    fn is_at(&self, row: usize) -> bool {
        each!(self, vector => matches!(vector.get(row), Some(Some(_))))
    }

    pub(super) fn text_bytes(&self, rows: Range<usize>) -> usize {
        match self {
            Self::String(vector) => {
                rows.filter_map(|row| vector.get(row)?.as_ref()).map(|text| text.len()).sum()
            }
            _ => 0,
        }
    }
}
