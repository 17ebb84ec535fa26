"""What a room is told of a member's copy goes into a connection that is dead already: it is told again afterwards."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from hangd.engine.playlist.playlist import Film
from hangd.protocol import messages
from hangd.server.settings import ServerSettings
from tests.support.daemons.viewers import APPEND, Watcher
from tests.support.servers.server import running

OF_A_COPY = (messages.SetFile, messages.SetEntry)


class Dead:
    """This viewer's link takes what is said of its copy, and delivers nothing of it. ``said``: what that was."""

    def __init__(self, watcher: Watcher) -> None:
        self.said: list[Any] = []
        self._connection = watcher.viewer.connection
        self._send = self._connection.send
        self._connection.send = self._take  # type: ignore[method-assign]

    def _take(self, message: Any, request_id: Any = None) -> None:
        if isinstance(message, OF_A_COPY):
            self.said.append(message)
        else:
            self._send(message, request_id)

    def breaks(self) -> None:
        """The link is found to be dead, and the next one is good. The server has kept this member's place."""
        self._connection.send = self._send  # type: ignore[method-assign]
        self._connection._transport.abort()  # type: ignore[union-attr]


def member(watcher: Watcher, name: str) -> dict[str, Any]:
    found = [one for one in watcher.viewer.hang_property("room/members") or () if one["name"] == name]
    return dict(found[0]) if found else {}


@pytest.mark.parametrize("match", ["hash", "duration"])
@pytest.mark.parametrize("whose", ["the one that brought the film", "another copy"])
async def test_what_the_room_could_not_be_told_is_told_when_the_link_is_back(
    tmp_path: Path, whose: str, match: str
) -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(running(ServerSettings(away=60.0)))
        pair = ada, bob = [
            Watcher(tmp_path / name, name=name, server=url, durations={"one": 60.0, "two": 70.0})
            for name in ("ada", "bob")
        ]
        for one in pair:
            stack.push_async_callback(one.viewer.close)
        await ada.viewer.room("room-create", {"file": ada.film("one"), "name": "friday", "match": match})
        await bob.viewer.room("room-join", {"room": "friday", "file": bob.film("one")})
        bob.film("two")
        mute = ada if whose.startswith("the one") else bob
        dead = Dead(mute)
        ada.viewer.playlist.load([Film(ada.film("two"))], APPEND)
        await bob.until(lambda: bob.names == "onetwo")
        ada.viewer.playlist.step(1, force=False)
        for one in pair:
            await one.opens("two")
        # All that is known of it has been said by now.
        await mute.until(
            lambda: any(
                isinstance(message, messages.SetFile)
                and message.file.duration == 70.0
                and (message.file_hash is not None or match == "duration")
                for message in dead.said
            )
        )
        dead.breaks()
        for one in pair:
            await one.until(lambda one=one: knows_all(one, match))  # type: ignore[misc]
        assert not [event for event in ada.events + bob.events if event["event"] == "room-left"]


def knows_all(watcher: Watcher, match: str) -> bool:
    """Tell whether the room, as this viewer knows it, knows all of the film and of both copies."""
    room, copies = watcher.viewer.room_view, [member(watcher, name) for name in ("ada", "bob")]
    if room is None or room.file is None or room.file.duration != 70.0 or (match == "hash" and room.file_hash is None):
        return False
    return all(not copy["verifying"] and (copy.get("file") or {}).get("duration") == 70.0 for copy in copies)
