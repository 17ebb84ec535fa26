"""Where this server keeps its rooms, and what becomes of it where that can not be."""

import logging
from pathlib import Path
from typing import Final

from hangd import paths
from hangd.server.listening import StartFailed
from hangd.server.settings import ServerSettings
from hangd.store.base import KeptRoom, Store, StoreBusy, StoreFailed
from hangd.store.memory import MemoryStore
from hangd.store.sql import SqlStore

__all__ = ["open_store", "room_ttl"]

_log = logging.getLogger(__name__)

_FILE: Final = "rooms.db"

_TTL_LASTING: Final = 86400.0
_TTL_MEMORY: Final = 600.0
"""Seconds. A room that outlives the server may as well be there again tomorrow; one that does not is only memory."""


def open_store(settings: ServerSettings) -> tuple[Store, list[KeptRoom]]:
    """Return the store that was asked for, and what is in it.

    Where rooms can not be kept the server serves all the same: one that ends for want of a disk helps nobody.

    Raises:
        StartFailed: another server keeps its rooms there. Two would overwrite each other's.
    """
    if not settings.keep_rooms:
        return MemoryStore(), []
    folder = paths.server_dir() if settings.data_dir is None else Path(settings.data_dir)
    try:
        store = SqlStore(folder / _FILE)
        try:
            rooms = store.load()
        except StoreFailed:
            store.close()
            raise
    except StoreBusy as busy:
        raise StartFailed(f"{busy}: give this one a folder of its own (--data-dir)") from busy
    except StoreFailed as failed:
        _log.error("rooms can not be kept, and end with this server: %s", failed)
        return MemoryStore(), []
    _log.info("rooms are kept in %s: %d from before", folder, len(rooms))
    return store, rooms


def room_ttl(settings: ServerSettings, store: Store) -> float:
    """Return for how long an empty room lives on, in seconds."""
    if settings.room_ttl is not None:
        return settings.room_ttl
    return _TTL_LASTING if store.lasting else _TTL_MEMORY
