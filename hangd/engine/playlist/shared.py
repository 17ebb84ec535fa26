"""SharedPlaylist: a room's queue as one member sees and edits it, before the room has answered.

Theory of operation. What is seen is the queue that the room told last, and on it what was *edited* here since, edit by
edit. Each edit is about films, not places, so it means the same on a queue that somebody else has changed meanwhile.
One request is under way at a time. When its answer comes its edits are done, and seen in the room's own queue; when it
was Stale it is simply made again, on the queue that came before the refusal. So no edit is lost, and nobody else's is.

A film is a `Slot` with a number of ours, as mpv's clients know it, from the moment that it was asked for. The room's
name for it comes later. Until its file is hashed the room can not be told of it: it stays an edit, behind the film that
it stood behind, while edits of other films go their way.

Going to another film is asked for likewise: the slot is the *goal* until the room is there. Replacing the whole queue
by one film (`Replaced`) holds up all that is edited after it.
"""

from collections.abc import Callable, Sequence
from typing import Final, Literal

from msgspec import Struct

from hangd.engine.playlist.edits import Edit, Inserted, Moved, Ordered, Removed, Replaced, Slot, edited
from hangd.engine.playlist.playlist import Film, Loading, PlaylistRefused, shuffled
from hangd.protocol.messages import ClientMessage, SetMedia, SetQueue
from hangd.protocol.model import QUEUE_MAX, EntryId, FileHash, FileInfo, Queue, QueueEntry, QueueItem

__all__ = ["SharedPlaylist"]

_NEW_MAX: Final = 30
"""New films in one request: some 1400 bytes each where names are long, and a frame takes 64 KiB."""

_EDITS_MAX: Final = 1000
"""Edits that wait, at the most: for a server that is away, or for a file that takes long to read."""

_STALE_MAX: Final = 100
"""Times that a request is made again in a row. Each time somebody else's was done, or the server makes fun of us."""


class _Flight(Struct, eq=False):
    """A request that has no answer yet."""

    edits: tuple[Edit, ...] = ()
    sent: tuple[Slot, ...] = ()
    left: tuple[Edit, ...] = ()
    """What is still to be done of the edits once they are."""
    goal: Slot | None = None


class SharedPlaylist:
    """See the module's docstring. ``new_id`` and ``random`` as for a `Playlist`."""

    def __init__(self, new_id: Callable[[], int], random: Callable[[], float]) -> None:
        self._new_id = new_id
        self._random = random
        self._queue = Queue()
        self._slots: dict[EntryId, Slot] = {}
        self._edits: list[Edit] = []
        self._flight: _Flight | None = None
        self._goal: Slot | None = None
        self._stale = 0
        self._shown: Slot | None = None
        self.rev = 0
        """Rises with each change."""

    # ---- what there is to see ---------------------------------------------------------------------------------------

    @property
    def entries(self) -> list[Slot]:
        return self._seen()

    @property
    def playing(self) -> Slot | None:
        """What the room shows. It need not be among the entries."""
        current = None if self._queue.current is None else self._slots.get(self._queue.current)
        return current or self._shown

    @property
    def current(self) -> Slot | None:
        """What the room shows, or will once it has done what was asked of it."""
        if self._edits and isinstance(self._edits[0], Replaced) and self._goal is None:
            return self._edits[0].slot
        return self._goal or self.playing

    @property
    def unread(self) -> Slot | None:
        """The first film whose file is still to be hashed."""
        return next((slot for slot in self._seen() if not slot.ready and slot.path is not None), None)

    @property
    def lacking(self) -> list[QueueEntry]:
        """The room's entries of which no copy is known here, the one to come next first."""
        entries = [entry for entry in self._queue.entries if self._slots[entry.id].path is None]
        place = next((n for n, entry in enumerate(self._queue.entries) if entry.id == self._queue.current), -1)
        later = {entry.id for entry in self._queue.entries[place + 1 :]}
        return sorted(entries, key=lambda entry: entry.id not in later)

    def index(self, slot: Slot | None) -> int:
        """Return the place of a slot, from 0; -1 where it is not in the list."""
        return next((place for place, other in enumerate(self._seen()) if other is slot), -1)

    # ---- what is asked ----------------------------------------------------------------------------------------------

    def load(self, films: Sequence[Film], how: Loading) -> list[Slot]:
        """Put films of this machine into the queue. Raises PlaylistRefused: there is no room for them."""
        replacing = how.where == "replace" and bool(films)
        seen = self._seen()
        if len(films) + (0 if replacing else len(seen)) > QUEUE_MAX:
            raise PlaylistRefused(f"a room's queue takes {QUEUE_MAX} films")
        new = [Slot(self._new_id(), path=film.path, title=film.title) for film in films]
        if replacing:
            # What was edited before, and where it was to go, is of no account any more.
            self._edits, self._goal = [Replaced(new[0])], None
            if new[1:]:
                self._edit(Inserted(tuple(new[1:]), new[0]))
        elif new:
            self._edit(Inserted(tuple(new), self._behind(how, seen)))
        self.rev += 1
        return new

    def step(self, direction: Literal[1, -1]) -> bool:
        """Go to the next film, or the one before. Returns whether there is one."""
        seen, current = self._seen(), self.current
        # Of what is shown and is no entry the first one comes next: so the room has it.
        place = next((n for n, slot in enumerate(seen) if slot is current), -1 if direction > 0 else len(seen))
        if not 0 <= place + direction < len(seen):
            return False
        self._go(seen[place + direction])
        return True

    def play(self, index: int) -> None:
        """Go to the film at ``index``. Raises PlaylistRefused: there is none."""
        self._go(self._at(index))

    def remove(self, index: int | None) -> None:
        """Take out the film at ``index``, or (None) the current one, and then go to the next.

        Raises PlaylistRefused: there is none. What the room shows goes on until there is something else to show.
        """
        seen = self._seen()
        place = self.index(self.current) if index is None else index
        slot = self._at(place)
        if slot is self.current and place + 1 < len(seen):
            self._go(seen[place + 1])
        elif slot is self._goal:
            self._goal = None
        self._edit(Removed((slot,)))

    def move(self, index: int, to: int) -> None:
        """Put the film at ``index`` before the one at ``to``; where there is none, at the end."""
        seen, slot = self._seen(), self._at(index)
        before = seen[to] if 0 <= to < len(seen) else None
        if slot is not before:
            self._edit(Moved(slot, before))

    def clear(self) -> None:
        """Take out all films that there are now, but the current one."""
        self._edit(Removed(tuple(slot for slot in self._seen() if slot is not self.current)))

    def mix(self) -> None:
        seen = self._seen()
        for place, slot in enumerate(seen):
            slot.origin = place
        self._edit(Ordered(tuple(shuffled(seen, self._random))))

    def unmix(self) -> None:
        """Undo what `mix` did; what came later is last."""
        places = [(slot.origin is None, slot.origin or 0, place) for place, slot in enumerate(self._seen())]
        self._edit(Ordered(tuple(self._seen()[place] for _, _, place in sorted(places))))

    # ---- what is known of files -------------------------------------------------------------------------------------

    def read(self, slot: Slot, file_hash: FileHash, file: FileInfo) -> None:
        """The file of this film is hashed."""
        slot.file_hash, slot.file = file_hash, file
        self.rev += 1

    def unusable(self, slot: Slot) -> None:
        """The file of this film can not be read: it does not come into the queue."""
        if self._edits and isinstance(self._edits[0], Replaced) and self._edits[0].slot is slot:
            self._edits.pop(0)
        if self._goal is slot:
            self._goal = None
        self._edits.append(Removed((slot,)))
        self._tidy()

    def found(self, file_hash: FileHash, path: str | None) -> None:
        """This is this machine's own copy of a film; None: there is none any more."""
        for slot in self._slots.values():
            if slot.file_hash == file_hash and slot.path != path:
                slot.path = path
                self.rev += 1

    # ---- the room ---------------------------------------------------------------------------------------------------

    def enter(self, queue: Queue, shown: Slot | None, *, again: bool) -> None:
        """Be in a room with this queue. ``shown``: what plays here. ``again``: back in it, and edits still hold."""
        if not again:
            self._edits, self._goal, self._slots = [], None, {}
        self._flight, self._stale = None, 0
        self._queue = Queue()
        self._shown = shown
        self.learn(queue, anew=True)

    def learn(self, queue: Queue, *, anew: bool = False) -> None:
        """The room's queue is this one by now."""
        if queue.rev < self._queue.rev and not anew:
            return
        before, self._slots = self._slots, {}
        for entry in queue.entries:
            slot = before.get(entry.id)
            if slot is None or slot.file_hash != entry.file_hash:
                slot = self._new(entry, shown=entry.id == queue.current)
            slot.file, slot.room_id = entry.file, entry.id
            self._slots[entry.id] = slot
        if queue.rev != self._queue.rev:
            self._stale = 0
        self._queue = queue
        if self._goal is not None and self._goal.room_id is not None and self._goal.room_id not in self._slots:
            self._goal = None
        self._tidy()

    def show(self, slot: Slot) -> None:
        """This film is opened here, before the room has heard of it or because it has: it keeps its number."""
        self._shown = slot

    def request(self, *, play: bool) -> ClientMessage | None:
        """Return what is to be asked of the room now, if anything. ``play``: another film is to begin by itself."""
        if self._flight is not None:
            return None
        first = self._edits[0] if self._edits else None
        if isinstance(first, Replaced):
            if not first.slot.ready:
                return None
            self._flight = _Flight(edits=(first,), sent=(first.slot,))
            return SetMedia(file_hash=first.slot.file_hash, file=first.slot.file, clear=True, play=play)
        goal = self._goal
        if goal is not None and goal.room_id is not None:
            self._flight = _Flight(goal=goal)
            known = goal.path is not None
            return SetMedia(
                file_hash=goal.file_hash if known else None,
                file=goal.file if known else None,
                entry=goal.room_id,
                play=play,
            )
        return self._edited()

    def changed(self, queue: Queue) -> None:
        """The room has done what was asked: this is its queue now."""
        flight, self._flight = self._flight, None
        if flight is None:
            self.learn(queue)
            return
        pairs: Sequence[tuple[Slot, EntryId | None]] = ()
        if flight.edits and isinstance(flight.edits[0], Replaced):
            pairs = [(flight.edits[0].slot, queue.current)]
        elif len(flight.sent) == len(queue.entries):
            pairs = [(slot, entry.id) for slot, entry in zip(flight.sent, queue.entries, strict=True)]
        for slot, room_id in pairs:
            if room_id is not None and slot.room_id is None:
                slot.room_id = room_id
                self._slots[room_id] = slot
        done = {id(edit) for edit in flight.edits}
        self._edits = [*flight.left, *(edit for edit in self._edits if id(edit) not in done)]
        if flight.goal is self._goal:
            self._goal = None
        self._stale = 0
        self.learn(queue)

    def refused(self, *, again: bool) -> bool:
        """The room refused. ``again``: the same may be granted next time. Returns whether anything was given up."""
        flight, self._flight = self._flight, None
        if flight is None:
            return False
        self._stale += 1
        if again and self._stale < _STALE_MAX:
            return False
        done = {id(edit) for edit in flight.edits}
        # What it would have left to be done stands on nothing now: it goes to the end.
        left = [Inserted(edit.slots, "end") for edit in flight.left if isinstance(edit, Inserted)]
        self._edits = [*left, *(edit for edit in self._edits if id(edit) not in done)]
        if flight.goal is self._goal or isinstance(next(iter(flight.edits), None), Replaced):
            self._goal = None
        self._stale = 0
        self._tidy()
        return True

    def unanswered(self) -> None:
        """The connection went: what was asked is asked again on the next one."""
        self._flight = None

    def check(self) -> None:
        """Assert the invariants."""
        seen = self._seen()
        assert len({slot.id for slot in seen}) == len(seen), "nothing is there twice"
        assert all(slot.room_id == name for name, slot in self._slots.items())
        assert not any(isinstance(edit, Replaced) for edit in self._edits[1:])
        assert self._goal is None or self._goal in seen or self._goal.room_id is None

    # ---- within -----------------------------------------------------------------------------------------------------

    def _seen(self) -> list[Slot]:
        seen = [self._slots[entry.id] for entry in self._queue.entries]
        for edit in self._edits:
            seen = edited(seen, edit)
        return seen

    def _edit(self, edit: Edit) -> None:
        if len(self._edits) >= _EDITS_MAX:
            raise PlaylistRefused("too many edits wait for the room's answer")
        self._edits.append(edit)
        self._tidy()

    def _tidy(self) -> None:
        """Forget edits that come to nothing."""
        self.rev += 1
        if self._flight is None and self._seen() == [self._slots[entry.id] for entry in self._queue.entries]:
            if not (self._edits and isinstance(self._edits[0], Replaced)):
                self._edits = []

    def _at(self, index: int) -> Slot:
        seen = self._seen()
        if not 0 <= index < len(seen):
            raise PlaylistRefused("there is no such entry")
        return seen[index]

    def _go(self, slot: Slot) -> None:
        self._goal = slot
        self.rev += 1

    def _behind(self, how: Loading, seen: list[Slot]) -> Slot | Literal["beginning", "end"]:
        if how.where == "insert-next" and (current := self.current) in seen and current is not None:
            return current
        if how.where == "insert-at" and 0 <= how.place < len(seen):
            return "beginning" if how.place == 0 else seen[how.place - 1]
        return "end"

    def _new(self, entry: QueueEntry, *, shown: bool) -> Slot:
        if shown and self._shown is not None and self._shown.room_id is None:
            if self._shown.file_hash in (None, entry.file_hash):
                self._shown.file_hash = entry.file_hash
                return self._shown
        return Slot(self._new_id(), file_hash=entry.file_hash)

    def _edited(self) -> SetQueue | None:
        seen = self._seen()
        new = [slot for slot in seen if slot.room_id is None and slot.ready][:_NEW_MAX]
        wanted = [slot for slot in seen if slot.room_id is not None or slot in new]
        for slot in wanted[QUEUE_MAX:]:
            # Others filled the queue meanwhile.
            self._edits.append(Removed((slot,)))
        wanted = wanted[:QUEUE_MAX]
        if [slot.room_id for slot in wanted] == [entry.id for entry in self._queue.entries]:
            return None
        left = []
        for place, slot in enumerate(seen):
            if slot not in wanted:
                last = all(other not in wanted for other in seen[place:])
                left.append(Inserted((slot,), "end" if last else seen[place - 1] if place else "beginning"))
        self._flight = _Flight(tuple(self._edits), tuple(wanted), tuple(left))
        return SetQueue(
            base=self._queue.rev,
            entries=tuple(
                QueueItem(id=slot.room_id)
                if slot.room_id is not None
                else QueueItem(file_hash=slot.file_hash, file=slot.file)
                for slot in wanted
            ),
        )
