"""hangctl.output and hangctl.progress: escaping, formats and the progress line."""

import io
import json
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangctl.output import dumps, escape, hms, milliseconds, plain
from hangctl.progress import Progress

HOSTILE = [
    ("\x1b[2J", r"\x1b[2J"),
    ("a\nb\tc\rd", r"a\nb\tc\rd"),
    ("\u202egnp.exe", r"\u202egnp.exe"),
    ("\u2066x\u2069", r"\u2066x\u2069"),
    ("\x9b31m", r"\x9b31m"),
    ("\u2028", r"\u2028"),
    ("\U000e0041", r"\U000e0041"),
    ("\udcff", r"\xff"),
    ("\ud800", r"\ud800"),
]


def printable(text: str) -> bool:
    """Say whether it can be shown as it is: spaces and joiners of other scripts can."""
    return all(one.isprintable() or one in "\u200c\u200d" or category(one) == "Zs" for one in text)


@pytest.mark.parametrize(("text", "shown"), HOSTILE)
def test_control_characters_are_escaped(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize(
    "text", ["Amélie", "千と千尋の神隠し", "می‌خواهم", "👩‍👩‍👧", "a b", "金曜\u3000映画", "où\xa0?"]
)
def test_text_in_any_script_is_not_escaped(text: str) -> None:
    assert escape(text) == text


@given(st.text())
def test_an_escaped_text_is_one_printable_line(text: str) -> None:
    assert printable(escape(text))
    assert escape(escape(text)) == escape(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_json_is_printable_and_decodes_to_the_same_value(value: Any) -> None:
    line = dumps(value)
    assert json.loads(line) == value
    assert printable(line)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(True, "yes"), (False, "no"), (100.0, "100"), (12.161467, "12.161467"), (3, "3"), ("a", "a"), ([1], "[1]")],
)
def test_a_value_is_written_as_mpv_writes_it(value: Any, shown: str) -> None:
    assert plain(value) == shown


def test_times_are_written_for_people() -> None:
    assert [hms(seconds) for seconds in (None, 0, 83.9, 3723)] == ["-:--", "0:00", "1:23", "1:02:03"]
    assert milliseconds(0.0021, signed=True) == "+2 ms"
    assert milliseconds(-0.0021, signed=True) == "-2 ms"
    assert milliseconds(0.004) == "4 ms"


def test_progress_off_a_terminal_is_a_line_for_each_tenth() -> None:
    stream = io.StringIO()
    progress = Progress("film\x1b.mkv", 1000, stream, terminal=False, now=0)
    for step in range(101):
        progress.update(step / 100, 2 + step)
    progress.clear()
    assert stream.getvalue().splitlines() == [rf"hashing film\x1b.mkv: {tenth} %" for tenth in range(10, 101, 10)]


def test_progress_on_a_terminal_is_one_line_with_rate_and_time_left() -> None:
    stream = io.StringIO()
    progress = Progress("film.mkv", 4_000_000_000, stream, terminal=True, now=0)
    progress.update(0.25, 2)
    assert stream.getvalue() == "\rhashing film.mkv: 25 %, 500 MB/s, 0:06 left\x1b[K"
    progress.clear()
    assert stream.getvalue().endswith("\r\x1b[K")
    assert "\n" not in stream.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_hashing_of_less_than_a_second_shows_nothing(terminal: bool) -> None:
    stream = io.StringIO()
    progress = Progress("film.mkv", 10, stream, terminal=terminal, now=0)
    for fraction in (0.0, 0.5, 1.0):
        progress.update(fraction, 0.9)
    progress.clear()
    assert stream.getvalue() == ""
