"""What connector-sdk-adapter promises, with a module of plain functions in the place of the SDK.

Usage: adapter_cases.py DIRECTORY, which holds `scripted.abi3.so`. Any Python from 3.10 on will do.
"""

import datetime
import json
import os
import signal
import subprocess
import sys
import threading
import time
import types
import unittest

DIRECTORY = sys.argv[1] if len(sys.argv) > 1 else "."
sys.path.insert(0, DIRECTORY)

CALLS = []
#: What an operation raises, by its name.
RAISES = {}


def recorded(name):
    def operation(*arguments, **named):
        if name in RAISES:
            raise RAISES[name]
        # A dict may be one that is used again.
        CALLS.append((name, *[json.loads(json.dumps(it, default=repr)) for it in arguments]))
        if name == "upsert":
            ROWS.append(arguments[1])

    return staticmethod(operation)


ROWS = []
OPERATIONS = ["upsert", "truncate", "checkpoint", "warning", "error"]
SDK = types.ModuleType("fivetran_connector_sdk")
SDK.Logging = type("Logging", (), {it: recorded(it) for it in ["info", "warning", "error"]})
sys.modules["fivetran_connector_sdk"] = SDK

# The SDK has to be there before the module is called, not before it is imported.
import scripted  # noqa: E402


def with_operations(names):
    SDK.Operations = type("Operations", (), {it: recorded(it) for it in names})


with_operations(OPERATIONS)


class Case(unittest.TestCase):
    def setUp(self):
        CALLS.clear()
        ROWS.clear()
        RAISES.clear()
        with_operations(OPERATIONS)
        scripted.schema({"script": "x"})
        CALLS.clear()

    def play(self, script, state=None):
        scripted.update(configuration={"script": script}, state=state or {})
        return CALLS

    def said(self, *names):
        """What was said, without log lines and values."""
        kept = names or OPERATIONS
        return [it[:2] if it[0] != "upsert" else it[:1] for it in CALLS if it[0] in kept]

    def fails(self, exception, script, text):
        with self.assertRaises(exception) as raised:
            self.play(script)
        self.assertIn(text, str(raised.exception))
        return raised.exception


class Schema(Case):
    def test_types_are_spelled_as_the_sdk_spells_them(self):
        (table,) = scripted.schema({"script": "x"})
        self.assertEqual(table["table"], "everything")
        self.assertEqual(table["primary_key"], ["id"])
        self.assertNotIn("schema", table)
        columns = table["columns"]
        self.assertEqual(columns.pop("exact"), {"type": "DECIMAL", "precision": 20, "scale": 2})
        self.assertEqual(
            list(columns.values()),
            "LONG BOOLEAN SHORT INT LONG FLOAT DOUBLE NAIVE_DATE NAIVE_DATETIME UTC_DATETIME "
            "BINARY STRING JSON".split(),
        )

    def test_faults_are_exceptions(self):
        for step, text in [
            ("setup", "The script is wrong. Write another."),
            ("transient", "The script is away."),
            ("bug", "The script has a bug."),
            ("panic", "The connector failed inside (a panic)."),
        ]:
            with self.assertRaises(scripted.ConnectorError) as raised:
                scripted.schema({"script": "x", "schema": step})
            self.assertEqual(str(raised.exception), text)
            self.assertEqual(scripted.test("schema", {"script": "x", "schema": step}), text)
        self.assertIsNone(scripted.test("schema", {"script": "x"}))
        self.assertIn("no setup test", scripted.test("other", {"script": "x"}))

    def test_wrong_configurations_are_sentences(self):
        for configuration, text in [
            ({}, "`script` is required"),
            ({"script": 1}, "value of 'script' is of type int"),
            ({"script": ["secret"]}, "value of 'script' is of type list"),
            ({1: "x"}, "value of 1 is of type str"),
            (["script"], "must be a dict of texts, and is of type list"),
            (None, "is of type NoneType"),
        ]:
            with self.assertRaises(scripted.ConnectorError) as raised:
                scripted.schema(configuration)
            self.assertIn(text, str(raised.exception))
            self.assertNotIn("secret", str(raised.exception))
            self.assertIn(text, scripted.test("schema", configuration))
            CALLS.clear()
            scripted.update(configuration=configuration, state={})
            ((verb, message),) = CALLS
            self.assertEqual(verb, "error")
            self.assertIn(text, message)

    def test_what_was_not_declared_is_not_sent(self):
        scripted.schema({"script": "x", "schema": "empty"})
        self.play("rows 3; checkpoint {}")
        self.assertEqual(self.said(), [("checkpoint", {})])
        self.fails(scripted.ConnectorError, "undeclared", "schema() has not declared it")


class Rows(Case):
    def test_every_type_is_what_both_encodings_take(self):
        self.play("rows 1")
        row = ROWS[0]
        utc = datetime.timezone.utc
        self.assertEqual(
            row,
            {
                "id": 0,
                "flag": True,
                "small": -(2**15),
                "medium": 2**31 - 1,
                "large": -(2**63),
                "exact": "-123456789012345678.90",
                "single": 1.5,
                "double": 0.1,
                "day": datetime.date(1969, 12, 31),
                "wall": datetime.datetime(2023, 11, 14, 22, 13, 20, 123456),
                "at": datetime.datetime(2023, 11, 14, 22, 13, 20, 123456, utc),
                "raw": b"\x00\xff",
                "text": "\u00e4\U0001f600\"\0",
                "document": {"a": [1, 2.5, None], "\u00e4": "b"},
            },
        )
        for name, kind in [("flag", bool), ("large", int), ("exact", str), ("raw", bytes)]:
            self.assertIs(type(row[name]), kind)
        self.assertIsNotNone(row["at"].tzinfo)
        self.assertIsNone(row["wall"].tzinfo)

    def test_each_row_is_a_dict_of_its_own(self):
        self.play("rows 3; null")
        self.assertEqual([row["id"] for row in ROWS], [0, 1, 2, 3])
        self.assertEqual(set(ROWS[3].values()), {3, None})

    def test_a_value_that_python_cannot_hold_is_named(self):
        text = 'column "at" of table "everything" cannot hold the time 1099511627776 seconds'
        self.fails(scripted.ConnectorError, "far", text)


class Checkpoints(Case):
    def test_only_the_last_of_a_minute_is_sent(self):
        self.play('checkpoint {"a": 1}; rows 1; checkpoint {"a": 2}; rows 1; checkpoint {"a": 3}')
        self.assertEqual(self.said(), [("upsert",), ("upsert",), ("checkpoint", {"a": 3})])

    def test_what_takes_something_back_is_sent_before_what_follows(self):
        self.play('rows 1; checkpoint {"a": 1}; takes-back {"a": 0}; rows 1; checkpoint {"a": 2}')
        upsert = ("upsert",)
        taken_back, last = ("checkpoint", {"a": 0}), ("checkpoint", {"a": 2})
        self.assertEqual(self.said(), [upsert, taken_back, upsert, last])

    def test_what_is_held_goes_before_a_truncate(self):
        self.play('checkpoint {"a": 1}; truncate; rows 1; checkpoint {"a": 2}')
        first, last = ("checkpoint", {"a": 1}), ("checkpoint", {"a": 2})
        self.assertEqual(self.said(), [first, ("truncate", "everything"), ("upsert",), last])

    def test_a_sync_that_fails_sends_what_is_held(self):
        for step in ["transient", "bug", "panic"]:
            CALLS.clear()
            self.fails(scripted.ConnectorError, f'rows 1; checkpoint {{"a": 1}}; {step}', "")
            self.assertEqual(self.said(), [("upsert",), ("checkpoint", {"a": 1})])

    def test_a_state_comes_back_and_a_foreign_one_is_a_sentence(self):
        self.play("log x", state={"cursor": 2**60, "t": "\u00e4"})
        told = [it[1] for it in CALLS if it[0] == "info" and it[1].startswith("begins")]
        self.assertEqual(len(told), 1)
        state = told[0].split("state=")[1].rstrip(")")
        self.assertEqual(json.loads(state), {"cursor": 2**60, "t": "\u00e4"})
        for state, text in [([1], "of type list"), ({"a": {1, 2}}, "no JSON")]:
            CALLS.clear()
            scripted.update(configuration={"script": "rows 1"}, state=state)
            self.assertEqual([it[0] for it in CALLS], ["error"])
            self.assertIn(text, CALLS[0][1])


class Ends(Case):
    def test_a_task_is_told_after_the_last_checkpoint_and_update_returns(self):
        self.play('rows 1; checkpoint {"a": 1}; setup; rows 1')
        task = ("error", "The script is wrong. Write another.")
        self.assertEqual(self.said(), [("upsert",), ("checkpoint", {"a": 1}), task])

    def test_faults_and_panics_are_exceptions(self):
        for step, text in [
            ("transient", "The script is away."),
            ("bug", "The script has a bug."),
            ("panic", "The connector failed inside (a panic)."),
        ]:
            raised = self.fails(scripted.ConnectorError, step, text)
            self.assertIsInstance(raised, RuntimeError)

    def test_older_sdks_have_neither_tasks_nor_warnings(self):
        with_operations(["upsert", "truncate", "checkpoint"])
        self.play("warn Look")
        self.assertIn(("warning", "Look"), CALLS)
        self.fails(scripted.ConnectorError, "setup", "The script is wrong. Write another.")
        with_operations(["upsert", "checkpoint"])
        self.fails(scripted.ConnectorError, "truncate", "2.8.3")

    def test_what_the_sdk_raises_is_raised_unchanged_and_nothing_follows(self):
        for operation, step in [
            ("upsert", "rows 1"),
            ("truncate", "truncate"),
            ("checkpoint", "takes-back {}"),
            ("warning", "warn Look"),
        ]:
            raised = ValueError("of the SDK")
            RAISES[operation] = raised
            CALLS.clear()
            with self.assertRaises(ValueError) as caught:
                self.play(f"checkpoint {{}}; {step}; rows 1")
            self.assertIs(caught.exception, raised)
            # What waits is sent before a truncate; after an exception there is nothing at all.
            sent = [("checkpoint", {})] if operation == "truncate" else []
            self.assertEqual(self.said(), sent)
            RAISES.clear()

    def test_no_base_exception_leaves_a_thread(self):
        """On a thread of its own the SDK would take the sync for one that has succeeded."""
        for raised in [SystemExit(3), KeyboardInterrupt(), GeneratorExit()]:
            RAISES["upsert"] = raised
            caught = []

            def run():
                try:
                    self.play("rows 1")
                except BaseException as error:
                    caught.append(error)

            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
            self.assertIsInstance(caught[0], scripted.ConnectorError)
            self.assertIs(caught[0].__cause__, raised)
        # On the main thread it ends the process, as it is meant to.
        with self.assertRaises(GeneratorExit):
            self.play("rows 1")


class Interruptions(Case):
    def test_ctrl_c_ends_a_sync_that_waits_on_the_main_thread(self):
        started = time.monotonic()
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        with self.assertRaises(KeyboardInterrupt):
            self.play('rows 1; checkpoint {"a": 1}; wait')
        self.assertLess(time.monotonic() - started, 2)

    def test_ctrl_c_ends_a_process_whose_sync_waits_on_another_thread(self):
        program = (
            "import sys, threading, time\n"
            f"sys.argv = ['x', {DIRECTORY!r}]\n"
            f"sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})\n"
            "import adapter_cases as cases\n"
            "cases.scripted.schema({'script': 'x'})\n"
            "def run():\n"
            "    try:\n"
            "        cases.scripted.update({'script': 'wait'}, {})\n"
            "    except Exception as error:\n"
            "        print(error, flush=True)\n"
            "threading.Thread(target=run).start()\n"
            "print('runs', flush=True)\n"
            "time.sleep(3600)\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.assertEqual(process.stdout.readline(), "runs\n")
        time.sleep(0.3)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=10)
        self.assertLess(time.monotonic() - started, 2)
        self.assertIn("The process is shutting down", output)

    def test_other_threads_of_python_run_while_a_sync_waits(self):
        turns = []

        def count():
            while not turns or turns[-1] < 20:
                turns.append(len(turns))
                time.sleep(0.01)

        thread = threading.Thread(target=count)
        threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()
        thread.start()
        with self.assertRaises(KeyboardInterrupt):
            self.play("wait")
        self.assertGreater(len(turns), 20)


class Logs(Case):
    def test_lines_come_in_order_and_a_log_that_refuses_them_ends_nothing(self):
        self.play("log one; rows 1; log two")
        lines = [it for it in CALLS if it[0] in ("info", "warning")]
        self.assertEqual(lines[1:3], [("warning", "one"), ("warning", "two")])
        self.assertEqual(lines[3], ("info", "Sync finished (rows=1, checkpoints=0)"))
        # So it is before the SDK serves.
        RAISES.update(info=TypeError("no level"), warning=TypeError("no level"))
        with_operations(["upsert"] + OPERATIONS[1:3])
        self.play("log one; rows 1")


class WithoutSchema(unittest.TestCase):
    def test_update_without_schema_sends_nothing(self):
        program = (
            "import sys\n"
            f"sys.argv = ['x', {DIRECTORY!r}]\n"
            f"sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})\n"
            "import adapter_cases as cases\n"
            "try:\n"
            "    cases.scripted.update({'script': 'rows 1'}, {})\n"
            "except cases.scripted.ConnectorError as error:\n"
            "    print(error, cases.CALLS)\n"
        )
        output = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout
        self.assertTrue(output.startswith("update() was called before schema()"), output)
        self.assertTrue(output.endswith("[]\n"), output)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
