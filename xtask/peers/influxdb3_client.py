"""InfluxDB's own Python client, unmodified: it writes on both of its paths and reads back in every mode.

Usage: influxdb3_client.py URL DATABASE [TOKEN]
or with INFLUXDB3_HOST, INFLUXDB3_DATABASE and INFLUXDB3_TOKEN in the environment.
Prints a line per check, and exits with 1 if any answer was another than was written. The database should be new.
"""

import asyncio
import os
import sys

import pyarrow as pa
from influxdb_client_3 import InfluxDBClient3, Point, SYNCHRONOUS, WriteOptions, write_client_options
from influxdb_client_3.exceptions import InfluxDB3ClientError

START = 1748846218190260000
QUERY = "SELECT * FROM peers ORDER BY time"
# What SELECT * gives: byte order of the names, time among them.
COLUMNS = ["flag", "host", "level", "note", "ratio", "time"]
ROWS = [
    {"flag": True, "host": "a", "level": 1, "note": "plain", "ratio": 0.5, "time": START},
    {"flag": None, "host": "b", "level": -2, "note": None, "ratio": None, "time": START + 1},
    {"flag": None, "host": "a", "level": None, "note": 'say "hi"', "ratio": 1e300, "time": START + 2},
]

failures = 0


def check(name, got, expected):
    global failures
    if got == expected:
        print(f"influxdb3-python: {name}: same")
    else:
        failures += 1
        print(f"influxdb3-python: {name}: DIFFERS\n  expected {expected}\n  got      {got}")


def fails(name, action, part):
    """The action must raise one of the client's own errors, and its text must have this part."""
    try:
        action()
        check(name, "no error", part)
    except InfluxDB3ClientError as error:
        check(name, part if part in str(error) else str(error), part)


def plain(table):
    """The rows of an Arrow table as dictionaries; times as nanoseconds, since Python's own end at microseconds."""
    time = table.column("time").cast(pa.int64())
    table = table.set_column(table.schema.get_field_index("time"), "time", time)
    return table.to_pylist()


def client(use_v2, url, database, token):
    options = write_client_options(write_options=WriteOptions(write_type=SYNCHRONOUS.write_type, use_v2_api=use_v2))
    return InfluxDBClient3(host=url, database=database, token=token, write_client_options=options)


def writes(url, database, token):
    """Each point by another path and in another shape."""
    with InfluxDBClient3(host=url, database=database, token=token) as default:
        point = Point("peers").tag("host", "a").field("level", 1).field("ratio", 0.5).field("flag", True)
        default.write(point.field("note", "plain").time(START))
    with client(True, url, database, token) as version_2:
        version_2.write(f"peers,host=b level=-2i {START + 1}")
        fails("write v2, a conflict", lambda: version_2.write(f"peers,host=a level=1.5 {START}"), "level")
    with client(False, url, database, token) as version_3:
        version_3.write(f'peers,host=a note="say \\"hi\\"",ratio=1e300 {START + 2}')
        fails("write v3, a conflict", lambda: version_3.write(f"peers,host=a level=1.5 {START}"), "level")


def reads(client):
    check("mode all", plain(client.query(QUERY)), ROWS)

    frame = client.query(QUERY, mode="pandas")
    check("mode pandas, columns", list(frame.columns), COLUMNS)
    check("mode pandas, time", [time.value for time in frame["time"]], [row["time"] for row in ROWS])
    check("mode pandas, host", list(frame["host"]), [row["host"] for row in ROWS])

    frame = client.query(QUERY, mode="polars")
    check("mode polars", plain(frame.to_arrow()), ROWS)

    rows, reader = [], client.query(QUERY, mode="chunk")
    while True:
        try:
            batch, _ = reader.read_chunk()
            rows += plain(pa.Table.from_batches([batch]))
        except StopIteration:
            break
    check("mode chunk", rows, ROWS)

    check("mode reader", plain(client.query(QUERY, mode="reader").read_all()), ROWS)

    schema = client.query(QUERY, mode="schema")
    check("mode schema, names", schema.names, COLUMNS)
    marks = [schema.field(name).metadata[b"iox::column::type"].decode() for name in ["host", "level", "time"]]
    expected = ["iox::column_type::tag", "iox::column_type::field::integer", "iox::column_type::timestamp"]
    check("mode schema, marks", marks, expected)

    check("asynchronous", plain(asyncio.run(client.query_async(QUERY))), ROWS)
    named = client.query("SELECT * FROM peers WHERE host = $host", query_parameters={"host": "b"})
    check("parameters", plain(named), [ROWS[1]])
    tags = client.query("SHOW TAG KEYS FROM peers", language="influxql")
    check("InfluxQL", tags.column("tagKey").to_pylist(), ["host"])
    check("server version", client.get_server_version().startswith("3."), True)
    fails("unknown table", lambda: client.query("SELECT * FROM no_such_table"), "not found")
    fails("unknown database", lambda: client.query("SELECT 1", database="no_such_database"), "not found")


def main():
    arguments = sys.argv[1:]
    names = ["INFLUXDB3_HOST", "INFLUXDB3_DATABASE", "INFLUXDB3_TOKEN"]
    url, database, token = [
        arguments[number] if number < len(arguments) else os.environ.get(name) for number, name in enumerate(names)
    ]
    if not url or not database:
        sys.exit(__doc__)
    writes(url, database, token)
    with InfluxDBClient3(host=url, database=database, token=token) as reader:
        reads(reader)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
