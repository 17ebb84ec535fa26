"""Certificate: the server's TLS certificate, which is read again when its files change.

Programs that renew certificates exchange files, folders or symbolic links, and tell nobody. So the files that the names
lead to are looked at now and then. The certificate and its key are exchanged one after the other: a change counts when
two looks in a row have seen the same. A pair that cannot be used is reported once, and the old one stays.

New connections get the new certificate. Those that are open are not disturbed.
"""

import asyncio
import logging
import os
import ssl
from typing import Final

from hangd.server.listening import StartFailed, load_certificate
from hangd.tasks import Tasks, in_thread

_log = logging.getLogger(__name__)

_INTERVAL: Final = 30.0
"""Seconds between two looks at the files."""
_SETTLE: Final = 1.0
"""Seconds after which the second look at files that have changed follows."""
_LOOK_TIMEOUT: Final = 20.0
"""Seconds for one look. Files on a share of the network may not answer."""

Seen = tuple[tuple[int, ...] | None, ...]
"""What tells one state of the files from another: of each file its place on the disk, size and time of change."""


class Certificate:
    """See the module's docstring. Call `reload` at SIGHUP, `start` in the server's event loop, and await `aclose`.

    Args:
        context: has loaded these files (`hangd.server.listening.tls_context`).
        key: None if the key is in the certificate's file.
    """

    def __init__(self, context: ssl.SSLContext, certificate: str, key: str | None) -> None:
        self._context = context
        self._certificate = certificate
        self._key = key
        self._seen = self._look()
        self._tasks = Tasks()

    def start(self, interval: float = _INTERVAL, settle: float = _SETTLE) -> None:
        """Look at the files every ``interval`` seconds from now on, and read them if they have changed.

        ``settle``: seconds between the two looks that have to see the same change.
        """
        self._tasks.start(self._watch(interval, settle), name="certificate")

    async def aclose(self) -> None:
        await self._tasks.cancel()

    def reload(self) -> None:
        """Read the files now, whether they have changed or not."""
        self._seen = self._look()
        try:
            load_certificate(self._context, self._certificate, self._key)
        except (StartFailed, OSError) as error:
            _log.error("the old certificate stays: %s", error)
        else:
            _log.info("new connections get the certificate that is there now")

    async def _watch(self, interval: float, settle: float) -> None:
        before = self._seen
        while True:
            await asyncio.sleep(interval if before == self._seen else settle)
            try:
                # In a thread: the event loop must not wait for a disk that sleeps.
                now = await in_thread(self._look, deadline=_LOOK_TIMEOUT, doing="looking at the certificate")
            except TimeoutError:
                continue
            if now != self._seen and now == before:
                self.reload()
            before = now

    def _look(self) -> Seen:
        return tuple(_look_at(path) for path in (self._certificate, self._key) if path is not None)


def _look_at(path: str) -> tuple[int, ...] | None:
    """Return what tells this file from another one of the name; None if there is none. Symbolic links are followed."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
