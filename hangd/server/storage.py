"""Open the store that the settings ask for."""

import logging
from pathlib import Path
from typing import Final

from hangd import paths
from hangd.server.listening import StartFailed
from hangd.server.settings import ServerSettings
from hangd.store.base import KeptRoom, Store, StoreBusy, StoreFailed
from hangd.store.memory import MemoryStore
from hangd.store.sql import SqlStore

_log = logging.getLogger(__name__)

_FILE: Final = "rooms.db"

_TTL_LASTING: Final = 86400.0
"""Seconds for which an empty room is kept in a file, where it costs little: people come back the next evening."""
_TTL_MEMORY: Final = 600.0
"""Seconds for which an empty room is kept in memory."""


def data_folder(settings: ServerSettings) -> Path:
    """Return the folder in which the server keeps what outlives it."""
    return paths.server_dir() if settings.data_dir is None else Path(settings.data_dir)


def open_store(settings: ServerSettings) -> tuple[Store, list[KeptRoom]]:
    """Return the store and the rooms that are in it.

    If the file cannot be used, log an error and return a store in memory: the server is useful without it.

    Raises:
        StartFailed: another server uses the file. Two servers would overwrite each other's rooms.
    """
    if not settings.keep_rooms:
        return MemoryStore(), []
    folder = data_folder(settings)
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
        _log.error("rooms cannot be kept, and end with this server: %s", failed)
        return MemoryStore(), []
    _log.info("rooms are kept in %s: %d from before", folder, len(rooms))
    return store, rooms


def room_ttl(settings: ServerSettings, store: Store) -> float:
    """Return for how many seconds an empty room is kept."""
    if settings.room_ttl is not None:
        return settings.room_ttl
    return _TTL_LASTING if store.lasting else _TTL_MEMORY
