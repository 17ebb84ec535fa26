"""Rooms kept in memory: for a server without a file, and for tests."""

from collections.abc import Sequence

from hangd.store.base import KeptRoom


class MemoryStore:
    """Keeps rooms for as long as the object lives; `close` deletes nothing."""

    lasting = False

    def __init__(self) -> None:
        self._rooms: dict[str, KeptRoom] = {}

    def load(self) -> list[KeptRoom]:
        return [kept for _, kept in sorted(self._rooms.items())]

    def write(self, rooms: Sequence[KeptRoom], gone: Sequence[str]) -> None:
        self._rooms.update((kept.room.room_id, kept) for kept in rooms)
        for room_id in gone:
            self._rooms.pop(room_id, None)

    def close(self) -> None:
        pass
