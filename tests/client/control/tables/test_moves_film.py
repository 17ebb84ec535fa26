"""Who may move the film: the complete tables, by two viewers in a room of which only the host may control it.

The server and the viewers are real, the players simulated.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from hangd.client.control.commands import COMMANDS, prepare
from hangd.client.control.language.kinds import Choice, Double, Flag, FlagSet, Integer, Time
from hangd.client.control.port import CommandRefused
from hangd.client.control.properties import PROPERTIES, Properties
from hangd.client.control.subjects import property_commands
from hangd.client.control.tables.command import Command, Context, Parameter, Waiting
from hangd.client.control.tables.property import Property
from hangd.engine.player_messages import PlaybackCommand
from hangd.protocol.messages import FilmRequest, SetEntry, SyncCommand
from tests.support.daemons.viewers import Watcher
from tests.support.servers.server import running

MOVING: Final = tuple(row for row in COMMANDS.values() if row.moves_film)
OTHERS: Final = tuple(row for row in COMMANDS.values() if not row.moves_film)
WRITABLE: Final = {row.name: row for row in PROPERTIES.values() if row.write is not None}

NOT_TRIED: Final = {
    **{row.name: "it is about a property, and those are tried" for row in property_commands.COMMANDS},
    **dict.fromkeys(
        ("room-create", "room-join", "room-leave", "server-connect", "server-disconnect", "room-kick", "room-role"),
        "it is about who is in which room, with which role",
    ),
    "room-media": "the file decides whether it moves the room, or opens this machine's copy",
    "room-set": "the rules are the host's, and the server refuses",
}
"""Commands that do not move the film, and are left out with a reason."""

LIKELY: Final = (True, False, 1, 0, 0.5, 3, "yes", "no", "inf", "auto", "1")
"""Values, of which each property takes some."""


class Side:
    """One viewer as a control client has it, and what reached its player and the server because of it."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.viewer = watcher.viewer
        self.properties = Properties(self.viewer)
        self.context = Context(self.viewer, self.properties, lambda event: None)
        self.reached: list[object] = []
        player, connection = self.viewer.player, self.viewer.connection
        pass_on, send = player._pass_on, connection.send

        def passed_on(command: Any) -> None:
            if isinstance(command, get_args(PlaybackCommand)):
                self.reached.append(command)
            pass_on(command)

        def sent(message: Any, request_id: Any = None) -> None:
            # SetEntry tells the hash of an entry, once the file has been read.
            if isinstance(message, get_args(SyncCommand) + get_args(FilmRequest)) and not isinstance(message, SetEntry):
                self.reached.append(message)
            send(message, request_id)

        player._pass_on = passed_on  # type: ignore[method-assign]
        connection.send = sent  # type: ignore[method-assign]

    async def run(self, row: Command) -> None:
        """Carry out a command with the arguments that it needs. Raises CommandRefused."""
        arguments = {each.name: self._sample(each) for each in row.parameters if each.default is ...}
        outcome = prepare(row.name, list(arguments.values()))(self.context)
        if isinstance(outcome, Waiting):
            await asyncio.wait_for(outcome.coroutine, 2.0)

    def _sample(self, parameter: Parameter) -> Any:
        match parameter.kind:
            case Choice(options=options):
                return options[0]
            case FlagSet(groups=groups):
                return groups[0][0]
            case Time() | Double() | Integer():
                return 1
            case Flag():
                return True
        return self.watcher.film("n") if parameter.name in ("url", "file") else "text"


@pytest.fixture
async def sides(tmp_path: Path) -> AsyncIterator[tuple[Side, Side]]:
    """Ada, host, and bob, viewer, with a paused film and one more in the queue."""
    async with running() as url:
        ada = Watcher(tmp_path / "ada", server=url, duration=60.0)
        bob = Watcher(tmp_path / "bob", name="bob", server=url, duration=60.0)
        room = await ada.viewer.room("room-create", {"file": ada.film("o"), "control": "host"})
        await bob.viewer.room("room-join", {"room": room["room_id"], "file": bob.film("o")})
        ada.load("m")
        for one in (ada, bob):
            await one.opens("o")
            await one.until(lambda one=one: len(one.names) == 2)  # type: ignore[misc]
        yield Side(ada), Side(bob)
        await ada.viewer.close()
        await bob.viewer.close()


async def test_every_row_that_moves_the_film_is_refused_to_a_viewer_at_once(sides: tuple[Side, Side]) -> None:
    _, bob = sides
    assert len(MOVING) > 15
    for row in MOVING:
        with pytest.raises(CommandRefused) as refused:
            await bob.run(row)
        assert (refused.value.code, row.name) == ("Forbidden", row.name)
    for property in WRITABLE.values():
        if property.moves_film:
            for attempt in (
                partial(bob.properties.write, property.name, bob.properties.read(property.name)),
                partial(bob.properties.add, property.name, 1.0),
                partial(bob.properties.multiply, property.name, 2.0),
                partial(bob.properties.cycle, property.name),
            ):
                with pytest.raises(CommandRefused) as refused:
                    attempt()
                assert (refused.value.code, property.name) == ("Forbidden", property.name)
    assert bob.reached == [], "nothing flickers"


async def test_every_row_that_moves_the_film_is_marked(sides: tuple[Side, Side]) -> None:
    """By the host, who may do everything: what is not marked moves nothing."""
    for side in sides:
        before = _shown(side)
        for row in OTHERS:
            if row.name not in NOT_TRIED:
                with contextlib.suppress(CommandRefused, TimeoutError):
                    await side.run(row)
                assert (row.name, side.reached) == (row.name, [])
        for property in WRITABLE.values():
            if not property.moves_film:
                _write_anything(side, property)
                assert (property.name, side.reached) == (property.name, [])
        assert _shown(side) == before


def _write_anything(side: Side, property: Property) -> None:
    for value in LIKELY:
        with contextlib.suppress(CommandRefused):
            side.properties.write(property.name, value)


def _shown(side: Side) -> object:
    room = side.viewer.room_view
    assert room is not None
    return room.timeline, room.file_hash, [entry.id for entry in room.queue.entries], side.viewer.position()
