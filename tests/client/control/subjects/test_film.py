"""The film: tags, size of the file, and formats of video and audio."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from hangd.client.control.properties import Properties
from hangd.engine.player_facts import Description, Track
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer, property_refusal

TRACKS = (
    Track("video", 0, "", True, codec="h264", width=720, height=576, pixel_aspect=16 / 15, frame_rate=25.0),
    Track("audio", 1, "", True, "eng", codec="ac3", channels=6, sample_rate=48000),
)


@pytest.fixture
def viewer() -> RecordingViewer:
    viewer = RecordingViewer(CLIP)
    viewer.at = 8.0
    viewer.tracks = TRACKS
    viewer.description = Description((), {"title": "A Film", "Artist": "Someone"}, "mkv")
    return viewer


@pytest.fixture
def properties(viewer: RecordingViewer) -> Properties:
    return Properties(viewer)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("metadata", {"title": "A Film", "Artist": "Someone"}),
        ("filtered-metadata", {"Artist": "Someone", "Title": "A Film"}),
        ("metadata/by-key/Title", "A Film"),
        ("metadata/by-key/artist", "Someone"),
        ("metadata/ARTIST", "Someone"),
        ("metadata/list/count", 2),
        ("metadata/list/1/key", "Artist"),
        ("metadata/list/1/value", "Someone"),
        ("media-title", "A Film"),
        ("file-format", "mkv"),
    ],
)
def test_tags(properties: Properties, name: str, value: Any) -> None:
    assert properties.read(name) == value


@pytest.mark.parametrize("name", ["metadata/by-key/nope", "metadata/nope", "metadata/list/2", "metadata/by-key"])
def test_unknown_tags(properties: Properties, name: str) -> None:
    assert property_refusal(properties, name) == "property not found"


def test_film_without_tags(properties: Properties, viewer: RecordingViewer) -> None:
    assert properties.read_text("metadata", raw=False) == "title: A Film\nArtist: Someone\n"
    viewer.description = Description()
    assert properties.read_text("metadata", raw=False) == "(empty)"
    assert properties.read("media-title") == "clip one.mp4"
    assert property_refusal(properties, "file-format") == "property unavailable"


def test_file_size_is_read_once(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(b"x" * 408841)
    properties = Properties(RecordingViewer(str(film)))
    assert properties.read("file-size") == properties.read("stream-end") == 408841
    assert properties.read_text("file-size", raw=False) == "399.259 KiB"
    film.unlink()
    assert properties.read("file-size") == 408841, "it was looked up once"


def test_file_size_does_not_wait_for_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film, answered = tmp_path / "film.mkv", threading.Event()
    film.write_bytes(b"x" * 5)
    stat = os.stat

    def slow(path: Any, **named: Any) -> os.stat_result:
        if path == str(film):
            answered.wait(60)
        return stat(path, **named)

    monkeypatch.setattr(os, "stat", slow)
    properties = Properties(RecordingViewer(str(film)))
    assert property_refusal(properties, "file-size") == "property unavailable"
    answered.set()
    for thread in threading.enumerate():
        if thread.name == "file-size":
            thread.join(60)
    assert properties.read("file-size") == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", 720), ("height", 576), ("dwidth", 768), ("dheight", 576), ("video-codec", "h264"),
        ("video-format", "h264"), ("container-fps", 25.0), ("estimated-frame-count", 500),
        ("estimated-frame-number", 200), ("video-params/dw", 768), ("video-params/aspect", 4 / 3),
        ("video-params/par", 16 / 15), ("audio-codec", "ac3"), ("audio-codec-name", "ac3"),
        ("audio-params", {"samplerate": 48000, "channel-count": 6}), ("vo-configured", True), ("mixer-active", True),
    ],
)  # fmt: skip
def test_video_and_audio_format(properties: Properties, name: str, value: Any) -> None:
    assert properties.read(name) == value


def test_narrow_and_unknown_pixels(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.tracks = (Track("video", 0, "", True, width=640, height=480, pixel_aspect=0.5),)
    assert (properties.read("dwidth"), properties.read("dheight")) == (640, 960)
    viewer.tracks = (Track("video", 0, "", True),)
    for name in ("width", "dwidth", "dheight", "video-params", "container-fps", "estimated-frame-number"):
        assert property_refusal(properties, name) == "property unavailable"


@pytest.mark.parametrize(
    ("by_file", "by_viewer", "turned"), [(None, 0, 0), (90, 0, 90), (180, 0, 180), (270, 90, 0), (None, 270, 270)]
)
def test_a_picture_that_is_turned(
    properties: Properties, viewer: RecordingViewer, by_file: int | None, by_viewer: int, turned: int
) -> None:
    """mpv 0.35.1 says the same, except that it does not turn the pixels with the picture: 202 by 320 for 180 by 360."""
    viewer.tracks = (Track("video", 0, "", True, width=320, height=180, pixel_aspect=1.125, rotation=by_file),)
    properties.write("video-rotate", by_viewer)
    stored = {"w": 320, "h": 180, "dw": 360, "dh": 180, "aspect": 2.0, "par": 1.125}
    shown = {"w": 180, "h": 320, "dw": 180, "dh": 360, "aspect": 0.5, "par": 1 / 1.125} if turned % 180 else stored
    assert properties.read("video-params") == {**stored, "rotate": turned}
    assert properties.read("video-out-params") == {**shown, "rotate": 0}
    assert (properties.read("dwidth"), properties.read("dheight")) == (shown["dw"], shown["dh"])
    assert (properties.read("width"), properties.read("height")) == (320, 180)
    assert properties.read("track-list")[0].get("demux-rotation") == by_file


def test_channel_layouts(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.tracks = (Track("audio", 0, "", True, channels=2),)
    assert properties.read("audio-params") == {"channel-count": 2, "channels": "stereo", "hr-channels": "stereo"}
    assert property_refusal(properties, "audio-params/format") == "property unavailable"
    assert property_refusal(properties, "audio-params/nope") == "property not found"


def test_tracks_that_do_not_play_have_no_format(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.tracks = (Track("video", 0, "", False, width=640, height=480),)
    assert properties.read("vo-configured") is False
    for name in ("width", "video-codec", "audio-codec", "audio-params"):
        assert property_refusal(properties, name) == "property unavailable"
