"""Fan-out: write one frame to many members of a room.

Nearly everything that a server does is this, so it takes one call for each member that reads fast enough: its
transport's own ``write``. The room's `Writers` have these in a list for as long as they may be used (`Peer.list_in`)
and nobody comes or goes. Whoever is not there goes the longer way, through its outbox. On the way to a member nothing
else of it is touched: with hundreds of members, what is touched comes from memory and not from the processor's caches.

What was measured instead of guessed: to write with send(2) takes as long as uvloop's ``write`` (3.9 us each, most of it
the kernel's), which calls write(2) at once unless something waits already. So the transport keeps its order and its
buffer, and nobody needs the descriptor.
"""

import logging

from hangd.rooms.edge.peer import Write, Writers

_log = logging.getLogger(__name__)


def write_to(
    writers: Writers, members: tuple[str, ...], frame: bytes, *, but: str | None = None
) -> tuple[int, list[str]]:
    """Write a frame to those of these members that have a writer, except ``but``.

    Returns how many these were, and who the others are.
    """
    if len(members) == 1:
        return 0, list(members)  # An answer: its tuple is not used again.
    line = writers.line(members)
    writes, failed = line.writes, list[Write]()
    if but is not None and (place := line.places.get(but)) is not None:
        writes = writes.copy()
        del writes[place]
    for write in writes:
        try:
            write(frame)
        except Exception:
            _log.exception("a message could not be sent")
            failed.append(write)
    others = [client_id for client_id in line.others if client_id != but] if line.others else []
    if failed:
        lost = [client_id for client_id, place in line.places.items() if line.writes[place] in failed]
        for client_id in lost:
            writers.discard(client_id)
        others += lost
    return len(writes) - len(failed), others
