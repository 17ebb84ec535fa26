"""Chapters of the film."""

import pytest

from hangd.client.control.properties import Properties
from hangd.client.control.tables.command import Context
from hangd.engine.player_facts import Chapter, Description
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer, property_refusal, run

CHAPTERS = (Chapter("Opening", 0.0), Chapter("", 6.0), Chapter("End", 15.0))


@pytest.fixture
def viewer() -> RecordingViewer:
    viewer = RecordingViewer(CLIP)
    viewer.at = 8.0
    viewer.description = Description(CHAPTERS)
    return viewer


@pytest.fixture
def properties(viewer: RecordingViewer) -> Properties:
    return Properties(viewer)


@pytest.fixture
def context(viewer: RecordingViewer, properties: Properties) -> Context:
    return Context(viewer, properties, print)


@pytest.mark.parametrize(
    ("at", "chapter", "shown"),
    [
        (0.0, 0, "(1) Opening"),
        (5.9, 0, "(1) Opening"),
        (5.97, 1, "(2) of 3"),
        (8.0, 1, "(2) of 3"),
        (19.0, 2, "(3) End"),
    ],
)
def test_current_chapter(properties: Properties, viewer: RecordingViewer, at: float, chapter: int, shown: str) -> None:
    viewer.at = at
    assert properties.read("chapter") == chapter
    assert properties.read_text("chapter", raw=False) == shown


def test_chapter_list(properties: Properties) -> None:
    assert properties.read("chapters") == properties.read("chapter-list/count") == 3
    assert properties.read("chapter-list/0") == {"title": "Opening", "time": 0.0}
    assert properties.read("chapter-list/1") == {"time": 6.0}
    assert property_refusal(properties, "chapter-list/1/title") == "property unavailable"
    assert property_refusal(properties, "chapter-list/3") == "property not found"
    assert properties.read("chapter-metadata") == {}


@pytest.mark.parametrize(
    ("at", "step", "goes_to"),
    [(8.0, 1, 15.0), (8.0, -1, 0.0), (14.0, -1, 6.0), (3.0, -1, 0.0), (19.0, 1, 20.0), (2.0, 2, 15.0), (2.0, 9, 20.0)],
)
def test_add_chapter(context: Context, viewer: RecordingViewer, at: float, step: int, goes_to: float) -> None:
    viewer.at = at
    run(context, "add", ["chapter", step])
    assert viewer.calls == [("seek", goes_to)]
    run(context, "revert-seek", [])
    assert viewer.at == at


def test_before_the_first_chapter(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.description = Description(CHAPTERS[1:])
    viewer.at = 2.0
    assert properties.read("chapter") == -1
    properties.add("chapter", 1)
    assert viewer.at == 6.0
    properties.write("chapter", -1)
    assert viewer.at == 0.0
    assert property_refusal(properties, "chapter-metadata") == "property unavailable"


@pytest.mark.parametrize("number", [3, -2, 99])
def test_unknown_chapters(properties: Properties, number: int) -> None:
    assert property_refusal(properties, "chapter", number) == "unsupported format for accessing property"


def test_film_without_chapters(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.description = Description()
    assert (properties.read("chapters"), properties.read("chapter-list")) == (0, [])
    assert properties.read_text("chapter-list", raw=False) == "No chapters."
    assert (
        property_refusal(properties, "chapter") == property_refusal(properties, "chapter", 0) == "property unavailable"
    )
