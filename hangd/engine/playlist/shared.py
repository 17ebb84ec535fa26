"""SharedPlaylist: a room's queue as one member sees and edits it. `client.playlist.in_room.RoomPlaylist` drives it.

Theory of operation. An edit names entries, never indexes, so it means the same on a queue that others have changed
meanwhile, and the room carries it out as it is. Edits wait in a line. One request at a time is with the room (the
*flight*); its answer brings the room's queue, and the next request follows. What is seen is the room's queue with the
waiting edits applied: a control client that reads indexes after an edit means those in its next edit.

An entry is a `SharedEntry` with a number of ours, as control clients know it, from the moment that it is asked for. The
room's id comes with the answer. An entry is sent once its file's size is known; its hashes follow.

Films that are loaded together are inserted together, or none of them: where they need several requests and the room
refuses one, what the others inserted is taken out again.

Going to another entry is asked for likewise: it is the *goal* until the room is there.

When the connection breaks, the room may or may not have carried out the flight. Back in the room, inserted entries are
looked for in its queue (see `enter`). Everything else is asked again: done twice, it changes nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from hangd.engine.film import may_be_same
from hangd.engine.playlist.edits import After, Edit, SharedEntry, WaitingEdits, in_requests
from hangd.engine.playlist.playlist import Film, Loading, PlaylistRefused, without_lists_of
from hangd.protocol.messages import ClientMessage, SetMedia
from hangd.protocol.model import QUEUE_MAX, EntryId, FileHash, FileInfo, Queue, QueueEntry


class SharedPlaylist:
    """See the module's docstring. ``new_id`` and ``shuffle`` as for a `Playlist`."""

    def __init__(self, new_id: Callable[[], int], shuffle: Callable[[list[Any]], None]) -> None:
        self._new_id = new_id
        self._shuffle = shuffle
        self._queue = Queue()
        self._known: dict[EntryId, SharedEntry] = {}
        """The entries of the room's queue."""
        self._edits = WaitingEdits()
        self._flight: Edit | SharedEntry | None = None
        """The first edit, or the goal, if the room has been asked for it and has not answered."""
        self._goal: SharedEntry | None = None
        self._shown: SharedEntry | None = None
        self._away = False
        self.entries: list[SharedEntry] = []
        """What is seen. Not to be changed by callers."""
        self.rev = 0
        """Rises with each change."""

    # ---- reading ----------------------------------------------------------------------------------------------------

    @property
    def playing(self) -> SharedEntry | None:
        """What the room shows. It need not be among the entries."""
        current = None if self._queue.current is None else self._known.get(self._queue.current)
        return current or self._shown

    @property
    def current(self) -> SharedEntry | None:
        """What the room shows, or will show once it has done what was asked of it."""
        return self._goal or self.playing

    @property
    def unread(self) -> SharedEntry | None:
        """The first new entry whose file is still to be looked at: its size and name."""
        return self._edits.unread

    @property
    def lacking(self) -> list[SharedEntry]:
        """The room's entries of which no copy is known here, the one that comes next first."""
        return [entry for entry in self._from_next() if entry.path is None]

    @property
    def unhashed(self) -> list[SharedEntry]:
        """The room's entries whose files are to be hashed here: our own, the one that comes next first."""
        return [entry for entry in self._from_next() if entry.added and entry.path and entry.file_hash is None]

    def following(self, entry: SharedEntry, steps: int) -> SharedEntry | None:
        """Return the entry that is so many steps after this one, or before it."""
        index = self.index(entry)
        found = self.entries[index + steps : index + steps + 1] if index >= 0 and index + steps >= 0 else []
        return found[0] if found else None

    def index(self, entry: SharedEntry | None) -> int:
        """Return the index of an entry; -1 where it is not in the list."""
        return next((index for index, other in enumerate(self.entries) if other is entry), -1)

    # ---- what control clients ask -----------------------------------------------------------------------------------

    def load(self, films: Sequence[Film], how: Loading) -> list[SharedEntry]:
        """Put files of this machine into the queue. Raises PlaylistRefused: there is no room for them.

        With "replace" all entries that there are now go, and the room goes to the first new one.
        """
        replacing = how.where == "replace" and bool(films)
        if len(films) + (0 if replacing else len(self.entries)) > QUEUE_MAX:
            there = "" if replacing else f": {len(self.entries)} are in it"
            raise PlaylistRefused(f"a room's queue takes {QUEUE_MAX} films{there}, and these are {len(films)} more")
        new = [SharedEntry(self._new_id(), path=film.path, title=film.title, added=True) for film in films]
        after = self._after(how)
        if replacing:
            self._edit(Edit("remove", list(self.entries), new[0]))
        pieces = in_requests(new)
        for piece in pieces:
            self._edit(Edit("insert", piece, after, batch=new if len(pieces) > 1 else None))
            after = piece[-1]
        if replacing:
            self._go(new[0])
        return new

    def step(self, direction: Literal[1, -1]) -> bool:
        """Go to the next entry, or the one before. Returns whether there is one."""
        # Where the film that is shown is no entry, the first entry comes next: so the room moves on, too.
        outside = -1 if direction > 0 else len(self.entries)
        index = next((n for n, entry in enumerate(self.entries) if entry is self.current), outside)
        if not 0 <= index + direction < len(self.entries):
            return False
        self._go(self.entries[index + direction])
        return True

    def play(self, index: int) -> None:
        """Go to the entry at ``index``. Raises PlaylistRefused: there is none."""
        self._go(self._at(index))

    def remove(self, index: int | None) -> None:
        """Take out the entry at ``index``, or (None) the current one; from the current one, go to the next.

        Raises PlaylistRefused: there is no such entry. Where nothing follows, the film that is shown goes on.
        """
        index = self.index(self.current) if index is None else index
        entry = self._at(index)
        following = self.entries[index + 1 : index + 2] if entry is self.current else []
        self._edit(Edit("remove", [entry]))
        if following:
            self._go(following[0])

    def move(self, index: int, to: int) -> None:
        """Put the entry at ``index`` before the one at ``to``; where there is none, at the end."""
        entry, before = self._at(index), self.entries[to] if 0 <= to < len(self.entries) else None
        if entry is before:
            return
        rest = [other for other in self.entries if other is not entry]
        place = len(rest) if before is None else rest.index(before)
        self._edit(Edit("move", [entry], "end" if before is None else rest[place - 1] if place else "beginning"))

    def clear(self) -> None:
        """Take out all entries that there are now, except the current one."""
        self._edit(Edit("remove", [entry for entry in self.entries if entry is not self.current]))

    def mix(self) -> None:
        """Shuffle the queue."""
        for index, entry in enumerate(self.entries):
            entry.origin = index
        mixed = list(self.entries)
        self._shuffle(mixed)
        self._edit(Edit("move", mixed, "beginning"))

    def unmix(self) -> None:
        """Put the queue into the order that it had before `mix`. Entries that came later are last."""
        order = sorted(self.entries, key=lambda entry: (entry.origin is None, entry.origin or 0))
        self._edit(Edit("move", order, "beginning"))

    # ---- what is known of files -------------------------------------------------------------------------------------

    def read(self, entry: SharedEntry, file: FileInfo, file_hash: FileHash | None) -> None:
        """The file of a new entry is this one. ``file_hash``: None, if it is not known without reading all of it."""
        entry.file, entry.file_hash = file, file_hash
        self.rev += 1

    def listed(self, entry: SharedEntry, films: Sequence[Film]) -> None:
        """The file of a new entry lists these films: they take its place.

        Raises PlaylistRefused: there is nothing to take its place, or no room for it. The entry is `unusable` then.
        """
        films, lists = without_lists_of(films, entry.lists, entry.path)
        if not films or not self._edits.is_inserted(entry):
            raise PlaylistRefused("it lists no film")
        if len(films) + len(self.entries) > QUEUE_MAX:
            raise PlaylistRefused(f"a room's queue takes {QUEUE_MAX} films, and it lists {len(films)}")
        new = [SharedEntry(self._new_id(), path=f.path, title=f.title, added=True, lists=lists) for f in films]
        self._edits.replace(entry, new)
        if self._goal is entry:
            self._goal = new[0]
        self._refresh()

    def unusable(self, entry: SharedEntry) -> None:
        """This entry's file cannot be read. A new entry does not come into the queue, and replaces nothing."""
        entry.path = None
        if entry.room_id is None:
            self._edits.drop(entry)
        self._refresh()

    def found(self, entry: SharedEntry, path: str | None) -> None:
        """This is the machine's own copy of the entry's film; None: there is none any more."""
        entry.path = path
        self.rev += 1

    # ---- the room ---------------------------------------------------------------------------------------------------

    def enter(self, queue: Queue, shown: SharedEntry | None, *, again: bool) -> None:
        """Be in a room with this queue. ``shown``: what plays here. ``again``: back in the room, and edits still hold;
        ``shown`` is not used then.

        The answer to an insert may have been lost. If the queue has a new id with the same film, that is taken for the
        entry that was requested here (it may be another member's, who inserted the same film meanwhile).
        """
        if not again:
            self._edits.clear()
            self._goal, self._known, self._shown = None, {}, shown
        self._flight, self._away = None, False
        known = self._known
        new = [entry for entry in queue.entries if entry.id not in known or not _is_film_of(known[entry.id], entry)]
        first = self._edits.first
        if first is not None and first.asked and first.kind == "insert":
            for entry in tuple(first.entries):
                found = next((other for other in new if _is_film_of(entry, other)), None)
                if found is not None:
                    new.remove(found)
                    first.entries.remove(entry)
                    self._name(entry, found.id)
            self._edits.drop_empty()
        self._queue = Queue()
        self.learn(queue)
        if queue.current is not None and self._goal is self._known.get(queue.current):
            self._goal = None

    def learn(self, queue: Queue) -> None:
        """The room's queue is this one now."""
        if queue.rev < self._queue.rev:
            return
        before, self._known = self._known, {}
        for entry in queue.entries:
            known = before.get(entry.id)
            if known is None or not _is_film_of(known, entry):
                known = self._make(entry, current=entry.id == queue.current)
            known.file, known.file_hash = entry.file, entry.file_hash
            self._name(known, entry.id)
        self._queue = queue
        if queue.current is not None:
            # The film goes on when its entry is taken out. It is then the one that plays, not an earlier one.
            self._shown = self._known.get(queue.current, self._shown)
        self._refresh()

    def show_film(self, film: FileHash | None, info: FileInfo | None) -> SharedEntry:
        """The room shows this film, which is no entry of its queue. Return an entry for it."""
        entry = SharedEntry(self._new_id(), file_hash=film, file=info)
        self.show(entry)
        return entry

    def show(self, entry: SharedEntry) -> None:
        """This film is opened here, before the room has said so or because it has. It keeps its number."""
        self._shown = entry

    def request(self, *, play: bool) -> ClientMessage | None:
        """Return what is to be asked of the room now, if anything. ``play``: another film is to begin by itself.

        After it is sent, `answered`, `postponed` or `disconnected` is to be called before there is another one.
        """
        if self._flight is not None or self._away:
            return None
        goal = self._goal
        if goal is not None and self._is_there(goal):
            self._flight = goal
            return SetMedia(entry=goal.room_id, play=play)
        while (edit := self._edits.first) is not None and edit.is_read:
            request = edit.request(self._is_there)
            if request is not None:
                edit.asked, self._flight = True, edit
                return request
            self._edits.remove(edit)
        return None

    def answered(self, queue: Queue | None, inserted: Sequence[EntryId] = ()) -> None:
        """The room has done what was asked, or (None) refuses it for good.

        ``queue``: its queue now. ``inserted``: the ids of the new entries.
        """
        flight, self._flight = self._flight, None
        if isinstance(flight, Edit):
            self._edits.remove(flight)
            for entry, room_id in zip(flight.entries, inserted, strict=False):
                self._name(entry, room_id)
            if queue is None and flight.batch is not None:
                self._edits.take_back(flight.batch, [entry for entry in flight.batch if self._is_there(entry)])
        elif self._goal is flight:
            self._goal = None
        self.learn(self._queue if queue is None else queue)

    def postponed(self) -> None:
        """The room does not do it now: ask the same again."""
        self._flight = None

    def disconnected(self) -> None:
        """The connection broke, and no answer comes any more. Nothing is asked before `enter` is called again."""
        self._flight, self._away = None, True

    def check(self) -> None:
        """Assert the invariants."""
        assert len({entry.id for entry in self.entries}) == len(self.entries), "nothing is there twice"
        assert all(entry.room_id == room_id for room_id, entry in self._known.items())
        assert self._goal is None or self._goal in self.entries

    # ---- within -----------------------------------------------------------------------------------------------------

    def _is_there(self, entry: SharedEntry) -> bool:
        return entry.room_id is not None and self._known.get(entry.room_id) is entry

    def _name(self, entry: SharedEntry, room_id: EntryId) -> None:
        entry.room_id, self._known[room_id] = room_id, entry

    def _from_next(self) -> list[SharedEntry]:
        """Return the room's entries from the one after the current one on, and then those before it."""
        order = [self._known[entry.id] for entry in self._queue.entries]
        start = next((n for n, entry in enumerate(self._queue.entries, 1) if entry.id == self._queue.current), 0)
        return order[start:] + order[:start]

    def _at(self, index: int) -> SharedEntry:
        if not 0 <= index < len(self.entries):
            raise PlaylistRefused("there is no such entry")
        return self.entries[index]

    def _after(self, how: Loading) -> After:
        if how.where == "insert-next" and (current := self.current) is not None and current in self.entries:
            return current
        if how.where == "insert-at" and 0 <= how.place < len(self.entries):
            return "beginning" if how.place == 0 else self.entries[how.place - 1]
        return "end"

    def _go(self, entry: SharedEntry) -> None:
        self._goal = entry
        self.rev += 1

    def _edit(self, edit: Edit) -> None:
        self._edits.add(edit, self.entries)
        self._see(edit.applied(self.entries))

    def _make(self, entry: QueueEntry, *, current: bool) -> SharedEntry:
        shown = self._shown
        if current and shown is not None and shown.room_id is None and _is_film_of(shown, entry):
            return shown
        return SharedEntry(self._new_id())

    def _refresh(self) -> None:
        self._see(self._edits.applied([self._known[entry.id] for entry in self._queue.entries]))

    def _see(self, entries: list[SharedEntry]) -> None:
        self.entries = entries
        if self._goal not in entries:
            self._goal = None
        self.rev += 1


def _is_film_of(ours: SharedEntry, entry: QueueEntry) -> bool:
    """Tell whether an entry of the room's holds the same film as one of ours, as far as is known."""
    if ours.file_hash is not None and entry.file_hash is not None:
        return ours.file_hash == entry.file_hash
    return ours.file is not None and may_be_same(ours.file, entry.file)
