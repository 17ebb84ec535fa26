"""Tracks, and the subtitle and audio files that are added to the film."""

from pathlib import Path
from typing import Any

import pytest

from hangd.client.control.port import CommandRefused
from hangd.client.control.properties import Properties
from hangd.client.control.tables.command import Context
from hangd.engine.player_facts import Track
from hangd.engine.player_messages import AddAudioFile, AddSubtitleFile, RemoveTrack, SelectTrack, SetSubtitleEncoding
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer, command_refusal, do, property_refusal, run

VIDEO = Track("video", 0, "", True, codec="h264", width=720, height=576, pixel_aspect=16 / 15, frame_rate=25.0)
AUDIO = Track("audio", 1, "", True, "eng", codec="ac3", channels=6, sample_rate=48000)
SUBTITLES = Track("subtitle", 4, "Track 1", True, "deu", title="German", codec="subrip", file="/films/clip.de.srt")


@pytest.fixture
def viewer() -> RecordingViewer:
    viewer = RecordingViewer(CLIP)
    viewer.tracks = (VIDEO, AUDIO, SUBTITLES)
    return viewer


@pytest.fixture
def properties(viewer: RecordingViewer) -> Properties:
    return Properties(viewer)


@pytest.fixture
def context(viewer: RecordingViewer, properties: Properties) -> Context:
    return Context(viewer, properties, print)


def test_track_list(properties: Properties) -> None:
    assert properties.read("track-list/0") == {
        "id": 1, "type": "video", "src-id": 0, "external": False, "selected": True, "main-selection": 0,
        "codec": "h264", "demux-w": 720, "demux-h": 576, "demux-fps": 25.0, "demux-par": 16 / 15,
    }  # fmt: skip
    assert properties.read("track-list/2") == {
        "id": 1, "type": "sub", "src-id": 4, "title": "German", "lang": "deu", "external": True, "selected": True,
        "main-selection": 0, "external-filename": "/films/clip.de.srt", "codec": "subrip",
    }  # fmt: skip
    assert properties.read("current-tracks/sub/title") == "German"
    assert properties.read("current-tracks/audio/id") == 1
    assert property_refusal(properties, "current-tracks/sub2") == "property unavailable"


@pytest.mark.parametrize(("name", "other"), [("aid", "audio"), ("sid", "sub"), ("vid", "video"), ("fullscreen", "fs")])
def test_aliases(properties: Properties, name: str, other: str) -> None:
    assert properties.read(other) == properties.read(name) == properties.read(f"options/{name}")
    properties.write(other, "no")
    assert properties.read(name) is False


# ---- added files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "made"),
    [
        ([], AddSubtitleFile("FILE")),
        (["select"], AddSubtitleFile("FILE")),
        (["auto"], AddSubtitleFile("FILE", select=False)),
        (["cached", "German", "de"], AddSubtitleFile("FILE", True, "German", "de")),
        (["select", "", ""], AddSubtitleFile("FILE")),
    ],
)
async def test_add_track_files(
    context: Context, viewer: RecordingViewer, tmp_path: Path, words: list[str], made: AddSubtitleFile
) -> None:
    file = tmp_path / "x.srt"
    file.touch()
    await do(context, "sub-add", str(file), *words)
    expected = AddSubtitleFile(str(file), made.select, made.title, made.language)
    assert viewer.calls == [(expected,)]
    await do(context, "audio-add", str(file), *words)
    assert viewer.calls[1:] == [(AddAudioFile(str(file), made.select, made.title, made.language),)]


async def test_cached_selects_a_track_that_was_added_before(
    context: Context, viewer: RecordingViewer, tmp_path: Path
) -> None:
    file = tmp_path / "x.srt"
    file.touch()
    viewer.tracks = (*viewer.tracks, Track("subtitle", 9, "", False, file=str(file)))
    await do(context, "sub-add", str(file), "cached")
    assert viewer.calls == [(SelectTrack("subtitle", 9),)]


@pytest.mark.parametrize("words", [[], [1], ["1"]])
async def test_remove_and_reload(context: Context, viewer: RecordingViewer, words: list[Any]) -> None:
    await do(context, "sub-remove", *words)
    await do(context, "sub-reload", *words)
    assert viewer.calls == [
        (RemoveTrack("subtitle", 4),),
        (RemoveTrack("subtitle", 4),),
        (AddSubtitleFile("/films/clip.de.srt", True, "German", "deu"),),
    ]


@pytest.mark.parametrize(
    "command",
    [
        ["sub-remove", 2], ["sub-reload", 0], ["audio-remove"], ["audio-remove", 1], ["audio-reload"],
        ["audio-add", "/nowhere/to/be/found.mka"],
    ],
)  # fmt: skip
async def test_refused_track_files(context: Context, viewer: RecordingViewer, command: list[Any]) -> None:
    refused = await command_refusal(context, *command)
    assert refused.error == "error running command"
    assert refused.code in ("NotFound", "NotSupported")
    assert viewer.calls == []


async def test_a_file_is_not_added_to_another_film(context: Context, viewer: RecordingViewer, tmp_path: Path) -> None:
    file = tmp_path / "x.srt"
    file.touch()
    adding = run(context, "sub-add", [str(file)])
    viewer.load("/films/another.mp4")
    viewer.calls.clear()
    with pytest.raises(CommandRefused, match="closed"):
        await adding.coroutine
    assert viewer.calls == []


async def test_rescan_adds_subtitles_beside_the_film(tmp_path: Path) -> None:
    for name in ("film.mkv", "film.srt", "film.de.srt", "film.en.ASS", "film.txt", "film2.srt", "other.srt"):
        (tmp_path / name).touch()
    viewer = RecordingViewer(str(tmp_path / "film.mkv"))
    viewer.tracks = (VIDEO, Track("subtitle", 4, "", True, file=str(tmp_path / "film.srt")))
    context = Context(viewer, Properties(viewer), print)
    await do(context, "rescan-external-files", "keep-selection")
    assert viewer.calls == [
        (AddSubtitleFile(str(tmp_path / name), select=False),) for name in ("film.de.srt", "film.en.ASS")
    ]


async def test_rescan_ends_with_the_film(tmp_path: Path) -> None:
    (tmp_path / "film.srt").touch()
    viewer = RecordingViewer(str(tmp_path / "film.mkv"))
    scanning = run(Context(viewer, Properties(viewer), print), "rescan-external-files", [])
    viewer.at = None
    await scanning.coroutine
    assert viewer.calls == []


def test_the_encoding_of_subtitles_is_one_that_exists(viewer: RecordingViewer, properties: Properties) -> None:
    assert properties.read("sub-codepage") == "auto"
    for encoding in ("cp1251", "+koi8-r", "", "auto"):
        properties.write("sub-codepage", encoding)
        assert viewer.calls[-1] == (SetSubtitleEncoding(encoding),)
        assert properties.read("sub-codepage") == encoding
    refused = property_refusal(properties, "sub-codepage", "nonsense")
    assert refused == "unsupported format for accessing property"
