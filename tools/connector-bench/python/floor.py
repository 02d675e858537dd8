"""What the SDK itself costs: one constant row, sent over and over.

`SHAPE` is `text` (the columns of the example's table, with the time as a text) or `typed` (those of
ours by default), and `ROWS` how many rows are sent.
"""

import datetime
import os

from fivetran_connector_sdk import Connector
from fivetran_connector_sdk import Operations as op

TABLE = "narrow"
TIME = datetime.datetime(2026, 1, 31, 12, 0, 0, 190260, datetime.timezone.utc)
VALUES = {"host": "host-00017", "requests": 51234, "errors": 51, "usage": 512.34}
TYPES = {"host": "STRING", "requests": "LONG", "errors": "LONG", "usage": "DOUBLE"}
SHAPES = {
    "text": ({"time": "STRING", **TYPES}, {"time": "2026-01-31T12:00:00.190260Z", **VALUES}),
    "typed": (
        {"_series_id": "STRING", "_time_ns": "LONG", "time": "UTC_DATETIME", **TYPES},
        {
            "_series_id": "f0e1d2c3b4a5968778695a4b3c2d1e0f",
            "_time_ns": 1769860800190260000,
            "time": TIME,
            **VALUES,
        },
    ),
}
COLUMNS, ROW = SHAPES[os.environ["SHAPE"]]


def schema(configuration):
    return [{"table": TABLE, "columns": COLUMNS}]


def update(configuration, state):
    row = ROW
    for _ in range(int(os.environ["ROWS"])):
        op.upsert(TABLE, row)
    op.checkpoint({})


connector = Connector(update=update, schema=schema)
