"""Administration: what a server's administrator may look at and do in a hub while it runs."""

from collections.abc import Callable, Collection
from functools import partial
from math import ceil
from typing import Final

from hangd.engine.room.connection.session import State
from hangd.engine.room.inputs import AdminRemoved
from hangd.log import counted
from hangd.protocol.errors import CLOSE_GOING_DOWN, CLOSE_REMOVED, RequestRefused
from hangd.protocol.messages import Goodbye, Notice
from hangd.protocol.names import room_key
from hangd.rooms.clock import ServerClock
from hangd.rooms.edge.base import Place
from hangd.rooms.edge.clients import Clients
from hangd.rooms.edge.peer import Peer
from hangd.rooms.edge.turns import Turns
from hangd.rooms.hosting.base import RoomsHere
from hangd.rooms.hosting.directory import Directory, Hosted

_DRAINING: Final = RequestRefused(
    "ServerFull", "this server is about to stop, and takes nobody in any more: try again in some minutes"
)
_STOPS: Final = "this server is about to stop: it waits until the rooms are empty, and makes no new ones"
_STOPS_WITHIN: Final = "this server is about to stop: within {}, or when the rooms are empty, and it makes no new ones"
_GOES_ON: Final = "this server goes on: it does not stop after all"
_RETURN_AFTER: Final = 60.0
"""Seconds after which whoever is sent away from a server that drains may look whether there is another one."""


def _span(seconds: float) -> str:
    """Return a time for people: in seconds, or in minutes from two on."""
    return counted(ceil(seconds), "second") if seconds < 120 else counted(ceil(seconds / 60), "minute")


class Administration:
    """The arguments are parts of a `hangd.rooms.hub.Hub`."""

    def __init__(
        self, *, peers: Collection[Peer], hosting: RoomsHere, turns: Turns, clients: Clients, clock: ServerClock
    ) -> None:
        self.peers: Final = peers
        """Whoever is connected."""
        self._hosting = hosting
        self._turns = turns
        self._clients = clients
        self._clock = clock
        self.motd: str | None = None
        """The message of the day."""
        self._notice: str | None = None
        """That the server is about to stop. None: it is not."""
        self._removing: Peer | None = None
        """Whoever is being put out: this must not be taken for somebody who has left a room of a server that drains."""
        self.hand_over: Callable[[Callable[[], None]], None] = lambda tell: tell()
        """Sends all clients to the other servers of a cluster, or tells them by this that they can stay, if there are
        no others."""
        self.draining = False
        """Whether nobody new is taken in: no new client, no new room. Who is in a room stays, and may come back."""

    @property
    def rooms(self) -> Directory:
        return self._hosting.directory

    def refusal(self) -> RequestRefused | None:
        """Return why a new client, or a new room, is not taken in now. None: it is."""
        return _DRAINING if self.draining else None

    @property
    def greeting(self) -> str | None:
        """The text that clients get with their Welcome: where the server is about to stop, that."""
        return self._notice or self.motd

    def drain(self, seconds: float | None = None) -> None:
        """Take nobody new in from now on, send away who is in no room, and tell those who are in one.

        Where other servers of a cluster can have those, they are sent away, too, in the course of some seconds, and go
        on there.

        ``seconds``: within which the server stops. None: not before all have gone.
        """
        self.draining = True
        self._notice = _STOPS if seconds is None else _STOPS_WITHIN.format(_span(seconds))
        with self._turns.turn(self._clock.now(), None):
            for peer in tuple(self.peers):
                self.send_away(peer)
        self.hand_over(partial(self._tell_all, self._notice))

    def cancel_drain(self) -> None:
        """Take everybody in again, and tell those who are in a room."""
        self.draining, self._notice = False, None
        self._tell_all(_GOES_ON)

    def _tell_all(self, text: str) -> None:
        """Tell all full clients that are in a room."""
        notice = Notice(text)
        with self._turns.turn(self._clock.now(), None):
            for peer in tuple(self.peers):
                if peer.session.full and peer.session.state is State.IN_ROOM:
                    self._turns.send(peer, notice)

    def send_away(self, peer: Peer) -> None:
        """Say goodbye to a peer, in the turn that is under way, if it is in no room: nothing holds it here."""
        if peer.session.state in (State.NEW, State.IDLE) and peer is not self._removing:
            if peer.session.full:
                self._turns.send(peer, Goodbye("going-down", _RETURN_AFTER))
            self._turns.close(peer, CLOSE_GOING_DOWN, "the server is about to stop")

    def room_of(self, peer: Peer) -> Place | None:
        """Return the room that this client is in, wherever it runs."""
        return self._hosting.get(peer.session.room_id)

    def find(self, name: str) -> Place | None:
        """Return the room with this id or name, if it runs here or clients of it are here."""
        key = room_key(name)
        there = (
            one
            for one in self._hosting.places()
            if one.room_id == name or (one.alias is not None and room_key(one.alias) == key)
        )
        return self.rooms.find(name) or next(there, None)

    def remove(self, peer: Peer, why: str) -> None:
        """Put a client out of its room, and end its connection. ``why``: one sentence for it."""
        now, self._removing = self._clock.now(), peer
        client = self._clients.of(peer)
        place = None if client is None else self._hosting.get(client.room_id)
        with self._turns.turn(now, None):
            if place is None:
                self._turns.refuse(peer, RequestRefused("Forbidden", why))
            else:
                self._hosting.tell(place, AdminRemoved(peer.client_id, why), now)
        with self._turns.turn(now, None):
            self._turns.close(peer, CLOSE_REMOVED, "removed by the administrator")
        self._removing = None

    def close_room(self, hosted: Hosted, why: str) -> None:
        """Close a room: it is forgotten, with its queue and its bans. ``why``: one sentence for its members."""
        with self._turns.turn(self._clock.now(), None):
            self._hosting.close(hosted, self._clock.now(), why)
