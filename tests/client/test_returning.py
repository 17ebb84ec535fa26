"""A daemon that was killed or stopped in a room: the next one goes back there."""

import asyncio
import os
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from hangd.client.control.port import CommandRefused
from hangd.client.kept_rooms import KeptRooms
from hangd.server.settings import ServerSettings
from tests.support.daemons.control import until
from tests.support.daemons.viewers import Watcher
from tests.support.servers.server import running


class Home:
    """One person's machine, with one daemon after the other."""

    def __init__(self, stack: AsyncExitStack, folder: Path, name: str, server: str) -> None:
        self._stack = stack
        self._folder = folder / name
        self._name = name
        self._server = server
        self.rooms = folder / f"{name}.json"
        self.daemon: Watcher
        self.film = ""

    async def start(self, **settings: Any) -> Watcher:
        """Start a daemon, which knows no server by its settings."""
        settings = {"server": "ws://127.0.0.1:9/ws", **settings}
        self.daemon = Watcher(self._folder, name=self._name, duration=600.0, rooms=self.rooms, **settings)
        self.film = self.daemon.film("film.mkv")
        self._stack.push_async_callback(self.daemon.viewer.close)
        self.daemon.viewer.begin()
        return self.daemon

    async def ask(self, command: Any, **arguments: str) -> Any:
        if self.daemon.viewer.connection.url is None:
            await self.daemon.viewer.room("server-connect", {"url": self._server})
        return await self.daemon.viewer.room(command, arguments)

    async def stop(self) -> None:
        """End the daemon in order, as SIGTERM does."""
        await self.daemon.viewer.close()

    async def kill(self) -> None:
        """End the daemon as SIGKILL does, once what it keeps is on the disk."""
        viewer = self.daemon.viewer
        await until(lambda: viewer._kept._writing is None and viewer._kept.place is not None)
        viewer._kept._closed = True
        viewer.connection._timer.arm(None)
        viewer.connection._transport.abort()  # type: ignore[union-attr]
        viewer.connection._feed = lambda input: None  # type: ignore[method-assign]
        viewer.connection.send = lambda *_: None  # type: ignore[method-assign]
        await viewer.tasks.cancel()

    async def is_back(self) -> None:
        await self.daemon.until(lambda: self.daemon.viewer.room_view is not None)
        await self.daemon.until(lambda: self.daemon.viewer.path == self.film and not self.daemon.viewer.seeking)

    async def is_told(self) -> dict[str, Any]:
        """Wait until it is known that there is no way back, and return what the viewer is told."""
        await self.daemon.until(lambda: any(event["event"] == "room-left" for event in self.daemon.events))
        assert self.daemon.viewer.room_view is None
        left: dict[str, Any] = self.daemon.viewer.hang_property("room/left")
        return left

    @property
    def members(self) -> dict[str, tuple[str, str]]:
        room = self.daemon.viewer.room_view
        return {} if room is None else {one.name: (one.role, one.state) for one in room.members.values()}


class Town:
    """A server, and ada's and bob's machines."""

    def __init__(self, stack: AsyncExitStack, folder: Path, url: str) -> None:
        self.ada, self.bob = (Home(stack, folder, name, url) for name in ("ada", "bob"))

    async def meets(self, **arguments: str) -> None:
        """Ada creates a room, and bob joins it. It plays."""
        await self.ada.start()
        await self.ada.ask("room-create", file=self.ada.film, name="friday", **arguments)
        await self.bob.start()
        await self.bob.ask("room-join", room="friday", file=self.bob.film, **arguments)
        self.ada.daemon.viewer.seek(100.0)
        self.ada.daemon.viewer.set_paused(False)
        await self.bob.daemon.viewer.settle("playing")


async def town(stack: AsyncExitStack, folder: Path, **settings: Any) -> Town:
    return Town(stack, folder, await stack.enter_async_context(running(ServerSettings(**settings))))


@pytest.mark.parametrize("away", [90.0, 0.0], ids=["its place is kept", "its place is lost"])
@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_the_next_daemon_is_back_with_name_role_and_film(
    stack: AsyncExitStack, tmp_path: Path, away: float, how: str
) -> None:
    here = await town(stack, tmp_path, away=away)
    await here.meets(password="sesame")
    ada, bob = here.ada, here.bob
    await ada.ask("room-set", key="locked", value="yes")
    await (ada.kill() if how == "kill" else ada.stop())
    gone: dict[str, tuple[str, str]] = {"ada": ("host", "away")} if away else {}
    await bob.daemon.until(lambda: {k: v for k, v in bob.members.items() if k == "ada"} == gone)
    await ada.start()
    await ada.is_back()
    await ada.daemon.viewer.settle("synced")
    position = ada.daemon.viewer.position()
    assert position is not None and 100.0 < position < 200.0
    await bob.daemon.until(lambda: {name: role for name, (role, _) in bob.members.items()}.get("ada") == "host")
    assert len(bob.members) == 2
    assert ada.daemon.viewer.hang_property("room/left") is None
    # Once more: the daemon that has come back keeps its place too.
    await ada.kill()
    await ada.start()
    await ada.is_back()
    await ada.ask("room-set", key="locked", value="no")


async def test_the_others_see_it_away_and_are_not_told_that_it_left(stack: AsyncExitStack, tmp_path: Path) -> None:
    here = await town(stack, tmp_path)
    await here.meets()
    await here.ada.stop()
    await here.bob.daemon.until(lambda: here.bob.members.get("ada") == ("host", "away"))
    await here.ada.start()
    await here.ada.is_back()
    await here.bob.daemon.until(lambda: here.bob.members.get("ada") == ("host", "playing"))
    assert not [event for event in here.bob.daemon.events if event["event"] in ("member-left", "member-joined")]


async def test_a_room_that_was_left_is_not_gone_back_to(stack: AsyncExitStack, tmp_path: Path) -> None:
    here = await town(stack, tmp_path)
    await here.meets()
    await here.bob.ask("room-leave")
    await here.bob.stop()
    kept = KeptRooms(here.bob.rooms, here.ada.daemon.viewer.tasks)
    assert (kept.place, kept.age) == (None, None)
    await here.bob.start()
    await asyncio.sleep(0.1)
    assert here.bob.daemon.viewer.connection.url is None


async def test_the_owner_is_host_again_by_a_join_by_hand(stack: AsyncExitStack, tmp_path: Path) -> None:
    here = await town(stack, tmp_path)
    await here.meets()
    await here.ada.ask("room-leave")
    await here.bob.daemon.until(lambda: {name: role for name, (role, _) in here.bob.members.items()} == {"bob": "host"})
    await here.ada.stop()
    await here.ada.start()
    joined = await here.ada.ask("room-join", room="friday", file=here.ada.film)
    assert joined["host"]
    await here.bob.daemon.until(lambda: here.bob.members["bob"][0] == "controller")


async def test_a_daemon_that_is_started_too_late_says_so(stack: AsyncExitStack, tmp_path: Path) -> None:
    here = await town(stack, tmp_path)
    await here.meets(password="sesame")
    await here.bob.stop()
    await set_age(here.bob, 1800.0)
    await here.bob.start()
    left = await here.bob.is_told()
    assert left["detail"] == (
        "you are out of friday: hangd did not run for 30 min, and goes back by itself within 10 min only; "
        "come again: hangctl join friday"
    )
    await here.bob.stop()
    assert "sesame" not in await text(here.bob)
    await here.bob.start()
    await asyncio.sleep(0.05)
    assert here.bob.daemon.viewer.hang_property("room/left") is None, "it is said once"


async def set_age(home: Home, age: float) -> None:
    os.utime(home.rooms, (0, time.time() - age))


async def text(home: Home) -> str:
    return home.rooms.read_text()


async def test_rejoin_can_be_turned_off(stack: AsyncExitStack, tmp_path: Path) -> None:
    here = await town(stack, tmp_path)
    await here.ada.start(rejoin=0.0)
    await here.ada.ask("room-create", file=here.ada.film, name="friday", password="sesame")
    await here.bob.start(rejoin=0.0)
    await here.bob.ask("room-join", room="friday", file=here.bob.film, password="sesame")
    await here.bob.stop()
    assert "sesame" not in await text(here.bob)
    await here.ada.daemon.until(lambda: "bob" not in here.ada.members)
    left = [event for event in here.ada.daemon.events if event["event"] == "member-left"]
    assert [event["reason"] for event in left] == ["left"], "no place is kept for it"
    await here.bob.start(rejoin=0.0)
    await asyncio.sleep(0.1)
    assert here.bob.daemon.viewer.connection.url is None


async def test_a_room_that_is_gone_is_said(stack: AsyncExitStack, tmp_path: Path) -> None:
    here = await town(stack, tmp_path, away=0.0, room_ttl=0.0)
    await here.ada.start()
    await here.ada.ask("room-create", file=here.ada.film, name="friday")
    await here.ada.kill()
    await asyncio.sleep(0.1)
    await here.ada.start()
    left = await here.ada.is_told()
    assert left["detail"] == "friday is not on the server any more; create it anew: hangctl create FILE"
    await until(lambda: here.ada.daemon.viewer._kept._writing is None)
    assert KeptRooms(here.ada.rooms, here.ada.daemon.viewer.tasks).place is None


async def test_a_server_that_is_not_there_yet_is_waited_for_and_what_the_viewer_asks_counts_more(
    stack: AsyncExitStack, tmp_path: Path
) -> None:
    here = await town(stack, tmp_path)
    await here.meets()
    bob = here.bob
    await bob.kill()
    place = bob.rooms.read_bytes()
    bob.rooms.write_bytes(place.replace(bob._server.encode(), b"ws://127.0.0.1:9/ws"))
    await bob.start()
    await bob.daemon.until(lambda: bob.daemon.viewer.connection.reason is not None)
    left = bob.daemon.viewer.hang_property("room/left")
    assert left["detail"] == ("hangd was started anew, and is on its way back into friday; to stay out: hangctl leave")
    assert await bob.daemon.viewer.room("room-leave", {}) == {"room_id": left["room_id"]}
    assert bob.daemon.viewer.hang_property("room/left") is None
    assert bob.daemon.viewer.connection.url is None
    with pytest.raises(CommandRefused, match="not in a room"):
        await bob.daemon.viewer.room("room-leave", {})
    await bob.ask("room-join", room="friday", file=bob.film)
    await here.ada.daemon.until(lambda: here.ada.members.get("bob", ("", ""))[1] == "playing")


async def test_a_server_that_does_not_answer_is_given_up(stack: AsyncExitStack, tmp_path: Path) -> None:
    here = await town(stack, tmp_path)
    await here.meets()
    bob = here.bob
    await bob.kill()
    place = bob.rooms.read_bytes()
    bob.rooms.write_bytes(place.replace(bob._server.encode(), b"ws://127.0.0.1:9/ws"))
    await bob.start(rejoin=0.5)
    left = await bob.is_told()
    assert "did not answer" in left["detail"] and left["reason"] == "lost"
    assert bob.daemon.viewer.connection.url is None


async def test_who_asks_for_another_room_as_the_daemon_starts_gets_that(stack: AsyncExitStack, tmp_path: Path) -> None:
    """`hangctl create` starts a daemon. It may be back in the old room before it is asked for the new one."""
    here = await town(stack, tmp_path)
    await here.meets()
    await here.bob.stop()
    await here.bob.start()
    await here.bob.is_back()
    await here.bob.ask("room-create", file=here.bob.film, name="sunday")
    await here.ada.daemon.until(lambda: "bob" not in here.ada.members)
    assert here.bob.daemon.viewer.hang_property("room/name") == "sunday"
    here.bob.daemon.viewer._returning._back_at = time.monotonic() - 10.0
    with pytest.raises(CommandRefused, match="already in the room sunday: leave it first"):
        await here.bob.ask("room-join", room="friday", file=here.bob.film)


@pytest.mark.parametrize("away", [90.0, 0.0], ids=["its place is kept", "its place is lost"])
async def test_a_room_that_has_moved_on_is_gone_back_to_with_its_new_film(
    stack: AsyncExitStack, tmp_path: Path, away: float
) -> None:
    here = await town(stack, tmp_path, away=away)
    await here.meets()
    await here.bob.kill()
    await here.ada.daemon.until(lambda: here.ada.members.get("bob", ("", "away"))[1] == "away")
    await here.ada.ask("room-media", file=here.ada.daemon.film("next.mkv"))
    new = here.bob.daemon.film("next.mkv")
    await here.bob.start()
    here.bob.film = new
    await here.bob.is_back()
    await here.ada.daemon.until(lambda: here.ada.members.get("bob", ("", ""))[1] == "paused")
    assert here.bob.daemon.viewer.hang_property("media/missing") is None


@pytest.mark.parametrize("away", [90.0, 0.0], ids=["its place is kept", "its place is lost"])
async def test_a_file_that_is_gone_is_missing_in_the_room(stack: AsyncExitStack, tmp_path: Path, away: float) -> None:
    here = await town(stack, tmp_path, away=away)
    await here.meets()
    await here.bob.kill()
    place = here.bob.rooms.read_bytes()
    here.bob.rooms.write_bytes(place.replace(b'"path":"', b'"path":"L2dv'))
    await here.bob.start()
    await here.bob.daemon.until(lambda: here.bob.daemon.viewer.room_view is not None)
    assert here.bob.daemon.viewer.hang_property("room/name") == "friday"


async def test_a_join_of_the_room_that_the_daemon_is_back_in_is_no_error(stack: AsyncExitStack, tmp_path: Path) -> None:
    here = await town(stack, tmp_path)
    await here.meets()
    await here.bob.kill()
    await here.bob.start()
    await here.bob.is_back()
    joined = await here.bob.ask("room-join", room="friday", file=here.bob.film)
    assert joined["name"] == "friday" and not joined["host"]
