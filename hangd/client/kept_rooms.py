"""KeptRooms: what this daemon keeps of rooms in a file, so that it finds them again when it is started anew.

Two things are kept. Of the rooms that it was in: the secrets by which they know it again (host, former member), so that
it has its role there and is let into a locked one. Of the room that it is in: its *place*, so that a daemon that was
killed or stopped goes back there by itself (`hangd.client.returning`).

The file holds secrets and a password: only its owner may read it. It is written beside and renamed, so that it is whole
at any time. Each control socket has a file of its own, so that two daemons of one user do not take each other's place.
"""

import asyncio
import hashlib
import logging
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from hangd.client.private_file import write_private
from hangd.protocol.model import ClientId, Password, Secret, ServerUrl
from hangd.protocol.names import room_key
from hangd.tasks import Tasks, in_thread

_log = logging.getLogger(__name__)

_ROOMS_MAX: Final = 64
"""Rooms whose secrets are kept: those of the last months, for somebody that opens one each day."""
_ALIVE_SECONDS: Final = 30.0
"""How often the file's time is renewed while the daemon is in a room: a daemon that is killed leaves no other sign of
when that was."""
_DEADLINE_SECONDS: Final = 10.0
_LAST_WRITE_SECONDS: Final = 2.0
"""How long the end of the daemon may wait for the disk."""


class RoomKeys(Struct, frozen=True, omit_defaults=True):
    """The secrets by which a room knows this viewer again."""

    server: ServerUrl
    room_id: str
    name: str | None = None
    host_secret: Secret | None = None
    return_secret: Secret | None = None


class Place(Struct, frozen=True, omit_defaults=True):
    """The room that the daemon is in, and what it needs to go back there."""

    server: ServerUrl
    room_id: str
    name: str | None = None
    password: Password | None = None
    path: bytes | None = None
    """The file that is open. Bytes: names of files need not be text."""
    client_id: ClientId | None = None
    resume_secret: Secret | None = None
    """Proves to the server, as long as it keeps this member's place, that a connection is this member's."""


class _Content(Struct, frozen=True, omit_defaults=True):
    rooms: tuple[RoomKeys, ...] = ()
    """Those used last are last."""
    place: Place | None = None


def rooms_file(folder: Path, control_socket: Path) -> Path:
    """Return the file, in this folder, of the daemon that has this control socket.

    Machines that share a home folder have sockets of the same path.
    """
    daemon = f"{socket.gethostname()}\0".encode() + os.fsencode(control_socket)
    return folder / f"rooms-{hashlib.sha256(daemon).hexdigest()[:16]}.json"


class KeptRooms:
    """Reads the file when it is made, and writes what has changed. Make it inside a running loop; await `close`.

    ``path``: None keeps nothing beyond the process.
    """

    def __init__(self, path: Path | None, tasks: Tasks) -> None:
        self._path = path
        self._tasks = tasks
        self._content = _Content()
        self.age: float | None = None
        """Seconds since a daemon was last in the place that was found in the file. None: no place was found."""
        if path is not None:
            self._read(path)
        self._written = self._content
        self._writing: asyncio.Task[object] | None = None
        self._renewal: asyncio.TimerHandle | None = None
        self._complained = False
        self._closed = False

    @property
    def lasting(self) -> bool:
        """Whether what is kept here is there after the process."""
        return self._path is not None

    @property
    def place(self) -> Place | None:
        return self._content.place

    def keys(self, server: str, room: str) -> RoomKeys | None:
        """Return the secrets for the room of this id at this server; else for the one used last that has this name."""
        known = [keys for keys in reversed(self._content.rooms) if keys.server == server]
        for keys in known:
            if keys.room_id == room:
                return keys
        named = (keys for keys in known if keys.name is not None and room_key(keys.name) == room_key(room))
        return next(named, None)

    def set(self, place: Place | None, keys: RoomKeys | None = None) -> None:
        """Keep this place instead of the one before, and these secrets of its room."""
        rooms = self._content.rooms
        if keys is not None and keys not in rooms[-1:]:
            others = (one for one in rooms if (one.server, one.room_id) != (keys.server, keys.room_id))
            rooms = (*others, keys)[-_ROOMS_MAX:]
        self._content = _Content(rooms, place)
        self._write_changes()
        if place is None and self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None
        elif place is not None and self._renewal is None:
            self._renew_later()

    async def close(self) -> None:
        """Write what is left to write. No change is taken from now on."""
        self._write_changes()
        self._closed = True
        if self._renewal is not None:
            self._renewal.cancel()
            if self._writing is None:
                self._writing = self._tasks.start(self._renew(), name="renew-place")
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=_LAST_WRITE_SECONDS)

    # ---- the file -------------------------------------------------------------------------------------------------

    def _read(self, path: Path) -> None:
        try:
            # Read while the daemon starts, as the settings are; and the first thing that is asked may need it.
            content = path.read_bytes()
            age = time.time() - path.stat().st_mtime
            self._content = msgspec.json.decode(content, type=_Content)
        except FileNotFoundError:
            return
        except (OSError, msgspec.MsgspecError) as error:
            _log.warning("what was kept of rooms cannot be read, and is begun anew: %s: %s", path, error)
            return
        if self._content.place is not None:
            self.age = abs(age)  # The clock may have been set back.

    def _write_changes(self) -> None:
        if self._path is None or self._closed or self._writing is not None or self._content == self._written:
            return
        self._writing = self._tasks.start(self._write(self._path), name="keep-rooms")

    async def _write(self, path: Path) -> None:
        try:
            while (content := self._content) != self._written:
                self._written = content
                await self._in_thread(write_private, path, msgspec.json.encode(content))
        finally:
            self._writing = None

    def _renew_later(self) -> None:
        self._renewal = asyncio.get_running_loop().call_later(_ALIVE_SECONDS, self._begin_renewal)

    def _begin_renewal(self) -> None:
        self._renew_later()
        if self._path is not None:
            self._tasks.start(self._renew(), name="renew-place")

    async def _renew(self) -> None:
        if self._path is not None:
            await self._in_thread(os.utime, self._path)

    async def _in_thread(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            await in_thread(work, *arguments, deadline=_DEADLINE_SECONDS, doing="keeping what is known of rooms")
        except OSError as error:
            if not self._complained:
                self._complained = True
                _log.warning("this daemon will not find its room after a restart: %s: %s", self._path, error)
