//! The list of rules.

use std::fmt;

/// A rule of Fivetran's that a source connector can break, on the Partner SDK or on the Connector
/// SDK.
///
/// A rule is displayed as what the connector did. The rules come from the guides and protocol
/// comments of <https://github.com/fivetran/fivetran_partner_sdk> and from Fivetran's public
/// documentation. Those marked *our reading* are not stated there, but a connector that breaks them
/// cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Two fields of the form have one name: one key of the configuration cannot hold both.
    DuplicateField,
    /// Two tests have one name: a test is asked for by name.
    DuplicateTest,
    /// A condition names a field that does not stand before it in the form (our reading).
    ConditionWithoutField,
    /// A setup test was answered with a gRPC status. It should be a failure with a text, which the
    /// customer can read (our reading).
    TestEndedWithStatus,
    /// A test's answer is neither success nor a failure with a text.
    TestWithoutVerdict,

    /// The answer of `Schema` has nothing set.
    SchemaWithoutAnswer,
    /// A schema change groups tables in schemas, and the answer of `Schema` does not, or the
    /// reverse.
    SchemaChangeShape,
    /// A table is listed twice.
    DuplicateTable,
    /// A column is listed twice.
    DuplicateColumn,
    /// A column has no type, so that Fivetran guesses.
    TypeUnspecified,
    /// A column is declared as `NAIVE_TIME`, or has such values. Many destinations lack this type.
    NaiveTime,
    /// A name starts with `_fivetran_`, which is Fivetran's own.
    ReservedName,
    /// Two tables get one name under Fivetran naming, and merge.
    TablesMerge,
    /// Two columns get one name under Fivetran naming, and merge.
    ColumnsMerge,
    /// A table's key is not the one it was created with. Rows are duplicated until the table is
    /// dropped and synced again.
    KeyChanged,
    /// A column's type is not the one it was declared with before.
    TypeChanged,

    /// A message has nothing set.
    EmptyMessage,
    /// A message is larger than [`MESSAGE_BYTES`](fivetran_wire::limit::MESSAGE_BYTES).
    MessageTooLarge,
    /// A batch holds more than [`RECORDS_PER_MESSAGE`](fivetran_wire::limit::RECORDS_PER_MESSAGE)
    /// records.
    BatchTooLarge,
    /// A message comes after a task, which ends a sync.
    MessageAfterTask,

    /// A record's type is none of the four.
    UnknownRecordType,
    /// A record names its schema where tables come without one, or does not where they come with
    /// one.
    SchemaName,
    /// A record's table is not declared.
    UndeclaredTable,
    /// A value's column is not declared.
    UndeclaredColumn,
    /// A record's table is excluded by the selection.
    ExcludedTable,
    /// A value's column is excluded by the selection, and not part of the key.
    ExcludedColumn,
    /// A truncate comes after the table's first upsert: it deletes what was just sent.
    LateTruncate,
    /// A truncate carries data.
    TruncateWithData,
    /// An upsert leaves out a selected column, which becomes NULL.
    MissingColumn,
    /// A record leaves out a column of its table's key, and is skipped.
    MissingKey,
    /// A record has NULL in its table's key, and is skipped (our reading).
    NullKey,
    /// An update of a table without a key: it finds no row.
    UpdateWithoutKey,

    /// A value has nothing set; NULL is `null: true` (our reading).
    ValueNotSet,
    /// A value is of another kind than its column.
    WrongKind,
    /// A `SHORT` does not fit in 16 bits.
    ShortTooWide,
    /// A time has nanoseconds outside of 0..=999999999, or a year outside of 1..=9999.
    TimeOutOfRange,
    /// A `NAIVE_DATE` is not midnight UTC.
    DateNotMidnight,
    /// A `DECIMAL` is not a decimal number.
    NotADecimal,
    /// A `DECIMAL` has more digits than its column declares, before or after the point.
    DecimalTooWide,
    /// A `STRING` has more bytes than its column declares.
    StringTooLong,
    /// A `JSON` is not a JSON document.
    NotJson,
    /// A record has both `data` and `row_data`. Which of them counts is not defined, and its
    /// message is not loaded (our reading).
    DataAndRowData,
    /// A value of `row_data` is not as Fivetran's Connector SDK writes the type of its column. It
    /// is loaded as NULL.
    MalformedRowData,

    /// A checkpoint's state is not a JSON object.
    StateNotAnObject,
    /// Records come after the last checkpoint, so that no state covers them.
    RowsAfterLastCheckpoint,
    /// More than an hour passed without a checkpoint.
    CheckpointOverdue,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DuplicateField => "two fields of the form have one name",
            Self::DuplicateTest => "two tests have one name",
            Self::ConditionWithoutField => "a condition names no earlier field",
            Self::TestEndedWithStatus => "a test of the form was answered with a gRPC status",
            Self::TestWithoutVerdict => {
                "a test's answer is neither success nor a failure with a text"
            }
            Self::SchemaWithoutAnswer => "the schema's answer is empty",
            Self::SchemaChangeShape => "a schema change has another shape than the schema",
            Self::DuplicateTable => "a table is listed twice",
            Self::DuplicateColumn => "a column is listed twice",
            Self::TypeUnspecified => "a column has no type",
            Self::NaiveTime => "a column is NAIVE_TIME, which is not for sources",
            Self::ReservedName => "a name starts with `_fivetran_`",
            Self::TablesMerge => "two tables get one name in the warehouse",
            Self::ColumnsMerge => "two columns get one name in the warehouse",
            Self::KeyChanged => "the key is not the one that the table was created with",
            Self::TypeChanged => "the type is not the one that was declared before",
            Self::EmptyMessage => "a message has nothing set",
            Self::MessageTooLarge => "a message is larger than 128 MiB",
            Self::BatchTooLarge => "a batch holds more than 100 records",
            Self::MessageAfterTask => "a message comes after a task",
            Self::UnknownRecordType => "a record has an unknown type",
            Self::SchemaName => {
                "a record names a schema where it must not, or does not where it must"
            }
            Self::UndeclaredTable => "a record's table is not declared",
            Self::UndeclaredColumn => "a value's column is not declared",
            Self::ExcludedTable => "a record's table is excluded by the selection",
            Self::ExcludedColumn => "a value's column is excluded by the selection",
            Self::LateTruncate => "a truncate comes after the table's first upsert",
            Self::TruncateWithData => "a truncate carries data",
            Self::MissingColumn => "an upsert leaves out a selected column",
            Self::MissingKey => "a record leaves out a column of the key",
            Self::NullKey => "a record has NULL in the key",
            Self::UpdateWithoutKey => "an update goes to a table without a key",
            Self::ValueNotSet => "a value has nothing set",
            Self::WrongKind => "a value is of another kind than its column",
            Self::ShortTooWide => "a SHORT does not fit in 16 bits",
            Self::TimeOutOfRange => "a time is out of range",
            Self::DateNotMidnight => "a NAIVE_DATE is not midnight",
            Self::NotADecimal => "a DECIMAL is not a decimal number",
            Self::DecimalTooWide => "a DECIMAL has more digits than declared",
            Self::StringTooLong => "a STRING has more bytes than declared",
            Self::NotJson => "a JSON is not a JSON document",
            Self::DataAndRowData => "a record has both data and row_data",
            Self::MalformedRowData => {
                "a value of row_data does not have the form of its column's type"
            }
            Self::StateNotAnObject => "a checkpoint's state is not a JSON object",
            Self::RowsAfterLastCheckpoint => "records come after the last checkpoint",
            Self::CheckpointOverdue => "more than an hour passed without a checkpoint",
        })
    }
}
