"""Open the store that the settings ask for."""

import logging
import os
from pathlib import Path
from typing import Final

from hangd import paths
from hangd.server.listening import StartFailed, WrongSetting
from hangd.server.settings import ServerSettings
from hangd.store.base import KeptRoom, Store, StoreBusy, StoreFailed, StoreTooNew
from hangd.store.opening import open_file, open_memory, open_postgres

_log = logging.getLogger(__name__)

_FILE: Final = "rooms.db"

_ADMIN: Final = "admin.sock"

_NOTHING: Final = "a server with --no-keep-rooms keeps nothing, unless --database says where"

_NOTHING_SHARED: Final = "the nodes of a cluster have accounts, bans and history only where --database says so"

_TTL_LASTING: Final = 86400.0
"""Seconds for which an empty room is kept in a file, where it costs little: people come back the next evening."""
_TTL_MEMORY: Final = 600.0
"""Seconds for which an empty room is kept in memory."""


def data_folder(settings: ServerSettings) -> Path:
    """Return the folder in which the server keeps what outlives it."""
    return paths.server_dir() if settings.data_dir is None else Path(settings.data_dir)


def has_admin_socket(settings: ServerSettings) -> bool:
    """Tell whether a server with these settings has an administrator's socket: where it keeps nothing, it is to be
    asked for, since several such servers may share the usual folder."""
    return settings.keep_rooms or bool(settings.database or settings.data_dir or settings.admin_socket)


def admin_socket(settings: ServerSettings) -> Path:
    """Return the path of the administrator's socket."""
    return data_folder(settings) / _ADMIN if settings.admin_socket is None else Path(settings.admin_socket)


def open_store(settings: ServerSettings) -> Store:
    """Return the server's store.

    If the usual file cannot be made, log an error and return a store in memory: the server is useful without it. A
    database that was asked for, accounts, or what is in a file that is there, bans among it, are not to be lost like
    that.

    Raises:
        StartFailed: another server uses the store, a newer hangd has changed it, or it cannot be opened.
    """
    if settings.database is None and settings.cluster is not None:
        _log.info("accounts, bans and history end with this node, and the others do not have them: see --database")
        return open_memory()
    if settings.database is None and not settings.keep_rooms:
        if _keeps_accounts(settings):
            _log.warning(
                "accounts and bans end with this server (--no-keep-rooms), unless --database says where they are"
            )
        return open_memory()
    try:
        # The nodes of a cluster share their database: none of them is its only server.
        store = _open(settings, serving=settings.cluster is None)
        if settings.database is not None and settings.data_dir is not None:
            _log.info("what the server keeps is in --database; --data-dir has only the key for invitations by push")
        return store
    except StoreBusy as busy:
        if settings.database is not None:
            raise StartFailed(f"{busy}: give this one another (--database)") from busy
        raise StartFailed(f"{busy}: give this one a folder of its own (--data-dir)") from busy
    except StoreTooNew as failed:
        raise WrongSetting(str(failed)) from failed
    except StoreFailed as failed:
        if settings.database is not None or _keeps_accounts(settings):
            raise StartFailed(f"the database cannot be used: {failed}") from failed
        path = _file(settings)
        if path is not None and _may_be_there(settings, path):
            raise StartFailed(
                f"the database cannot be used: {failed} (--no-keep-rooms starts without what is in {path}, also "
                "without its bans)"
            ) from failed
        _log.error("rooms cannot be kept, and end with this server: %s", failed)
        return open_memory()


def _keeps_accounts(settings: ServerSettings) -> bool:
    return settings.require_token or settings.register != "closed"


def open_shared(settings: ServerSettings) -> Store:
    """Return the store of a server with these settings, for a command beside it. The server may run meanwhile.

    Raises:
        StoreFailed: it cannot be used, or there is none.
    """
    return _open(settings, serving=False)


def open_existing(settings: ServerSettings) -> Store:
    """Return the store as `open_shared` does, but make no file. Raises StoreFailed also if there is none."""
    path = _file(settings)
    has_file = settings.keep_rooms or settings.database is not None
    if has_file and path is not None:
        _check_is_mine(path)
        if not os.path.exists(path):
            raise StoreFailed(f"there is no file {path}: name the server's --data-dir or --database, or start it first")
    return open_shared(settings)


def open_alone(settings: ServerSettings) -> Store:
    """Return the store of a server with these settings, for a command that needs that no server runs.

    Raises as `open_shared` does; StoreBusy: a server runs.
    """
    path = _file(settings)
    if path is not None:
        _check_is_mine(path)
    return _open(settings, serving=True)


def _check_is_mine(path: Path) -> None:
    """Check that this user may use the file at ``path``, if there is one. Raises StoreFailed."""
    try:
        os.stat(path)
        allowed = os.access(path, os.R_OK | os.W_OK, effective_ids=os.access in os.supports_effective_ids)
    except PermissionError:
        allowed = False
    except OSError:
        return
    if not allowed:
        raise StoreFailed(f"{path} is for the server's user and root alone: use sudo")


def _may_be_there(settings: ServerSettings, path: Path) -> bool:
    """Tell whether there is something at ``path``, as far as this user may know it: in a folder that was named and may
    not be looked into, there may be."""
    try:
        os.lstat(path)
    except PermissionError:
        return settings.data_dir is not None
    except OSError:
        return False
    return True


def keeps_rooms(settings: ServerSettings) -> bool:
    """Tell whether rooms are kept in the store. Those of a cluster are in its Redis."""
    return settings.keep_rooms and settings.cluster is None


def load_rooms(settings: ServerSettings, store: Store) -> list[KeptRoom]:
    """Return the rooms from before. Raises StartFailed."""
    if not keeps_rooms(settings):
        return []
    try:
        rooms = store.load()
    except StoreFailed as failed:
        raise StartFailed(f"the rooms from before cannot be read: {failed}") from failed
    if store.lasting:
        _log.info("rooms are kept in %s: %d from before", store.where, len(rooms))
    return rooms


def _open(settings: ServerSettings, *, serving: bool) -> Store:
    if settings.database is None and settings.cluster is not None:
        raise StoreFailed(_NOTHING_SHARED)
    if settings.database is None and not settings.keep_rooms:
        raise StoreFailed(_NOTHING)
    path = _file(settings)
    if path is not None:
        return open_file(path, serving=serving)
    assert settings.database is not None
    return open_postgres(settings.database, serving=serving)


def _file(settings: ServerSettings) -> Path | None:
    """Return the file of the store. None: it is no file."""
    if settings.database is None:
        return data_folder(settings) / _FILE if settings.cluster is None else None
    scheme, _, place = settings.database.partition("://")
    return Path(place) if scheme == "sqlite" else None


def room_ttl(settings: ServerSettings, store: Store) -> float:
    """Return for how many seconds an empty room is kept."""
    if settings.room_ttl is not None:
        return settings.room_ttl
    if settings.cluster is not None:
        return _TTL_LASTING
    return _TTL_LASTING if store.lasting and settings.keep_rooms else _TTL_MEMORY
