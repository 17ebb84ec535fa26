"""The public list of rooms, in pages that are small however many rooms there are, and however long their names."""

from collections.abc import Iterable, Sequence
from heapq import nsmallest
from operator import attrgetter
from typing import Final

import msgspec

from hangd.engine.room.room import Room
from hangd.protocol.messages import Rooms
from hangd.protocol.model import RoomSummary

_PAGE_ROOMS: Final = 200
LOOKED_AT: Final = _PAGE_ROOMS + 1
"""So many rooms have to be looked at for a page, since it tells whether it is the last one."""
_PAGE_BYTES: Final = 60 * 1024
"""Of JSON. With its envelope a page stays below 64 KiB, which every client has to take anyway."""


def page(rooms: Iterable[Room], after: str | None) -> Rooms:
    """Return the rooms whose ids come after this one, as many as fit into a page.

    In the order of ids a client that asks for page after page sees each room once, whatever is made or removed
    meanwhile.
    """
    left = rooms if after is None else (room for room in rooms if room.room_id > after)
    found = nsmallest(LOOKED_AT, left, key=attrgetter("room_id"))
    return page_of([room.summary() for room in found])


def page_of(found: Sequence[RoomSummary]) -> Rooms:
    """Return the first of these as a page: the next LOOKED_AT rooms in the order of ids, or all that are left."""
    summaries, size = [], 0
    for summary in found[:_PAGE_ROOMS]:
        size += len(msgspec.json.encode(summary)) + 1
        if size > _PAGE_BYTES:
            break
        summaries.append(summary)
    is_last = len(summaries) == len(found)
    return Rooms(tuple(summaries), None if is_last else summaries[-1].room_id)
