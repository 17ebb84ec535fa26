"""A viewer that is away for longer than its place is kept comes back, or is told why not, as one that is put out is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from hangd.engine.link.link import LinkState
from hangd.engine.player_messages import ShowText
from hangd.server.settings import ServerSettings
from tests.support.daemons.viewers import Watcher
from tests.support.servers.server import PATIENCE, running


async def party(stack: AsyncExitStack, folder: Path, *names: str, away: float = 0.0) -> list[Watcher]:
    """Return viewers in one room, "friday"; the first one is its host. Places are kept for so many seconds."""
    url = await stack.enter_async_context(running(ServerSettings(away=away)))
    watchers: list[Watcher] = []
    for name in names:
        watcher = Watcher(folder / name, name=name, server=url, duration=600.0)
        stack.push_async_callback(watcher.viewer.close)
        film = watcher.film("film.mkv")
        if not watchers:
            await watcher.viewer.room("room-create", {"file": film, "name": "friday"})
        else:
            await watcher.viewer.room("room-join", {"room": "friday", "file": film})
        watchers.append(watcher)
    return watchers


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Watcher, Watcher]]:
    async with AsyncExitStack() as stack:
        ada, bob = await party(stack, tmp_path, "ada", "bob")
        yield ada, bob


def members(watcher: Watcher) -> dict[str, str]:
    room = watcher.viewer.room_view
    return {} if room is None else {member.name: member.role for member in room.members.values()}


def long_film(folder: Path, *, damaged: bool) -> str:
    """Create a film of 5 MiB, whose quick hash is the same though it is damaged. Return its path."""
    content = bytearray(5 << 20)
    content[15 << 18] = damaged
    path = folder / "long.mkv"
    path.write_bytes(content)
    return str(path)


async def is_absent(watcher: Watcher, from_the_view_of: Watcher) -> None:
    """Break this viewer's connection, and wait until its place is lost. It does not come back by itself."""
    watcher.viewer.connection._timer.arm(None)
    watcher.viewer.connection._transport.abort()  # type: ignore[union-attr]
    await watcher.until(lambda: watcher.viewer.connection.state is LinkState.WAITING)
    watcher.viewer.connection._timer.arm(None)
    await from_the_view_of.until(lambda: watcher.viewer.settings.name not in members(from_the_view_of))


def entries(watcher: Watcher) -> int:
    """Return how often this viewer has come into a room."""
    return sum(event["event"] == "room-joined" for event in watcher.events)


async def returns(watcher: Watcher) -> None:
    """Let the connection be dialed again, and wait until the viewer knows whether it is back in the room."""
    joined = entries(watcher)
    watcher.viewer.connection.want(watcher.viewer.connection.url or "")
    watcher.viewer.connection._resume = None
    await watcher.until(lambda: watcher.viewer.room_view is None or entries(watcher) > joined)


async def test_a_member_of_a_locked_room_comes_back_after_its_place_was_lost(pair: tuple[Watcher, Watcher]) -> None:
    ada, bob = pair
    await ada.viewer.room("room-role", {"member": "bob", "role": "controller"})
    await ada.viewer.room("room-set", {"key": "locked", "value": "yes"})
    for _ in range(2):
        await is_absent(bob, ada)
        await returns(bob)
        await ada.until(lambda: members(ada) == {"ada": "host", "bob": "controller"})
        assert bob.viewer.hang_property("room/left") is None


async def test_who_can_not_come_back_is_told_why(pair: tuple[Watcher, Watcher]) -> None:
    ada, bob = pair
    await is_absent(bob, ada)
    await ada.viewer.room("room-set", {"key": "locked", "value": "yes"})  # bob is no member now
    await returns(bob)
    left = bob.viewer.hang_property("room/left")
    assert (left["name"], left["reason"]) == ("friday", "lost")
    assert left["detail"] == (
        "you were away from friday for too long, and it is locked now; "
        "ask its host to unlock it (hangctl policy locked no), then: hangctl join friday"
    )
    (event,) = [event for event in bob.events if event["event"] == "room-left"]
    assert event == {"event": "room-left", **{key: value for key, value in left.items() if key != "at"}}
    # Until the next room.
    await bob.viewer.room("room-create", {"file": bob.film("film.mkv")})
    assert bob.viewer.hang_property("room/left") is None


@pytest.mark.parametrize("ban", ["no", "yes"])
async def test_who_is_put_out_is_told_why_and_its_film_goes_on(pair: tuple[Watcher, Watcher], ban: str) -> None:
    ada, bob = pair
    shown: list[str] = []
    sound = bob.viewer.player._pass_on
    bob.viewer.player._pass_on = lambda command: (  # type: ignore[method-assign]
        shown.append(command.text) if isinstance(command, ShowText) else sound(command)
    )
    bob.viewer.set_paused(False)
    await bob.viewer.settle("playing")
    await ada.viewer.room("room-kick", {"member": "bob", "ban": ban, "reason": "spoilers"})
    await bob.until(lambda: bob.viewer.room_view is None)
    left = bob.viewer.hang_property("room/left")
    assert left["reason"] == ("banned" if ban == "yes" else "kicked")
    assert "spoilers" in left["detail"]
    assert len(shown) == 1 and shown[0] in left["detail"]
    assert not bob.viewer.paused
    with pytest.raises(Exception, match="not in a room: the host of friday"):
        await bob.viewer.room("room-say", {"text": "why?"})


async def test_who_has_a_damaged_copy_is_put_out_and_told_and_its_film_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its quick hash is the film's, so it is let in; its whole hash is not."""
    async with AsyncExitStack() as stack:
        ada, bob = await party(stack, tmp_path, "ada", "bob")
        await bob.viewer.room("room-leave", {})
        await ada.viewer.room("room-media", {"file": long_film(ada.folder, damaged=False)})
        copy = long_film(bob.folder, damaged=True)
        release, sound = asyncio.Event(), bob.viewer.media.whole_hash

        async def slowly(*arguments: Any, **named: Any) -> str:
            await release.wait()
            return await sound(*arguments, **named)

        monkeypatch.setattr(bob.viewer.media, "whole_hash", slowly)
        await bob.viewer.room("room-join", {"room": "friday", "file": copy})
        bob.viewer.set_paused(False)
        await bob.viewer.settle("playing")
        release.set()
        await bob.until(lambda: bob.viewer.room_view is None)
        left = bob.viewer.hang_property("room/left")
        assert left["reason"] == "mismatch"
        assert "its content differs" in left["detail"] and "hangctl join friday FILE" in left["detail"]
        await bob.viewer.settle("paused")
        assert not ada.viewer.paused
        assert bob.viewer.path == copy


def lost(watcher: Watcher) -> list[Any]:
    return [event for event in watcher.events if event["event"] == "room-left"]


async def test_who_is_cut_off_again_on_the_way_back_asks_once_and_is_back(
    pair: tuple[Watcher, Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first way back waits for a slow disk, and goes on after the second has begun."""
    ada, bob = pair
    release, reads, sound = asyncio.Event(), asyncio.Queue[None](), bob.viewer.media.quick
    joined = entries(bob)

    async def slowly(path: str) -> Any:
        reads.put_nowait(None)
        await release.wait()
        return await sound(path)

    monkeypatch.setattr(bob.viewer.media, "quick", slowly)
    for _ in range(2):
        await is_absent(bob, ada)
        bob.viewer.connection.want(bob.viewer.connection.url or "")
        bob.viewer.connection._resume = None
        await asyncio.wait_for(reads.get(), PATIENCE)
    release.set()
    await ada.until(lambda: members(ada) == {"ada": "host", "bob": "viewer"})
    await bob.until(lambda: entries(bob) > joined)
    await bob.viewer.room("room-say", {"text": "back"})
    assert not lost(bob) and members(bob) == {"ada": "host", "bob": "viewer"}
    await bob.viewer.room("room-leave", {})
    await ada.until(lambda: members(ada) == {"ada": "host"})


async def test_who_is_in_the_room_at_the_server_already_is_back_in_it(
    pair: tuple[Watcher, Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the first request came when nobody waited for it any more: the second one is refused."""
    ada, bob = pair
    sound = bob.viewer.connection.request

    async def late(message: Any, answer: Any, **more: Any) -> Any:
        await sound(message, answer)
        monkeypatch.undo()
        raise TimeoutError

    monkeypatch.setattr(bob.viewer.connection, "request", late)
    await is_absent(bob, ada)
    await returns(bob)
    await bob.viewer.room("room-say", {"text": "back"})
    assert not lost(bob) and members(bob) == {"ada": "host", "bob": "viewer"}
    assert len([event for event in ada.events if event["event"] == "member-joined"]) == 2, "at first, and now"
    await bob.viewer.room("room-leave", {})
    await ada.until(lambda: members(ada) == {"ada": "host"})
