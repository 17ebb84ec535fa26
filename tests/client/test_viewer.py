"""A viewer whose player dies: another one takes over, at the same place, and the daemon goes on."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hangd.client.media.files import MediaFiles
from hangd.client.settings import ClientSettings
from hangd.client.viewer import Viewer
from hangd.engine.player_messages import PlayerDied, SetVolume
from hangd.engine.playlist.playlist import Film, Loading
from hangd.player.base import EventSink, PlayerUnavailable
from hangd.player.simulated import SimulatedPlayer
from tests.support.party import CLIP


class Players:
    """Makes simulated players, and remembers to whom each talks."""

    def __init__(self) -> None:
        self.sinks: list[EventSink] = []
        self.available = True

    def __call__(self, sink: EventSink) -> SimulatedPlayer:
        if not self.available:
            raise PlayerUnavailable("there is no player here")
        self.sinks.append(sink)
        return SimulatedPlayer(sink)


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
    players.sinks[-1](PlayerDied(viewer.follower.picture.generation, "hung", "it does not answer"))


async def settled(viewer: Viewer) -> None:
    await asyncio.wait_for(viewer.settle("paused"), 10)


async def test_a_film_plays_unless_there_is_a_pause_which_outlives_films(viewer: Viewer) -> None:
    """As in mpv: a client that only says loadfile wants to see something."""
    assert not viewer.paused
    viewer.playlist.load([Film(str(CLIP))], Loading())
    await asyncio.wait_for(viewer.settle("playing"), 10)
    viewer.set_paused(True)
    await settled(viewer)
    viewer.playlist.load([Film(str(CLIP))], Loading())
    await settled(viewer)


async def test_another_player_takes_over_where_the_first_one_was(viewer: Viewer, players: Players) -> None:
    load(viewer)
    await settled(viewer)
    viewer.play_command(SetVolume(40.0))
    viewer.seek(100.0)
    await asyncio.wait_for(viewer.settle("done"), 10)
    dies(viewer, players)
    await settled(viewer)
    assert len(players.sinks) == 2
    assert (viewer.path, viewer.position(), viewer.volume) == (str(CLIP), 100.0, 40.0)


async def test_a_film_that_kills_every_player_is_given_up(viewer: Viewer, players: Players) -> None:
    load(viewer)
    for _ in range(4):
        dies(viewer, players)
    assert len(players.sinks) == 4, "the first one, and three that were tried"
    assert viewer.path is None
    load(viewer)
    await settled(viewer)
    assert len(players.sinks) == 5, "somebody who asks again is tried for again"


async def test_a_player_that_is_not_to_be_had_is_said_when_it_is_asked_for(tmp_path: Path) -> None:
    players = Players()
    players.available = False
    heard: list[Any] = []
    viewer = Viewer(ClientSettings(name="ada"), players, MediaFiles(None), version="0", quit=lambda: None)
    viewer.subscribe(heard.append, lambda names: None)
    load(viewer)
    await asyncio.wait_for(viewer.notices.until(lambda: viewer.path is None), 10)
    (ended,) = [event for event in heard if event["event"] == "end-file"]
    assert (ended["reason"], ended["details"]["code"]) == ("error", "no-player")
    players.available = True
    load(viewer)
    await settled(viewer)
    await viewer.close()
