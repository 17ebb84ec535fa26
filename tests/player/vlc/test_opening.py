"""A libVLC that blocks while it opens, or is missing. The function that loads it is replaced."""

import asyncio
import threading
import time
from collections.abc import Iterator
from types import ModuleType

import pytest

from hangd.client.media.files import MediaFiles
from hangd.client.settings import ClientSettings
from hangd.client.viewer import Viewer
from hangd.engine.player_messages import Load, PlayerDied, SetVolume
from hangd.engine.playlist.playlist import Film, Loading
from hangd.player.vlc import player as vlc_player
from hangd.player.vlc.libvlc import LibVlcUnavailable
from hangd.player.vlc.player import VlcPlayer
from tests.support.daemons.party import CLIP
from tests.support.daemons.playing import Stagehand


@pytest.fixture
def blocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Make loading libVLC block until the event is set; then it is missing."""
    release = threading.Event()

    def load_bindings() -> ModuleType:
        release.wait(60)
        raise LibVlcUnavailable("there is no libVLC here")

    monkeypatch.setattr(vlc_player, "load_bindings", load_bindings)
    yield release
    release.set()


async def turn() -> None:
    """Let the loop turn a hundred times, for which it must not wait for libVLC."""
    for _ in range(100):
        await asyncio.sleep(0.002)


async def test_the_loop_runs_while_libvlc_blocks(blocked: threading.Event) -> None:
    hand = Stagehand(VlcPlayer)
    hand.do(SetVolume(30), Load(path=str(CLIP), generation=3))
    await turn()
    assert (hand.player.name, hand.events) == (None, [])
    blocked.set()
    died = await hand.next(PlayerDied)
    assert (died.generation, died.code, died.message) == (3, "no-player", "there is no libVLC here")
    await hand.player.close()


async def test_a_libvlc_that_does_not_open_in_time_is_hung(blocked: threading.Event) -> None:
    hand = Stagehand(lambda sink: VlcPlayer(sink, open_seconds=0.2))
    died = await hand.next(PlayerDied)
    assert (died.code, died.message) == ("hung", "libVLC did not start within 0.2 seconds")
    blocked.set()
    await hand.player.close()
    assert len(hand.events) == 1, "its late answer is dropped"


async def test_closing_does_not_wait_for_a_libvlc_that_blocks(
    blocked: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vlc_player, "_CLOSE_SECONDS", 0.2)
    hand = Stagehand(VlcPlayer)
    began = time.monotonic()
    await hand.player.close()
    assert time.monotonic() - began < 30
    blocked.set()
    await asyncio.sleep(0.1)
    assert hand.events == []


async def test_a_failure_that_nobody_thought_of_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def load_bindings() -> ModuleType:
        raise ValueError("odd")

    monkeypatch.setattr(vlc_player, "load_bindings", load_bindings)
    hand = Stagehand(VlcPlayer)
    died = await hand.next(PlayerDied)
    assert died.code == "no-player"
    assert "odd" in died.message
    await hand.player.close()


async def test_a_viewer_whose_libvlc_blocks_answers_meanwhile(blocked: threading.Event) -> None:
    viewer = Viewer(ClientSettings(name="ada"), VlcPlayer, MediaFiles(None), version="0", quit=lambda: None)
    viewer.playlist.load([Film(str(CLIP))], Loading())
    await turn()
    assert (viewer.player_name, viewer.path) == (None, str(CLIP))
    blocked.set()
    await asyncio.wait_for(viewer.notices.until(lambda: viewer.path is None), 10)
    await viewer.close()
