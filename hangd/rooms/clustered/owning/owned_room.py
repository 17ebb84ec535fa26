"""OwnedRoom: a room that runs at this node, and what its owner has to know of it beside; what it says to its links."""

import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from hangd.cluster.base import PUBLIC, Commit, Owned
from hangd.engine.cluster.owner_relay import UNHEARD_MOST, OwnerRelay
from hangd.engine.room import effects, inputs
from hangd.engine.room.connection.limits import cost
from hangd.engine.room.room import Room
from hangd.protocol.codec import encode_server
from hangd.protocol.messages import Error, Said
from hangd.protocol.model import Queue
from hangd.rooms.clustered import items
from hangd.rooms.clustered.owning import basic
from hangd.rooms.clustered.unreadable import Unreadable
from hangd.rooms.hosting.directory import Hosted
from hangd.store.base import ClockMark, KeptRoom
from hangd.tasks import DeadlineTimer

_log = logging.getLogger(__name__)

_ROOM: Final = "room"
_QUEUE: Final = "queue"
_CHAT: Final = "chat"
"""Lines of chat that some edge may not have heard yet."""
_CHAT_BYTES: Final = 2**16
"""Of all of these lines; the oldest go first."""
LOOKED_AT: Final = (_ROOM, basic.FIELD)
"""The fields of which `kept_room` makes a room without its queue."""


def kept_room(owned: Owned) -> tuple[KeptRoom, basic.Basics]:
    """Return the room that is kept (`OwnedRoom.changed_fields`), and where its basic members are.

    Raises:
        KeyError: the room has had no input, so nothing is kept of it.
        msgspec.MsgspecError: they cannot be read.
    """
    kept = msgspec.json.decode(owned.fields[_ROOM], type=KeptRoom)
    queue = msgspec.json.decode(owned.fields.get(_QUEUE, b"{}"), type=Queue)
    basics = basic.decode(owned)
    return replace(kept, room=replace(kept.room, queue=queue).with_basic(basics.members)), basics


def kept_chat(fields: Mapping[str, bytes]) -> tuple[bytes, ...]:
    """Return the lines of chat, as items, that the last owner has said and that some edge may not have heard."""
    if _CHAT not in fields:
        return ()
    try:
        return msgspec.msgpack.decode(fields[_CHAT], type=tuple[bytes, ...])
    except msgspec.MsgspecError as error:  # Of another version of hang: the room is worth more than these.
        _log.error("lines of chat that the last owner of a room has said cannot be read: %s", error)
        return ()


class OwnedRoom(Hosted):
    """A room that runs here."""

    def __init__(
        self,
        room: Room,
        alias: str | None,
        relay: OwnerRelay,
        number: int,
        expire: Callable[[Hosted, float], None],
        relay_due: Callable[["OwnedRoom", float], None],
    ) -> None:
        super().__init__(room, alias, expire)
        self.relay = relay
        self.relay_timer = DeadlineTimer(lambda now: relay_due(self, now))
        self.number = number
        """Of the last commit."""
        self.in_flight = 0
        """Commits that are not answered yet."""
        self.refused: list[tuple[Commit, list[effects.HostingOrder]]] = []
        """Commits that have to be made again, whole."""
        self.where: dict[str, str] = {}
        """At which link each member is connected, and each client that wants to come in."""
        self.since: dict[str, float] = {}
        """When the connection began by which each of them has come back, if it has."""
        self.let_in: dict[str, str | None] = {}
        """In which session of its link each of them was let in, or its password was asked for."""
        self.hashing: tuple[str, str] | None = None
        """Which client has set the room's password last, and the link whose edge was told to hash it."""
        self.kept_queue: Queue | None = None
        """The queue that was kept last."""
        self.kept_basic: bytes | None = None
        self.kept_public: bytes | None = None
        self.told_line: tuple[str, int] | None = None
        self.shown_at = -1
        """`Room.changes` when it was last looked whether the edges have to be told something else of it."""
        self.told_shown: items.Shown | None = None
        """What all edges were told last."""
        self.chat: list[bytes] = []
        """What the next commit says that is in no state: whoever is told the state of the room is told it, too."""
        self.keeps_chat = False
        """Whether some of that kind is kept, as far as this owner knows."""
        self._last_chat: deque[tuple[float, bytes]] = deque(maxlen=UNHEARD_MOST)
        """What was said of that kind last, in order, each with when it is not to be said again any more."""

    def at(self, link: str) -> list[str]:
        """Return who is connected at this link."""
        return [client_id for client_id, where in self.where.items() if where == link]

    def lost(self, client_id: str) -> None:
        """The connection of a client has ended."""
        self.where.pop(client_id, None)
        self.let_in.pop(client_id, None)

    def hash_lost(self, link: str) -> list[inputs.RoomInput]:
        """What was said to this link may not have been heard. Returns what the room has to be told."""
        if self.hashing is None or self.hashing[1] != link:
            return []
        (client_id, _), self.hashing = self.hashing, None
        return [inputs.HashLost(client_id)]

    def forget(self, client_id: str) -> None:
        """A client is no member any more."""
        self.lost(client_id)
        self.since.pop(client_id, None)

    def refusal(self, link: str, unreadable: Unreadable) -> list[effects.RoomEffect]:
        """Return the answer to a request of a client at this link that only a newer version knows."""
        client_id, why = unreadable.client_id, unreadable.why
        if client_id is None or why is None:
            return []
        answer = effects.SendTo((client_id,), Error.of(why), unreadable.request_id)
        if self.where.get(client_id) == link:
            return [answer]
        if self.room.has(client_id):
            return []
        self.where[client_id] = link  # It has asked to come in.
        return [answer, effects.ForgetMember(client_id, "refused")]

    def shown(self) -> items.Shown:
        host = self.room.host_id
        return items.Shown(self.alias, host if host in self.where else None, self.film)

    def forget_kept(self) -> None:
        """Nothing is known to be kept: `changed_fields` returns everything next."""
        self.changes_written, self.kept_queue, self.kept_basic, self.kept_public = -1, None, None, None

    def changed_fields(self, mark: ClockMark, *, public: bool) -> dict[str, bytes | None]:
        """Return what has changed of what is kept, since this was called last.

        Args:
            public: whether the room is in the list of public rooms.
        """
        if self.changes_written == self.room.changes or not self.room.is_created:
            return {}
        self.changes_written = self.room.changes
        saved = self.room.saved()
        fields: dict[str, bytes | None] = {
            _ROOM: msgspec.json.encode(KeptRoom(replace(saved, queue=Queue()), {}, mark)),
        }
        if saved.queue is not self.kept_queue:
            self.kept_queue = saved.queue
            fields[_QUEUE] = msgspec.json.encode(saved.queue)
        kept_basic = basic.encode(self.room.basic_members(), self.where, self.relay.edges)
        if kept_basic != self.kept_basic:
            self.kept_basic = fields[basic.FIELD] = kept_basic
        if public:
            summary = msgspec.json.encode(self.room.summary())
            if summary != self.kept_public:
                self.kept_public = fields[PUBLIC] = summary
        return fields

    def note_chat(self, chat: Iterable[bytes], now: float) -> None:
        """This was said now, or by the last owner (`kept_chat`)."""
        self._last_chat.extend((now + items.SAID_AGAIN, line) for line in chat)
        self.keeps_chat = self.keeps_chat or bool(self._last_chat)

    def chat_field(self, chat: Iterable[bytes], now: float) -> dict[str, bytes | None]:
        """Return what has to be kept of chat, once this was said, too: what some edge may not have heard."""
        self.note_chat(chat, now)
        unheard = self.relay.unheard()
        kept: deque[bytes] = deque(line for until, line in self._last_chat if line in unheard and now < until)
        size = sum(map(len, kept))
        while size > _CHAT_BYTES:
            size -= len(kept.popleft())
        self.keeps_chat = bool(kept)
        return {_CHAT: msgspec.msgpack.encode(list(kept)) if kept else None}

    def stop(self) -> None:
        self.timer.arm(None)
        self.relay_timer.arm(None)


class Words:
    """What one turn of a room says to each of its links."""

    def __init__(self, hosted: OwnedRoom) -> None:
        self._hosted = hosted
        self.by_link: dict[str, list[bytes]] = {}
        """Items, in order."""

    def send(self, order: effects.SendTo) -> float:
        """Say a message to those whom it is for. Returns what that costs."""
        says = items.says(order)
        chat = self._hosted.chat
        if order.audience != "these":
            if isinstance(order.message, Said):
                chat.append(self.tell_all(_as_line(says, order.message)))
            else:
                self.tell_all(says)
        else:
            if isinstance(order.message, Said) and not chat:
                # All others are away, as far as the room knows. Those whose edge is on its way here are not.
                others = replace(says, payload=encode_server(order.message), audience="full", re=None, key=None)
                chat.append(items.encode_order(_as_line(replace(others, but=order.members[0]), order.message)))
            by_link: dict[str, list[str]] = {}
            for client_id in order.client_ids:
                if (link := self._hosted.where.get(client_id)) is not None:
                    by_link.setdefault(link, []).append(client_id)
            for link, ids in by_link.items():
                self._add(link, items.encode_order(replace(says, ids=tuple(ids))))
        return 0.0 if says.kind == "Error" else len(order.client_ids) * cost(len(says.payload))

    def tell(self, client_id: str, order: items.Order) -> bool:
        """Say this to the link at which the client is. Returns whether it is at one."""
        link = self._hosted.where.get(client_id)
        if link is None:
            return False
        if isinstance(order, effects.LetIn | effects.CheckPassword):
            self._hosted.let_in[client_id] = self._hosted.relay.session(link)
        elif isinstance(order, effects.HashPassword):
            self._hosted.hashing = client_id, link
        self._add(link, items.encode_order(order))
        return True

    def tell_all(self, order: items.Order) -> bytes:
        """Say this to all links that are attached. Returns it as bytes."""
        encoded = items.encode_order(order)
        for link in self._hosted.relay.links:
            self._add(link, encoded)
        return encoded

    def _add(self, link: str, item: bytes) -> None:
        self.by_link.setdefault(link, []).append(item)


def _as_line(says: items.Says, said: Said) -> items.Says:
    """Let edges know a line of chat when it is said again."""
    return replace(says, line=secrets.token_hex(8), at=said.at)
