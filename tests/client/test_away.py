"""Viewers whose server does not answer, or is gone: their players obey them, and what they leave is left at once."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from hangd.client.control.port import CommandRefused, ControlEvent
from hangd.client.control.properties import Properties
from hangd.client.media.files import MediaFiles
from hangd.client.settings import ClientSettings
from hangd.client.viewer import Viewer
from hangd.engine.follower.picture import Motion
from hangd.player.simulated import SimulatedPlayer
from hangd.protocol import messages
from tests.support.daemons.party import CLIP
from tests.support.network.badlink import BadLink
from tests.support.servers.server import PATIENCE, running


def made(name: str) -> Viewer:
    return Viewer(ClientSettings(name=name), SimulatedPlayer, MediaFiles(None), version="0", quit=lambda: None)


async def until(viewer: Viewer, condition: Any) -> None:
    await asyncio.wait_for(viewer.notices.until(condition), PATIENCE)


def paused(viewer: Viewer) -> bool:
    return viewer.paused


def in_room(viewer: Viewer) -> bool:
    return viewer.room_view is not None


async def done(viewer: Viewer) -> Any:
    return await asyncio.wait_for(viewer.settle("done"), PATIENCE)


class Room:
    """A room of two that plays: ada, whose link can be frozen and cut, is its host, and bob has a good link."""

    def __init__(self, ada: Viewer, bob: Viewer, link: BadLink, url: str) -> None:
        self.ada = ada
        self.bob = bob
        self.link = link
        self.url = url

    @property
    def seen_by_bob(self) -> str:
        """What ada's member does, as bob knows."""
        assert self.bob.room_view is not None
        (member,) = [one for one in self.bob.room_view.members.values() if one.name == "ada"]
        return f"{member.state} apart" if member.apart else member.state


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(running())
        link = stack.enter_context(BadLink(int(url.rsplit(":", 1)[1].split("/")[0])))
        ada, bob = made("ada"), made("bob")
        for viewer, server in ((ada, link.url), (bob, url)):
            stack.push_async_callback(viewer.close)
            await viewer.room("server-connect", {"url": server})
        created = await ada.room("room-create", {"file": str(CLIP)})
        await bob.room("room-join", {"room": created["room_id"], "file": str(CLIP)})
        await bob.settle("paused")
        ada.set_paused(False)
        await asyncio.wait_for(bob.settle("synced"), PATIENCE)
        await asyncio.wait_for(ada.settle("playing"), PATIENCE)
        yield Room(ada, bob, link, url)


async def test_a_pause_in_front_of_a_silent_server_stays_and_counts_once_it_answers(room: Room) -> None:
    room.link.freeze(4.0)
    room.ada.set_paused(True)
    await asyncio.wait_for(room.ada.settle("paused"), PATIENCE)
    assert await done(room.ada) == {"away": True}
    assert room.ada.hang_property("sync/state") == "away", "the server has not answered"
    assert 0.0 <= room.ada.hang_property("sync/away") < 4.0
    assert not paused(room.bob)
    room.ada.set_paused(False)
    assert not paused(room.ada)
    room.ada.set_paused(True)
    await until(room.bob, lambda: room.bob.paused)
    await until(room.ada, lambda: room.ada.hang_property("sync/state") == "synced")
    assert paused(room.ada) and room.ada.hang_property("sync/away") is None
    assert await done(room.ada) is None


async def test_a_pause_without_a_server_stays_when_it_is_back_until_play(room: Room) -> None:
    room.link.cut(3.0)
    await until(room.ada, lambda: not room.ada.connection.is_up)
    room.ada.set_paused(True)
    assert paused(room.ada)
    assert await done(room.ada) == {"away": True}
    room.ada.seek(100.0)
    await done(room.ada)
    assert room.ada.position() == 100.0
    with pytest.raises(CommandRefused) as refused:
        await room.ada.room("room-say", {"text": "is anybody there?"})
    assert refused.value.message == "the room's server cannot be reached now; trying again"
    with pytest.raises(CommandRefused) as refused:
        room.ada.playlist.remove(0)
    assert refused.value.code == "NotConnected"
    await until(room.ada, lambda: room.ada.hang_property("sync/state") == "apart")
    assert paused(room.ada) and room.ada.position() == 100.0
    await until(room.bob, lambda: room.seen_by_bob == "paused apart")
    assert await done(room.ada) is None
    room.ada.set_paused(False)
    await until(room.ada, lambda: room.ada.hang_property("sync/state") == "synced")
    await until(room.bob, lambda: room.seen_by_bob == "playing")
    assert not paused(room.ada) and not paused(room.bob)


async def test_a_request_that_the_connection_takes_with_it_is_carried_out_here(room: Room) -> None:
    room.link.freeze(60.0)
    room.ada.seek(300.0)
    waiting = asyncio.ensure_future(done(room.ada))  # noqa: TID251
    await asyncio.sleep(0)
    room.link.cut(1.0)
    assert await waiting == {"away": True}
    position = room.ada.position()
    assert position is not None and position >= 300.0


async def test_a_viewer_who_may_not_control_the_room_has_its_own_player_while_it_is_away(room: Room) -> None:
    await room.ada.room("room-role", {"member": "bob", "role": "host"})
    await room.bob.room("room-set", {"key": "control", "value": "host"})
    await room.bob.room("room-role", {"member": "ada", "role": "viewer"})
    assert room.ada.room_view is not None
    view = room.ada.room_view
    await until(room.ada, lambda: not view.may_control)
    properties = Properties(room.ada)
    with pytest.raises(CommandRefused) as refused:
        properties.write("pause", True)
    assert refused.value.code == "Forbidden"
    room.link.cut(1.0)
    await until(room.ada, lambda: not room.ada.connection.is_up)
    properties.write("pause", True)
    await until(room.ada, lambda: room.ada.hang_property("sync/state") == "apart")
    assert paused(room.ada) and not paused(room.bob)
    room.ada.set_paused(False)
    await until(room.ada, lambda: room.ada.hang_property("sync/state") == "synced")


@pytest.mark.parametrize("command", ["room-leave", "server-disconnect"])
async def test_leaving_in_front_of_a_silent_server_is_done_at_once_and_told_when_it_can_be(
    command: Any, room: Room
) -> None:
    assert room.ada.room_view is not None
    room_id = room.ada.room_view.room_id
    room.link.freeze(4.0)
    answer = await room.ada.room(command, {})
    assert answer == ({"room_id": room_id} if command == "room-leave" else None)
    assert not in_room(room.ada) and room.ada.hang_property("sync/state") == "alone"
    assert room.ada.follower.picture.state.motion is Motion.RUNNING, "the film goes on, alone"
    assert room.bob.room_view is not None
    members = room.bob.room_view
    assert len(members.members) == 2, "the server has not heard of it"
    await until(room.bob, lambda: len(members.members) == 1)


async def test_a_room_that_was_left_without_a_link_is_told_when_the_link_is_back(room: Room) -> None:
    assert room.bob.room_view is not None
    members = room.bob.room_view.members
    room.link.cut(1.0)
    await until(room.ada, lambda: not room.ada.connection.is_up)
    await room.ada.room("room-leave", {})
    assert not in_room(room.ada)
    assert len(members) == 2
    await until(room.bob, lambda: len(members) == 1)
    assert not in_room(room.ada) and room.ada.connection.is_up


async def test_a_room_that_is_left_while_it_lets_the_viewer_back_in(room: Room) -> None:
    """The server checks the password, and takes no other message of this client until it has."""
    await room.ada.room("room-set", {"key": "password", "value": "sesame"})
    assert room.ada.room_view is not None
    room.ada.room_view.password, room.ada.room_view.host_secret = "sesame", None
    events: list[ControlEvent] = []
    room.bob.subscribe(events.append, lambda names: None)
    send = room.ada.connection.send

    def send_and_leave(message: Any, request_id: Any = None) -> None:
        send(message, request_id)
        if isinstance(message, messages.JoinRoom):
            asyncio.get_running_loop().call_soon(room.ada.membership.leave_for_good, time.monotonic())

    room.ada.connection.send = send_and_leave  # type: ignore[method-assign]
    room.ada.connection._resume = None
    room.link.cut(0.1)
    await until(room.bob, lambda: any(e["event"] == "member-left" and e["reason"] == "left" for e in events))
    assert any(event["event"] == "member-joined" for event in events) and not in_room(room.ada)


async def test_what_the_room_says_after_it_was_left_is_passed_over(room: Room) -> None:
    """The server sends until it has heard of the leaving; the next room's messages come after its answer."""
    assert room.bob.room_view is not None
    room_id = room.bob.room_view.room_id
    room.link.freeze(0.5)
    room.bob.seek(200.0)
    await room.ada.room("room-leave", {})
    position = room.ada.position()
    joined = await room.ada.room("room-join", {"room": room_id, "file": str(CLIP)})
    assert joined["room_id"] == room_id and position is not None and position < 200.0
    await asyncio.wait_for(room.ada.settle("synced"), PATIENCE)


async def test_the_daemon_ends_in_front_of_a_silent_server(room: Room) -> None:
    room.link.freeze(100.0)
    async with asyncio.timeout(PATIENCE):
        await room.ada.close()


async def test_a_timeline_that_was_lost_is_asked_for(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Pong says which timeline is the newest."""
    lost = room.ada.membership.received
    monkeypatch.setattr(room.ada.membership, "received", lambda *arguments: None)
    room.bob.set_paused(True)
    await asyncio.wait_for(room.bob.settle("done"), PATIENCE)
    assert not paused(room.ada)
    monkeypatch.setattr(room.ada.membership, "received", lost)
    room.ada.connection.ask_the_time(time.monotonic())
    await until(room.ada, lambda: room.ada.paused)
