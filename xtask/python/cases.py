"""What the wheel promises, inside the real SDK, with a fake InfluxDB and Fivetran's part played.

Run by a Python that has the SDK and the wheel. The environment tells where things are: `BINARIES`,
`SCRIPTED` (a directory with the module whose source plays scripts), and `ROW_DATA` (`true` for the
SDK's other encoding of rows).
"""

import datetime
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import stack
from stack import Fivetran, Influx, NativeDoor, PythonDoor

PYTHON = sys.executable
SCRIPTED = os.environ["SCRIPTED"]
ROW_DATA = os.environ.get("ROW_DATA") == "true"
SDK = tuple(map(int, importlib.metadata.version("fivetran_connector_sdk").split(".")[:2]))
#: What the SDK can, by its version.
HAS_FORM, HAS_TASKS = SDK >= (2, 11), SDK >= (2, 11)

STATEMENTS = """
from fivetran_connector_sdk import Connector
import influxdb3_fivetran as influxdb3

connector = Connector(update=influxdb3.update, schema=influxdb3.schema)
"""

SCRIPT = """
from fivetran_connector_sdk import Connector
import scripted

connector = Connector(update=scripted.update, schema=scripted.schema)
"""


def folder(case, program):
    """A folder with a `connector.py` of its own."""
    directory = tempfile.TemporaryDirectory()
    case.addCleanup(directory.cleanup)
    with open(os.path.join(directory.name, "connector.py"), "w", encoding="utf-8") as file:
        file.write(program)
    return directory.name


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        # 2.9.2 has no forms, and does not know the example's third argument.
        self.folder = stack.EXAMPLE if HAS_FORM else folder(self, STATEMENTS)

    def influx(self, *loads):
        influx = Influx(*loads or [("home", "home.lp"), ("home", "types.lp")])
        self.addCleanup(influx.__exit__, None)
        return influx

    def sync(self, fivetran, configuration, *options, program=None):
        """Run a sync through this door, in a process of its own. Returns its report and its log."""
        place = folder(self, program) if program else self.folder
        with PythonDoor(PYTHON, place, ROW_DATA, [SCRIPTED]) as door:
            report = fivetran.sync(door, configuration, *options)
            return report, door.log()

    def completes(self, fivetran, configuration, *options, program=None):
        report, log = self.sync(fivetran, configuration, *options, program=program)
        self.assertEqual(report["end"], "completed", log)
        self.assertEqual(report["breaches"], [])
        self.assertEqual(report["tasks"], [])
        return report

    def fivetran(self):
        fivetran = Fivetran()
        self.addCleanup(fivetran.directory.cleanup)
        return fivetran

    def native(self, configuration):
        """The warehouse that the other door fills."""
        fivetran = self.fivetran()
        with NativeDoor() as door:
            fivetran.sync(door, configuration)
        return fivetran.warehouse(nanoseconds=False)

    def same_as_native(self, fivetran, configuration):
        native = self.native(configuration)
        ours = fivetran.warehouse(nanoseconds=False)
        self.assertEqual(ours, native)
        self.assertGreater(sum(len(rows) for _, rows in ours.values()), 0)


def minute_ago(offset=0):
    """A sync leaves out the newest seconds, in which points may be on their way."""
    return time.time_ns() - 60_000_000_000 + offset


class Syncs(Case):
    def test_first_sync_and_what_is_new_equal_the_other_door(self):
        influx = self.influx(("home", "home.lp"), ("home", "types.lp"), ("home", "census.lp"))
        configuration, fivetran = influx.configuration(), self.fivetran()
        first = self.completes(fivetran, configuration)
        self.same_as_native(fivetran, configuration)
        # Told once at most, and again as a last one.
        self.assertLessEqual(first["checkpoints"], 2)
        at = minute_ago()
        influx.write(*[f"home,room=R{n} temp={n}.5,hum=1,co=1i {at + n}" for n in range(3)])
        second = self.completes(fivetran, configuration)
        self.assertEqual(second["rows"], 3)
        self.same_as_native(fivetran, configuration)

    def test_odd_names_arrive_as_at_the_other_door(self):
        influx = self.influx(("home", "odd-names.lp"))
        ours, other = self.fivetran(), self.fivetran()
        report, _ = self.sync(ours, influx.configuration())
        with NativeDoor() as door:
            native = other.sync(door, influx.configuration())
        for key in ["end", "rows"]:
            self.assertEqual(report[key], native[key])
        # The names collide, and the same ones at both doors.
        collide = [{it.split(": two ")[0] for it in end["breaches"]} for end in [report, native]]
        self.assertEqual(*collide)
        self.assertEqual(ours.warehouse(nanoseconds=False), other.warehouse(nanoseconds=False))

    def test_times_as_text_lose_no_nanosecond(self):
        influx = self.influx()
        configuration = influx.configuration(time_format="iso8601")
        fivetran, other = self.fivetran(), self.fivetran()
        self.completes(fivetran, configuration)
        with NativeDoor() as door:
            other.sync(door, configuration)
        self.assertEqual(fivetran.warehouse(), other.warehouse())

    def test_other_types_and_the_examples_table(self):
        influx = self.influx(("census", "census.lp"))
        with open(f"{stack.ROOT}/fixtures/parity-configuration.json", encoding="utf-8") as file:
            parity = json.load(file)
        parity.update(influx.configuration(database="census", measurement="census"))
        fivetran = self.fivetran()
        self.completes(fivetran, parity)
        self.assertEqual(list(fivetran.warehouse()), ["census_table"])
        self.same_as_native(fivetran, parity)

    def test_it_goes_on_where_the_python_example_has_stopped(self):
        hour = 3_600_000_000_000
        last = (minute_ago() - 6 * hour) // 1_000 * 1_000
        influx = self.influx(("other", "home.lp"))
        times = [last - hour, last, last + 999, last + hour]
        influx.write(*[f"census,location=L{n} ants={n}i,bees=0i {at}" for n, at in enumerate(times)])
        influx.write(f"census,location=Tie ants=9i,bees=0i {last}")
        with open(f"{stack.ROOT}/fixtures/parity-configuration.json", encoding="utf-8") as file:
            parity = json.load(file)
        parity.update(influx.configuration(measurement="census"))
        fivetran = self.fivetran()
        moment = datetime.datetime.fromtimestamp(last // 1_000_000_000, datetime.timezone.utc)
        text = f"{moment:%Y-%m-%dT%H:%M:%S}.{last // 1_000 % 1_000_000:06}Z"
        fivetran.set_state({"last_upserted_timestamp": text})
        # The example's rows are in the warehouse; the tester's is empty, which is no matter here.
        report = self.completes(fivetran, parity)
        # All that was written since, ties included, and nothing from before.
        self.assertEqual(report["tables"]["census_table"], {"rows": 4, "truncates": 0})
        if HAS_TASKS:
            self.assertTrue(report["warnings"])
        self.assertEqual(self.completes(fivetran, parity)["rows"], 0)

    def test_a_sync_that_was_cut_is_resumed(self):
        influx = self.influx(("home", "types.lp"))
        lines = [f"many,n=t{n % 7} v={n}i {minute_ago(-n * 1_000)}" for n in range(3_000)]
        influx.write(*lines)
        configuration = influx.configuration()
        for options in [["--stop-after-rows", "1700"], ["--stop-after-rows", "1700", "--roll-back"]]:
            fivetran = self.fivetran()
            cut, _ = self.sync(fivetran, configuration, *options)
            self.assertEqual(cut["end"], "stopped by us")
            self.completes(fivetran, configuration)
            self.same_as_native(fivetran, configuration)

    def test_a_resync_truncates_once_and_says_so_first(self):
        influx = self.influx()
        configuration, fivetran = influx.configuration(), self.fivetran()
        self.completes(fivetran, configuration)
        again = self.completes(fivetran, configuration, "--resync")
        self.assertEqual({it["truncates"] for it in again["tables"].values()}, {1})
        self.same_as_native(fivetran, configuration)

    def test_what_appears_between_schema_and_update_waits_for_the_next_sync(self):
        influx = self.influx(("home", "home.lp"))
        configuration, fivetran = influx.configuration(), self.fivetran()
        self.completes(fivetran, configuration)
        influx.write(f'other v=1i {minute_ago()}')

        def grows(*lines):
            return STATEMENTS + (
                "import sys\n"
                f"sys.path.insert(0, {os.path.dirname(stack.__file__)!r})\n"
                "import stack\n"
                "def schema(configuration):\n"
                "    tables = influxdb3.schema(configuration)\n"
                f"    stack.write_points({influx.port}, {stack.TOKEN!r}, 'home', {lines!r})\n"
                "    return tables\n"
                "connector = Connector(update=influxdb3.update, schema=schema)\n"
            )

        new = [f"home,room=New temp=1.5,hum=1,co=1i,fresh=7i {minute_ago()}", "late v=1i 1"]
        report = self.completes(fivetran, configuration, program=grows(*new))
        self.assertEqual(report["warnings"], [])
        self.assertEqual(set(report["tables"]), {"other"})
        columns, rows = fivetran.warehouse()["home"]
        self.assertNotIn("fresh", [column[0] for column in columns])
        self.assertEqual(len(rows), 14)
        # A table to which that happens again and again is told of.
        again = grows(f"home,room=New fresher=7i {minute_ago()}")
        report = self.completes(fivetran, configuration, program=again)
        if HAS_TASKS:
            (warning,) = report["warnings"]
            self.assertIn('"home" was left out of two syncs in a row', warning)
        self.completes(fivetran, configuration)
        self.same_as_native(fivetran, configuration)
        self.assertIn("fresh", [column[0] for column in fivetran.warehouse()["home"][0]])

    def test_functions_can_be_wrapped(self):
        influx = self.influx(("home", "home.lp"))
        wrapped = STATEMENTS + (
            "def settings(configuration):\n"
            "    return {**configuration, 'measurement': 'home'}\n"
            "def schema(configuration):\n"
            "    return influxdb3.schema(settings(configuration))\n"
            "def update(configuration, state):\n"
            "    yield influxdb3.update(settings(configuration), state)\n"
            "connector = Connector(update=update, schema=schema)\n"
        )
        configuration = influx.configuration()
        del configuration["measurement"]
        fivetran = self.fivetran()
        report = self.completes(fivetran, configuration, program=wrapped)
        self.assertEqual(report["rows"], 14)


class Scripts(Case):
    """The adapter alone, inside the SDK."""

    def test_every_type_arrives(self):
        fivetran = self.fivetran()
        report = self.completes(fivetran, {"script": 'rows 2; null; checkpoint {}'}, program=SCRIPT)
        self.assertEqual(report["rows"], 3)
        columns, rows = fivetran.warehouse()["everything"]
        first = dict(zip([column[0] for column in columns], rows[0]))
        types = {column[0]: column[2] for column in columns}
        self.assertEqual(types["document"], "JSON")
        self.assertEqual(types["at"], "UTC_DATETIME")
        expected = {
            "flag": 1,
            "small": -(2**15),
            "medium": 2**31 - 1,
            "large": -(2**63),
            "exact": "-123456789012345678.90",
            "single": 1.5,
            "double": 0.1,
            "day": "1969-12-31",
            "raw": b"\x00\xff",
            "text": '\u00e4\U0001f600"\0',
        }
        row = next(
            row for row in (dict(zip(first, it)) for it in rows) if row["flag"] is not None
        )
        self.assertEqual({name: row[name] for name in expected}, expected)
        self.assertEqual(json.loads(row["document"]), {"a": [1, 2.5, None], "\u00e4": "b"})
        for name in ["at", "wall"]:
            self.assertTrue(row[name].startswith("2023-11-14T22:13:20.123456"), row[name])

    def ends(self, script):
        """Play a script. Returns how it ended, and what is kept of its state."""
        fivetran = self.fivetran()
        report, log = self.sync(fivetran, {"script": script}, program=SCRIPT)
        self.assertEqual(report["breaches"], [])
        return report, fivetran, log

    def test_what_the_customer_can_mend_is_a_task(self):
        report, fivetran, _ = self.ends('rows 1; checkpoint {"a": 1}; setup')
        if HAS_TASKS:
            self.assertEqual(report["end"], "ended with a task")
            self.assertEqual(report["tasks"], ["The script is wrong. Write another."])
        else:
            self.assertIn("The script is wrong. Write another.", report["end"])
        self.assertEqual(fivetran.state(), {"a": 1})

    def test_no_failure_looks_like_a_success(self):
        for step, text in [
            ("transient", "The script is away."),
            ("bug", "The script has a bug."),
            ("panic", "The connector failed inside (a panic)."),
        ]:
            report, fivetran, _ = self.ends(f'rows 150; checkpoint {{"a": 1}}; rows 1; {step}')
            self.assertNotEqual(report["end"], "completed")
            self.assertIn(text, report["end"])
            self.assertEqual(report["tasks"], [])
            self.assertEqual(fivetran.state(), {"a": 1})

    def test_warnings_are_told(self):
        report, _, log = self.ends("warn Look here; rows 1; checkpoint {}")
        self.assertEqual(report["end"], "completed")
        if HAS_TASKS:
            self.assertEqual(report["warnings"], ["Look here"])
        else:
            self.assertIn("Look here", log)

    def test_an_exception_of_the_sdk_ends_the_sync_with_its_own_text(self):
        broken = SCRIPT + (
            "from fivetran_connector_sdk import Operations\n"
            "upsert, taken = Operations.upsert, []\n"
            "def limited(*arguments, **named):\n"
            "    if len(taken) == 120: raise ValueError('of the SDK itself')\n"
            "    taken.append(1)\n"
            "    upsert(*arguments, **named)\n"
            "Operations.upsert = staticmethod(limited)\n"
        )
        fivetran = self.fivetran()
        script = 'rows 110; checkpoint {"a": 1}; rows 110; checkpoint {"a": 2}'
        report, log = self.sync(fivetran, {"script": script}, program=broken)
        self.assertIn("of the SDK itself", report["end"])
        self.assertIn("ValueError", log + report["end"])
        self.assertIn(fivetran.state(), [None, {}])

    def test_ctrl_c_ends_a_sync_that_waits(self):
        fivetran = self.fivetran()
        with PythonDoor(PYTHON, folder(self, SCRIPT), ROW_DATA, [SCRIPTED]) as door:
            tester = fivetran.start(door, {"script": "rows 1; wait"})
            deadline = time.monotonic() + 20
            while "begins" not in door.log() and time.monotonic() < deadline:
                time.sleep(0.1)
            # Beyond our second, the SDK waits for a thread of its own that samples memory.
            self.assertLess(door.interrupt(), 4)
            output, _ = tester.communicate(timeout=30)
        self.assertNotIn("completed", output)

    def test_a_client_that_goes_away_keeps_no_process_from_sigterm(self):
        fivetran = self.fivetran()
        with PythonDoor(PYTHON, folder(self, SCRIPT), ROW_DATA, [SCRIPTED]) as door:
            report = fivetran.sync(door, {"script": "rows 100000"}, "--stop-after-rows", "300")
            self.assertEqual(report["end"], "stopped by us")
            door.process.terminate()
            self.assertEqual(door.process.wait(timeout=5), -15)


class Configurations(Case):
    def check(self, configuration):
        """The setup tests, as `connector check` asks for them."""
        with PythonDoor(PYTHON, self.folder, ROW_DATA) as door, tempfile.NamedTemporaryFile(
            mode="w", suffix=".json"
        ) as file:
            json.dump(configuration, file)
            file.flush()
            connector = os.path.join(stack.BINARIES, "connector")
            done = subprocess.run(
                [connector, "check", "--connector", f"127.0.0.1:{door.port}"]
                + ["--configuration", file.name],
                capture_output=True,
                text=True,
            )
            said = done.stdout + done.stderr + door.log()
            self.assertNotIn(stack.TOKEN, said)
            return done.returncode, said

    @unittest.skipUnless(HAS_FORM, "this SDK has no form")
    def test_the_setup_tests_pass_or_say_why(self):
        influx = self.influx()
        code, said = self.check(influx.configuration())
        self.assertEqual(code, 0, said)
        for settings, text in [
            ({"lookback": "soon"}, "`lookback` is \"soon\""),
            ({"database": "nowhere"}, "nowhere"),
            ({"token": "apiv3_another"}, "token"),
            ({"hostname": "ftp://x"}, "`hostname`"),
        ]:
            code, said = self.check({**influx.configuration(), **settings})
            self.assertNotEqual(code, 0, said)
            self.assertIn(text, said)
            self.assertNotIn("Traceback", said)
            self.assertNotIn("apiv3_another", said)

    def test_schema_says_what_is_wrong(self):
        influx = self.influx()
        for settings, text in [
            ({"lookback": "soon"}, "`lookback` is \"soon\""),
            ({"database": "nowhere"}, "nowhere"),
            ({"token": "apiv3_another"}, "token"),
        ]:
            fivetran = self.fivetran()
            with PythonDoor(PYTHON, self.folder, ROW_DATA) as door:
                tester = fivetran.start(door, {**influx.configuration(), **settings})
                output, _ = tester.communicate(timeout=60)
                said = output + door.log()
            self.assertNotEqual(tester.returncode, 0)
            self.assertIn(text, said.replace("\\\"", "\""))
            self.assertNotIn("apiv3_another", said)
            self.assertNotIn(stack.TOKEN, said)

    def test_what_goes_wrong_after_schema_is_a_task(self):
        influx = self.influx()
        wrong = STATEMENTS + (
            "def update(configuration, state):\n"
            "    influxdb3.update({**configuration, 'lookback': 'soon', 'start_time': 'x'}, state)\n"
            "connector = Connector(update=update, schema=influxdb3.schema)\n"
        )
        report, _ = self.sync(self.fivetran(), influx.configuration(), program=wrong)
        said = report["tasks"][0] if HAS_TASKS else report["end"]
        self.assertIn("has 2 problems", said)
        self.assertIn("`start_time` is \"x\"", said)

    def test_a_state_that_is_not_ours_is_named(self):
        influx = self.influx()
        for state in [{"cursor": 1}, {"databases": 7}]:
            fivetran = self.fivetran()
            fivetran.set_state(state)
            report, _ = self.sync(fivetran, influx.configuration())
            said = report["tasks"][0] if HAS_TASKS else report["end"]
            self.assertIn("saved state", said)
            self.assertEqual(fivetran.state(), state)


class Packages(Case):
    def without_engine(self):
        """A directory with the package as it is where no engine fits."""
        import influxdb3_fivetran

        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        source = os.path.dirname(influxdb3_fivetran.__file__)
        shutil.copytree(
            source,
            os.path.join(directory.name, "influxdb3_fivetran"),
            ignore=shutil.ignore_patterns("*.so", "__pycache__"),
        )
        return directory.name

    def run_python(self, program, path):
        environment = {**os.environ, "PYTHONPATH": path}
        done = subprocess.run(
            [PYTHON, "-c", program],
            capture_output=True,
            text=True,
            env=environment,
            cwd=stack.EXAMPLE,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    @unittest.skipUnless(HAS_FORM, "this SDK has no form")
    def test_the_form_is_made_as_deploy_does_it_without_the_engine(self):
        program = (
            "import sys\n"
            "from fivetran_connector_sdk_common.helpers import find_connector_object\n"
            "connector = find_connector_object('.')\n"
            "form = connector.configuration_form_method()._to_proto()\n"
            "assert 'influxdb3_fivetran._engine' not in sys.modules\n"
            "print(len(form.fields), len(form.tests), form.SerializeToString().hex())\n"
        )
        bare = self.run_python(program, self.without_engine())
        self.assertEqual(bare, self.run_python(program, ""))
        fields, tests, encoded = bare.splitlines()[-1].split()
        with open(os.path.join(self.without_engine(), "influxdb3_fivetran", "form.json")) as file:
            described = json.load(file)
        self.assertEqual(int(fields), len(described["fields"]))
        self.assertEqual(int(tests), len(described["tests"]))
        self.assertIn(b"hostname", bytes.fromhex(encoded))

    def test_a_missing_engine_is_a_sentence(self):
        program = (
            "import influxdb3_fivetran as influxdb3\n"
            "for call in [lambda: influxdb3.schema({}), lambda: influxdb3.update({}, {})]:\n"
            "    try: call()\n"
            "    except RuntimeError as error: print(error)\n"
        )
        said = self.run_python(program, self.without_engine())
        self.assertEqual(said.count("The engine of influxdb3_fivetran cannot be loaded here"), 2)

    def test_update_without_schema_sends_nothing(self):
        said = self.run_python(
            "import influxdb3_fivetran as influxdb3\n"
            "try: influxdb3.update({}, {})\n"
            "except RuntimeError as error: print(error)\n",
            "",
        )
        self.assertIn("update() was called before schema()", said)


if __name__ == "__main__":
    unittest.main()
