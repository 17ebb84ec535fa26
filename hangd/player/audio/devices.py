"""`SoundDevices`: watch which devices the sound server has, and whether it is there at all.

It has a connection of its own to PulseAudio, or PipeWire in its place, and looks for the server again where it is gone.
"""

import logging
import os
import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from hangd.player.audio.libpulse import (
    Connection,
    PulseUnavailable,
    SinkCallback,
    StateCallback,
    SubscribeCallback,
)

_log = logging.getLogger(__name__)

_SINKS_AND_SERVER: Final = 0x0001 | 0x0080
"""PA_SUBSCRIPTION_MASK_SINK and _SERVER."""
_AGAIN_SECONDS: Final = 2.0
"""From one look for a server that is gone to the next."""
_LOOK_SECONDS: Final = 30.0
"""The longest time without a look at the list. Changes are told by the server."""
_DEVICES_MAX: Final = 200


class Sink(NamedTuple):
    """A device that plays sound, as the server names and describes it. Both are untrusted texts."""

    name: str
    description: str


class SoundDevices:
    """Watches on a thread of its own until `close`, and calls ``told`` there.

    ``told`` gets the devices whenever they have changed; None: there is no server.
    """

    def __init__(self, told: Callable[[tuple[Sink, ...] | None], None]) -> None:
        self._told = told
        self._wake = threading.Event()
        self._closing = False
        self._last: tuple[Sink, ...] | str | None = "nothing was told yet"
        self._thread = threading.Thread(target=self._watch, name="sound devices", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing = True
        self._wake.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closing:
            try:
                self._watch_server()
            except PulseUnavailable as error:
                _log.debug("no sound server: %s", error)
            self._tell(None)
            if not self._closing:
                self._wake.clear()
                self._wake.wait(_AGAIN_SECONDS)

    def _watch_server(self) -> None:
        """Tell of the server's devices until it is gone. Raises PulseUnavailable."""
        server = Connection()
        try:
            listing = _Listing(server)
            # These are called on libpulse's thread. They have to live as long as the connection, as the listing does.
            state = StateCallback(lambda *_: self._wake.set())
            changed = SubscribeCallback(lambda *_: self._wake.set())
            with server.locked():
                server.pa.pa_context_set_state_callback(server.context, state, None)
                server.pa.pa_context_set_subscribe_callback(server.context, changed, None)
                server.release(server.pa.pa_context_subscribe(server.context, _SINKS_AND_SERVER, None, None))
            while server.is_alive and not self._closing:
                self._wake.clear()
                self._tell(listing.read())
                self._wake.wait(_LOOK_SECONDS)
        finally:
            server.close()

    def _tell(self, sinks: tuple[Sink, ...] | None) -> None:
        if sinks != self._last and not self._closing:
            self._last = sinks
            self._told(sinks)


class _Listing:
    """Reads the list of a server's devices."""

    def __init__(self, server: Connection) -> None:
        self._server = server
        self._found: list[Sink] = []
        self._callback = SinkCallback(self._take)

    def read(self) -> tuple[Sink, ...]:
        """Return the server's devices. Raises PulseUnavailable."""
        self._found.clear()
        with self._server.locked():
            operation = self._server.pa.pa_context_get_sink_info_list(self._server.context, self._callback, None)
        self._server.finish(operation)
        return tuple(self._found)

    def _take(self, _context: object, info: Any, end: int, _data: object) -> None:
        if end == 0 and len(self._found) < _DEVICES_MAX:
            name, description = info.contents.name or b"", info.contents.description or b""
            self._found.append(Sink(os.fsdecode(name), description.decode(errors="replace")))
