"""The rooms of one process: create them, restore them, find them by id and alias, and limit their number."""

import logging
import secrets
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from hangd.engine.room.queue_space import Holder, QueueShare, QueueSpace
from hangd.engine.room.room import Room
from hangd.engine.room.state import RoomSettings
from hangd.log import LimitLog
from hangd.protocol.errors import RequestRefused
from hangd.protocol.names import room_key
from hangd.rooms.clock import ServerClock
from hangd.rooms.edge.base import Place
from hangd.rooms.edge.counts import SharedCount
from hangd.store.base import KeptRoom
from hangd.tasks import DeadlineTimer

_log = logging.getLogger(__name__)

_FULL: Final = "this server is full, and takes no more rooms: try again when others have ended, or ask whoever runs it"
_NETWORK_FULL: Final = (
    "{} rooms were made from your network, and it may have no more: join one of them, or ask whoever runs the server"
)


def new_room(
    settings: RoomSettings,
    password_hash: str | None,
    now: float,
    queue_share: QueueShare,
    room_id: str | None = None,
) -> Room:
    """Return a new room."""
    return Room(
        room_id=room_id or str(uuid.uuid4()),
        epoch=_new_epoch(),
        settings=settings,
        now=now,
        password_hash=password_hash,
        queue_share=queue_share,
    )


def restored_room(
    kept: KeptRoom, settings: RoomSettings, clock: ServerClock, now: float, queue_share: QueueShare
) -> Room:
    """Return a room from before a restart, with its times translated to this clock."""
    saved = kept.room.moved(clock.shift(kept.mark))
    return Room.restored(saved, epoch=_new_epoch(), settings=settings, now=now, queue_share=queue_share)


def _new_epoch() -> str:
    return secrets.token_hex(4)


class Hosted(Place):
    """A room that is owned here, with its timer."""

    def __init__(self, room: Room, alias: str | None, expire: Callable[["Hosted", float], None]) -> None:
        super().__init__(room.room_id, alias)
        self.room = room
        self.timer = DeadlineTimer(lambda now: expire(self, now))
        self.is_closing = False
        """Whether it goes, and only waits for others who have to be told first, as in a cluster."""
        self.changes_written = 0
        """`Room.changes` when the persistence was last told of this room."""

    def is_host(self, client_id: str) -> bool:
        return self.room.host_id == client_id

    @property
    def position(self) -> tuple[str, int]:
        line = self.room.timeline
        return line.epoch, line.rev

    @property
    def member_count(self) -> int:
        return self.room.member_count

    @property
    def film(self) -> str | None:
        return self.room.summary().media


class Directory:
    """At most ``most`` rooms. ``removed`` is called with the id of each room that is removed.

    Aliases are compared by `room_key`.

    A new room for which there is no space costs whoever asks for it: a room of the same network goes for it. Each
    network has space for ``most_of_one`` rooms, whatever these are, so that none can fill the server; clients of this
    machine's Unix socket, whose network is "", are not limited so. If the server is full and the network has no room
    that may go (`Room.makes_place`), one goes of the network that has most, if that has two more at least than the one
    that asks. So nobody who has few rooms loses any to somebody who has many. Of a
    network that has more than half of its ``most_of_one`` rooms, one with a password may go too: else some networks
    could fill the server with those.

    Their queues may take ``most_queued`` bytes together, in shares of ``queue_space``. A room's share ends with it.
    """

    def __init__(
        self, most: int, most_of_one: int, removed: Callable[[str], None], *, most_queued: int = sys.maxsize
    ) -> None:
        self.queue_space: Final = QueueSpace(most_queued, most, self._queues_are_full)
        self._most = most
        self._most_of_one = most_of_one
        self._removed = removed
        self._rooms: dict[str | None, Hosted] = {}
        """By id. None is nobody's."""
        self.get: Final = self._rooms.get
        """Returns the room with this id. Asked several times for each message, so it is the dictionary's own."""
        self._made: dict[str, dict[str, Hosted]] = {}
        """Rooms by the network from which they were made, if that is known, and by id, oldest first."""
        self._aliases: dict[str, str] = {}
        """Room id by the alias's key; "" while the alias is only reserved."""
        self._reserved: Counter[str] = Counter()
        """How many rooms are reserved for each network."""
        self._limits = LimitLog(_log)
        self._shared: SharedCount | None = None

    def share(self, shared: SharedCount) -> None:
        """Count what a network may have together with the other servers of a cluster."""
        self._shared = shared
        shared.count = self._count

    def __len__(self) -> int:
        return len(self._rooms)

    def __iter__(self) -> Iterator[Hosted]:
        return iter(self._rooms.values())

    def __contains__(self, hosted: Hosted) -> bool:
        return self._rooms.get(hosted.room_id) is hosted

    def find(self, name: str) -> Hosted | None:
        """Return the room with this id or alias."""
        return self._rooms.get(name) or self.get(self._aliases.get(room_key(name)))

    def reserve(self, alias: str | None, network: str, origin: str = "") -> Hosted | None:
        """Reserve the alias and space for one more room. Returns the room that has to be closed for it, if one has.

        Close it first, and call `add` or `release` afterwards. ``network``: of whoever asks.
        ``origin``: how the log names that.

        Raises:
            RequestRefused: there are too many rooms, or the alias is taken.
        """
        if alias is not None and (taken := self._aliases.get(room_key(alias))) is not None:
            there = self._rooms.get(taken)
            raise RequestRefused("NameTaken", f"there is a room {there.alias if there else alias!r} here already")
        goes, own = None, self._count(network) + self._elsewhere(network)
        if network and own >= self._most_of_one:
            goes = _first_to_go(self._made.get(network))
            if goes is None:
                option = "(--max-rooms-per-address)"
                self._limits.warn(network, "%s has %d rooms already, and is refused more %s", origin, own, option)
                raise RequestRefused(
                    "ServerFull", _NETWORK_FULL.format(own), details={"limit": "rooms", "of": "network"}
                )
        elif len(self._rooms) + self._reserved.total() >= self._most:
            goes = _first_to_go(self._made.get(network)) or self._of_the_largest(own + 1)
            if goes is None:
                self._limits.warn("", "rooms are refused: %d are open, which is the most (--max-rooms)", self._most)
                raise RequestRefused("ServerFull", _FULL, details={"limit": "rooms"})
        self._reserved[network] += 1
        self._changed(network)
        if alias is not None:
            self._aliases[room_key(alias)] = ""
        return goes

    def release(self, alias: str | None, network: str) -> None:
        """Give up what `reserve` reserved."""
        self._give_up(network)
        if alias is not None:
            del self._aliases[room_key(alias)]

    def add(self, hosted: Hosted, network: str) -> None:
        """Add a room for which `reserve` was called."""
        self._give_up(network)
        hosted.network = network
        self._made.setdefault(network, {})[hosted.room_id] = hosted
        self.restore(hosted)

    def restore(self, hosted: Hosted) -> None:
        """Add a room from before a restart, for which nothing was reserved."""
        self._rooms[hosted.room_id] = hosted
        if hosted.alias is not None:
            self._aliases[room_key(hosted.alias)] = hosted.room_id

    def remove(self, hosted: Hosted) -> None:
        hosted.timer.arm(None)
        hosted.room.queue_share.end()
        room_id, network = hosted.room_id, hosted.network
        del self._rooms[room_id]
        if network is not None:
            del self._made[network][room_id]
            if not self._made[network]:
                del self._made[network]
            self._changed(network)
        # In a cluster that has lost its memory, another room can have taken the alias.
        if hosted.alias is not None and self._aliases.get(room_key(hosted.alias)) == room_id:
            del self._aliases[room_key(hosted.alias)]
        self._removed(room_id)

    def _queues_are_full(self, of: Holder, network: str) -> None:
        if of == "network":
            sentence = "the rooms made from %s are refused longer queues: theirs take what one network's may"
            self._limits.warn(network, sentence + " (--max-queue-memory)", network)
        else:
            self._limits.warn("", "rooms are refused longer queues: all take what they may (--max-queue-memory)")

    def _count(self, network: str) -> int:
        return len(self._made.get(network, ())) + self._reserved[network]

    def _give_up(self, network: str) -> None:
        self._reserved[network] -= 1
        if not self._reserved[network]:
            del self._reserved[network]
        self._changed(network)

    def _elsewhere(self, network: str) -> int:
        if self._shared is None:
            return 0
        self._shared.changed(network)  # Of who is refused now, the others may have fewer soon.
        return self._shared.elsewhere(network)

    def _changed(self, network: str) -> None:
        if self._shared is not None:
            self._shared.changed(network)

    def _of_the_largest(self, above: int) -> Hosted | None:
        """Return a room that may go, of the network that has most rooms, if it has more than ``above`` that stay."""
        networks = (made for made in self._made.values() if len(made) > above and _staying(made) > above)
        largest = sorted(networks, key=len, reverse=True)
        if (goes := next(filter(None, map(_first_to_go, largest)), None)) is not None:
            return goes
        of_many = (each for made in largest if 2 * len(made) > self._most_of_one for each in made.values())
        return next((hosted for hosted in of_many if hosted.room.makes_place_of_many and not hosted.is_closing), None)


def _staying(made: dict[str, Hosted]) -> int:
    return sum(not hosted.is_closing for hosted in made.values())


def _first_to_go(made: dict[str, Hosted] | None) -> Hosted | None:
    """Return the oldest of these rooms that may go, and does not go already."""
    return next((hosted for hosted in (made or {}).values() if hosted.room.makes_place and not hosted.is_closing), None)
