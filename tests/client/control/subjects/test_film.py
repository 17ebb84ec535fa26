"""What the film says of itself, under mpv's names: chapters, tags, tracks, sizes, and files beside it."""

from pathlib import Path
from typing import Any

import pytest

from hangd.client.control.commands import Context, Waiting, command_list, run
from hangd.client.control.port import CommandRefused
from hangd.client.control.properties import PROPERTIES, Properties
from hangd.client.control.tables.refused import REFUSED
from hangd.engine.player_messages import (
    AddAudioFile,
    AddSubtitleFile,
    Chapter,
    Description,
    RemoveTrack,
    SelectTrack,
    SetAspect,
    SetDeinterlace,
    ShowText,
    Track,
)
from tests.support.recording_viewer import CLIP, RecordingViewer

CHAPTERS = (Chapter("Opening", 0.0), Chapter("", 6.0), Chapter("End", 15.0))
PICTURE = Track(
    "video", 0, "", True, codec="h264", width=720, height=576, pixel_aspect=16 / 15, frame_rate=25.0,
)  # fmt: skip
SOUND = Track("audio", 1, "", True, "eng", codec="ac3", channels=6, sample_rate=48000)
BESIDE = Track("subtitle", 4, "Track 1", True, "deu", title="German", codec="subrip", file="/films/clip.de.srt")


@pytest.fixture
def viewer() -> RecordingViewer:
    viewer = RecordingViewer(CLIP)
    viewer.at = 8.0
    viewer.tracks = (PICTURE, SOUND, BESIDE)
    viewer.description = Description(CHAPTERS, {"title": "A Film", "Artist": "Someone"}, "mkv")
    return viewer


@pytest.fixture
def properties(viewer: RecordingViewer) -> Properties:
    return Properties(viewer, command_list())


@pytest.fixture
def context(viewer: RecordingViewer, properties: Properties) -> Context:
    return Context(viewer, properties, print)


def refusal(properties: Properties, name: str, value: Any = ...) -> str:
    with pytest.raises(CommandRefused) as caught:
        properties.read(name) if value is ... else properties.write(name, value)
    return caught.value.error


# ---- chapters -------------------------------------------------------------------------------------------------------


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
def test_the_chapter_it_is_in(
    properties: Properties, viewer: RecordingViewer, at: float, chapter: int, shown: str
) -> None:
    viewer.at = at
    assert properties.read("chapter") == chapter
    assert properties.read_text("chapter", raw=False) == shown


def test_chapters_are_listed(properties: Properties) -> None:
    assert properties.read("chapters") == properties.read("chapter-list/count") == 3
    assert properties.read("chapter-list/0") == {"title": "Opening", "time": 0.0}
    assert properties.read("chapter-list/1") == {"time": 6.0}
    assert refusal(properties, "chapter-list/1/title") == "property unavailable"
    assert refusal(properties, "chapter-list/3") == "property not found"
    assert properties.read("chapter-metadata") == {}


@pytest.mark.parametrize(
    ("at", "step", "goes_to"),
    [(8.0, 1, 15.0), (8.0, -1, 0.0), (14.0, -1, 6.0), (3.0, -1, 0.0), (19.0, 1, 20.0), (2.0, 2, 15.0), (2.0, 9, 20.0)],
)
def test_going_by_chapters(context: Context, viewer: RecordingViewer, at: float, step: int, goes_to: float) -> None:
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
    assert refusal(properties, "chapter-metadata") == "property unavailable"


@pytest.mark.parametrize("number", [3, -2, 99])
def test_there_is_no_such_chapter(properties: Properties, number: int) -> None:
    assert refusal(properties, "chapter", number) == "unsupported format for accessing property"


def test_a_film_without_chapters(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.description = Description()
    assert (properties.read("chapters"), properties.read("chapter-list")) == (0, [])
    assert properties.read_text("chapter-list", raw=False) == "No chapters."
    assert refusal(properties, "chapter") == refusal(properties, "chapter", 0) == "property unavailable"


# ---- tags -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("metadata", {"title": "A Film", "Artist": "Someone"}),
        ("filtered-metadata", {"title": "A Film", "Artist": "Someone"}),
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
def test_there_is_no_such_tag(properties: Properties, name: str) -> None:
    assert refusal(properties, name) == "property not found"


def test_a_film_without_tags(properties: Properties, viewer: RecordingViewer) -> None:
    assert properties.read_text("metadata", raw=False) == "title: A Film\nArtist: Someone\n"
    viewer.description = Description()
    assert properties.read_text("metadata", raw=False) == "(empty)"
    assert properties.read("media-title") == "clip one.mp4"
    assert refusal(properties, "file-format") == "property unavailable"


def test_how_large_the_file_is(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(b"x" * 408841)
    properties = Properties(RecordingViewer(str(film)), ())
    assert properties.read("file-size") == properties.read("stream-end") == 408841
    assert properties.read_text("file-size", raw=False) == "399.259 KiB"
    film.unlink()
    assert properties.read("file-size") == 408841, "it was looked up once"


# ---- what picture and sound are -------------------------------------------------------------------------------------


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
def test_what_plays(properties: Properties, name: str, value: Any) -> None:
    assert properties.read(name) == value


def test_narrow_pixels_and_unknown_ones(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.tracks = (Track("video", 0, "", True, width=640, height=480, pixel_aspect=0.5),)
    assert (properties.read("dwidth"), properties.read("dheight")) == (640, 960)
    viewer.tracks = (Track("video", 0, "", True),)
    for name in ("width", "dwidth", "dheight", "video-params", "container-fps", "estimated-frame-number"):
        assert refusal(properties, name) == "property unavailable"


def test_known_layouts(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.tracks = (Track("audio", 0, "", True, channels=2),)
    assert properties.read("audio-params") == {"channel-count": 2, "channels": "stereo", "hr-channels": "stereo"}
    assert refusal(properties, "audio-params/format") == "property unavailable"
    assert refusal(properties, "audio-params/nope") == "property not found"


def test_what_does_not_play_is_not_told(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.tracks = (Track("video", 0, "", False, width=640, height=480),)
    assert properties.read("vo-configured") is False
    for name in ("width", "video-codec", "audio-codec", "audio-params"):
        assert refusal(properties, name) == "property unavailable"


def test_tracks_in_full(properties: Properties) -> None:
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
    assert refusal(properties, "current-tracks/sub2") == "property unavailable"


@pytest.mark.parametrize(("name", "other"), [("aid", "audio"), ("sid", "sub"), ("vid", "video"), ("fullscreen", "fs")])
def test_other_names(properties: Properties, name: str, other: str) -> None:
    assert properties.read(other) == properties.read(name) == properties.read(f"options/{name}")
    properties.write(other, "no")
    assert properties.read(name) is False


# ---- files beside the film ------------------------------------------------------------------------------------------


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
def test_adding(
    context: Context, viewer: RecordingViewer, tmp_path: Path, words: list[str], made: AddSubtitleFile
) -> None:
    file = tmp_path / "x.srt"
    file.touch()
    run(context, "sub-add", [str(file), *words])
    expected = AddSubtitleFile(str(file), made.select, made.title, made.language)
    assert viewer.calls == [(expected,)]
    run(context, "audio-add", [str(file), *words])
    assert viewer.calls[1:] == [(AddAudioFile(str(file), made.select, made.title, made.language),)]


def test_what_is_there_already_is_chosen(context: Context, viewer: RecordingViewer, tmp_path: Path) -> None:
    file = tmp_path / "x.srt"
    file.touch()
    viewer.tracks = (*viewer.tracks, Track("subtitle", 9, "", False, file=str(file)))
    run(context, "sub-add", [str(file), "cached"])
    assert viewer.calls == [(SelectTrack("subtitle", 9),)]


@pytest.mark.parametrize("words", [[], [1], ["1"]])
def test_taking_away_and_reading_anew(context: Context, viewer: RecordingViewer, words: list[Any]) -> None:
    run(context, "sub-remove", words)
    run(context, "sub-reload", words)
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
def test_what_can_not_be_taken_away(context: Context, viewer: RecordingViewer, command: list[Any]) -> None:
    with pytest.raises(CommandRefused) as caught:
        run(context, command[0], command[1:])
    assert caught.value.error == "error running command"
    assert caught.value.code in ("NotFound", "NotSupported")
    assert viewer.calls == []


async def test_what_lies_beside_the_film(tmp_path: Path) -> None:
    for name in ("film.mkv", "film.srt", "film.de.srt", "film.en.ASS", "film.txt", "film2.srt", "other.srt"):
        (tmp_path / name).touch()
    viewer = RecordingViewer(str(tmp_path / "film.mkv"))
    viewer.tracks = (PICTURE, Track("subtitle", 4, "", True, file=str(tmp_path / "film.srt")))
    context = Context(viewer, Properties(viewer, ()), print)
    waiting = run(context, "rescan-external-files", ["keep-selection"])
    assert isinstance(waiting, Waiting)
    await waiting.coroutine
    assert viewer.calls == [
        (AddSubtitleFile(str(tmp_path / name), select=False),) for name in ("film.de.srt", "film.en.ASS")
    ]


async def test_the_film_is_gone_before_its_folder_was_read(tmp_path: Path) -> None:
    (tmp_path / "film.srt").touch()
    viewer = RecordingViewer(str(tmp_path / "film.mkv"))
    waiting = run(Context(viewer, Properties(viewer, ()), print), "rescan-external-files", [])
    viewer.at = None
    await waiting.coroutine
    assert viewer.calls == []


# ---- settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "command"),
    [
        ("video-aspect-override", "4:3", SetAspect(4 / 3)),
        ("video-aspect-override", -1, SetAspect(None)),
        ("video-aspect-override", 2.35, SetAspect(2.35)),
        ("deinterlace", "yes", SetDeinterlace(True)),
    ],
)
def test_how_the_picture_is_shown(
    properties: Properties, viewer: RecordingViewer, name: str, value: Any, command: Any
) -> None:
    properties.write(name, value)
    assert viewer.calls == [(command,)]
    assert properties.read(name) == PROPERTIES[name].kind.parse(value)


@pytest.mark.parametrize("row", [row for row in PROPERTIES.values() if row.constant], ids=lambda row: row.name)
def test_what_is_always_the_same(properties: Properties, row: Any) -> None:
    properties.write(row.name, properties.read(row.name))
    for other in ("0", "2", "no", "yes", "x"):
        try:
            same = row.kind.parse(other) == properties.read(row.name)
        except (TypeError, ValueError):
            same = False
        assert same or refusal(properties, row.name, other) in (
            "error accessing property",
            "unsupported format for accessing property",
        )


@pytest.mark.parametrize("row", [row for row in PROPERTIES.values() if row.absent], ids=lambda row: row.name)
def test_what_is_never_known(properties: Properties, row: Any) -> None:
    assert refusal(properties, row.name) == refusal(properties, row.name, "1") == "property unavailable"


@pytest.mark.parametrize("row", [row for row in PROPERTIES.values() if row.option], ids=lambda row: row.name)
def test_options(properties: Properties, row: Any) -> None:
    assert row.name in properties.read("options")
    assert properties.read(f"options/{row.name}") == properties.read(row.name)
    assert properties.topic(f"file-local-options/{row.name}") == properties.topic(row.name)


@pytest.mark.parametrize("name", ["options/path", "options/nope", "file-local-options/pid", "options/options/mute"])
def test_no_options(properties: Properties, name: str) -> None:
    assert refusal(properties, name) == "property not found"


def test_what_is_kept_is_announced(properties: Properties) -> None:
    told: list[frozenset[str]] = []
    properties.changed = told.append
    properties.write("title", "Friday")
    properties.write("options/audio-delay", 0.5)
    properties.write("pause", False)
    assert told == [frozenset({"title"}), frozenset({"audio-delay"})]
    assert properties.read("title") == "Friday"


# ---- commands -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REFUSED)
def test_what_hang_does_not_do(context: Context, viewer: RecordingViewer, name: str) -> None:
    for spelt in (name, name.replace("-", "_")):
        with pytest.raises(CommandRefused) as caught:
            run(context, spelt, ["/etc/passwd"])
        assert (caught.value.error, caught.value.code) == ("not supported", "NotSupported")
    assert viewer.calls == []
    assert name not in [row["name"] for row in command_list()]


def test_one_picture_back(context: Context, viewer: RecordingViewer) -> None:
    viewer.paused = False
    run(context, "frame-back-step", [])
    assert viewer.calls == [("set_paused", True), ("seek", pytest.approx(7.96))]
    viewer.tracks = (Track("video", 0, "", True),)
    with pytest.raises(CommandRefused, match="not known"):
        run(context, "frame-back-step", [])


def test_progress_is_shown(context: Context, viewer: RecordingViewer) -> None:
    run(context, "show-progress", [])
    assert viewer.calls == [(ShowText("00:00:08 / 00:00:20 (40%)", 1.0),)]
    viewer.at = None
    run(context, "show-progress", [])
    assert len(viewer.calls) == 1


@pytest.mark.parametrize(
    ("path", "expanded"),
    [
        ("/a/b", "/a/b"), ("a", "a"), ("~/x y", "HOME/x y"), ("~~/x", "CONFIG/hang/x"), ("~~home/x", "CONFIG/hang/x"),
        ("~~global/x", "~~global/x"), ("~bob/x", "~bob/x"), ("", ""),
    ],
)  # fmt: skip
def test_paths_expand(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, expanded: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    expected = expanded.replace("HOME", str(tmp_path)).replace("CONFIG", str(tmp_path / "config"))
    assert run(context, "expand-path", [path]) == expected
