//! One cell of a record.

/// One cell of a record.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ValueType {
    /// What it holds. Nothing set is an error; NULL is [`Inner::Null`](value_type::Inner::Null).
    #[prost(
        oneof = "value_type::Inner",
        tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16"
    )]
    pub inner: Option<value_type::Inner>,
}

/// The kinds of [`ValueType`].
pub mod value_type {
    /// What a cell holds.
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Inner {
        /// NULL, whatever the column's type; always true.
        #[prost(bool, tag = "1")]
        Null(bool),
        /// `BOOLEAN`.
        #[prost(bool, tag = "2")]
        Bool(bool),
        /// `SHORT`; 16 bits in destinations.
        #[prost(int32, tag = "3")]
        Short(i32),
        /// `INT`.
        #[prost(int32, tag = "4")]
        Int(i32),
        /// `LONG`.
        #[prost(int64, tag = "5")]
        Long(i64),
        /// `FLOAT`.
        #[prost(float, tag = "6")]
        Float(f32),
        /// `DOUBLE`.
        #[prost(double, tag = "7")]
        Double(f64),
        /// `NAIVE_DATE`: midnight UTC of the date.
        #[prost(message, tag = "8")]
        NaiveDate(prost_types::Timestamp),
        /// `NAIVE_DATETIME`: as if it were UTC.
        #[prost(message, tag = "9")]
        NaiveDatetime(prost_types::Timestamp),
        /// `UTC_DATETIME`.
        #[prost(message, tag = "10")]
        UtcDatetime(prost_types::Timestamp),
        /// `DECIMAL`: digits as text.
        #[prost(string, tag = "11")]
        Decimal(String),
        /// `BINARY`.
        #[prost(bytes = "vec", tag = "12")]
        Binary(Vec<u8>),
        /// `STRING`.
        #[prost(string, tag = "13")]
        String(String),
        /// `JSON`: a valid document.
        #[prost(string, tag = "14")]
        Json(String),
        /// `XML`.
        #[prost(string, tag = "15")]
        Xml(String),
        /// `NAIVE_TIME`; not for sources.
        #[prost(message, tag = "16")]
        NaiveTime(prost_types::Timestamp),
    }
}
