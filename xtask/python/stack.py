"""The programs that the cases play with, each in a process of its own, over real sockets."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.request

#: Where cargo has put `connector`, `fivetran-tester` and `influx-fake`.
BINARIES = os.environ.get("BINARIES", "")
#: The repository.
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
#: The folder that a customer deploys.
EXAMPLE = os.path.join(ROOT, "examples", "influx_db")
#: A token that can be looked for in all that is said.
TOKEN = "apiv3_a-token-that-nothing-may-say"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Program:
    """A process whose output goes into a file, and which is ended with the `with` statement."""

    def __init__(self, command, **options):
        self.output = tempfile.NamedTemporaryFile(mode="w+", suffix=".log")
        self.process = subprocess.Popen(
            command, stdout=self.output, stderr=subprocess.STDOUT, **options
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.output.close()

    def log(self):
        with open(self.output.name, encoding="utf-8", errors="replace") as file:
            return file.read()

    def interrupt(self):
        """Ctrl-C. Returns how many seconds the process takes to end."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)
        return time.monotonic() - started

    def wait_for_port(self, port):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("it does not listen:\n" + self.log())


class Influx(Program):
    """The fake InfluxDB. Each load is a database and a file of `fixtures`."""

    def __init__(self, *loads):
        self.port = free_port()
        command = [os.path.join(BINARIES, "influx-fake"), "--bind", f"127.0.0.1:{self.port}"]
        # A release without known faults, of which a first sync would warn.
        command += ["--token", TOKEN, "--release", "3.11.4"]
        for database, file in loads:
            command += ["--load", f"{database}={os.path.join(ROOT, 'fixtures', file)}"]
        super().__init__(command)
        self.wait_for_port(self.port)

    def configuration(self, **settings):
        return {
            "hostname": f"http://127.0.0.1:{self.port}",
            "token": TOKEN,
            "database": "home",
            "measurement": "*",
            **settings,
        }

    def write(self, *lines, database="home"):
        write_points(self.port, TOKEN, database, lines)


def write_points(port, token, database, lines):
    url = f"http://127.0.0.1:{port}/api/v3/write_lp?db={database}&precision=nanosecond"
    request = urllib.request.Request(
        url, "\n".join(lines).encode(), {"authorization": f"Bearer {token}"}
    )
    urllib.request.urlopen(request).close()


class PythonDoor(Program):
    """A folder with `connector.py`, run as production does."""

    def __init__(self, python, folder, row_data=False, path=()):
        self.port = free_port()
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "RUST_BACKTRACE": "0"}
        environment["ConnectorSdkRemoveValueType"] = "true" if row_data else "false"
        program = f"from connector import connector; connector.run(port={self.port})"
        command = [python, "-c", program]
        super().__init__(command, cwd=folder, env=environment)
        self.wait_for_port(self.port)


class NativeDoor(Program):
    """The connector of the Partner SDK."""

    def __init__(self):
        self.port = free_port()
        super().__init__([os.path.join(BINARIES, "connector"), "--port", str(self.port)])
        self.wait_for_port(self.port)


class Fivetran:
    """A warehouse and a state, in a directory, and the tester that plays Fivetran's part."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.output = ""

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def sync(self, door, configuration, *options):
        """Run a sync. Returns its report."""
        tester = self.start(door, configuration, *options)
        self.output, _ = tester.communicate(timeout=300)
        with open(self.path("report.json"), encoding="utf-8") as file:
            report = json.load(file)
        said = door.log() + self.output + json.dumps(report)
        assert TOKEN not in said, "the token is told: " + said
        return report

    def start(self, door, configuration, *options):
        with open(self.path("configuration.json"), "w", encoding="utf-8") as file:
            json.dump(configuration, file)
        command = [os.path.join(BINARIES, "fivetran-tester"), "--first-state-object"]
        command += ["--connector", f"127.0.0.1:{door.port}", "--directory", self.directory.name]
        command += ["--configuration", self.path("configuration.json")]
        command += ["--report", self.path("report.json"), *options]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def state(self):
        try:
            with open(self.path("state.json"), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return None

    def set_state(self, state):
        with open(self.path("state.json"), "w", encoding="utf-8") as file:
            json.dump(state, file)

    def warehouse(self, nanoseconds=True):
        """All live rows, by table. Without nanoseconds, times are cut to microseconds."""
        tables = {}
        with sqlite3.connect(self.path("warehouse.db")) as database:
            stored = database.execute("SELECT id, table_name, stored_as FROM _tester_tables")
            for identity, name, stored_as in stored.fetchall():
                columns = database.execute(
                    "SELECT column_name, stored_as, column_type FROM _tester_columns"
                    " WHERE table_id = ? ORDER BY column_name",
                    (identity,),
                ).fetchall()
                names = ", ".join(quoted(column[1]) for column in columns)
                rows = database.execute(
                    f"SELECT {names} FROM {quoted(stored_as)} WHERE _fivetran_deleted = 0"
                ).fetchall()
                if not nanoseconds:
                    kinds = [column[2] for column in columns]
                    rows = [tuple(map(cut, row, kinds)) for row in rows]
                tables[name] = (columns, sorted(rows, key=repr))
        return tables


def quoted(name):
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def cut(value, kind):
    """What a microsecond leaves of a time."""
    if value is None or "DATETIME" not in kind.upper():
        return value
    return value.rstrip("Z")[:26]
