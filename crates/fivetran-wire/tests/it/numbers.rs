//! Every field and every enum value has the number that the protocol gives it.
//!
//! Adapter and tester share the types, so that they would not notice a wrong number. Here each
//! field is set by itself, and compared with bytes that are written by hand.

use fivetran_wire::*;
use prost::Message;

/// A field's key: its number, and how its value is written.
fn key(number: u64, wire_type: u64) -> Vec<u8> {
    base_128(number << 3 | wire_type)
}

fn base_128(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A field of a bool, an enum or a whole number.
fn number(field: u64, value: u64) -> Vec<u8> {
    [key(field, 0), base_128(value)].concat()
}

/// What -1 is in 32 and 64 bits alike.
const MINUS_ONE: u64 = u64::MAX;

/// A field of text, bytes or a message.
fn bytes(field: u64, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    [key(field, 2), base_128(value.len() as u64), value.to_vec()].concat()
}

/// A field of a message of which nothing is set.
fn empty(field: u64) -> Vec<u8> {
    bytes(field, [])
}

/// A field of a map with one entry, `k`, whose value is written as the entry's field 2.
fn entry(field: u64, value: Vec<u8>) -> Vec<u8> {
    bytes(field, [bytes(1, "k"), value].concat())
}

/// Fills one field, and reads it back.
#[track_caller]
fn check<M>(fill: impl FnOnce(&mut M), expect: Vec<u8>)
where
    M: Message + Default + PartialEq + std::fmt::Debug,
{
    let mut message = M::default();
    fill(&mut message);
    assert_eq!(message.encode_to_vec(), expect);
    assert_eq!(M::decode(expect.as_slice()), Ok(message));
}

fn text() -> String {
    "text".to_owned()
}

fn map<V>(value: V) -> std::collections::BTreeMap<String, V> {
    [("k".to_owned(), value)].into()
}

fn one<M: Default>() -> Vec<M> {
    vec![M::default()]
}

#[test]
fn the_form() {
    use form_field::Type;
    use visibility_condition::VisibleWhen;

    check(|_: &mut ConfigurationFormRequest| {}, vec![]);
    check(|it: &mut ConfigurationFormResponse| it.schema_selection_supported = true, number(1, 1));
    check(|it: &mut ConfigurationFormResponse| it.table_selection_supported = true, number(2, 1));
    check(|it: &mut ConfigurationFormResponse| it.fields = one(), empty(3));
    check(|it: &mut ConfigurationFormResponse| it.tests = one(), empty(4));

    check(|it: &mut FormField| it.name = text(), bytes(1, "text"));
    check(|it: &mut FormField| it.label = text(), bytes(2, "text"));
    check(|it: &mut FormField| it.required = Some(false), number(3, 0));
    check(|it: &mut FormField| it.description = Some(String::new()), empty(4));
    check(|it: &mut FormField| it.default_value = Some(text()), bytes(8, "text"));
    check(|it: &mut FormField| it.placeholder = Some(text()), bytes(9, "text"));
    let a = |kind: Type| move |it: &mut FormField| it.r#type = Some(kind);
    check(a(Type::TextField(0)), number(5, 0));
    check(a(Type::DropdownField(DropdownField::default())), empty(6));
    check(a(Type::ToggleField(ToggleField {})), empty(7));
    check(a(Type::ConditionalFields(ConditionalFields::default())), empty(10));
    check(a(Type::UploadField(UploadField::default())), empty(11));
    check(a(Type::DescriptiveDropDownFields(DescriptiveDropDownFields::default())), empty(12));

    check(|it: &mut DropdownField| it.dropdown_field = vec![text()], bytes(1, "text"));
    check(|_: &mut ToggleField| {}, vec![]);
    check(|it: &mut UploadField| it.allowed_file_type = vec![text()], bytes(1, "text"));
    check(|it: &mut UploadField| it.max_file_size_bytes = -1, number(2, MINUS_ONE));
    check(|it: &mut DescriptiveDropDownFields| it.descriptive_dropdown_field = one(), empty(1));
    check(|it: &mut DescriptiveDropDownField| it.value = text(), bytes(1, "text"));
    check(|it: &mut DescriptiveDropDownField| it.label = text(), bytes(2, "text"));
    check(|it: &mut DescriptiveDropDownField| it.description = text(), bytes(3, "text"));

    check(|it: &mut ConditionalFields| it.condition = Some(Default::default()), empty(1));
    check(|it: &mut ConditionalFields| it.fields = one(), empty(2));
    check(|it: &mut VisibilityCondition| it.condition_field = text(), bytes(1, "text"));
    let a = |kind: VisibleWhen| move |it: &mut VisibilityCondition| it.visible_when = Some(kind);
    check(a(VisibleWhen::BoolValue(false)), number(2, 0));
    check(a(VisibleWhen::StringValue(text())), bytes(3, "text"));
    check(a(VisibleWhen::EmptyValue(true)), number(4, 1));

    check(|it: &mut ConfigurationTest| it.name = text(), bytes(1, "text"));
    check(|it: &mut ConfigurationTest| it.label = text(), bytes(2, "text"));
}

#[test]
fn the_test() {
    use test_response::Response;

    check(|it: &mut TestRequest| it.name = text(), bytes(1, "text"));
    check(|it: &mut TestRequest| it.configuration = map(text()), entry(2, bytes(2, "text")));
    let a = |kind: Response| move |it: &mut TestResponse| it.response = Some(kind);
    check(a(Response::Success(true)), number(1, 1));
    check(a(Response::Failure(text())), bytes(2, "text"));
}

#[test]
fn the_schema() {
    use data_type_params::Params;
    use schema_response::Response;

    check(|it: &mut SchemaRequest| it.configuration = map(text()), entry(1, bytes(2, "text")));
    let a = |kind: Response| move |it: &mut SchemaResponse| it.response = Some(kind);
    check(a(Response::SchemaResponseNotSupported(true)), number(1, 1));
    check(a(Response::WithSchema(SchemaList::default())), empty(2));
    check(a(Response::WithoutSchema(TableList::default())), empty(3));
    check(|it: &mut SchemaResponse| it.selection_not_supported = Some(false), number(4, 0));

    check(|it: &mut SchemaList| it.schemas = one(), empty(1));
    check(|it: &mut Schema| it.name = text(), bytes(1, "text"));
    check(|it: &mut Schema| it.tables = one(), empty(2));
    check(|it: &mut TableList| it.tables = one(), empty(1));
    check(|it: &mut Table| it.name = text(), bytes(1, "text"));
    check(|it: &mut Table| it.columns = one(), empty(2));
    check(|it: &mut Column| it.name = text(), bytes(1, "text"));
    check(|it: &mut Column| it.r#type = 15, number(2, 15));
    check(|it: &mut Column| it.primary_key = true, number(3, 1));
    check(|it: &mut Column| it.params = Some(Default::default()), empty(4));
    let a = |kind: Params| move |it: &mut DataTypeParams| it.params = Some(kind);
    check(a(Params::Decimal(DecimalParams::default())), empty(1));
    check(a(Params::StringByteLength(-1)), number(2, MINUS_ONE));
    check(|it: &mut DecimalParams| it.precision = 300, number(1, 300));
    check(|it: &mut DecimalParams| it.scale = 300, number(2, 300));
}

#[test]
fn the_selection() {
    use selection::Selection as Shape;

    let a = |kind: Shape| move |it: &mut Selection| it.selection = Some(kind);
    check(a(Shape::WithoutSchema(TablesWithNoSchema::default())), empty(1));
    check(a(Shape::WithSchema(TablesWithSchema::default())), empty(2));
    check(|it: &mut TablesWithNoSchema| it.tables = one(), empty(1));
    check(|it: &mut TablesWithNoSchema| it.include_new_tables = true, number(2, 1));
    check(|it: &mut TablesWithSchema| it.schemas = one(), empty(1));
    check(|it: &mut TablesWithSchema| it.include_new_schemas = true, number(2, 1));
    check(|it: &mut SchemaSelection| it.included = true, number(1, 1));
    check(|it: &mut SchemaSelection| it.schema_name = text(), bytes(2, "text"));
    check(|it: &mut SchemaSelection| it.tables = one(), empty(3));
    check(|it: &mut SchemaSelection| it.include_new_tables = true, number(4, 1));
    check(|it: &mut TableSelection| it.included = true, number(1, 1));
    check(|it: &mut TableSelection| it.table_name = text(), bytes(2, "text"));
    check(|it: &mut TableSelection| it.columns = map(true), entry(3, number(2, 1)));
    check(|it: &mut TableSelection| it.include_new_columns = true, number(4, 1));
}

#[test]
fn the_update() {
    use schema_change::Change;
    use update_response::Operation;

    check(|it: &mut UpdateRequest| it.configuration = map(text()), entry(1, bytes(2, "text")));
    check(|it: &mut UpdateRequest| it.selection = Some(Default::default()), empty(2));
    check(|it: &mut UpdateRequest| it.state_json = Some(String::new()), empty(3));

    let a = |kind: Operation| move |it: &mut UpdateResponse| it.operation = Some(kind);
    check(a(Operation::Record(Record::default())), empty(1));
    check(a(Operation::SchemaChange(SchemaChange::default())), empty(2));
    check(a(Operation::Checkpoint(Checkpoint::default())), empty(3));
    check(a(Operation::Warning(Warning::default())), empty(4));
    check(a(Operation::Task(Task::default())), empty(5));
    check(a(Operation::Records(Records::default())), empty(6));

    let a = |kind: Change| move |it: &mut SchemaChange| it.change = Some(kind);
    check(a(Change::WithSchema(SchemaList::default())), empty(1));
    check(a(Change::WithoutSchema(TableList::default())), empty(2));
    check(|it: &mut Records| it.records = one(), empty(1));
    check(|it: &mut Record| it.schema_name = Some(String::new()), empty(1));
    check(|it: &mut Record| it.table_name = text(), bytes(2, "text"));
    check(|it: &mut Record| it.r#type = 3, number(3, 3));
    let null = ValueType { inner: Some(value_type::Inner::Null(true)) };
    check(|it: &mut Record| it.data = map(null), entry(4, bytes(2, number(1, 1))));
    check(|it: &mut Record| it.row_data = map(b"text".to_vec()), entry(5, bytes(2, "text")));
    check(|it: &mut Checkpoint| it.state_json = text(), bytes(1, "text"));
    check(|it: &mut Warning| it.message = text(), bytes(1, "text"));
    check(|it: &mut Task| it.message = text(), bytes(1, "text"));
}

#[test]
fn the_value() {
    use value_type::Inner;

    let a = |kind: Inner| move |it: &mut ValueType| it.inner = Some(kind);
    let at = Timestamp { seconds: -1, nanos: 300 };
    let instant = [number(1, MINUS_ONE), number(2, 300)].concat();
    check(a(Inner::Null(true)), number(1, 1));
    check(a(Inner::Bool(false)), number(2, 0));
    check(a(Inner::Short(-1)), number(3, MINUS_ONE));
    check(a(Inner::Int(-1)), number(4, MINUS_ONE));
    check(a(Inner::Long(-1)), number(5, MINUS_ONE));
    // 1.0 as IEEE 754 has it, the lowest byte first: 32 bits are wire type 5, 64 bits are 1.
    check(a(Inner::Float(1.0)), [key(6, 5), vec![0, 0, 0x80, 0x3f]].concat());
    check(a(Inner::Double(1.0)), [key(7, 1), vec![0, 0, 0, 0, 0, 0, 0xf0, 0x3f]].concat());
    check(a(Inner::NaiveDate(at)), bytes(8, &instant));
    check(a(Inner::NaiveDatetime(at)), bytes(9, &instant));
    check(a(Inner::UtcDatetime(at)), bytes(10, &instant));
    check(a(Inner::Decimal(text())), bytes(11, "text"));
    check(a(Inner::Binary(vec![0xff])), bytes(12, [0xff]));
    check(a(Inner::String(text())), bytes(13, "text"));
    check(a(Inner::Json(text())), bytes(14, "text"));
    check(a(Inner::Xml(text())), bytes(15, "text"));
    check(a(Inner::NaiveTime(at)), bytes(16, &instant));
}

#[test]
fn the_enums() {
    for (text_field, number) in
        [(TextField::PlainText, 0), (TextField::Password, 1), (TextField::Hidden, 2)]
    {
        assert_eq!(text_field as i32, number, "{text_field:?}");
    }
    for (record_type, number) in [
        (RecordType::Upsert, 0),
        (RecordType::Update, 1),
        (RecordType::Delete, 2),
        (RecordType::Truncate, 3),
    ] {
        assert_eq!(record_type as i32, number, "{record_type:?}");
    }
    for (data_type, number) in [
        (DataType::Unspecified, 0),
        (DataType::Boolean, 1),
        (DataType::Short, 2),
        (DataType::Int, 3),
        (DataType::Long, 4),
        (DataType::Decimal, 5),
        (DataType::Float, 6),
        (DataType::Double, 7),
        (DataType::NaiveDate, 8),
        (DataType::NaiveDatetime, 9),
        (DataType::UtcDatetime, 10),
        (DataType::Binary, 11),
        (DataType::Xml, 12),
        (DataType::String, 13),
        (DataType::Json, 14),
        (DataType::NaiveTime, 15),
    ] {
        assert_eq!(data_type as i32, number, "{data_type:?}");
    }
}
