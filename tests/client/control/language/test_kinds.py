"""Kinds of value: which values each one accepts."""

from typing import Any

import pytest

from hangd.client.control.language.kinds import (
    Choice,
    Direction,
    Double,
    FlagSet,
    Integer,
    Kind,
    Switch,
    Time,
    TrackNumber,
)

FLAGS = FlagSet((("relative", "absolute"), ("exact", "keyframes")))


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        (Integer(), "010", 10),
        (Integer(), " +0x10", 16),
        (Double(), "0x10", 16.0),
        (Double(), "\t-.5e1", -5.0),
        (Double(), "16:9", 16 / 9),
        (Double(), "1/4", 0.25),
        (Double(), 5, 5.0),
        (Time(), "1:02:03.5", 3723.5),
        (Time(), "-1:30", -90.0),
        (Time(), "90:00", 5400.0),
        (Time(), "0x10", 16.0),
        (FLAGS, "absolute+exact", "absolute+exact"),
        (FLAGS, "absolute+", "absolute"),
        (FLAGS, ["absolute", "exact"], "absolute+exact"),
        (FLAGS, [], ""),
        (FLAGS, "", ""),
        (Direction(), "down", "down"),
        (Direction(), "0.5", "up"),
        (Direction(), "-1", "down"),
        (Switch(), "auto", False),
        (Switch(), True, True),
    ],
)
def test_accepted(kind: Kind, given: Any, value: Any) -> None:
    assert kind.parse(given) == value


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (Integer(), ""), (Integer(), "5 "), (Integer(), "5.0"), (Integer(), 5.0), (Integer(), True),
        (Integer(), "1" * 50), (Integer(), "0x"), (Integer(0, 5), "9" * 30), (Double(), ""), (Double(), "5:"),
        (Double(), "1:0"), (Double(), "5 "), (Double(), "nan"), (Double(), "1e999"), (Double(), "1/2/3"),
        (Double(), True),
        (Time(), "1:2:3:4"), (Time(), "1/2"), (Time(), ":5"),
        (FLAGS, "+exact"), (FLAGS, "absolute++exact"), (FLAGS, "absolute+relative"), (FLAGS, ["absolute", 5]),
        (FLAGS, 5), (FLAGS, [["exact"]]), (Choice(("a", "b")), "c"), (Choice(("a", "b")), ["a"]), (Direction(), 1),
        (Direction(), "x"), (Switch(), 1), (Switch(), "x"), (TrackNumber(), True),
    ],
)  # fmt: skip
def test_refused(kind: Kind, given: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        kind.parse(given)
