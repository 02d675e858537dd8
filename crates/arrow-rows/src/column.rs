//! One column: what it is, what it becomes, and what it keeps from batch to batch.

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::{DataType as ArrowType, Schema};
use arrow::error::ArrowError;
use sync_core::{DataType, Table, Value};

use crate::casts::{can_become, possible};
use crate::encoded::unpacked;
use crate::error::Error;
use crate::loss::Loss;
use crate::reader::BoxedReader;
use crate::text::decimal::{Room, decimals};
use crate::text::json::documents;
use crate::text::plain::plain;
use crate::text::{Texts, TimeText};
use crate::value::{borrowed, number, time};

/// One column of the table, found in the schema.
#[derive(Debug)]
pub(crate) struct Column {
    name: String,
    /// Its place in the record batches.
    index: usize,
    from: ArrowType,
    to: DataType,
    primary_key: bool,
    texts: Texts,
    unpacked: Option<ArrayRef>,
}

impl Column {
    pub(crate) fn find(
        schema: &Schema,
        table: &Table,
        column: &sync_core::Column,
    ) -> Result<Self, Error> {
        let named =
            |error: fn(String, String) -> Error| error(table.name.clone(), column.name.clone());
        let mut found =
            schema.fields().iter().enumerate().filter(|(_, field)| *field.name() == column.name);
        let Some((index, field)) = found.next() else {
            return Err(Error::MissingColumn {
                table: table.name.clone(),
                column: column.name.clone(),
                found: schema.fields().iter().map(|field| field.name().clone()).collect(),
            });
        };
        if found.next().is_some() {
            return Err(named(|table, column| Error::AmbiguousColumn { table, column }));
        }
        if !can_become(field.data_type(), column.data_type) {
            return Err(Error::NoCast {
                table: table.name.clone(),
                column: column.name.clone(),
                from: field.data_type().clone(),
                to: column.data_type,
                possible: possible(field.data_type()),
            });
        }
        Ok(Self {
            name: column.name.clone(),
            index,
            from: field.data_type().clone(),
            to: column.data_type,
            primary_key: column.primary_key,
            texts: Texts::default(),
            unpacked: None,
        })
    }

    pub(crate) fn losses(&self) -> impl Iterator<Item = Loss<'_>> {
        self.texts.out.losses.of(&self.name)
    }

    /// This column of `batch`, ready to be read.
    pub(crate) fn open<'a>(
        &'a mut self,
        table: &str,
        batch: &'a RecordBatch,
        times: TimeText,
    ) -> Result<OpenColumn<'a>, Error> {
        let field = batch.schema_ref().fields().get(self.index);
        if field.is_none_or(|field| *field.name() != self.name || *field.data_type() != self.from) {
            return Err(Error::SchemaChanged {
                table: table.to_owned(),
                column: self.name.clone(),
                index: self.index,
                expected: self.from.clone(),
                found: match field {
                    Some(field) => format!("{:?} of {}", field.name(), field.data_type()),
                    None => "nothing".to_owned(),
                },
            });
        }
        let array: &'a dyn Array = batch.column(self.index);
        let decode =
            |source| Error::Decode { table: table.to_owned(), column: self.name.clone(), source };
        self.unpacked =
            if borrowed::is_text(&self.from) { None } else { unpacked(array).map_err(decode)? };
        let array = self.unpacked.as_deref().unwrap_or(array);
        let reader = open(array, self.to, times, &mut self.texts).map_err(decode)?;
        Ok(OpenColumn { name: &self.name, primary_key: self.primary_key, reader })
    }
}

/// One column of one batch.
pub(crate) struct OpenColumn<'a> {
    pub(crate) name: &'a str,
    pub(crate) primary_key: bool,
    pub(crate) reader: BoxedReader<'a>,
}

/// Where an Arrow type meets what it becomes: each line serves the Arrow types that its function takes.
fn open<'a>(
    array: &'a dyn Array,
    to: DataType,
    times: TimeText,
    texts: &'a mut Texts,
) -> Result<BoxedReader<'a>, ArrowError> {
    let from = array.data_type();
    let reader = match to {
        _ if from.is_null() => Some(nulls(array)),
        DataType::Boolean => number::booleans(array),
        DataType::Short => number::shorts(array),
        DataType::Int => number::ints(array),
        DataType::Long if matches!(from, ArrowType::Timestamp(_, _)) => time::nanoseconds(array),
        DataType::Long => number::longs(array),
        DataType::Float => number::floats(array, &mut texts.out.losses),
        DataType::Double => number::doubles(array, &mut texts.out.losses),
        DataType::NaiveDate => time::naive_dates(array),
        DataType::NaiveDateTime => time::naive_datetimes(array),
        DataType::UtcDateTime => time::utc_datetimes(array),
        DataType::Binary => borrowed::binaries(array),
        DataType::String if borrowed::is_text(from) => borrowed::strings(array),
        DataType::Json if borrowed::is_text(from) => borrowed::json(array),
        DataType::Decimal { precision, scale } => {
            match decimals(array, Room { precision, scale }) {
                Some(cells) => Some(texts.read(array, &*cells, Value::Decimal)?),
                None => None,
            }
        }
        DataType::String => match plain(array, times) {
            Some(cells) => Some(texts.read(array, &*cells, Value::String)?),
            None => Some(texts.read(array, &*documents(array, times)?, Value::String)?),
        },
        DataType::Json => Some(texts.read(array, &*documents(array, times)?, Value::Json)?),
    };
    // `can_become` was asked before any batch came, so that `None` here is a gap between two tables of this crate.
    reader.ok_or_else(|| ArrowError::NotYetImplemented(format!("{from} as {to}")))
}

fn nulls<'a>(array: &dyn Array) -> BoxedReader<'a> {
    Box::new(std::iter::repeat_n((), array.len()).map(|()| Ok(Value::Null)))
}
