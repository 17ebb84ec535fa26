"""EdgePlace: a room as a node sees it that has clients in it, wherever it runs."""

import math
from typing import assert_never

from hangd.engine.cluster.edge_relay import EdgeRelay
from hangd.engine.room.effects import Audience
from hangd.engine.room.inputs import CreateRequested, JoinRequested, MessageReceived
from hangd.rooms.clustered.edge.unanswered import Unanswered, is_answered
from hangd.rooms.clustered.items import Attending
from hangd.rooms.edge.base import Place
from hangd.rooms.edge.clients import Client, Clients
from hangd.tasks import DeadlineTimer

Asking = CreateRequested | JoinRequested


class EdgePlace(Place):
    """``relay``: this node's end of the link. ``clients``: of this node."""

    def __init__(
        self, room_id: str, alias: str | None, relay: EdgeRelay, timer: DeadlineTimer, clients: Clients
    ) -> None:
        super().__init__(room_id, alias)
        self.relay = relay
        self.timer = timer
        self.line: tuple[str, int] = ("", 0)
        """The epoch and rev of the timeline, as the clients have been told."""
        self.host: str | None = None
        """The client that is host, as the room's owner has told last."""
        self.shown_film: str | None = None
        self.asking: dict[str, Asking] = {}
        """Clients that have asked to come in and have no answer, and how they have asked."""
        self.is_untold = False
        """Whether the room was made here, and nobody here has been told yet that it is there."""
        self.unanswered = Unanswered()
        self._line_at = -math.inf
        """Server time at which the newest line of chat was said that was told here."""
        self._lines: set[str] = set()
        """Ids of the lines that were said at that time."""
        self._clients = clients
        self._members: dict[str, bool] = {}
        """Members that are connected here, and whether each is a full one."""
        self._audiences: dict[Audience, tuple[str, ...]] = {}

    @property
    def member_count(self) -> int:
        return len(self._members)

    def is_host(self, client_id: str) -> bool:
        return client_id == self.host

    @property
    def runs_at(self) -> str | None:
        return self.relay.owner

    @property
    def position(self) -> tuple[str, int]:
        return self.line

    @property
    def film(self) -> str | None:
        return self.shown_film

    @property
    def is_deserted(self) -> bool:
        """Whether no client here is in the room, or has asked to be."""
        return not self._members and not self.asking

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(self._members)

    def is_new_line(self, line: str, at: float) -> bool:
        """Tell whether neither this line of chat nor a later one was told here, and note it.

        A link keeps the order. So whoever was here has heard it if a later one was told, or was told the room after it.

        Args:
            line: its id.
            at: server time at which it was said.
        """
        if at < self._line_at or line in self._lines:
            return False
        if at > self._line_at:
            self._line_at = at
            self._lines.clear()
        self._lines.add(line)
        return True

    def asked(self, input: MessageReceived, number: int) -> None:
        """A client here has sent this, which is the input with this number."""
        re = input.request_id
        if re is not None and is_answered(input.message, full=self._members.get(input.client_id, False)):
            self.unanswered.asked(input.client_id, re, number)

    def let_in(self, client_id: str, *, full: bool) -> None:
        """A client is a member from now on, or one again."""
        self.is_untold = False
        self.asking.pop(client_id, None)
        self._members[client_id] = full
        self._audiences.clear()

    def drop(self, client_id: str) -> None:
        """A client is no member any more, or is not connected here any more."""
        self.asking.pop(client_id, None)
        self.unanswered.drop(client_id)
        self._members.pop(client_id, None)
        self._audiences.clear()

    def presence_changed(self) -> None:
        """Call this when a client waits for its Welcome, or does not any more."""
        self._audiences.clear()

    def audience(self, audience: Audience) -> tuple[str, ...]:
        """Return the ids of these members, as far as they are connected here."""
        known = self._audiences.get(audience)
        if known is None:
            known = tuple(one for one, full in self._members.items() if _is_in(audience, full) and self._hears(one))
            self._audiences[audience] = known
        return known

    def who(self) -> tuple[Attending, ...]:
        """Return who is here, for the room's owner."""
        found = []
        for client_id, full in self._members.items():
            client = self._clients.get(client_id)
            if client is not None and client.peer is not None:
                found.append(Attending(client_id, full, client.peer.visitor.known_as(), True, client.since))
        for client in self.returning():
            # Its input, told before or after, makes it a member; until it is shown the room it has not lost its place.
            assert client.peer is not None
            known_as = client.peer.visitor.known_as()
            found.append(Attending(client.client_id, True, known_as, False, client.since))
        return (*found, *(Attending(one, asked.full, asked.identity, False) for one, asked in self.asking.items()))

    def returning(self) -> list[Client]:
        """Return the clients that have come back and have not been shown the room yet."""
        return [
            client
            for client in self._clients.in_room(self.room_id)
            if client.returning is not None and client.peer is not None and client.client_id not in self._members
        ]

    def _hears(self, client_id: str) -> bool:
        """Tell whether this client is to hear what is said. One that has come back hears Welcome first."""
        client = self._clients.get(client_id)
        return client is not None and client.peer is not None and client.returning is None


def _is_in(audience: Audience, full: bool) -> bool:
    match audience:
        case "all":
            return True
        case "full":
            return full
        case "basic":
            return not full
        case "these":
            raise ValueError("these have ids")
        case _:
            assert_never(audience)
