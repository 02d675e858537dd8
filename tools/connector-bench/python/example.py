"""A measuring stick: what Fivetran's Python example for InfluxDB does, written anew from the
description of its README, as simple as it is described there.

One SQL query over Flight, in the order of time, reads all that is newer than the state; each record
batch is sent row by row, each cell looked up by row and column; a time becomes text; a checkpoint
follows each batch. `org` and all other keys are required. The columns of `census_table` are
declared, all others are inferred. The one thing that is mended is `database`, without which the
present client (influxdb3-python 0.21.0) does not start.
"""

from influxdb_client_3 import InfluxDBClient3
import pandas

from fivetran_connector_sdk import Connector
from fivetran_connector_sdk import Logging as log
from fivetran_connector_sdk import Operations as op

TABLE = "census_table"
REQUIRED = ["token", "org", "hostname", "database", "measurement"]


def schema(configuration):
    columns = {"ants": "INT", "bees": "INT", "location": "STRING", "time": "STRING"}
    return [{"table": TABLE, "primary_key": [], "columns": columns}]


def text(time):
    utc = time.tz_localize("UTC") if time.tzinfo is None else time.tz_convert("UTC")
    return utc.to_pydatetime(warn=False).isoformat().replace("+00:00", "Z")


def upsert_record_batch(batch, state):
    names = batch.schema.names
    for row_index in range(batch.num_rows):
        row = {}
        for column_index, name in enumerate(names):
            value = batch.column(column_index)[row_index].as_py()
            if isinstance(value, pandas.Timestamp):
                value = text(value)
            row[name] = value
        op.upsert(TABLE, row)
        state["last_upserted_timestamp"] = row["time"]
    op.checkpoint(state)


def update(configuration, state):
    for key in REQUIRED:
        if key not in configuration:
            raise ValueError(f"Missing required configuration value: {key}")
    client = InfluxDBClient3(
        host=configuration["hostname"],
        token=configuration["token"],
        org=configuration["org"],
        database=configuration["database"],  # The line that is mended.
    )
    last = state.get("last_upserted_timestamp", "1990-01-01T00:00:00Z")
    measurement = configuration["measurement"]
    query = f"SELECT * FROM '{measurement}' WHERE time > '{last}' ORDER BY time ASC"
    reader = client.query(query=query, language="sql", mode="chunk")
    while True:
        try:
            batch, _ = reader.read_chunk()
        except StopIteration:
            return
        log.info(f"Upserting a record batch of {batch.num_rows} rows")
        upsert_record_batch(batch, dict(state))


connector = Connector(update=update, schema=schema)
