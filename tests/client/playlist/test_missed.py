"""A viewer that misses what its room tells of the queue: it notices, asks, and has the queue of the others again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hangd.client import membership
from tests.support.daemons.viewers import Watcher
from tests.support.network.lossy_relay import LossyRelay, lossy_relay
from tests.support.servers.server import running


@pytest.fixture
async def relay() -> AsyncIterator[LossyRelay]:
    async with running() as url, lossy_relay(url) as relay:
        yield relay


@pytest.fixture
async def pair(relay: LossyRelay, tmp_path: Path) -> AsyncIterator[tuple[Watcher, Watcher]]:
    """Ada, whose edits all arrive, and bob, both in a room with the film "o"."""
    ada = Watcher(tmp_path / "ada", server=relay.url, duration=60.0)
    bob = Watcher(tmp_path / "bob", name="bob", server=relay.url, duration=60.0)
    room = await ada.viewer.room("room-create", {"file": ada.film("o")})
    await bob.viewer.room("room-join", {"room": room["room_id"], "file": bob.film("o")})
    await bob.opens("o")
    relay.asked.clear()
    yield ada, bob
    await ada.viewer.close()
    await bob.viewer.close()


async def test_a_change_that_is_missing_is_asked_for_once(pair: tuple[Watcher, Watcher], relay: LossyRelay) -> None:
    ada, bob = pair
    relay.lose_next("QueueChanged")
    ada.load("a")
    await relay.has_lost()
    ada.load("b")
    await bob.until(lambda: bob.names == "oab")
    ada.load("c")
    await bob.until(lambda: bob.names == "oabc")
    assert relay.asked.count("GetRoom") == 1


async def test_it_is_asked_for_again_if_that_is_refused(
    pair: tuple[Watcher, Watcher], relay: LossyRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "_ASK_AGAIN_SECONDS", 0.05)
    ada, bob = pair
    relay.lose_next("QueueChanged")
    relay.refuses = lambda message: message["type"] == "GetRoom" and relay.asked.count("GetRoom") < 3
    ada.load("a")
    await relay.has_lost()
    bob.load("b")
    await bob.until(lambda: bob.names == "oab")
    assert relay.asked.count("GetRoom") == 3


async def test_a_change_to_another_film_that_is_missing_is_made_good(
    pair: tuple[Watcher, Watcher], relay: LossyRelay
) -> None:
    ada, bob = pair
    bob.film("a")
    ada.load("a")
    await bob.until(lambda: bob.viewer.playlist.entries()[-1].filename == str(bob.folder / "a"))
    relay.lose_next("MediaChanged")
    ada.viewer.playlist.step(1, force=False)
    await relay.has_lost()
    ada.load("b")
    await bob.opens("a")
    await bob.until(lambda: bob.names == "oab" and bob.viewer.playlist.current == 1)
