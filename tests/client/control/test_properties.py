"""Properties: reading and writing by their rows, sub-paths, and the arithmetic of add, multiply and cycle."""

import contextlib
from typing import Any

import pytest

from hangd.client.control.language.json import write
from hangd.client.control.port import CommandRefused
from hangd.client.control.properties import PROPERTIES, Properties
from hangd.client.control.tables.property import MOVING
from hangd.engine.player_facts import Description, Track
from hangd.engine.player_messages import SelectTrack, SetDelay, ShowSubtitles
from hangd.engine.playlist.playlist import Film, Loading
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer, property_refusal

FILE_WITH_CHOICE = (
    Track("video", 3, "", True),
    Track("audio", 5, "", True),
    Track("audio", 9, "Commentary", False, "en", title="Commentary"),
    Track("subtitle", 12, "", False, "de"),
)


@pytest.fixture
def viewer() -> RecordingViewer:
    return RecordingViewer(CLIP)


@pytest.fixture
def properties(viewer: RecordingViewer) -> Properties:
    return Properties(viewer)


@pytest.mark.parametrize("path", [CLIP, None])
def test_every_listed_property_can_be_read(path: str | None) -> None:
    properties = Properties(RecordingViewer(path))
    listed = properties.read("property-list")
    assert set(listed) == set(PROPERTIES)
    assert len(listed) == len(set(listed))
    for name in listed:
        try:
            write(properties.read(name))
            assert isinstance(properties.read_text(name), str)
            assert isinstance(properties.read_text(name, raw=False), str)
        except CommandRefused as refused:
            assert refused.error == "property unavailable"


def test_every_writable_property_accepts_its_own_value(properties: Properties) -> None:
    for row in PROPERTIES.values():
        if row.write is not None and row.name != "chapter":  # The clip has no chapters.
            properties.write(row.name, properties.read(row.name))
            properties.write(row.name, properties.read_text(row.name))


def test_names_have_one_slash_at_most() -> None:
    """`PropertyTable` looks no longer names up."""
    assert max(name.count("/") for name in PROPERTIES) == 1


def test_unknown_names(properties: Properties) -> None:
    for name in ("nope", "", "/", "track-list/", "track-list/9/id", "track-list/x", "track-list/-1", "room/members/7"):
        assert property_refusal(properties, name) == "property not found"
        assert property_refusal(properties, name, 1) == "property not found"


def test_sub_paths(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.tracks = FILE_WITH_CHOICE
    assert properties.read("track-list/count") == 4
    assert properties.read("track-list/2") == {
        "id": 2, "type": "audio", "src-id": 9, "title": "Commentary", "lang": "en", "external": False,
        "selected": False,
    }  # fmt: skip
    assert properties.read("track-list/3/type") == "sub"
    assert properties.read("playlist/0/filename") == CLIP
    assert properties.read("room/members/0/name") == "Ann"
    assert property_refusal(properties, "room/members/1/name") == "property unavailable"
    assert property_refusal(properties, "track-list/0/title") == "property unavailable"
    assert property_refusal(properties, "track-list/0/nope") == "property not found"
    assert property_refusal(properties, "pause/x") == "error accessing property"


def test_tracks_are_numbered_by_kind(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.tracks = FILE_WITH_CHOICE
    assert [properties.read(name) for name in ("vid", "aid", "sid")] == [1, 1, False]
    properties.write("aid", 2)
    properties.write("sid", "1")
    properties.write("vid", "no")
    assert viewer.calls == [
        (SelectTrack("audio", 9),), (SelectTrack("subtitle", 12),), (SelectTrack("video", None),),
    ]  # fmt: skip
    assert properties.read_text("aid", raw=False) == '(2) en ("Commentary")'
    assert property_refusal(properties, "aid", 3) == "unsupported format for accessing property"
    assert property_refusal(properties, "aid", True) == "unsupported format for accessing property"


def test_cycling_tracks_includes_no_track(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.tracks = FILE_WITH_CHOICE
    seen = []
    for _ in range(4):
        properties.cycle("aid")
        seen.append(properties.read("aid"))
    properties.cycle("aid", up=False)
    assert [*seen, properties.read("aid")] == [2, False, 1, 2, 1]


def test_subtitles_that_are_not_shown_stay_selected(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.tracks = FILE_WITH_CHOICE
    properties.write("sid", 1)
    properties.cycle("sub-visibility")
    assert (properties.read("sub-visibility"), properties.read("sid")) == (False, 1)
    properties.write("sid", "no")
    properties.cycle("sub-visibility")
    assert (properties.read("sub-visibility"), properties.read("sid")) == (True, False)
    assert [call for (call,) in viewer.calls if isinstance(call, ShowSubtitles)] == [
        ShowSubtitles(False),
        ShowSubtitles(True),
    ]


def test_a_pause_where_a_seek_to_the_end_leads_is_the_end(properties: Properties, viewer: RecordingViewer) -> None:
    seen = []
    for viewer.at, viewer.paused, viewer.seeking in ((19.95, True, False), (19.95, False, False), (19.95, True, True),
                                                     (19.9, True, False), (0.0, True, False)):  # fmt: skip
        seen.append(properties.read("eof-reached"))
    assert seen == [True, False, False, False, False]


@pytest.mark.parametrize("loaded", [False, True])
async def test_a_written_value_is_found_by_cycle_values(loaded: bool) -> None:
    """Whatever an option is set to, it is then known as that: each of two values leads to the other."""
    properties = Properties(RecordingViewer(CLIP if loaded else None))
    tried = 0
    for name, row in PROPERTIES.items():
        if not row.option or row.write is None or (row.moves_film and not loaded):
            continue
        for value in ("yes", "no", "inf", "force", "always", "auto", "1", "1.5", "1.1", "33.333", "4:3", "-1", "text"):
            if loaded and value == "auto":
                continue  # that is a choice that is made then, and it reads as what was chosen
            with contextlib.suppress(CommandRefused):
                properties.write(name, value)
                tried += 1
                assert properties.same(name, value), f"{name}={value} is read as {properties.read(name)!r}"
    assert tried > 50


@pytest.mark.parametrize(
    ("name", "value", "call"),
    [
        ("pause", False, ("set_paused", False)),
        ("pause", "yes", ("set_paused", True)),
        ("time-pos", "1:30", ("seek", 90.0)),
        ("playback-time", -5, ("seek", 0.0)),
        ("percent-pos", 50, ("seek", 10.0)),
        ("speed", "1.25", ("set_speed", 1.25)),
        ("audio-delay", "-0.25", (SetDelay("audio", -0.25),)),
        ("sub-delay", 1, (SetDelay("subtitle", 1.0),)),
    ],
)
def test_writes(properties: Properties, viewer: RecordingViewer, name: str, value: Any, call: Any) -> None:
    properties.write(name, value)
    assert viewer.calls == [call]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("pause", "maybe", "unsupported format for accessing property"),
        ("pause", 1, "error accessing property"),
        ("volume", "1e9", "unsupported format for accessing property"),
        ("volume", {"a": 1}, "error accessing property"),
        ("speed", 3, "unsupported format for accessing property"),
        ("percent-pos", "50%", "unsupported format for accessing property"),
        ("playlist-pos", 0.0, "error accessing property"),
        ("path", "/x", "error accessing property"),
        ("room/id", "x", "property unavailable"),
        ("hang-version", "x", "error accessing property"),
    ],
)
def test_refused_writes(properties: Properties, viewer: RecordingViewer, name: str, value: Any, error: str) -> None:
    assert property_refusal(properties, name, value) == error
    assert viewer.calls == []


def test_without_a_file_positions_are_unavailable() -> None:
    viewer = RecordingViewer()
    properties = Properties(viewer)
    for name in ("time-pos", "percent-pos", "duration", "path", "filename", "eof-reached", "seekable"):
        assert property_refusal(properties, name) == "property unavailable"
        assert property_refusal(properties, name, "1") == "property unavailable"
    assert properties.read("idle-active") is True
    assert (properties.read("playlist"), properties.read("playlist-pos")) == ([], -1)


def test_after_a_stop_no_file_is_loaded(properties: Properties, viewer: RecordingViewer) -> None:
    """The viewer keeps the path, to play the file again."""
    viewer.at = None
    for name in ("path", "media-title", "time-pos", "eof-reached", "duration"):
        assert property_refusal(properties, name) == "property unavailable"
    assert properties.read("idle-active") is True


def test_refusals_of_the_room_have_their_code(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.forbidden = CommandRefused("error running command", "Forbidden", "only the host may")
    with pytest.raises(CommandRefused) as caught:
        properties.write("time-pos", 5)
    assert (caught.value.error, caught.value.code) == ("error accessing property", "Forbidden")


def test_add_and_multiply_stop_at_the_limits_and_cycle_wraps(properties: Properties) -> None:
    for by, volume in ((-30, 70.0), (1000, 130.0), (-1000, 0.0)):
        properties.add("volume", by)
        assert properties.read("volume") == volume
    properties.multiply("speed", 100)
    assert properties.read("speed") == 2.0
    properties.cycle("speed")
    assert properties.read("speed") == 0.25
    with pytest.raises(CommandRefused):
        properties.multiply("pause", 2)


def test_core_is_idle_unless_playing(properties: Properties, viewer: RecordingViewer) -> None:
    assert properties.read("core-idle") is True
    viewer.paused = False
    assert properties.read("core-idle") is False
    viewer.hang["player/state"] = "buffering"
    assert (properties.read("core-idle"), properties.read("paused-for-cache")) == (True, True)


def test_names_with_very_many_slashes_are_refused_quickly(properties: Properties) -> None:
    for name in ("a/" * 500_000, "/" * 1_000_000, "options/" + "a/" * 500_000, "track-list/" + "0/" * 400_000):
        assert property_refusal(properties, name) in ("property not found", "error accessing property")
        assert MOVING not in properties.topics(name)


def test_cycle_and_add_of_an_empty_playlist_do_nothing(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.playlist.stop(keep=False)
    for name in ("playlist-pos", "playlist-pos-1"):
        properties.cycle(name)
        properties.add(name, 1)
        assert properties.read(name) == -1


def test_add_to_playlist_pos_stops_at_the_ends_and_cycle_wraps(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.playlist.load([Film("/a"), Film("/b"), Film("/c")], Loading())
    places = []
    for by in (-1, 1, 5, 1, -0.5, -7):
        properties.add("playlist-pos", by)
        places.append(properties.read("playlist-pos"))
    assert places == [0, 1, 2, 2, 1, 0]  # As in mpv, fractions are cut off.
    for up in (False, True, True):
        properties.cycle("playlist-pos-1", up=up)
        places.append(properties.read("playlist-pos-1"))
    assert places[6:] == [3, 1, 2]


def test_media_title_is_from_the_file_or_the_playlist(properties: Properties, viewer: RecordingViewer) -> None:
    viewer.playlist.load([Film("/a.mkv", "By the list"), Film("/b.mkv")], Loading())
    assert properties.read("media-title") == "By the list"
    viewer.description = Description(metadata={"title": "By the film"})
    assert properties.read("media-title") == "By the film"
    viewer.description = Description()
    viewer.playlist.play(1)
    assert properties.read("media-title") == "b.mkv"
