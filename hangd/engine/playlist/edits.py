"""WaitingEdits: the edits of a room's queue that were asked for here and that the room has not carried out yet.

`hangd.engine.playlist.shared` keeps them, and says in its theory of operation what becomes of them. An edit names
entries and never indexes, so it means the same on a queue that others have changed meanwhile.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Final, Literal

from msgspec import Struct

from hangd.engine.playlist.playlist import PlaylistRefused
from hangd.protocol.messages import ClientMessage, QueueInsert, QueueMove, QueueRemove
from hangd.protocol.model import QUEUE_END, EntryId, FileHash, FileInfo, QueueItem

_INSERTED_MAX: Final = 30
"""Entries in one request. An entry with a long name is 1400 bytes, and a frame takes 64 KiB."""

_EDITS_MAX: Final = 1000
"""Edits that wait at the most. Only a program that edits faster than the room answers reaches this."""


class SharedEntry(Struct, eq=False):
    """One entry of the queue. ``id`` is this daemon's own number for it, which no other entry ever has."""

    id: int
    file_hash: FileHash | None = None
    file: FileInfo | None = None
    """None: the file of a new entry is still to be read."""
    room_id: EntryId | None = None
    """The room's id. None: the room has not been told of the entry, or has not answered yet."""
    path: str | None = None
    """This machine's own copy. None: there is none, as far as is known."""
    title: str | None = None
    added: bool = False
    """Whether it was inserted from here, so that its file is to be hashed here."""
    origin: int | None = None
    """Its index before the queue was shuffled here."""
    lists: tuple[str, ...] = ()
    """The files that list it, each listed by the one before."""


After = SharedEntry | Literal["beginning", "end"]


class Edit(Struct, eq=False):
    kind: Literal["insert", "remove", "move"]
    entries: list[SharedEntry]
    after: After = "end"
    """Where the entries go. For a removal: the new entry that takes their place. The removal is requested when
    that entry's file has been read."""
    asked: bool = False
    """Whether the room has been asked for it, and may have carried it out."""
    batch: list[SharedEntry] | None = None
    """All entries that were loaded together, if they need more than one request."""

    @property
    def is_read(self) -> bool:
        """Whether all files that it names have been read, so that the room can be asked for it."""
        return all(not isinstance(one, SharedEntry) or one.file is not None for one in (*self.entries, self.after))

    def request(self, is_there: Callable[[SharedEntry], bool]) -> ClientMessage | None:
        """Return the request that carries it out. None: nothing is left of it to be done.

        ``is_there`` tells whether an entry is in the room's queue.
        """
        ids = tuple(entry.room_id for entry in self.entries if entry.room_id is not None and is_there(entry))
        after = None if self.after == "beginning" else QUEUE_END
        if isinstance(self.after, SharedEntry):
            after = self.after.room_id or QUEUE_END
        match self.kind:
            case "insert":
                items = tuple(QueueItem(e.file, e.file_hash) for e in self.entries if e.file is not None)
                return QueueInsert(after, items)
            case "remove":
                return QueueRemove(ids) if ids else None
            case "move":
                return QueueMove(ids, after) if ids else None

    def applied(self, seen: Sequence[SharedEntry]) -> list[SharedEntry]:
        """Return what the room makes of these entries when it carries out the edit (`hangd.engine.room.queue`)."""
        named, there = set(map(id, self.entries)), set(map(id, seen))
        rest = [entry for entry in seen if id(entry) not in named]
        if self.kind == "remove":
            return rest
        put = [entry for entry in self.entries if self.kind == "insert" or id(entry) in there]
        end = len(rest)
        index = 0 if self.after == "beginning" else next((n for n, e in enumerate(rest, 1) if e is self.after), end)
        return [*rest[:index], *put, *rest[index:]]


class WaitingEdits:
    """The edits in their line. The first one may be with the room."""

    def __init__(self) -> None:
        self._line: list[Edit] = []

    @property
    def first(self) -> Edit | None:
        return self._line[0] if self._line else None

    @property
    def unread(self) -> SharedEntry | None:
        """The first new entry whose file is still to be looked at: its size and name."""
        coming = (entry for edit in self._line if edit.kind == "insert" for entry in edit.entries)
        return next((entry for entry in coming if entry.file is None), None)

    def applied(self, seen: list[SharedEntry]) -> list[SharedEntry]:
        """Return what the room will make of these entries when it has carried out all edits."""
        for edit in self._line:
            seen = edit.applied(seen)
        return seen

    def add(self, edit: Edit, seen: Sequence[SharedEntry]) -> None:
        """Let an edit wait. ``seen``: the entries as those before it leave them. Raises PlaylistRefused: too many."""
        if edit.kind != "insert" and len(self._line) >= _EDITS_MAX:
            raise PlaylistRefused("too many edits wait for the room's answer")
        if self._line and _continues(self._line[-1], edit, seen):
            self._line[-1].entries.extend(edit.entries)
        elif edit.entries:
            self._line.append(edit)

    def remove(self, edit: Edit) -> None:
        """The edit is done, or is not to be done."""
        self._line.remove(edit)

    def clear(self) -> None:
        self._line.clear()

    def replace(self, entry: SharedEntry, new: list[SharedEntry]) -> None:
        """Put these new entries in the place of one that is still to be inserted, in all edits."""
        edit = next(edit for edit in self._line if edit.kind == "insert" and entry in edit.entries)
        for other in self._line:
            if entry in other.entries:  # which may be later edits that move it, or take it out
                _replace(other.entries, entry, new)
            if other.after is entry:
                other.after = new[0] if other.kind == "remove" else new[-1]
        if edit.batch is not None:
            _replace(edit.batch, entry, new)
        elif len(edit.entries) > _INSERTED_MAX:
            edit.batch = list(edit.entries)
        place = self._line.index(edit) + 1
        pieces = in_requests(edit.entries)
        edit.entries = pieces[0]
        self._line[place:place] = [
            Edit("insert", piece, before[-1], batch=edit.batch) for before, piece in itertools.pairwise(pieces)
        ]

    def is_inserted(self, entry: SharedEntry) -> bool:
        """Tell whether this entry is still to be inserted."""
        return any(edit.kind == "insert" and entry in edit.entries for edit in self._line)

    def drop(self, entry: SharedEntry) -> None:
        """Take an entry that is still to be inserted out of all edits. It replaces nothing, either."""
        self._line = [edit for edit in self._line if edit.kind != "remove" or edit.after is not entry]
        for edit in self._line:
            edit.entries = [other for other in edit.entries if other is not entry]
            edit.after = "end" if edit.after is entry else edit.after
        self.drop_empty()

    def drop_empty(self) -> None:
        """Forget the edits that name no entry any more."""
        self._line = [edit for edit in self._line if edit.entries]

    def take_back(self, batch: list[SharedEntry], there: list[SharedEntry]) -> None:
        """Do not insert these entries, which were loaded together, and take those out first that are there already."""
        self._line = [edit for edit in self._line if edit.batch is not batch]
        if there:
            self._line.insert(0, Edit("remove", there))


def in_requests(entries: list[SharedEntry]) -> list[list[SharedEntry]]:
    """Return new entries in pieces, each as many as one request may insert."""
    return [entries[start : start + _INSERTED_MAX] for start in range(0, len(entries), _INSERTED_MAX)]


def _continues(last: Edit, edit: Edit, seen: Sequence[SharedEntry]) -> bool:
    """Tell whether one request can carry out both edits: what is edited entry by entry is sent together."""
    if last.asked or last.kind != edit.kind or last.batch is not None or edit.batch is not None:
        return False
    if edit.kind == "insert":
        before = seen[-1] if edit.after == "end" else edit.after
        return last.entries[-1] is before and len(last.entries) + len(edit.entries) <= _INSERTED_MAX
    return edit.kind == "remove" and last.after == edit.after == "end"


def _replace(entries: list[SharedEntry], entry: SharedEntry, new: list[SharedEntry]) -> None:
    place = entries.index(entry)
    entries[place : place + 1] = new
