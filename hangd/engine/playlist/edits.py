"""What is edited in a room's queue: each edit is about films, so it means the same on a queue that others have changed.

A film is a `Slot`, known by a number of ours before the room has a name for it.
"""

from typing import Literal

from msgspec import Struct

from hangd.engine.playlist.playlist import moved
from hangd.protocol.model import EntryId, FileHash, FileInfo

__all__ = ["Edit", "Inserted", "Moved", "Ordered", "Removed", "Replaced", "Slot", "edited"]


class Slot(Struct, eq=False):
    """One film. ``path``: this machine's own copy, where there is one."""

    id: int
    file_hash: FileHash | None = None
    file: FileInfo | None = None
    room_id: EntryId | None = None
    path: str | None = None
    title: str | None = None
    origin: int | None = None
    """Its place before the list was shuffled here."""

    @property
    def ready(self) -> bool:
        """Whether the room can be told of it."""
        return self.room_id is not None or (self.file_hash is not None and self.file is not None)


class Inserted(Struct, eq=False):
    """``behind``: a film, the beginning, or the end."""

    slots: tuple[Slot, ...]
    behind: Slot | Literal["beginning", "end"]


class Removed(Struct, eq=False):
    slots: tuple[Slot, ...]


class Moved(Struct, eq=False):
    slot: Slot
    before: Slot | None


class Ordered(Struct, eq=False):
    slots: tuple[Slot, ...]


class Replaced(Struct, eq=False):
    slot: Slot


Edit = Inserted | Removed | Moved | Ordered | Replaced


def edited(seen: list[Slot], edit: Edit) -> list[Slot]:
    """Return what this edit makes of these films. Films that are not there any more are left alone."""
    match edit:
        case Replaced(slot=slot):
            return [slot]
        case Removed(slots=slots):
            return [slot for slot in seen if slot not in slots]
        case Moved(slot=slot, before=before):
            if slot not in seen:
                return seen
            return moved(seen, seen.index(slot), -1 if before is None or before not in seen else seen.index(before))
        case Ordered(slots=slots):
            # Films that came meanwhile stay where they are.
            here = set(map(id, seen))
            ordered = iter([slot for slot in slots if id(slot) in here])
            named = set(map(id, slots))
            return [next(ordered) if id(slot) in named else slot for slot in seen]
        case Inserted(slots=slots, behind=behind):
            slots = tuple(slot for slot in slots if slot not in seen)
            place = len(seen)
            if behind == "beginning":
                place = 0
            elif isinstance(behind, Slot) and behind in seen:
                place = seen.index(behind) + 1
            return [*seen[:place], *slots, *seen[place:]]
