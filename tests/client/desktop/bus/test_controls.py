"""What MPRIS tells of a viewer, and what it asks of it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hangd.client.control.port import CommandRefused
from hangd.client.control.server.sockets import ControlServer
from hangd.client.desktop.bus.controls import NO_TRACK, Controls
from hangd.client.settings import ClientSettings
from hangd.engine.player_facts import Description
from hangd.engine.playlist.playlist import Film, Loading
from tests.support.daemons.party import CLIP as FILM
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer

_Make = Callable[..., Controls]


@pytest.fixture
def viewer() -> RecordingViewer:
    return RecordingViewer(CLIP)


@pytest.fixture
def make(viewer: RecordingViewer, tmp_path: Path) -> _Make:
    """Return the controls of the viewer, with these settings."""

    def controls(**settings: Any) -> Controls:
        control = ControlServer(viewer, tmp_path / "unused.sock")
        return Controls(viewer, control.request, control.read, lambda: ClientSettings(**settings))

    return controls


@pytest.fixture
def controls(make: _Make) -> Controls:
    return make()


def state(controls: Controls) -> tuple[str, bool]:
    return controls.status(), controls.is_moving


def is_paused(viewer: RecordingViewer) -> bool:
    return viewer.paused


def in_room(viewer: RecordingViewer) -> None:
    viewer.hang["room/id"] = "r"
    viewer.gate.set()


def test_the_status_is_what_can_be_seen(viewer: RecordingViewer, controls: Controls) -> None:
    assert controls.status() == "Paused"
    viewer.paused = False
    assert state(controls) == ("Playing", True)
    viewer.hang["room/start"] = {"waiting_for": ["b"]}
    assert controls.status() == "Paused", "the room waits for somebody, and nothing moves"
    del viewer.hang["room/start"]
    viewer.seeking = True
    assert state(controls) == ("Playing", False)
    viewer.path = viewer.at = None
    assert controls.status() == "Stopped"


def test_metadata_has_the_types_of_mpris(viewer: RecordingViewer, controls: Controls) -> None:
    viewer.path = "/films/caf\udce9\n.flac"
    tags = {"TITLE": "Waves\x07", "Artist": "Ann", "album": "Sea", "Track": "3/12", "disc": "x"}
    viewer.description = Description(metadata=tags)
    assert controls.values()["Metadata"] == {
        "mpris:trackid": ("o", "/hang/track/1"),
        "mpris:length": ("x", 20_000_000),
        "xesam:title": ("s", "Waves\ufffd"),
        "xesam:url": ("s", "file:///films/caf%E9%0A.flac"),
        "xesam:artist": ("as", ["Ann"]),
        "xesam:album": ("s", "Sea"),
        "xesam:trackNumber": ("i", 3),
    }


def test_without_a_film_there_is_no_track(viewer: RecordingViewer, controls: Controls) -> None:
    viewer.path = viewer.at = viewer.duration = viewer.playlist_entry_id = None
    values = controls.values()
    assert values["Metadata"] == {"mpris:trackid": ("o", NO_TRACK)}
    assert (values["CanPause"], values["CanSeek"]) == (False, False)
    assert controls.position() == 0


def test_what_may_not_be_done_cannot_be_done(viewer: RecordingViewer, controls: Controls) -> None:
    viewer.playlist.load([Film("/films/two.mp4")], Loading("append"))
    can = [name for name, value in controls.values().items() if name.startswith("Can") and value]
    assert can == ["CanGoNext", "CanPlay", "CanPause", "CanSeek"]
    viewer.forbidden = CommandRefused.failed("Forbidden", "only the host may")
    assert not any(value for name, value in controls.values().items() if name.startswith("Can"))


async def test_a_forbidden_request_is_refused(viewer: RecordingViewer, controls: Controls) -> None:
    viewer.forbidden = CommandRefused.failed("Forbidden", "only the host may")
    requests = (controls.play, controls.pause, controls.play_pause, controls.stop, controls.next)
    for request in requests:
        with pytest.raises(CommandRefused, match="only the host may"):
            await request()
    with pytest.raises(CommandRefused, match="only the host may"):
        await controls.seek(1_000_000)


async def test_play_pause_goes_by_the_status(viewer: RecordingViewer, controls: Controls) -> None:
    await controls.play_pause()
    assert not is_paused(viewer)
    await controls.play_pause()
    assert is_paused(viewer)
    viewer.paused = False
    viewer.hang["room/start"] = {"waiting_for": ["b"]}
    await controls.play_pause()
    assert is_paused(viewer), "a start that waits is taken back"


@pytest.mark.parametrize(("what", "paused", "stopped"), [("pause", True, 0), ("stop", False, 1), ("ignore", False, 0)])
async def test_stop_does_what_the_settings_say(
    viewer: RecordingViewer, make: _Make, what: str, paused: bool, stopped: int
) -> None:
    viewer.paused = False
    await make(mpris_stop=what).stop()
    assert viewer.paused == paused
    assert viewer.calls.count(("stop", True)) == stopped


async def test_a_seek_is_exact_and_stays_within_the_film(viewer: RecordingViewer, controls: Controls) -> None:
    viewer.at = 5.0
    await controls.seek(2_500_000)
    await controls.seek(-30_000_000)
    await controls.seek(30_000_000)
    assert [call for call in viewer.calls if call[0] == "seek"] == [("seek", 7.5), ("seek", 0.0), ("seek", 20.0)]


async def test_a_seek_beyond_the_end_is_the_next_film_alone_and_the_end_in_a_room(
    viewer: RecordingViewer, controls: Controls
) -> None:
    viewer.playlist.load([Film("/films/two.mp4")], Loading("append"))
    in_room(viewer)
    await controls.seek(30_000_000)
    assert viewer.path == CLIP and viewer.at == 20.0
    del viewer.hang["room/id"]
    await controls.seek(30_000_000)
    assert viewer.path == "/films/two.mp4"


async def test_a_position_of_another_track_or_out_of_range_is_ignored(
    viewer: RecordingViewer, controls: Controls
) -> None:
    for track, position in (("/hang/track/2", 1), (NO_TRACK, 1), ("/hang/track/1", -1), ("/hang/track/1", 20_000_001)):
        await controls.set_position(track, position)
    assert viewer.calls == []
    await controls.set_position("/hang/track/1", 20_000_000)
    assert viewer.calls == [("seek", 20.0)]


async def test_without_a_next_film_next_has_no_effect(viewer: RecordingViewer, controls: Controls) -> None:
    def step(direction: int, *, force: bool) -> None:
        raise CommandRefused.failed("NoSuchEntry", "there is no next film")

    viewer.playlist.step = step  # type: ignore[method-assign]
    await controls.next()
    await controls.previous()
    assert viewer.path == CLIP


async def test_a_film_that_is_opened_plays_and_what_is_not_there_is_refused(
    viewer: RecordingViewer, controls: Controls, tmp_path: Path
) -> None:
    film = tmp_path / "a b.mp4"
    shutil.copy(FILM, film)
    viewer.path = viewer.at = None
    await controls.open(film.as_uri())
    assert [entry.filename for entry in viewer.playlist.entries()] == [str(film)]
    assert not is_paused(viewer)
    with pytest.raises(CommandRefused, match="there is no file"):
        await controls.open("file:///films/nowhere.mp4")


async def test_rate_0_is_a_pause(viewer: RecordingViewer, controls: Controls) -> None:
    viewer.paused = False
    await controls.set_rate(1.25)
    assert viewer.speed == pytest.approx(1.25, abs=0.001) and not is_paused(viewer)
    await controls.set_rate(0.0)
    assert viewer.speed == pytest.approx(1.25, abs=0.001) and is_paused(viewer)


async def test_the_volume_stays_within_its_limits(viewer: RecordingViewer, controls: Controls) -> None:
    for given, percent in ((0.35, 35.0), (-1.0, 0.0), (5.0, 130.0)):
        await controls.set_volume(given)
        assert viewer.volume == percent
    assert controls.values()["Volume"] == 1.3


async def test_loop_status_is_the_rooms_rule_in_a_room(viewer: RecordingViewer, controls: Controls) -> None:
    for status in ("Track", "Playlist", "None"):
        await controls.set_loop_status(status)
        assert controls.values()["LoopStatus"] == status
    in_room(viewer)
    await controls.set_loop_status("Track")
    assert viewer.calls[-1] == ("room-set", {"key": "loop", "value": "film"})
    with pytest.raises(CommandRefused):
        await controls.set_loop_status("Sometimes")


async def test_shuffle_mixes_now_and_from_now_on(viewer: RecordingViewer, controls: Controls) -> None:
    await controls.set_shuffle(True)
    assert controls.values()["Shuffle"] is True
    await controls.set_shuffle(False)
    assert controls.values()["Shuffle"] is False
    assert [call[0] for call in viewer.calls] == ["mix", "shuffle_lists", "unmix", "shuffle_lists"]


def test_quit_is_possible_only_where_it_is_allowed(make: _Make) -> None:
    assert make().root_values()["CanQuit"] is False
    assert make(allow_quit=True).root_values()["CanQuit"] is True
