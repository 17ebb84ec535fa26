"""Decide what an edit, a step to another entry or the end of a film changes in a room's queue.

A queue is plain data (`hangd.protocol.model.Queue`). Each function for an edit or a step returns a `QueueChange`, which
`after` carries out, as the members do that are told of it. None: nothing changes. ``media`` and ``state.RoomData`` call
them.

Every edit and every step raises ``rev`` by one. A new entry is named after the rev that brought it, so no id is given
twice. What becomes known of an entry later (its whole hash, its duration) does not raise ``rev``.

The room knows which film is *shown*. It is that of the current entry. Where ``current`` is None it is a film whose
entry was taken out, or one that no member has described yet.
"""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from hangd.engine.film import may_be_same
from hangd.engine.queue import applied
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import QueueInsert, SetEntry, SetMedia
from hangd.protocol.model import QUEUE_MAX, EntryId, FileHash, FileInfo, Queue, QueueChange, QueueEntry

_FULL: Final = f"the queue is full: it takes {QUEUE_MAX} films"


def after(queue: Queue, change: QueueChange | None) -> Queue:
    """Return the queue after a change of it that a function of this module has returned."""
    if change is None:
        return queue
    changed = applied(queue, change)
    assert changed is not None, "the change follows from the queue"
    return changed


# ---- edits ----------------------------------------------------------------------------------------------------------


def begun(queue: Queue, file_hash: FileHash | None, file: FileInfo | None) -> QueueChange | None:
    """Make the shown film the first and current entry, if the film is described and has room."""
    # Where only the hash is known, the film becomes an entry as soon as a member describes it (docs/protocol.md).
    if file is None or len(queue.entries) >= QUEUE_MAX:
        return None
    rev = queue.rev + 1
    first = QueueEntry(_id(rev), file, file_hash)
    return QueueChange(rev, inserted=(first,), current=first.id)


def inserted(queue: Queue, request: QueueInsert) -> QueueChange | None:
    """Insert the requested entries.

    Raises:
        RequestRefused: TooLarge.
    """
    if len(queue.entries) + len(request.entries) > QUEUE_MAX:
        raise RequestRefused("TooLarge", _FULL)
    if not request.entries:
        return None
    rev = queue.rev + 1
    new = tuple(QueueEntry(_id(rev, n), item.file, item.file_hash) for n, item in enumerate(request.entries))
    return QueueChange(rev, inserted=new, after=_behind(queue.entries, request.after), current=queue.current)


def removed(queue: Queue, ids: Sequence[EntryId]) -> QueueChange | None:
    """Take these entries out. Where the current one is among them, none is current."""
    # Ids that are not there are ignored: two members that take out the same entry at once both succeed.
    wanted = set(ids)
    gone = tuple(entry.id for entry in queue.entries if entry.id in wanted)
    if not gone:
        return None
    return QueueChange(queue.rev + 1, removed=gone, current=None if queue.current in wanted else queue.current)


def moved(queue: Queue, ids: Sequence[EntryId], behind: EntryId | None) -> QueueChange | None:
    """Put these entries one after the other, in the order of ``ids``, behind the entry ``behind``."""
    there = {entry.id for entry in queue.entries}
    moving = dict.fromkeys(id for id in ids if id in there)
    rest = [entry for entry in queue.entries if entry.id not in moving]
    change = QueueChange(queue.rev + 1, moved=tuple(moving), after=_behind(rest, behind), current=queue.current)
    return None if after(queue, change).entries == queue.entries else change


# ---- to another film ------------------------------------------------------------------------------------------------


def current_of(queue: Queue) -> QueueEntry | None:
    return next((entry for entry in queue.entries if entry.id == queue.current), None)


def following(queue: Queue) -> QueueEntry | None:
    """Return the entry after the current one; where none is current, the first."""
    index = _index_after_current(queue)
    return queue.entries[index] if index < len(queue.entries) else None


def moved_on(queue: Queue, entry: QueueEntry) -> QueueChange:
    """Make this entry of the queue current."""
    return QueueChange(queue.rev + 1, current=entry.id)


def moved_to(queue: Queue, request: SetMedia) -> QueueChange:
    """Make the requested film current.

    Raises:
        RequestRefused: NoSuchEntry; InvalidMessage, the message names an entry and a film, or neither of them, or
            nothing that identifies the film; TooLarge, the queue is full and its first entry is still to come.
    """
    if (request.entry is None) == (request.file is None):
        raise RequestRefused.invalid("$.payload", "must have either an entry or a file")
    if request.entry is not None:
        entry = _entry(queue, request.entry)
        others = tuple(other.id for other in queue.entries if other is not entry)
        return replace(moved_on(queue, entry), removed=others if request.clear else ())
    assert request.file is not None
    if request.file_hash is None and request.file.quick_hash is None:
        raise RequestRefused.invalid("$.payload", "has neither a file_hash nor a file.quick_hash")
    gone = tuple(entry.id for entry in queue.entries) if request.clear else ()
    if not request.clear and len(queue.entries) >= QUEUE_MAX:
        # A room that is given one film after the other for months must not refuse the next one: it drops the oldest.
        if queue.current is None:
            raise RequestRefused("TooLarge", _FULL)
        gone = (queue.entries[0].id,)
    rev = queue.rev + 1
    new = QueueEntry(_id(rev), request.file, request.file_hash)
    behind = None if queue.current in gone else queue.current
    return QueueChange(rev, removed=gone, inserted=(new,), after=behind, current=new.id)


# ---- what is known of entries ---------------------------------------------------------------------------------------


def learned(queue: Queue, request: SetEntry) -> tuple[Queue, QueueEntry]:
    """Return the queue with what the request says of an entry, and the entry.

    Raises:
        RequestRefused: NoSuchEntry; FileHashMismatch, a hash or the size is known already, and differs.
    """
    entry = _entry(queue, request.id)
    # Two members that read the same film at once both tell its hash: the first one counts.
    another = None not in (entry.file_hash, request.file_hash) and entry.file_hash != request.file_hash
    if another or (request.file is not None and not may_be_same(entry.file, request.file)):
        raise RequestRefused.file_mismatch("that film has another hash: one of the two files may be damaged")
    file = entry.file if request.file is None else completed(entry.file, request.file)
    known = replace(entry, file_hash=entry.file_hash or request.file_hash, file=file)
    return (queue, entry) if known == entry else (_with(queue, known), known)


def described(queue: Queue, file_hash: FileHash | None, file: FileInfo) -> Queue:
    """Return the queue with what is now known of the current film."""
    current = current_of(queue)
    return queue if current is None else _with(queue, replace(current, file_hash=file_hash, file=file))


def completed(known: FileInfo, told: FileInfo) -> FileInfo:
    """Return ``known`` with what was missing in it, from ``told``, which describes a copy of the same film.

    The name stays: a member that keeps its file name private has inserted the film without one.
    """
    return replace(
        known,
        duration=told.duration if known.duration is None else known.duration,
        quick_hash=told.quick_hash if known.quick_hash is None else known.quick_hash,
    )


def check(queue: Queue, shown: FileHash | None, file: FileInfo | None) -> None:
    """Assert the invariants of a queue whose room shows this film."""
    ids = [entry.id for entry in queue.entries]
    assert len(ids) <= QUEUE_MAX
    assert len(set(ids)) == len(ids), "no id is there twice"
    assert all(int(id.partition("-")[0]) <= queue.rev for id in ids), "a later rev does not give an id again"
    current = current_of(queue)
    assert (current is None) == (queue.current is None)
    assert current is None or (current.file_hash, current.file) == (shown, file), "the current entry is shown"


# ---- within ---------------------------------------------------------------------------------------------------------


def _id(rev: int, number: int = 0) -> EntryId:
    return f"{rev}-{number}"


def _with(queue: Queue, entry: QueueEntry) -> Queue:
    """Return the queue with this entry instead of the one that has its id."""
    return replace(queue, entries=tuple(entry if other.id == entry.id else other for other in queue.entries))


def _behind(entries: Sequence[QueueEntry], id: EntryId | None) -> EntryId | None:
    """Return the entry behind which others go that are wanted behind ``id``: of an unknown id, the last one."""
    # An id is unknown where another member took that entry out meanwhile. The edit is carried out nevertheless.
    if id is None or any(entry.id == id for entry in entries):
        return id
    return entries[-1].id if entries else None


def _index_after_current(queue: Queue) -> int:
    return next((n for n, entry in enumerate(queue.entries, 1) if entry.id == queue.current), 0)


def _entry(queue: Queue, id: EntryId) -> QueueEntry:
    entry = next((entry for entry in queue.entries if entry.id == id), None)
    if entry is None:
        raise RequestRefused("NoSuchEntry", "that film is no longer in the queue")
    return entry
