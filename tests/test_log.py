"""The formats of log lines, and the escaping of remote text."""

import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.log import FailureLog, Format, Level, escape, set_up

ROOT = Path(__file__).parent.parent
HOSTILE = "friend\x1b[2J\n2026-01-01 root: gone \u202egnorw\x9b\u2028"


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Restore pytest's handlers."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    yield
    root.handlers[:] = handlers


def logged(stream: TextIO, format: Format = "text", level: Level = "info") -> logging.Logger:
    set_up(level, format, stream)
    return logging.getLogger("hangd.sample")


def test_escape_replaces_characters_that_are_not_printable() -> None:
    assert escape("plain Zoë 🎬") == "plain Zoë 🎬"
    assert escape(HOSTILE) == r"friend\x1b[2J\n2026-01-01 root: gone \u202egnorw\x9b\u2028"
    assert escape("\ud800") == r"\ud800"
    assert escape("bad\udcff\udce9.mkv") == r"bad\xff\xe9.mkv", "the bytes of a file's name"


@given(st.text(st.characters()))
def test_escaped_text_is_printable_and_stays_as_it_is(text: str) -> None:
    assert escape(text).isprintable()
    assert escape(escape(text)) == escape(text)
    escape(text).encode()


def test_a_console_line_has_time_level_and_logger() -> None:
    stream = io.StringIO()
    logged(stream).warning("%d rooms", 3)
    date, time, rest = stream.getvalue().split(" ", 2)
    assert rest == "warning hangd.sample: 3 rooms\n"
    assert abs((datetime.now() - datetime.fromisoformat(f"{date} {time}")).total_seconds()) < 60


@pytest.mark.parametrize("format", ["text", "json"])
def test_messages_are_escaped_by_the_formatter(format: Format) -> None:
    stream = io.StringIO()
    log = logged(stream, format)
    log.info("%s said: %s", HOSTILE, HOSTILE)
    [line] = stream.getvalue().splitlines()
    assert line.isprintable()


@pytest.mark.parametrize("format", ["text", "json"])
def test_exceptions_are_escaped_by_the_formatter(format: Format) -> None:
    stream = io.StringIO()
    log = logged(stream, format)
    try:
        raise ValueError(HOSTILE.replace("\n", ""))
    except ValueError:
        log.exception("it failed")
    assert "Traceback" in stream.getvalue() and "ValueError" in stream.getvalue()
    assert all(line.isprintable() for line in stream.getvalue().split("\n"))


def test_a_json_line_is_an_object() -> None:
    stream = io.StringIO()
    log = logged(stream, "json")
    log.info("hello %s", "Zoë")
    try:
        raise ValueError("no")
    except ValueError:
        log.exception("it failed")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["level"], first["logger"], first["message"]) == ("info", "hangd.sample", "hello Zoë")
    assert datetime.fromisoformat(first["time"]).utcoffset() is not None
    assert "traceback" not in first and second["traceback"].endswith("ValueError: no")


def test_the_journal_gets_levels_and_no_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "journal").open("w+") as stream:
        status = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        log = logged(stream, level="debug")
        log.debug("a")
        log.info("b")
        log.warning("c")
        try:
            raise ValueError("no")
        except ValueError:
            log.exception("d")
        stream.seek(0)
        lines = stream.read().splitlines()
    assert lines[:4] == [
        "<7>hangd.sample: a",
        "<6>hangd.sample: b",
        "<4>hangd.sample: c",
        "<3>hangd.sample: d",
    ]
    assert all(line.startswith("<3>") for line in lines[4:]) and lines[-1] == "<3>ValueError: no"


def test_a_stream_other_than_the_journals_has_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service may redirect standard error to a file and still have the variable."""
    with (tmp_path / "file").open("w+") as stream:
        monkeypatch.setenv("JOURNAL_STREAM", "1:1")
        logged(stream).info("b")
        stream.seek(0)
        assert stream.read().endswith(" info hangd.sample: b\n")


def test_records_below_the_level_are_dropped() -> None:
    stream = io.StringIO()
    log = logged(stream, level="warning")
    log.info("no")
    log.warning("yes")
    assert "yes" in stream.getvalue() and "no" not in stream.getvalue()


def test_libraries_log_connections_only_at_level_debug() -> None:
    stream = io.StringIO()
    logged(stream, level="info")
    logging.getLogger("websockets.server").info("connection open")
    assert stream.getvalue() == ""
    logged(stream, level="debug")
    logging.getLogger("websockets.server").info("connection open")
    assert "connection open" in stream.getvalue()


def test_a_second_setup_replaces_the_first() -> None:
    stream = io.StringIO()
    logged(stream)
    logged(stream).info("once")
    assert stream.getvalue().count("once") == 1


def test_a_line_that_repeats_is_written_once_with_the_number_of_its_repetitions() -> None:
    stream = io.StringIO()
    set_up("info", "json", stream)

    def say(message: str, level: int = logging.INFO, at: float = 1000.0) -> None:
        record = logging.makeLogRecord({"name": "hangd.some", "levelno": level, "msg": message, "created": at})
        logging.getLogger().handle(record)

    for _ in range(41):
        say("no frame!")
    say("no frame!", logging.WARNING)
    say("other")
    say("other")
    say("other", at=1060.0)
    say("other", at=1060.0)
    logging.getLogger().handlers[0].close()
    written = [json.loads(line)["message"] for line in stream.getvalue().splitlines()]
    assert written == [
        "no frame!",
        "repeated 40 times: no frame!",
        "no frame!",
        "other",
        "repeated once: other",
        "other",
        "repeated once: other",
    ]


NOISE = """
import logging, os, sys, time
from hangd import log
log.set_up(sys.argv[1], "text", log.take_over_stderr())
for thread in range(40):
    os.write(2, b"[h264 @ 0x7f52%08x] no frame!\\n" % thread)
logging.getLogger("hangd").info("hangd's own line")
print("for people", file=sys.stderr)
time.sleep(0.5)
if "crash" in sys.argv:
    import ctypes
    ctypes.string_at(0)
logging.shutdown()
"""


def noise(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", NOISE, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    return done.stderr


@pytest.mark.real
def test_what_libraries_write_to_stderr_is_logged_at_level_debug() -> None:
    assert "no frame!" not in noise("info")
    assert "hangd's own line\nfor people\n" in noise("info")
    written = noise("debug")
    lines = written.count("debug hangd.libraries: [h264] no frame!")
    repetitions = sum(int(times) for times in re.findall(r"repeated (\d+) times", written))
    assert lines in (1, 2)  # hangd's own line may stand between two of them
    assert lines + repetitions + written.count("repeated once") == 40


@pytest.mark.real
def test_a_crash_says_where() -> None:
    assert "Segmentation fault" in noise("info", "crash")


def test_a_failure_is_logged_once_until_it_works_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log = FailureLog(logging.getLogger("hangd.sample"), "rooms cannot be kept", "rooms are kept again")
    log.worked()
    for _ in range(3):
        log.failed(OSError("the disk is full"), expected=OSError)
    assert log.failing
    log.worked()
    log.worked()
    log.failed(ValueError("a bug"), expected=OSError)
    assert caplog.messages == [
        "rooms cannot be kept: the disk is full",
        "rooms are kept again",
        "rooms cannot be kept: a bug",
    ]
    assert [record.exc_info is not None for record in caplog.records] == [False, False, True]
