"""AdminDoor: the server's end of the administrator's socket.

The socket is in the server's folder, and only its user and root may use it, as with the folder. Each connection is one
request and one answer.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from hangd.protocol.validation import explain
from hangd.server.admin.requests import LINE_MAX, Answered, Request, request_decoder
from hangd.socket_path import SocketPath, SocketUnusable

_log = logging.getLogger(__name__)

_PATIENCE: Final = 10.0
"""Seconds in which a request has to come, and its answer has to be read."""


class AdminDoor:
    """Listens at ``path`` from `open` to `aclose`. ``answer`` carries out a request.

    ``was_named``: the administrator has named the path, whose folder is then to be there. The server's own is made.
    """

    def __init__(self, path: Path, answer: Callable[[Request], Answered], *, was_named: bool = False) -> None:
        self._path = SocketPath(path)
        self._was_named = was_named
        self._answer = answer
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen. A server that cannot is useful all the same, so this is only logged."""
        if not SocketPath.supported():
            return
        try:
            self._server = await asyncio.start_unix_server(self._serve, sock=self._bind(), limit=LINE_MAX)
        except (OSError, SocketUnusable) as error:
            why = error if isinstance(error, SocketUnusable) else error.strerror or error
            option = f" (--admin-socket {self._path.path})" if self._was_named else ""
            _log.warning("`hangd admin` cannot ask this server%s: %s", option, why)
            self._path.unlock()

    def _bind(self) -> socket.socket:
        if self._was_named and not self._path.path.parent.is_dir():
            raise SocketUnusable(f"there is no folder {self._path.path.parent}")
        self._path.lock()
        return self._path.bind()

    async def aclose(self) -> None:
        """Stop listening, and remove the socket."""
        if self._server is not None:
            self._server.close()
            self._path.unlink()
            self._path.unlock()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            try:
                async with asyncio.timeout(_PATIENCE):
                    writer.write(msgspec.json.encode(await self._answered(reader)) + b"\n")
                    await writer.drain()
            finally:
                writer.close()

    async def _answered(self, reader: asyncio.StreamReader) -> Answered:
        try:
            line = await reader.readline()
            request = request_decoder.decode(line)
        except (ValueError, msgspec.DecodeError) as error:
            where, why = explain(error)
            return Answered(error=f"that is no request of this version: {where.removeprefix('.') or 'it'} {why}")
        try:
            return self._answer(request)
        except Exception:
            _log.exception("what the administrator asked failed")
            return Answered(error="the server failed: its log says why")
