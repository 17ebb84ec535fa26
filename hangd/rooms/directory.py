"""Which rooms there are, by id and by alias, and whether there may be one more."""

from collections.abc import Callable, Iterator

from hangd.engine.room.room import Room
from hangd.protocol.errors import RequestRefused
from hangd.tasks import DeadlineTimer

__all__ = ["Directory", "Hosted"]


class Hosted:
    """A room, its alias and its alarm clock."""

    def __init__(self, room: Room, alias: str | None, expire: Callable[[float], None]) -> None:
        self.room = room
        self.alias = alias
        self.timer = DeadlineTimer(expire)
        self.kept = 0
        """Which of the room's `changes` the keeper has heard of."""


class Directory:
    """The rooms of one hub, at ``most`` so many; ``removed`` is called with the id of each that went.

    Aliases differ in more than upper and lower case.
    """

    def __init__(self, most: int, removed: Callable[[str], None]) -> None:
        self._most = most
        self._removed = removed
        self._rooms: dict[str, Hosted] = {}
        self._aliases: dict[str, str] = {}
        """Folded alias to room id; to "" while it is only reserved."""
        self._reserved = 0

    def __len__(self) -> int:
        return len(self._rooms)

    def __iter__(self) -> Iterator[Hosted]:
        return iter(self._rooms.values())

    def __contains__(self, hosted: Hosted) -> bool:
        return self._rooms.get(hosted.room.room_id) is hosted

    def get(self, room_id: str | None) -> Hosted | None:
        return None if room_id is None else self._rooms.get(room_id)

    def find(self, name: str) -> Hosted | None:
        """Return the room that goes by this id or alias."""
        return self._rooms.get(name) or self.get(self._aliases.get(name.casefold()))

    def reserve(self, alias: str | None) -> None:
        """Keep a place (and an alias) for a room that is about to be made; `add` or `release` takes it up.

        Where all places are taken, an empty room gives way: it is kept only for whoever may come back.

        Raises:
            RequestRefused: there is no place, or the alias is taken.
        """
        if alias is not None and alias.casefold() in self._aliases:
            raise RequestRefused("NameTaken", f"there is a room {alias!r} here already")
        if len(self._rooms) + self._reserved >= self._most:
            empty = next((hosted for hosted in self if hosted.room.summary().members == 0), None)
            if empty is None:
                raise RequestRefused("ServerFull", "this server takes no more rooms now")
            self.remove(empty)
        self._reserved += 1
        if alias is not None:
            self._aliases[alias.casefold()] = ""

    def release(self, alias: str | None) -> None:
        """Give up what was reserved."""
        self._reserved -= 1
        if alias is not None:
            del self._aliases[alias.casefold()]

    def add(self, hosted: Hosted) -> None:
        """Put a room in the place that was reserved for it."""
        self._reserved -= 1
        self.bring_back(hosted)

    def bring_back(self, hosted: Hosted) -> None:
        """Put in a room of before a restart, for which no place was reserved."""
        self._rooms[hosted.room.room_id] = hosted
        if hosted.alias is not None:
            self._aliases[hosted.alias.casefold()] = hosted.room.room_id

    def remove(self, hosted: Hosted) -> None:
        hosted.timer.arm(None)
        del self._rooms[hosted.room.room_id]
        if hosted.alias is not None:
            del self._aliases[hosted.alias.casefold()]
        self._removed(hosted.room.room_id)
