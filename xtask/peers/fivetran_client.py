"""An independent Fivetran: grpcio, with messages that are built at run time, drives a whole sync and counts its rows.

Usage: fivetran_client.py ADDRESS CONFIGURATION.json TABLE=ROWS...
Prints what it saw, and exits with 1 if a table had another number of rows or a rule was broken.
"""

import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "fivetran_sdk.v2"
Field = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    "bool": Field.TYPE_BOOL,
    "bytes": Field.TYPE_BYTES,
    "double": Field.TYPE_DOUBLE,
    "float": Field.TYPE_FLOAT,
    "int32": Field.TYPE_INT32,
    "int64": Field.TYPE_INT64,
    "string": Field.TYPE_STRING,
    "uint32": Field.TYPE_UINT32,
}

# message -> fields: (name, number, type), where a type is a scalar or a message; "[]" repeats, "{}" maps from string.
MESSAGES = {
    "Timestamp": [("seconds", 1, "int64"), ("nanos", 2, "int32")],
    "ConfigurationFormRequest": [],
    "ConfigurationFormResponse": [
        ("schema_selection_supported", 1, "bool"),
        ("table_selection_supported", 2, "bool"),
        ("fields", 3, "[]FormField"),
        ("tests", 4, "[]ConfigurationTest"),
    ],
    "FormField": [("name", 1, "string"), ("label", 2, "string"), ("required", 3, "bool")],
    "ConfigurationTest": [("name", 1, "string"), ("label", 2, "string")],
    "TestRequest": [("name", 1, "string"), ("configuration", 2, "{}string")],
    "TestResponse": [("success", 1, "bool"), ("failure", 2, "string")],
    "SchemaRequest": [("configuration", 1, "{}string")],
    "SchemaResponse": [("without_schema", 3, "TableList"), ("selection_not_supported", 4, "bool")],
    "TableList": [("tables", 1, "[]Table")],
    "Table": [("name", 1, "string"), ("columns", 2, "[]Column")],
    "Column": [("name", 1, "string"), ("type", 2, "int32"), ("primary_key", 3, "bool")],
    "UpdateRequest": [("configuration", 1, "{}string"), ("state_json", 3, "string")],
    "UpdateResponse": [
        ("record", 1, "Record"),
        ("schema_change", 2, "SchemaChange"),
        ("checkpoint", 3, "Checkpoint"),
        ("warning", 4, "Text"),
        ("task", 5, "Text"),
        ("records", 6, "Records"),
    ],
    "SchemaChange": [("without_schema", 2, "TableList")],
    "Records": [("records", 1, "[]Record")],
    "Record": [("table_name", 2, "string"), ("type", 3, "int32"), ("data", 4, "{}ValueType")],
    "Checkpoint": [("state_json", 1, "string")],
    "Text": [("message", 1, "string")],
    "ValueType": [
        ("null", 1, "bool"),
        ("bool", 2, "bool"),
        ("short", 3, "int32"),
        ("int", 4, "int32"),
        ("long", 5, "int64"),
        ("float", 6, "float"),
        ("double", 7, "double"),
        ("naive_date", 8, "Timestamp"),
        ("naive_datetime", 9, "Timestamp"),
        ("utc_datetime", 10, "Timestamp"),
        ("decimal", 11, "string"),
        ("binary", 12, "bytes"),
        ("string", 13, "string"),
        ("json", 14, "string"),
    ],
}
ONE_OFS = {"UpdateResponse", "ValueType", "TestResponse"}
UPSERT, TRUNCATE = 0, 3


def add_type(field, kind):
    if kind in SCALARS:
        field.type = SCALARS[kind]
    else:
        field.type = Field.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{kind}"


def message_classes():
    file = descriptor_pb2.FileDescriptorProto(name="peer", package=PACKAGE, syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        if name in ONE_OFS:
            message.oneof_decl.add(name="one")
        for field_name, number, kind in fields:
            field = message.field.add(name=field_name, number=number, label=Field.LABEL_OPTIONAL)
            if kind.startswith("[]"):
                field.label = Field.LABEL_REPEATED
                add_type(field, kind[2:])
            elif kind.startswith("{}"):
                # A map is a repeated message of a key and a value.
                entry_name = "".join(part.capitalize() for part in field_name.split("_")) + "Entry"
                entry = message.nested_type.add(name=entry_name)
                entry.options.map_entry = True
                entry.field.add(name="key", number=1, label=Field.LABEL_OPTIONAL, type=Field.TYPE_STRING)
                add_type(entry.field.add(name="value", number=2, label=Field.LABEL_OPTIONAL), kind[2:])
                field.label = Field.LABEL_REPEATED
                field.type = Field.TYPE_MESSAGE
                field.type_name = f".{PACKAGE}.{name}.{entry_name}"
            else:
                add_type(field, kind)
                if name in ONE_OFS:
                    field.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in MESSAGES
    }


def columns_of(tables):
    return {table.name: {column.name for column in table.columns} for table in tables.tables}


def main():
    address, configuration_file, *expected = sys.argv[1:]
    with open(configuration_file) as file:
        configuration = json.load(file)
    of = message_classes()
    channel = grpc.insecure_channel(address)

    def method(name, answer, stream=False):
        make = channel.unary_stream if stream else channel.unary_unary
        return make(
            f"/{PACKAGE}.SourceConnector/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=of[answer].FromString,
        )

    form = method("ConfigurationForm", "ConfigurationFormResponse")(
        of["ConfigurationFormRequest"](), wait_for_ready=True, timeout=60
    )
    print(f"form: {len(form.fields)} fields, {len(form.tests)} tests")
    problems = []
    for test in form.tests:
        answer = method("Test", "TestResponse")(of["TestRequest"](name=test.name, configuration=configuration))
        print(f"test {test.name}: {'passed' if answer.success else answer.failure}")
        if not answer.success:
            problems.append(f"test {test.name} failed")

    schema = method("Schema", "SchemaResponse")(of["SchemaRequest"](configuration=configuration))
    columns = columns_of(schema.without_schema)
    print(f"schema: {len(columns)} tables, {sum(map(len, columns.values()))} columns")

    rows, state, unvouched, warnings = {}, None, 0, 0
    for response in method("Update", "UpdateResponse", stream=True)(of["UpdateRequest"](configuration=configuration)):
        kind = response.WhichOneof("one")
        if kind == "checkpoint":
            state, unvouched = response.checkpoint.state_json, 0
            if not isinstance(json.loads(state), dict):
                problems.append("a state is no JSON object")
        elif kind in ("record", "records"):
            records = [response.record] if kind == "record" else response.records.records
            if len(records) > 100:
                problems.append(f"a batch of {len(records)} records")
            for record in records:
                unvouched += 1
                if record.type == TRUNCATE:
                    continue
                if record.type != UPSERT or set(record.data) != columns.get(record.table_name):
                    problems.append(f"a record of {record.table_name} does not carry the declared columns")
                if any(value.WhichOneof("one") is None for value in record.data.values()):
                    problems.append(f"a record of {record.table_name} has a value of nothing")
                rows[record.table_name] = rows.get(record.table_name, 0) + 1
        elif kind == "schema_change":
            columns |= columns_of(response.schema_change.without_schema)
        elif kind == "warning":
            warnings += 1
        elif kind == "task":
            problems.append(f"task: {response.task.message}")
        else:
            problems.append("a response of no known kind")
    print(f"update: {sum(rows.values())} rows of {len(rows)} tables, {warnings} warnings")
    if state is None or unvouched:
        problems.append(f"{unvouched} records after the last checkpoint")
    for table, count in (pair.rsplit("=", 1) for pair in expected):
        print(f"  {table}: {rows.get(table, 0)} rows, {count} expected")
        if rows.get(table, 0) != int(count):
            problems.append(f"{table} has {rows.get(table, 0)} rows and not {count}")
    for problem in sorted(set(problems)):
        print(f"WRONG: {problem}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
