"""The picture and its subtitles: what clients write becomes one command for the player."""

from typing import Any

import pytest

from hangd.client.control.port import CommandRefused
from hangd.client.control.properties import PROPERTIES, Properties
from hangd.engine.player_facts import Statistics
from hangd.engine.player_messages import SetPicture, SetSubtitleLook
from tests.support.daemons.recording_viewer import RecordingViewer, property_refusal


@pytest.fixture
def properties(viewer: RecordingViewer) -> Properties:
    return Properties(viewer)


def test_colours_and_rotation_come_together(properties: Properties, viewer: RecordingViewer) -> None:
    properties.write("brightness", 20)
    properties.write("hue", "-30")
    properties.write("video-rotate", 270)
    properties.add("brightness", 500)
    properties.write("brightness", 0)
    assert [call[0] for call in viewer.calls] == [
        SetPicture(brightness=20),
        SetPicture(brightness=20, hue=-30),
        SetPicture(brightness=20, hue=-30, rotation=270),
        SetPicture(brightness=100, hue=-30, rotation=270),
        SetPicture(hue=-30, rotation=270),
    ]
    assert [properties.read(name) for name in ("brightness", "hue", "gamma", "video-rotate")] == [0, -30, 0, 270]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("video-rotate", 45, "0, 90, 180 or 270 degrees only"),
        ("sub-pos", 120, "no lower"),
        ("sub-scale", 6.0, "0.1 to 5 times"),
        ("sub-font-size", 0, "0.1 to 5 times"),
        ("sub-scale", 0.0, "0.1 to 5 times"),
    ],
)
def test_what_vlc_cannot_do_is_refused_with_a_sentence(
    properties: Properties, viewer: RecordingViewer, name: str, value: Any, why: str
) -> None:
    before = properties.read(name)
    with pytest.raises(CommandRefused) as refused:
        properties.write(name, value)
    assert (refused.value.error, refused.value.code) == ("error accessing property", "NotSupported")
    assert why in str(refused.value.message)
    assert viewer.calls == [] and properties.read(name) == before


@pytest.mark.parametrize(("name", "value"), [("brightness", 101), ("video-rotate", 360), ("sub-pos", 151)])
def test_what_mpv_refuses_too(properties: Properties, name: str, value: Any) -> None:
    assert property_refusal(properties, name, value) == "unsupported format for accessing property"


def test_the_size_of_subtitles_is_scale_times_font_size(properties: Properties, viewer: RecordingViewer) -> None:
    properties.write("sub-scale", 2.0)
    properties.write("sub-font-size", 22.5)
    properties.write("sub-pos", 80)
    assert [call[0] for call in viewer.calls] == [
        SetSubtitleLook(2.0), SetSubtitleLook(2.0, font_size=22.5), SetSubtitleLook(2.0, 80, 22.5),
    ]  # fmt: skip
    assert properties.read_text("sub-pos", raw=False) == "80/100"


MEASURED = ("current-vo", "current-ao", "current-demuxer", "hwdec-current", "frame-drop-count", "estimated-vf-fps")


def test_what_the_player_has_not_told_is_unavailable(properties: Properties, viewer: RecordingViewer) -> None:
    for name in MEASURED:
        assert property_refusal(properties, name) == "property unavailable"
    viewer.statistics = Statistics("xcb_x11", "pulse", "mkv", "no", 3, 24.9)
    assert [properties.read(name) for name in MEASURED] == ["xcb_x11", "pulse", "mkv", "no", 3, 24.9]
    assert all(PROPERTIES[name].write is None for name in MEASURED)
    viewer.path = None
    viewer.at = None
    assert property_refusal(properties, "current-vo") == "property unavailable"
