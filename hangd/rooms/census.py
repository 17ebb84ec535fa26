"""A census: who is connected to a hub now, what its rooms do, and what waits to be read. It is taken when asked for."""

from collections.abc import Iterable

from msgspec import Struct, field

from hangd.engine.room.connection.session import Limited, State
from hangd.rooms.edge.budgets import Debtors
from hangd.rooms.edge.peer import Peer
from hangd.rooms.hosting.directory import Hosted


class Census(Struct):
    full_clients: int = 0
    """Clients that have said Hello."""
    basic_clients: int = 0
    silent_clients: int = 0
    """Connections that have said nothing yet."""
    account_clients: int = 0
    """Clients that are logged in."""
    waiting_bytes: int = 0
    """Bytes that wait in outboxes."""
    waiting_clients: int = 0
    """Clients for which something waits."""
    limited: dict[Limited, int] = field(default_factory=dict)
    """Messages above the limits of the connections that are open, by what there was too much of."""
    debtors: Debtors = Debtors(0, 0)
    playing_rooms: int = 0
    paused_rooms: int = 0
    empty_rooms: int = 0
    """Rooms in which nobody is present."""
    busy_rooms: int = 0
    """Rooms in which messages wait for their turn."""
    present_members: int = 0
    away_members: int = 0


def take_census(peers: Iterable[Peer], rooms: Iterable[Hosted], debtors: Debtors) -> Census:
    """Count. It takes about a microsecond for each client and each member."""
    census = Census(debtors=debtors)
    for peer in peers:
        session = peer.session
        if session.full:
            census.full_clients += 1
        elif session.state in (State.NEW, State.GREETING):
            census.silent_clients += 1
        else:
            census.basic_clients += 1
        census.account_clients += peer.visitor.account is not None
        census.waiting_bytes += peer.outbox.size
        census.waiting_clients += peer.outbox.size > 0
        for kind, number in session.limited.items():
            census.limited[kind] = census.limited.get(kind, 0) + number
    for hosted in rooms:
        census.busy_rooms += hosted.lane.waits
        members, present = hosted.room.attendance()
        census.present_members += present
        census.away_members += members - present
        if not present:
            census.empty_rooms += 1
        elif hosted.room.timeline.playing:
            census.playing_rooms += 1
        else:
            census.paused_rooms += 1
    return census
