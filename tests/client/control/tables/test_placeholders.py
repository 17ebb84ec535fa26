"""Names that hang only answers, options, and settings that are stored in the table of properties."""

from typing import Any

import pytest

from hangd.client.control.commands import command_list
from hangd.client.control.properties import PROPERTIES, Properties
from hangd.client.control.tables import placeholders
from hangd.client.control.tables.command import Context
from hangd.client.control.tables.placeholders import REFUSED, UNAVAILABLE
from hangd.engine.player_messages import SetAspect, SetDeinterlace
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer, command_refusal, property_refusal


@pytest.fixture
def viewer() -> RecordingViewer:
    return RecordingViewer(CLIP)


@pytest.fixture
def properties(viewer: RecordingViewer) -> Properties:
    return Properties(viewer)


@pytest.fixture
def context(viewer: RecordingViewer, properties: Properties) -> Context:
    return Context(viewer, properties, print)


@pytest.mark.parametrize(
    ("name", "value", "command"),
    [
        ("video-aspect-override", "4:3", SetAspect(4 / 3)),
        ("video-aspect-override", -1, SetAspect(None)),
        ("video-aspect-override", 2.35, SetAspect(2.35)),
        ("deinterlace", "yes", SetDeinterlace(True)),
    ],
)
def test_picture_settings(properties: Properties, viewer: RecordingViewer, name: str, value: Any, command: Any) -> None:
    properties.write(name, value)
    assert viewer.calls == [(command,)]
    assert properties.read(name) == PROPERTIES[name].kind.parse(value)


@pytest.mark.parametrize("row", [row for row in placeholders.PROPERTIES if row.option], ids=lambda row: row.name)
def test_constants_refuse_other_values(properties: Properties, row: Any) -> None:
    properties.write(row.name, properties.read(row.name))
    for other in ("0", "2", "no", "yes", "x"):
        try:
            same = row.kind.parse(other) == properties.read(row.name)
        except (TypeError, ValueError):
            same = False
        assert same or property_refusal(properties, row.name, other) in (
            "error accessing property",
            "unsupported format for accessing property",
        )


@pytest.mark.parametrize("name", UNAVAILABLE)
def test_unavailable_properties(properties: Properties, name: str) -> None:
    assert property_refusal(properties, name) == property_refusal(properties, name, "1") == "property unavailable"


@pytest.mark.parametrize("name", [name for name, row in PROPERTIES.items() if row.option])
def test_options(properties: Properties, name: str) -> None:
    assert name in properties.read("options")
    assert properties.read(f"options/{name}") == properties.read(name)
    assert properties.topics(f"file-local-options/{name}") == properties.topics(name)


@pytest.mark.parametrize("name", ["options/path", "options/nope", "file-local-options/pid", "options/options/mute"])
def test_names_that_are_not_options(properties: Properties, name: str) -> None:
    assert property_refusal(properties, name) == "property not found"


def test_stored_properties_announce_their_changes(properties: Properties) -> None:
    told: list[frozenset[str]] = []
    properties.changed = told.append
    properties.write("title", "Friday")
    properties.write("options/audio-delay", 0.5)
    properties.write("pause", False)
    assert told == [frozenset({"title"}), frozenset({"audio-delay"})]
    assert properties.read("title") == "Friday"


@pytest.mark.parametrize("name", REFUSED)
async def test_refused_commands(context: Context, viewer: RecordingViewer, name: str) -> None:
    for spelling in (name, name.replace("-", "_")):
        refused = await command_refusal(context, spelling, "/etc/passwd")
        assert (refused.error, refused.code) == ("not supported", "NotSupported")
    assert viewer.calls == []
    assert name not in [row["name"] for row in command_list()]
