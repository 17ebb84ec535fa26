"""A viewer whose player dies: another one takes over, at the same place, and the daemon goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from hangd.client.control.port import CommandRefused
from hangd.client.media.files import MediaFiles
from hangd.client.settings import ClientSettings
from hangd.client.viewer import Viewer
from hangd.engine.player_facts import AudioDevice
from hangd.engine.player_messages import (
    Load,
    PlayerCommand,
    PlayerDied,
    SetAudioDevice,
    SetPicture,
    SetSubtitleLook,
    SetVolume,
    ShowText,
    SoundChanged,
)
from hangd.engine.playlist.playlist import Film, Loading
from hangd.player.base import EventSink, Player
from hangd.player.simulated import SimulatedPlayer
from tests.support.daemons.party import CLIP


class Players:
    """Makes simulated players, and remembers to whom each talks."""

    def __init__(self) -> None:
        self.sinks: list[EventSink] = []
        self.available = True

    def __call__(self, sink: EventSink) -> Player:
        if not self.available:
            return Unavailable(sink)
        self.sinks.append(sink)
        return SimulatedPlayer(sink)


class Unavailable:
    """A player that does not open: there is no libVLC."""

    name: str | None = None

    def __init__(self, sink: EventSink) -> None:
        self._generation = 0
        asyncio.get_running_loop().call_soon(
            lambda: sink(PlayerDied(self._generation, "no-player", "there is no player here"))
        )

    def do(self, command: PlayerCommand) -> None:
        if isinstance(command, Load):
            self._generation = command.generation

    async def close(self) -> None: ...


@pytest.fixture
def players() -> Players:
    return Players()


@pytest.fixture
async def viewer(players: Players) -> AsyncIterator[Viewer]:
    made = Viewer(ClientSettings(name="ada"), players, MediaFiles(None), version="0", quit=lambda: None)
    yield made
    await made.close()


def load(viewer: Viewer) -> None:
    viewer.set_paused(True)
    viewer.playlist.load([Film(str(CLIP))], Loading())


def dies(viewer: Viewer, players: Players) -> None:
    players.sinks[-1](PlayerDied(viewer.follower.picture.state.generation, "hung", "it does not answer"))


async def settled(viewer: Viewer) -> None:
    await asyncio.wait_for(viewer.settle("paused"), 10)


async def test_a_film_that_plays_goes_on_in_another_player(viewer: Viewer, players: Players) -> None:
    viewer.playlist.load([Film(str(CLIP))], Loading())
    await asyncio.wait_for(viewer.settle("playing"), 10)
    dies(viewer, players)
    assert not viewer.paused
    await asyncio.wait_for(viewer.settle("playing"), 10)


async def test_a_film_plays_unless_there_is_a_pause_which_outlives_films(viewer: Viewer) -> None:
    """As in mpv: a client that only says loadfile wants to see something."""
    assert not viewer.paused
    viewer.playlist.load([Film(str(CLIP))], Loading())
    await asyncio.wait_for(viewer.settle("playing"), 10)
    viewer.set_paused(True)
    await settled(viewer)
    viewer.playlist.load([Film(str(CLIP))], Loading())
    await settled(viewer)


async def test_the_players_name_is_known_and_announced_once_it_is_open(players: Players) -> None:
    viewer = Viewer(ClientSettings(name="ada"), players, MediaFiles(None), version="0", quit=lambda: None)
    assert viewer.player_name is None
    await asyncio.wait_for(viewer.notices.until(lambda: viewer.player_name == "simulated"), 10)
    await viewer.close()


async def test_another_player_takes_over_where_the_first_one_was(viewer: Viewer, players: Players) -> None:
    load(viewer)
    await settled(viewer)
    viewer.play_command(SetVolume(40.0))
    viewer.seek(100.0)
    await asyncio.wait_for(viewer.settle("done"), 10)
    dies(viewer, players)
    await settled(viewer)
    assert len(players.sinks) == 2
    assert (viewer.path, viewer.position(), viewer.wanted(SetVolume).percent) == (str(CLIP), 100.0, 40.0)


async def test_a_film_that_kills_every_player_is_given_up(viewer: Viewer, players: Players) -> None:
    load(viewer)
    for _ in range(4):
        dies(viewer, players)
    assert len(players.sinks) == 4, "the first one, and three that were tried"
    assert viewer.path is None
    load(viewer)
    await settled(viewer)
    assert len(players.sinks) == 5, "somebody who asks again is tried for again"


async def test_without_a_player_a_load_fails_with_the_reason_which_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    players = Players()
    players.available = False
    heard: list[Any] = []
    viewer = Viewer(ClientSettings(name="ada"), players, MediaFiles(None), version="0", quit=lambda: None)
    viewer.subscribe(heard.append, lambda names: None)
    for _ in range(2):
        heard.clear()
        load(viewer)
        await asyncio.wait_for(viewer.notices.until(lambda: viewer.path is None), 10)
        (ended,) = [event for event in heard if event["event"] == "end-file"]
        assert (ended["reason"], ended["details"]["code"]) == ("error", "no-player")
        assert ended["details"]["message"] == "there is no player here"
    assert len([record for record in caplog.records if "no player:" in record.message]) == 1
    with pytest.raises(CommandRefused, match="there is no player here"):
        viewer.play_command(ShowText("hello"))
    players.available = True
    load(viewer)
    await settled(viewer)
    await viewer.close()


async def test_what_a_client_or_the_player_changes_is_announced(viewer: Viewer, players: Players) -> None:
    names: set[str] = set()
    viewer.subscribe(lambda event: None, names.update)
    changes: dict[str, Callable[[], None]] = {
        "brightness": lambda: viewer.play_command(SetPicture(brightness=5)),
        "sub-scale": lambda: viewer.play_command(SetSubtitleLook(scale=2.0)),
        "audio-device": lambda: viewer.play_command(SetAudioDevice("pulse/usb")),
        "audio-device-list": lambda: players.sinks[-1](SoundChanged(0, (AudioDevice("pulse/usb", "USB"),), None)),
        "alang": lambda: viewer.prefer_languages("audio", ["ja"]),
        "slang": lambda: viewer.prefer_languages("subtitle", ["de"]),
    }
    for name, change in changes.items():
        names.clear()
        change()
        assert names == {name}
