"""Invitations by push: the port to what sends them, and doing what clients ask about them."""

from collections.abc import Callable
from typing import Protocol, assert_never

from msgspec import Struct

from hangd.engine.room.admission.identity import BadInvite, GivenInvite
from hangd.engine.room.effects import AskPush
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import Done, RequestId
from hangd.protocol.push import PushInvite, PushSubscribe, PushUnsubscribe
from hangd.rooms.clock import ServerClock
from hangd.rooms.edge.base import Rooms
from hangd.rooms.edge.peer import Peer
from hangd.rooms.edge.turns import Turns
from hangd.tasks import Tasks


class Invitation(Struct, frozen=True):
    """Who invites to where. All of it is text from clients."""

    by: str
    """The member's name."""
    room: str
    """The room's name, or its id if it has none: what JoinRoom takes."""
    film: str | None
    """The film's name, if it is known."""
    invite: str | None = None
    """The token of a signed invite to the room."""


class Invitations(Protocol):
    """Sends invitations by push. What is answered the same in every case does not wait: not even for how long is told
    whether there is such a name. ``now`` is local time."""

    async def subscribe(self, message: PushSubscribe, now: float) -> None:
        """Raises RequestRefused: the name is another client's, the endpoint is of no known service, and the like."""

    def unsubscribe(self, message: PushUnsubscribe) -> None: ...

    def invite(self, name: str, invitation: Invitation, now: float) -> None:
        """Send it if somebody has subscribed under this name. The caller does not learn whether."""


class Inviting:
    """Does what clients ask about invitations, and answers it.

    Args:
        invitations: None: this server sends none.
        open_invite: that of `hangd.rooms.trust.Trust`.
    """

    def __init__(
        self,
        invitations: Invitations | None,
        *,
        rooms: Rooms,
        turns: Turns,
        clock: ServerClock,
        tasks: Tasks,
        open_invite: Callable[[str], GivenInvite | BadInvite],
    ) -> None:
        self._invitations = invitations
        self._rooms = rooms
        self._turns = turns
        self._clock = clock
        self._tasks = tasks
        self._open_invite = open_invite

    def ask(self, peer: Peer, effect: AskPush, now: float) -> None:
        invitations, message = self._invitations, effect.message
        if invitations is None:
            refused = RequestRefused("Forbidden", "this server sends no invitations by push")
            return self._turns.refuse(peer, refused, effect.re)
        match message:
            case PushSubscribe():
                subscribing = self._subscribe(invitations, peer, message, effect.re)
                self._tasks.start(subscribing, name="subscribe to invitations")
                return
            case PushUnsubscribe():
                invitations.unsubscribe(message)
            case PushInvite(name=name):
                try:
                    invitation = self._invitation(peer, effect.name, message)
                except RequestRefused as error:
                    return self._turns.refuse(peer, error, effect.re)
                invitations.invite(name, invitation, now)
            case _:
                assert_never(message)
        self._turns.send(peer, Done(), effect.re)

    def _invitation(self, peer: Peer, by: str, message: PushInvite) -> Invitation:
        place = self._rooms.get(peer.session.room_id)
        if place is None:
            raise RequestRefused("NotInRoom", "you are in no room")
        if message.invite is not None:
            given = self._open_invite(message.invite)
            if isinstance(given, BadInvite) or given.room_id != place.room_id:
                raise RequestRefused("InvalidInvite", "that is no invite to your room: make one, and send it")
        return Invitation(by, place.alias or place.room_id, place.film, message.invite)

    async def _subscribe(
        self, invitations: Invitations, peer: Peer, message: PushSubscribe, re: RequestId | None
    ) -> None:
        with self._turns.turn(self._clock.now(), peer):
            try:
                await invitations.subscribe(message, self._clock.now())
            except RequestRefused as refused:
                self._turns.refuse(peer, refused, re)
            else:
                self._turns.send(peer, Done(), re)
