"""What comes of a room's queue when somebody edits it, moves on in it, or its film has ended.

A queue is plain data (`hangd.protocol.model.Queue`), and each change makes a new one, one ``rev`` up. Entries are named
after the rev that brought them, so that a name is never given twice. Which film is *shown* is the room's to say: that
is the current entry, or, where ``current`` is None, a film whose entry was taken out or which nobody described yet.
"""

from msgspec.structs import replace

from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import SetMedia, SetQueue
from hangd.protocol.model import QUEUE_MAX, EntryId, FileHash, FileInfo, Queue, QueueEntry, QueueItem

__all__ = [
    "begun",
    "check",
    "completed",
    "current_of",
    "described",
    "edited",
    "following",
    "holds_besides",
    "moved_on",
    "moved_to",
]


def begun(queue: Queue, file_hash: FileHash, file: FileInfo | None) -> Queue:
    """Return the queue with the film that is shown before all others, current. It has to be described for that."""
    if file is None or len(queue.entries) >= QUEUE_MAX:
        return queue
    rev = queue.rev + 1
    first = QueueEntry(_name(rev), file_hash, file)
    return Queue(rev, (first, *queue.entries), first.id)


def current_of(queue: Queue) -> QueueEntry | None:
    return next((entry for entry in queue.entries if entry.id == queue.current), None)


def following(queue: Queue) -> QueueEntry | None:
    """Return the entry that comes after the current one; where none is current, the first."""
    place = _place_after_current(queue)
    return queue.entries[place] if place < len(queue.entries) else None


def moved_on(queue: Queue, entry: QueueEntry) -> Queue:
    """Return the queue with this entry of it current."""
    return Queue(queue.rev + 1, queue.entries, entry.id)


def edited(queue: Queue, wanted: SetQueue) -> Queue:
    """Return the queue that somebody asked for.

    Raises:
        RequestRefused: Stale, the edit was made on another queue; InvalidMessage, with the path of the entry that is
            none.
    """
    if wanted.base != queue.rev:
        raise RequestRefused("Stale", "somebody else changed the queue meanwhile", details={"rev": queue.rev})
    rev = queue.rev + 1
    known = {entry.id: entry for entry in queue.entries}
    entries: list[QueueEntry] = []
    for number, item in enumerate(wanted.entries):
        path = f"$.payload.entries[{number}]"
        entries.append(_new(item, rev, number, path) if item.id is None else _kept(item, item.id, known, path))
    current = queue.current if any(entry.id == queue.current for entry in entries) else None
    return Queue(rev, tuple(entries), current)


def moved_to(queue: Queue, wanted: SetMedia) -> Queue:
    """Return the queue with the film that somebody asked for current.

    Raises:
        RequestRefused: Stale, the entry is no longer there; InvalidMessage, the message names no film, or another one
            than the entry; TooLarge, the queue is full of films that are still to come.
    """
    rev = queue.rev + 1
    if (wanted.file_hash is None) != (wanted.file is None):
        raise _invalid("$.payload", "must have file_hash and file together")
    if wanted.entry is not None:
        entry = _chosen(queue, wanted.entry, wanted)
        entries = tuple(entry if other.id == entry.id else other for other in queue.entries)
    elif wanted.file_hash is not None and wanted.file is not None:
        entry = QueueEntry(_name(rev), wanted.file_hash, wanted.file)
        place = _place_after_current(queue)
        entries = (*queue.entries[:place], entry, *queue.entries[place:])
    else:
        raise _invalid("$.payload", "has neither a film nor an entry")
    if wanted.clear:
        entries = (entry,)
    if len(entries) > QUEUE_MAX:
        # A room that was given one film after the other for months is not to take no more: the oldest is forgotten.
        if entries[0] is entry:
            raise RequestRefused("TooLarge", f"the queue is full: it takes {QUEUE_MAX} films")
        entries = entries[1:]
    return Queue(rev, entries, entry.id)


def described(queue: Queue, file: FileInfo) -> Queue:
    """Return the queue with what is now known of the current film. That is no change which an edit could undo."""
    return replace(
        queue,
        entries=tuple(replace(entry, file=file) if entry.id == queue.current else entry for entry in queue.entries),
    )


def completed(known: FileInfo, told: FileInfo) -> FileInfo:
    """Return ``known`` with what was not known of it, from somebody who has the same film.

    The name stays what the one who chose the film made of it: there is none where that one keeps it private.
    """
    return replace(
        known,
        duration=told.duration if known.duration is None else known.duration,
        quick_hash=told.quick_hash if known.quick_hash is None else known.quick_hash,
    )


def holds_besides(queue: Queue, shown: FileHash, file_hash: FileHash | None, file: FileInfo) -> bool:
    """Tell whether this is another film of the queue than the one that is shown, as far as can be told."""
    return any(
        file_hash == entry.file_hash if file_hash is not None else _is_alike(file, entry.file)
        for entry in queue.entries
        if entry.file_hash != shown
    )


def check(queue: Queue, shown: FileHash) -> None:
    """Assert the invariants of a queue whose room shows this film."""
    names = [entry.id for entry in queue.entries]
    assert len(names) <= QUEUE_MAX
    assert len(set(names)) == len(names), "each entry has a name of its own"
    assert all(int(name.partition("-")[0]) <= queue.rev for name in names), "a name to come may be given once"
    current = current_of(queue)
    assert (current is None) == (queue.current is None)
    assert current is None or current.file_hash == shown, "what is current is shown"


def _is_alike(one: FileInfo, other: FileInfo) -> bool:
    return one.quick_hash is not None and (one.size, one.quick_hash) == (other.size, other.quick_hash)


def _name(rev: int, number: int = 0) -> EntryId:
    return f"{rev}-{number}"


def _place_after_current(queue: Queue) -> int:
    places = (number for number, entry in enumerate(queue.entries, 1) if entry.id == queue.current)
    return next(places, 0)


def _new(item: QueueItem, rev: int, number: int, path: str) -> QueueEntry:
    if item.file_hash is None or item.file is None:
        raise _invalid(path, f"has no {'file_hash' if item.file_hash is None else 'file'}")
    return QueueEntry(_name(rev, number), item.file_hash, item.file)


def _kept(item: QueueItem, id: EntryId, known: dict[EntryId, QueueEntry], path: str) -> QueueEntry:
    entry = known.pop(id, None)
    if entry is None:
        raise _invalid(f"{path}.id", "must be one of the queue's, and there once")
    if item.file_hash not in (None, entry.file_hash):
        raise _invalid(f"{path}.file_hash", "must be this entry's: another film is another entry")
    return entry


def _chosen(queue: Queue, id: EntryId, wanted: SetMedia) -> QueueEntry:
    entry = next((entry for entry in queue.entries if entry.id == id), None)
    if entry is None:
        raise RequestRefused("Stale", "that film is no longer in the queue", details={"rev": queue.rev})
    if wanted.file_hash not in (None, entry.file_hash):
        raise _invalid("$.payload.file_hash", "must be this entry's")
    return entry if wanted.file is None else replace(entry, file=completed(entry.file, wanted.file))


def _invalid(path: str, why: str) -> RequestRefused:
    return RequestRefused("InvalidMessage", f"{path} {why}", details={"path": path})
