"""The rooms of one process: create them, restore them, find them by id and alias, and limit their number."""

import logging
import secrets
import uuid
from collections.abc import Callable, Iterator

from hangd.engine.room.effects import OpenRoom
from hangd.engine.room.inputs import CreateRequested
from hangd.engine.room.room import Room
from hangd.engine.room.state import RoomSettings
from hangd.log import LimitLog
from hangd.protocol.errors import RequestRefused
from hangd.protocol.names import room_key
from hangd.rooms.clients import new_secret
from hangd.rooms.clock import ServerClock
from hangd.store.base import KeptRoom
from hangd.tasks import DeadlineTimer

_log = logging.getLogger(__name__)


def new_room(settings: RoomSettings, password_hash: str | None, now: float) -> Room:
    """Return a new room. `creation` returns its first input."""
    return Room(room_id=str(uuid.uuid4()), epoch=_new_epoch(), settings=settings, now=now, password_hash=password_hash)


def creation(client_id: str, effect: OpenRoom) -> CreateRequested:
    """Return the first input of a room that this client has requested."""
    return CreateRequested(
        client_id=client_id,
        name=effect.name,
        full=effect.full,
        host_secret=new_secret(),
        message=effect.message,
        request_id=effect.re,
        return_secret=new_secret(),
    )


def restored_room(kept: KeptRoom, settings: RoomSettings, clock: ServerClock, now: float) -> Room:
    """Return a room from before a restart, with its times translated to this clock."""
    saved = kept.room.moved(clock.shift(kept.mark))
    return Room.restored(saved, epoch=_new_epoch(), settings=settings, now=now)


def _new_epoch() -> str:
    return secrets.token_hex(4)


class Hosted:
    """A room with its alias and its timer."""

    def __init__(self, room: Room, alias: str | None, expire: Callable[["Hosted", float], None]) -> None:
        self.room = room
        self.alias = alias
        self.timer = DeadlineTimer(lambda now: expire(self, now))
        self.changes_written = 0
        """`Room.changes` when the persistence was last told of this room."""


class Directory:
    """At most ``most`` rooms. ``removed`` is called with the id of each room that is removed.

    Aliases are compared by `room_key`.
    """

    def __init__(self, most: int, removed: Callable[[str], None]) -> None:
        self._most = most
        self._removed = removed
        self._rooms: dict[str, Hosted] = {}
        self._aliases: dict[str, str] = {}
        """Room id by the alias's key; "" while the alias is only reserved."""
        self._reserved = 0
        self._limits = LimitLog(_log)

    def __len__(self) -> int:
        return len(self._rooms)

    def __iter__(self) -> Iterator[Hosted]:
        return iter(self._rooms.values())

    def __contains__(self, hosted: Hosted) -> bool:
        return self._rooms.get(hosted.room.room_id) is hosted

    def get(self, room_id: str | None) -> Hosted | None:
        return None if room_id is None else self._rooms.get(room_id)

    def find(self, name: str) -> Hosted | None:
        """Return the room with this id or alias."""
        return self._rooms.get(name) or self.get(self._aliases.get(room_key(name)))

    def reserve(self, alias: str | None) -> None:
        """Reserve the alias, and make room for one more room, if need be by removing an empty one.

        Call `add` or `release` afterwards.

        Raises:
            RequestRefused: there are too many rooms, or the alias is taken.
        """
        if alias is not None and (taken := self._aliases.get(room_key(alias))) is not None:
            there = self._rooms.get(taken)
            raise RequestRefused("NameTaken", f"there is a room {there.alias if there else alias!r} here already")
        if len(self._rooms) + self._reserved >= self._most:
            empty = next((hosted for hosted in self if hosted.room.summary().members == 0), None)
            if empty is None:
                self._limits.warn("", "rooms are refused: %d are open, which is the most (--max-rooms)", self._most)
                raise RequestRefused("ServerFull", "this server takes no more rooms now")
            self.remove(empty)
        self._reserved += 1
        if alias is not None:
            self._aliases[room_key(alias)] = ""

    def release(self, alias: str | None) -> None:
        """Give up what `reserve` reserved."""
        self._reserved -= 1
        if alias is not None:
            del self._aliases[room_key(alias)]

    def add(self, hosted: Hosted) -> None:
        """Add a room for which `reserve` was called."""
        self._reserved -= 1
        self.restore(hosted)

    def restore(self, hosted: Hosted) -> None:
        """Add a room from before a restart, for which nothing was reserved."""
        self._rooms[hosted.room.room_id] = hosted
        if hosted.alias is not None:
            self._aliases[room_key(hosted.alias)] = hosted.room.room_id

    def remove(self, hosted: Hosted) -> None:
        hosted.timer.arm(None)
        del self._rooms[hosted.room.room_id]
        if hosted.alias is not None:
            del self._aliases[room_key(hosted.alias)]
        self._removed(hosted.room.room_id)
