"""How log lines look, and that nothing remote gets into them raw."""

import io
import json
import logging
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.log import Format, Level, escape, set_up

HOSTILE = "friend\x1b[2J\n2026-01-01 root: gone \u202egnorw\x9b\u2028"


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Leave pytest's handlers and levels as they were."""
    root = logging.getLogger()
    names = ("asyncio", "websockets")
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in names:
        logging.getLogger(name).setLevel(levels[name])


def logged(stream: TextIO, format: Format = "text", level: Level = "info") -> logging.Logger:
    set_up(level, format, stream)
    return logging.getLogger("hangd.sample")


def test_escaping_spells_out_what_is_not_printable() -> None:
    assert escape("plain Zoë 🎬") == "plain Zoë 🎬"
    assert escape(HOSTILE) == r"friend\x1b[2J\n2026-01-01 root: gone \u202egnorw\x9b\u2028"
    assert escape("\ud800") == r"\ud800"


@given(st.text(st.characters()))
def test_escaped_text_is_printable_and_stays_as_it_is(text: str) -> None:
    assert escape(text).isprintable()
    assert escape(escape(text)) == escape(text)
    escape(text).encode()


def test_a_console_line_has_time_level_and_place() -> None:
    stream = io.StringIO()
    logged(stream).warning("%d rooms", 3)
    date, time, rest = stream.getvalue().split(" ", 2)
    assert rest == "warning hangd.sample: 3 rooms\n"
    assert abs((datetime.now() - datetime.fromisoformat(f"{date} {time}")).total_seconds()) < 60


@pytest.mark.parametrize("format", ["text", "json"])
def test_what_somebody_forgot_to_escape_is_escaped(format: Format) -> None:
    stream = io.StringIO()
    log = logged(stream, format)
    log.info("%s said: %s", HOSTILE, HOSTILE)
    [line] = stream.getvalue().splitlines()
    assert line.isprintable()


@pytest.mark.parametrize("format", ["text", "json"])
def test_what_stands_in_an_exception_is_escaped(format: Format) -> None:
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


def test_a_stream_that_is_not_the_journals_keeps_its_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service may send standard error into a file and yet inherit the variable."""
    with (tmp_path / "file").open("w+") as stream:
        monkeypatch.setenv("JOURNAL_STREAM", "1:1")
        logged(stream).info("b")
        stream.seek(0)
        assert stream.read().endswith(" info hangd.sample: b\n")


def test_the_level_is_the_least_that_shows() -> None:
    stream = io.StringIO()
    log = logged(stream, level="warning")
    log.info("no")
    log.warning("yes")
    assert "yes" in stream.getvalue() and "no" not in stream.getvalue()


def test_libraries_that_tell_of_each_connection_do_so_only_for_debugging() -> None:
    stream = io.StringIO()
    logged(stream, level="info")
    logging.getLogger("websockets.server").info("connection open")
    assert stream.getvalue() == ""
    logged(stream, level="debug")
    logging.getLogger("websockets.server").info("connection open")
    assert "connection open" in stream.getvalue()


def test_setting_up_twice_logs_once() -> None:
    stream = io.StringIO()
    logged(stream)
    logged(stream).info("once")
    assert stream.getvalue().count("once") == 1
