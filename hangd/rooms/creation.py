"""How a room comes about: new, or anew from what was kept of it; and what is to be kept of one."""

import secrets
import uuid

from hangd.engine.room.effects import CreateRequested, OpenRoom
from hangd.engine.room.room import Room, RoomSettings
from hangd.rooms.clients import Clients
from hangd.rooms.clock import ServerClock
from hangd.store.base import KeptRoom

__all__ = ["as_kept", "creation", "made_anew", "new_room"]


def new_room(settings: RoomSettings, password_hash: str | None, now: float) -> Room:
    """Return a room whose first input is still to come (`creation`)."""
    return Room(room_id=str(uuid.uuid4()), epoch=_new_epoch(), settings=settings, now=now, password_hash=password_hash)


def creation(client_id: str, order: OpenRoom) -> CreateRequested:
    """Return the first input of the room that this client ordered."""
    return CreateRequested(
        client_id=client_id,
        name=order.name,
        full=order.full,
        host_secret=secrets.token_urlsafe(24),
        message=order.message,
        request_id=order.re,
    )


def as_kept(room: Room, clients: Clients, clock: ServerClock) -> KeptRoom:
    """Return what is to be kept of a room now."""
    saved = room.save()
    return KeptRoom(saved, clients.proofs(member.client_id for member in saved.members), clock.mark())


def made_anew(kept: KeptRoom, settings: RoomSettings, clock: ServerClock, now: float) -> Room:
    """Return a room of before a restart, its times translated to this clock."""
    saved = kept.room.moved(clock.shift(kept.mark))
    return Room.restored(saved, epoch=_new_epoch(), settings=settings, now=now)


def _new_epoch() -> str:
    return secrets.token_hex(4)
