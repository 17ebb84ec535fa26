"""What people write for "since then"."""

import time
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.since import since

NOW = datetime(2026, 3, 1, 20, 15, 30).timestamp()


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("24h", 86400), ("7d", 604800), ("2W", 1209600), (" 1 d ", 86400), ("0d", 0)]
)
def test_so_long_ago(text: str, seconds: float) -> None:
    assert since(text, NOW) == NOW - seconds


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("today", (2026, 3, 1)),
        ("Yesterday", (2026, 2, 28)),
        ("2026-02-07", (2026, 2, 7)),
        ("2026-2-7", (2026, 2, 7)),
        ("2026-02-07 20:15", (2026, 2, 7, 20, 15)),
        ("2026-02-07T08:05", (2026, 2, 7, 8, 5)),
        ("2024-02-29", (2024, 2, 29)),
    ],
)
def test_a_day_is_a_local_one(text: str, then: tuple[int, int, int]) -> None:
    assert since(text, NOW) == datetime(*then).timestamp()


def test_a_day_of_25_hours_is_one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        after = datetime(2026, 10, 26, 0, 30).timestamp()
        assert since("yesterday", after) == after - 1800 - 25 * 3600
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "text",
    ["", "7", "d", "-7d", "7y", "1.5h", "2026-13-01", "2026-02-30", "2026-02-07 25:00", "31.5.2026", "now", "٧d"],
)
def test_anything_else_is_refused_with_what_is_understood(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no (time: write 24h, 7d or 2w|date that there is)"):
        since(text, NOW)


@given(st.text(max_size=30) | st.from_regex(r"[0-9]{1,6}[mhdw]|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", fullmatch=True))
def test_it_raises_nothing_else(text: str) -> None:
    try:
        assert since(text, NOW) >= 0.0
    except ValueError as error:
        assert str(error).startswith("is no ")
