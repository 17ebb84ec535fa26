"""Somebody who watches films in a simulated cluster, and what must hold of all that they are told."""

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from hangd.client.server.room_view import RoomView
from hangd.protocol.codec import decode_server
from hangd.protocol.messages import (
    Error,
    MemberLeft,
    RoomCreated,
    RoomJoined,
    RoomLeft,
    RoomState,
    Said,
    ServerMessage,
    SyncBroadcast,
    Welcome,
)
from hangd.protocol.model import Room, Timeline
from tests.support.network.memory_transport import MemoryClient

if TYPE_CHECKING:
    from tests.cluster.sim.world import Server, World

HASH: Final = "a" * 64
_WAY: Final = 0.005
"""Seconds that a message of a client is on its way."""
_AGAIN: Final = 0.5
"""Seconds until a client tries again what has failed."""
_PATIENCE: Final = 24.0
"""Nobody waits longer for an answer, in seconds: a server that is cut off knows it after 3, and sends its clients away
after 15 more, over 5."""


class Request(Struct):
    kind: str
    since: float
    detail: str = ""


class Line(Struct):
    """A line of chat, or an entry of the queue."""

    room: str
    by: str
    since: float
    answered_at: float | None = None


class Person:
    """Whoever has joined a room wants to be in it, and goes back into it when the connection has ended."""

    def __init__(self, world: "World", name: str, *, full: bool) -> None:
        self.world = world
        self.name = name
        self.full = full
        self.wire: MemoryClient | None = None
        self.server: Server | None = None
        self.online = False
        """Whether it wants to be connected."""
        self.client_id = ""
        self.secret: str | None = None
        self.return_secret: str | None = None
        self.password: str | None = None
        """With which it joins rooms."""
        self.wanted: str | None = None
        """The room that it wants to be in."""
        self.view: RoomView | None = None
        """The room that it is in."""
        self.inside_since: float | None = None
        """Since when it is there on this connection."""
        self.pending: dict[int, Request] = {}
        self.heard: Counter[str] = Counter()
        self.connections = 0
        self.refusals: list[str] = []
        self.left: list[str] = []
        self.longest = 0.0
        """How long it has waited for an answer, at most."""
        self._ids = 0
        self._greeted = False
        self._lines: dict[str, list[tuple[str, int]]] = {}
        """Of each room: where its timeline stood, as this person was told."""
        self._entries: dict[str, set[str]] = {}
        """Of each room: the entries that this person has put into the queue, and was answered."""

    def __repr__(self) -> str:
        return f"<{self.name} at {self.server.name if self.server else None}, in {self.room_id}>"

    @property
    def room_id(self) -> str | None:
        return None if self.view is None else self.view.room_id

    @property
    def is_inside(self) -> bool:
        return self.view is not None and self.wire is not None and self._greeted

    # ---- what it does -----------------------------------------------------------------------------------------------

    def connect(self, server: "Server | None" = None) -> None:
        """Connect to this server, or to any."""
        self.online = True
        if self.wire is not None:
            return
        server = server or self.world.any_server()
        if server is None or not server.accepts:
            self.world.time.after(_AGAIN, self._connect_again)
            return
        self.connections += 1
        self._greeted = not self.full
        self.server, self.wire = server, MemoryClient()
        server.process.arrive(server.attach, self.wire)
        if self.full:
            resume = None if self.secret is None else {"client_id": self.client_id, "secret": self.secret}
            hello = {"protocol": 1, "name": self.name, "client": "test"}
            self._ask("Hello", hello if resume is None else hello | {"resume": resume})
        elif self.wanted is not None:
            self.join(self.wanted)

    def _connect_again(self) -> None:
        if self.online:
            self.connect()

    def drop(self, *, to: "Server | None" = None, after: float = 0.2) -> None:
        """Lose the connection, and make another one."""
        self.lose()
        self.world.time.after(after, lambda: self.connect(to) if self.online else None)

    def quit(self) -> None:
        """Disconnect for good."""
        self.online, self.wanted = False, None
        self.lose()

    def lose(self) -> None:
        """The connection has ended."""
        if self.wire is None or self.server is None:
            return
        wire, server = self.wire, self.server
        self._ended()
        server.process.arrive(lambda: wire.drop(server.process.time()))

    def vanish(self) -> None:
        """Leave the connection without a word: the server is not told that it has ended."""
        self._ended()

    def _ended(self) -> None:
        self.wire = self.server = self.view = self.inside_since = None
        self.pending.clear()

    def create(self, alias: str | None = None, password: str | None = None) -> None:
        self.wanted = alias or "?"
        given = {"name": alias, "password": password}
        self._ask("CreateRoom", {"file_hash": HASH} | {name: one for name, one in given.items() if one is not None})

    def join(self, room: str) -> None:
        self.wanted = room
        secret = {} if self.return_secret is None or not self.full else {"return_secret": self.return_secret}
        password = {} if self.password is None else {"password": self.password}
        self._ask("JoinRoom", {"room_id": room, "file_hash": HASH} | secret | password)

    def leave(self) -> None:
        self.wanted = self.return_secret = None
        self._ask("LeaveRoom", {})

    def command(self, action: str, at: float = 0.0) -> None:
        self._ask("SyncCommand", {"action": action, "timestamp": at}, action)

    def say(self) -> str:
        """Say something, and return that."""
        text = f"line {len(self.world.lines)}"
        assert self.room_id is not None
        self.world.lines[text] = Line(self.room_id, self.name, self.world.time.now)
        self._ask("Say", {"text": text}, text)
        return text

    def queue(self) -> str:
        """Put a film into the queue, and return its name."""
        name = f"film {len(self.world.entries)}"
        assert self.room_id is not None
        self.world.entries[name] = Line(self.room_id, self.name, self.world.time.now)
        self._ask("QueueInsert", {"after": None, "entries": [{"file": {"size": 1, "name": name}}]}, name)
        return name

    def set_password(self, password: str) -> None:
        self._ask("SetPolicy", {"password": password})

    def look(self) -> None:
        self._ask("GetRoom", {})

    def _ask(self, type: str, payload: dict[str, Any], detail: str = "") -> None:
        if self.wire is None or self.server is None:
            return
        self._ids += 1
        if self.full or type not in ("SyncCommand",):  # Basic clients are not told their own commands.
            self.pending[self._ids] = Request(type, self.world.time.now, detail)
        data = msgspec.json.encode({"type": type, "payload": payload, "id": self._ids}).decode()
        wire, process = self.wire, self.server.process
        self.world.time.after(_WAY, lambda: process.arrive(lambda: self._said(wire, data, process.time())))

    def _said(self, wire: MemoryClient, data: str, now: float) -> None:
        if wire is self.wire:
            wire.say(data, now)

    # ---- what it is told --------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Take in what has arrived."""
        wire = self.wire
        while wire is not None and wire is self.wire and wire.heard:
            frame = decode_server(wire.heard.popleft())
            request = self.pending.pop(frame.re, None) if isinstance(frame.re, int) else None
            if request is not None:
                self.longest = max(self.longest, self.world.time.now - request.since)
            self._take(frame.message, request)
        if wire is not None and wire is self.wire and wire.closed is not None:
            self._ended()
            self.world.time.after(_AGAIN + 0.5 * self.world.random.random(), self._connect_again)

    def check_patience(self) -> None:
        now = self.world.time.now
        woken_at = 0.0 if self.server is None else self.server.woken_at
        for request in self.pending.values():
            waited = now - max(request.since, woken_at)  # What stands still neither answers nor sends anybody away.
            assert waited <= _PATIENCE, f"{self} has had no answer to {request} for {waited:.1f} s"

    def _take(self, message: ServerMessage, request: Request | None) -> None:
        self.world.note(self, message)
        match message:
            case Welcome():
                self._welcomed(message)
            case RoomCreated(room=room, room_id=room_id, return_secret=secret):
                self.wanted, self.return_secret = room_id, secret
                self._enter(room, message.client_id)
            case RoomJoined(room=room, room_id=room_id, return_secret=secret):
                self.wanted, self.return_secret = room_id, secret or self.return_secret
                self._enter(room, message.client_id)
            case RoomLeft(room_id=room_id, reason=reason):
                self.left.append(reason)
                is_put_out = not self.full and reason == "closed"
                assert not is_put_out or self.server is None or self.server.was_apart, f"{self} is put out"
                self.view = self.inside_since = None
                if self.wanted is not None and (request is None or request.kind != "LeaveRoom"):
                    self.world.time.after(_AGAIN, self._join_again)
            case Error(code=code):
                self._refused(code, message, request)
            case RoomState(room=room):
                self._look_at(room)
            case SyncBroadcast(timeline=timeline):
                self._follow(timeline)
            case Said(text=text):
                self.heard[text] += 1
                assert self.heard[text] == 1, f"{self} has heard {text!r} twice"
            case MemberLeft(client_id=client_id):
                assert client_id != self.client_id
            case _:
                pass
        if self.view is not None:
            self.view.learn(message)
        if request is not None and not isinstance(message, Error):
            self._answered(request)

    def _welcomed(self, welcome: Welcome) -> None:
        self._greeted = True
        self.client_id, self.secret = welcome.client_id, welcome.resume_secret
        if welcome.room is not None:
            self.wanted = welcome.room.room_id
            self._enter(welcome.room, welcome.client_id)
        elif self.wanted is not None:
            self._join_again()

    def _join_again(self) -> None:
        if self.wire is not None and self._greeted and self.wanted is not None and self.view is None:
            if self.wanted == "?":
                self.wanted = None
            elif not any(request.kind in ("JoinRoom", "CreateRoom") for request in self.pending.values()):
                self.join(self.wanted)

    def _refused(self, code: str, error: Error, request: Request | None) -> None:
        self.refusals.append(f"{code}: {error.message}")
        assert code != "Internal" or "was lost before it could answer" in error.message, f"{self} is told {error}"
        if request is None or request.kind not in ("JoinRoom", "CreateRoom", "Hello"):
            return
        if code in ("RoomNotFound", "NameTaken") or request.kind == "CreateRoom":
            self.wanted = self.return_secret = None
        else:
            self.world.time.after(_AGAIN, self._join_again)

    def _enter(self, room: Room, client_id: str) -> None:
        self.client_id = client_id
        self.view = RoomView(room, client_id, "wss://example.org")
        self.inside_since = self.world.time.now
        assert any(member.client_id == client_id for member in room.members), f"{self} is no member of its room"
        self._look_at(room)

    def _look_at(self, room: Room) -> None:
        """Check the state of the room."""
        self._follow(room.timeline)
        names = [entry.file.name for entry in room.queue.entries]
        assert len(names) == len(set(names)), f"{self} sees an entry twice: {names}"
        lost = self._entries.get(room.room_id, set()).difference(name for name in names if name is not None)
        assert not lost or self.world.may_lose, f"{self} was told that {lost} would be in the queue, and it is not"

    def _follow(self, timeline: Timeline) -> None:
        if self.view is None:
            return
        seen = self._lines.setdefault(self.view.room_id, [])
        line = timeline.epoch, timeline.rev
        if not seen:
            seen.append(line)
        elif seen[-1][0] == line[0]:
            assert line[1] >= seen[-1][1], f"{self} was told of {seen[-1]}, and then of {line}"
            seen[-1] = line
        else:
            # Of an owner that wakes when its heir is lost, and Redis with what that has done, only the room is left.
            assert line[0] not in {epoch for epoch, _ in seen} or self.world.may_lose, (
                f"{self} is told of an epoch that was over: {seen} {line}"
            )
            seen.append(line)

    def _answered(self, request: Request) -> None:
        line = {"Say": self.world.lines, "QueueInsert": self.world.entries}.get(request.kind, {}).get(request.detail)
        if line is not None:
            line.answered_at = self.world.time.now
            if request.kind == "QueueInsert":
                self._entries.setdefault(line.room, set()).add(request.detail)
