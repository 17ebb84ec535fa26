"""Text on the picture: in the film's window where there is one, else by the player, and never twice."""

from typing import Any

import pytest

from hangd.client.control.properties import Properties
from hangd.client.control.tables.command import Context
from hangd.engine.player_messages import ShowText
from tests.support.daemons.recording_viewer import RecordingDesktop, RecordingViewer, property_refusal, run


@pytest.fixture
def context(viewer: RecordingViewer) -> Context:
    return Context(viewer, Properties(viewer), lambda event: None)


@pytest.fixture
def desktop(viewer: RecordingViewer) -> RecordingDesktop:
    viewer.desktop = desktop = RecordingDesktop()
    return desktop


@pytest.mark.parametrize("is_there", [True, False])
def test_a_text_is_shown_once(
    context: Context, viewer: RecordingViewer, desktop: RecordingDesktop, is_there: bool
) -> None:
    desktop.is_there = is_there
    run(context, "show-text", ["hi", 1500])
    run(context, "show-progress", [])
    assert desktop.shown == [("text", "hi"), ("progress",)]
    drawn = [call[0] for call in viewer.calls]
    assert drawn == ([] if is_there else [ShowText("hi", 1.5), ShowText("00:00:00 / 00:00:20 (0%)", 1.0)])


@pytest.mark.parametrize(("level", "texts"), [(0, 1), (1, 1), (2, 0), (3, 0)])
def test_a_text_of_a_level_above_that_of_the_picture_is_not_shown(
    context: Context, desktop: RecordingDesktop, level: int, texts: int
) -> None:
    run(context, "show-text", ["hi", 1500, level])
    assert len(desktop.shown) == texts


def test_without_a_film_a_window_shows_text_and_the_player_is_not_asked(
    context: Context, viewer: RecordingViewer, desktop: RecordingDesktop
) -> None:
    viewer.path = None
    run(context, "show-text", ["hi"])
    assert (desktop.shown, viewer.calls) == ([("text", "hi")], [])


def test_messages_are_read_where_there_is_a_window(
    context: Context, viewer: RecordingViewer, desktop: RecordingDesktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert property_refusal(Properties(viewer), "osd/messages") == "property unavailable"
    shown: list[dict[str, Any]] = [{"kind": "chat", "name": "ann", "text": "hi"}, {"kind": "playback", "text": "x"}]
    monkeypatch.setattr(desktop, "shown_messages", lambda: shown)
    assert context.properties.read("osd/messages/0/name") == "ann"
    assert property_refusal(Properties(viewer), "osd/messages/1/name") == "property unavailable"
