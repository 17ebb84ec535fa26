"""A server lets a viewer in that does not want that any more: it is told so, and nobody is in two rooms."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from hangd.client.control.port import CommandRefused
from hangd.client.server import connection as connection_module
from hangd.protocol import messages
from hangd.server.settings import ServerSettings
from tests.support.daemons.viewers import Watcher
from tests.support.servers.server import PATIENCE, running


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Watcher, Watcher]]:
    """Two viewers at one server. The first one is in a room, "friday"; no place is kept there for who is away."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(running(ServerSettings(away=0.0)))
        ada, bob = (Watcher(tmp_path / name, name=name, server=url, duration=600.0) for name in ("ada", "bob"))
        for one in (ada, bob):
            stack.push_async_callback(one.viewer.close)
            await one.viewer.room("server-connect", {"url": url})
        await ada.viewer.room("room-create", {"file": ada.film("film"), "name": "friday"})
        yield ada, bob


@contextmanager
def deaf(watcher: Watcher) -> Iterator[None]:
    """What the server says meanwhile is heard afterwards."""
    connection = watcher.viewer.connection
    sound, held = connection.frame_received, list[Any]()
    connection.frame_received = lambda *frame: held.append(frame)  # type: ignore[method-assign]
    try:
        yield
    finally:
        connection.frame_received = sound  # type: ignore[method-assign]
        for frame in held:
            sound(*frame)


def members(watcher: Watcher) -> list[str]:
    return sorted(member["name"] for member in watcher.viewer.hang_property("room/members") or ())


@pytest.mark.parametrize("command", ["room-create", "room-join"])
async def test_a_room_that_is_entered_too_late_is_left(
    pair: tuple[Watcher, Watcher], monkeypatch: pytest.MonkeyPatch, command: Any
) -> None:
    ada, bob = pair
    film = bob.film("film")
    monkeypatch.setattr(connection_module, "_LONG_TIMEOUT", 0.3)
    with deaf(bob):
        with pytest.raises(CommandRefused) as refused:
            await bob.viewer.room(command, {"file": film} | ({"room": "friday"} if command == "room-join" else {}))
    assert refused.value.code == "TimedOut" and bob.viewer.room_view is None
    monkeypatch.undo()
    await ada.until(lambda: members(ada) == ["ada"])
    await bob.viewer.room("room-join", {"room": "friday", "file": film})
    await ada.until(lambda: members(ada) == ["ada", "bob"])
    await bob.viewer.room("room-leave", {})
    await ada.until(lambda: members(ada) == ["ada"])


async def test_a_room_is_entered_although_the_server_has_not_heard_that_another_was_left(
    pair: tuple[Watcher, Watcher],
) -> None:
    ada, bob = pair
    film = bob.film("film")
    await bob.viewer.room("room-join", {"room": "friday", "file": film})
    await ada.until(lambda: members(ada) == ["ada", "bob"])
    bob.viewer.membership.leave("left", 0.0)  # and the server is not told
    await bob.viewer.room("room-create", {"file": film, "name": "saturday"})
    await ada.until(lambda: members(ada) == ["ada"])
    assert members(bob) == ["bob"]


async def test_who_leaves_on_the_way_back_and_goes_elsewhere_stays_there(pair: tuple[Watcher, Watcher]) -> None:
    """The room's answer comes after LeaveRoom and the next JoinRoom were sent: a second LeaveRoom would undo that."""
    ada, bob = pair
    film = bob.film("film")
    cid = Watcher(bob.folder / "cid", name="cid", server=bob.viewer.connection.url, duration=600.0)
    try:
        await cid.viewer.room("room-create", {"file": cid.film("film"), "name": "saturday"})
        await bob.viewer.room("room-join", {"room": "friday", "file": film})
        connection, send = bob.viewer.connection, bob.viewer.connection.send
        sent: list[str] = []
        asked = asyncio.Event()

        def noted(message: Any, request_id: Any = None) -> None:
            send(message, request_id)
            sent.append(type(message).__name__)
            if isinstance(message, messages.JoinRoom):
                if message.room_id != "saturday":
                    held.enter_context(deaf(bob))
                asked.set()

        connection.send = noted  # type: ignore[method-assign]
        with ExitStack() as held:
            connection._resume = None
            connection._transport.abort()  # type: ignore[union-attr]
            await asyncio.wait_for(asked.wait(), PATIENCE)
            await bob.viewer.room("room-leave", {})
            asked.clear()
            joining = bob.viewer.tasks.start(
                bob.viewer.room("room-join", {"room": "saturday", "file": film}), name="join"
            )
            await asyncio.wait_for(asked.wait(), PATIENCE)
        assert (await joining)["name"] == "saturday"
        await bob.viewer.room("room-say", {"text": "here"})
        assert members(bob) == members(cid) == ["bob", "cid"]
        await ada.until(lambda: members(ada) == ["ada"])
        assert sent.count("LeaveRoom") == 1
    finally:
        await cid.viewer.close()
