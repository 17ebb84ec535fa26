"""user-data: values that clients store for one another."""

from typing import Any

import pytest

from hangd.client.control.port import CommandRefused
from hangd.client.control.properties import Properties
from hangd.client.control.tables.command import Context
from tests.support.daemons.recording_viewer import RecordingViewer, run


@pytest.fixture
def properties() -> Properties:
    return Properties(RecordingViewer())


def refusal(properties: Properties, name: str, value: Any = ...) -> CommandRefused:
    with pytest.raises(CommandRefused) as caught:
        properties.read(name) if value is ... else properties.write(name, value)
    return caught.value


def test_it_is_empty_at_first(properties: Properties) -> None:
    assert properties.read("user-data") == {}
    assert refusal(properties, "user-data/a").error == "property not found"


@pytest.mark.parametrize(
    ("name", "value", "whole"),
    [
        ("user-data/a", 1, {"a": 1}),
        ("user-data/a", None, {"a": None}),
        ("user-data/a/b/c", "x", {"a": {"b": {"c": "x"}}}),
        ("user-data/title", {"x": [1, {"y": False}]}, {"title": {"x": [1, {"y": False}]}}),
        ("user-data//a", 1, {"": {"a": 1}}),
    ],
)
def test_written_values_are_read(properties: Properties, name: str, value: Any, whole: Any) -> None:
    properties.write(name, value)
    assert properties.read("user-data") == whole
    if value is not None:
        assert properties.read(name) == value


def test_sub_paths(properties: Properties) -> None:
    properties.write("user-data/a", {"list": [1, 2], "map": {"x": 1}})
    assert properties.read("user-data/a/list/count") == 2
    properties.write("user-data/a/list/1", "two")
    properties.write("user-data/a/map/y", 3)
    assert properties.read("user-data") == {"a": {"list": [1, "two"], "map": {"x": 1, "y": 3}}}
    assert refusal(properties, "user-data/a/list/2", 1).error == "property not found"
    assert refusal(properties, "user-data/a/list/x", 1).error == "error accessing property"
    assert refusal(properties, "user-data/a/map/x/deep", 1).error == "error accessing property"
    assert refusal(properties, "user-data/a/map/nope").error == "property not found"


def test_the_root_cannot_be_written(properties: Properties) -> None:
    assert refusal(properties, "user-data", {"a": 1}).error == "error accessing property"


def test_values_that_were_read_do_not_change(properties: Properties) -> None:
    properties.write("user-data/a/b", 1)
    before = properties.read("user-data")
    properties.write("user-data/a/b", 2)
    assert before == {"a": {"b": 1}}


def test_size_and_depth_are_bounded(properties: Properties) -> None:
    properties.write("user-data/small", "x")
    for name, value in (
        ("user-data/large", "x" * 70_000), ("user-data" + "/a" * 60, 1),
        ("user-data" + "/a" * 100_000, 1), ("user-data/" + "k" * 70_000, 1),
    ):  # fmt: skip
        refused = refusal(properties, name, value)
        assert (refused.error, refused.code) == ("error accessing property", "TooLarge")
    assert properties.read("user-data") == {"small": "x"}


def test_del(properties: Properties) -> None:
    context = Context(properties.viewer, properties, print)
    properties.write("user-data/a", {"b": 1, "c": 2})
    run(context, "del", ["user-data/a/b"])
    assert properties.read("user-data") == {"a": {"c": 2}}
    run(context, "del", ["user-data/a"])
    assert properties.read("user-data") == {}
    for name in ("user-data/a", "user-data", "volume", "nope", "room/id", "user-data/a/b/c"):
        with pytest.raises(CommandRefused, match=r"^error running command$"):
            run(context, "del", [name])


def test_changes_are_announced(properties: Properties) -> None:
    told: list[frozenset[str]] = []
    properties.changed = told.append
    properties.write("user-data/a/b", 1)
    properties.delete("user-data/a")
    assert told == [frozenset({"user-data"})] * 2


def test_values_as_text(properties: Properties) -> None:
    properties.write("user-data/flag", True)
    properties.write("user-data/number", 1.5)
    assert [properties.read_text(f"user-data/{name}") for name in ("flag", "number")] == ["yes", "1.500000"]
