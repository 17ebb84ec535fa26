"""Carry out a change of a room's queue: the room does, and so does each client that is told of the change.

All have the same queue because all do the same. ``engine.room.queue`` decides what changes.
"""

from hangd.protocol.model import QUEUE_MAX, EntryId, Queue, QueueChange, QueueEntry


def applied(queue: Queue, change: QueueChange) -> Queue | None:
    """Return the queue after this change; the one that was given, if the change is known already.

    None: the change does not follow from this queue, so what it is now has to be asked for (GetRoom).
    """
    if change.rev <= queue.rev:
        return queue
    there = {entry.id: entry for entry in queue.entries}
    gone = {*change.removed, *change.moved}
    if change.rev != queue.rev + 1 or not gone <= there.keys():
        return None
    rest = [entry for entry in queue.entries if entry.id not in gone]
    place = _place(rest, change.after)
    if place is None:
        return None
    entries = (*rest[:place], *(there[id] for id in change.moved), *change.inserted, *rest[place:])
    ids = {entry.id for entry in entries}
    if len(ids) < len(entries) or len(entries) > QUEUE_MAX or change.current not in {None, *ids}:
        return None
    return Queue(change.rev, entries, change.current)


def _place(entries: list[QueueEntry], after: EntryId | None) -> int | None:
    """Return the index behind this entry; 0 where it is None. None: it is not there."""
    if after is None:
        return 0
    return next((index for index, entry in enumerate(entries, 1) if entry.id == after), None)
