"""Invitations by push: the port to what sends them, and carrying out what a client asks about them."""

from typing import Protocol

from msgspec import Struct

from hangd.engine.room.effects import AskPush
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import Done, Error, PushInvite, PushSubscribe, PushUnsubscribe
from hangd.rooms.directory import Hosted


class Invitation(Struct, frozen=True):
    """Who invites to where. All of it is text from clients."""

    by: str
    """The member's name."""
    room: str
    """The room's name, or its id if it has none: what JoinRoom takes."""
    film: str | None
    """The film's name, if it is known."""


class Invitations(Protocol):
    """Sends invitations by push. Nothing here waits."""

    def subscribe(self, message: PushSubscribe, now: float) -> None:
        """Raises RequestRefused: the name is another client's, the endpoint is of no known service, and the like."""

    def unsubscribe(self, message: PushUnsubscribe) -> None: ...

    def invite(self, name: str, invitation: Invitation, now: float) -> None:
        """Send it if somebody has subscribed under this name. The caller does not learn whether."""


def ask_push(invitations: Invitations | None, effect: AskPush, hosted: Hosted | None, now: float) -> Done | Error:
    """Do what a client asks, and return its answer.

    Args:
        invitations: None: this server sends none.
        hosted: the room that the client is in.
    """
    try:
        if invitations is None:
            raise RequestRefused("Forbidden", "this server sends no invitations by push")
        match effect.message:
            case PushSubscribe() as message:
                invitations.subscribe(message, now)
            case PushUnsubscribe() as message:
                invitations.unsubscribe(message)
            case PushInvite(name=name):
                if hosted is None:
                    raise RequestRefused("NotInRoom", "you are in no room")
                room, film = hosted.alias or hosted.room.room_id, hosted.room.summary().media
                invitations.invite(name, Invitation(effect.name, room, film), now)
    except RequestRefused as refused:
        return Error.of(refused)
    return Done()
