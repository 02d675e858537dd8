//! One column of a table: where it is in the record batches, and how it is converted.

use arrow_array::RecordBatch;
use arrow_schema::{DataType as ArrowType, Schema};
use sync_core::{DataType, Table};

use crate::casts::{can_become, possible_types};
use crate::conversion::{ColumnBuffers, read};
use crate::error::Error;
use crate::loss::Loss;
use crate::reader::BoxedReader;
use crate::text::TimeText;

/// One column of the table, with its place in the schema.
#[derive(Debug)]
pub(crate) struct Column {
    name: String,
    /// Its index in the record batches.
    index: usize,
    from: ArrowType,
    to: DataType,
    primary_key: bool,
    buffers: ColumnBuffers,
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
                possible: possible_types(field.data_type()),
            });
        }
        Ok(Self {
            name: column.name.clone(),
            index,
            from: field.data_type().clone(),
            to: column.data_type,
            primary_key: column.primary_key,
            buffers: ColumnBuffers::default(),
        })
    }

    pub(crate) fn losses(&self) -> impl Iterator<Item = Loss<'_>> {
        self.buffers.losses().of(&self.name)
    }

    /// A reader of this column of `batch`.
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
        let reader = read(batch.column(self.index), self.to, times, &mut self.buffers);
        let reader = reader.map_err(|source| Error::Decode {
            table: table.to_owned(),
            column: self.name.clone(),
            source,
        })?;
        Ok(OpenColumn { name: &self.name, primary_key: self.primary_key, reader })
    }
}

/// One column of one batch, which is being read.
pub(crate) struct OpenColumn<'a> {
    pub(crate) name: &'a str,
    pub(crate) primary_key: bool,
    pub(crate) reader: BoxedReader<'a>,
}
