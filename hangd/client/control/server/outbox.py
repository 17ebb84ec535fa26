"""What goes to one control client not at once: events, properties that it observes, log lines. In this order.

Bounded, whoever does not read. Properties are not queued but looked up when the client can be written to: a slow reader
misses values in between, never the last. Events are queued up to a limit; beyond that they are dropped until the queue
has drained, which ``event-queue-overflow`` then says. Who stays choked for too long is shown the door. Log lines have a
buffer of their own.

Among the events stand the answers to what was asked with "async":true, and these are never dropped: how many can be
there, the connection limits.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hangd.client.control.events import EVENTS
from hangd.client.control.language import lines as dialect
from hangd.client.control.language.json import write
from hangd.client.control.port import CommandRefused
from hangd.client.control.server.log_messages import LogLines
from hangd.client.control.tables.property import PropertyTable

__all__ = ["Outbox"]

_log = logging.getLogger(__name__)

_MOST_EVENTS: Final = 1000
"""As many as mpv keeps."""
_MOST_BYTES: Final = 4 << 20
_MOST_OBSERVERS: Final = 1000
_LONGEST_NAME: Final = 1000
"""Characters. mpv has no such bounds, but each observer is looked at whenever anything moves, at everybody's cost."""


@dataclass
class _Observer:
    id: int
    name: str
    as_text: bool
    topic: str
    moves: bool
    stale: bool = True
    last: str | None = None
    """What was last delivered, as written. "" stands for no value, None for nothing delivered yet."""


class Outbox:
    """The events and observers of one client. Its owner sets ``writable`` as the transport says."""

    def __init__(self, transport: asyncio.Transport, properties: PropertyTable, patience: float) -> None:
        self.writable = True
        self._transport = transport
        self._properties = properties
        self._patience = patience
        self._events: deque[tuple[bytes, bool]] = deque()
        """As written, and whether it is an answer."""
        self._size = 0
        self._disabled: set[str] = set()
        self._choked: asyncio.TimerHandle | None = None
        self._observers: list[_Observer] = []
        self._log_lines: LogLines | None = None
        self._closed = False

    # ---- what the client wants ------------------------------------------------------------------------------------

    def observe(self, number: int, name: str, *, as_text: bool) -> None:
        """Deliver this property now and whenever it changes. Raises CommandRefused: there are too many already."""
        if len(self._observers) >= _MOST_OBSERVERS or len(name) > _LONGEST_NAME:
            raise CommandRefused("error running command", "RateLimited", "too much is observed already")
        topic, moves = self._properties.topic(name), self._properties.moves(name)
        self._observers.append(_Observer(number, name, as_text, topic, moves))

    def unobserve(self, number: int) -> None:
        self._observers = [observer for observer in self._observers if observer.id != number]

    def enable(self, name: str, wanted: bool) -> None:
        """Deliver this event from now on, or no more ("all": every one). Raises CommandRefused for unknown ones."""
        if name != "all" and (name not in EVENTS or (name == "shutdown" and not wanted)):
            raise CommandRefused("invalid parameter")
        names = set(EVENTS) if name == "all" else {name}
        self._disabled = self._disabled - names if wanted else self._disabled | names

    def request_log(self, level: str, wake: Callable[[], None]) -> None:
        """Deliver hangd's log from this level on ("no": none). ``wake`` is to flush. Raises CommandRefused."""
        before = self._log_lines
        if level == "no":
            lines = None
        else:
            try:
                lines = LogLines(level, wake)
            except ValueError:
                raise CommandRefused("invalid parameter") from None
        if before is not None and lines is not None and before.wanted == lines.wanted:
            # Another time the same: what has been kept stays.
            before.silent = lines.silent
            lines.close()
            wake()
            return
        if before is not None:
            before.close()
        self._log_lines = lines

    # ---- what has happened ----------------------------------------------------------------------------------------

    def offer(self, name: str, line: bytes) -> None:
        """Queue an event, written already."""
        if name in self._disabled or self._choked is not None or self._closed:
            return
        if self._events and (len(self._events) >= _MOST_EVENTS or self._size + len(line) > _MOST_BYTES):
            self._choked = asyncio.get_running_loop().call_later(self._patience, self._give_up)
            return
        self._events.append((line, False))
        self._size += len(line)

    def mark_place(self) -> int:
        """Return the place in the queue for an `answer` that is to come before the events from now on."""
        return len(self._events)

    def answer(self, line: bytes, place: int | None = None) -> None:
        """Queue an answer: at this place, which nothing may have been sent since; else at the end."""
        if not self._closed:
            self._events.insert(len(self._events) if place is None else place, (line, True))
            self._size += len(line)

    def mark(self, topics: frozenset[str]) -> bool:
        """Note that the properties of these topics may be new. Returns whether any is observed here."""
        marked = [observer for observer in self._observers if observer.topic in topics]
        for observer in marked:
            observer.stale = True
        return bool(marked)

    def mark_moving(self) -> None:
        """Note that positions have moved on."""
        for observer in self._observers:
            observer.stale |= observer.moves

    @property
    def observes_moving(self) -> bool:
        return any(observer.moves for observer in self._observers)

    # ---- delivery -------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Send queued events, then the properties that are no longer what they were, as far as the client reads."""
        while self._events and self.writable and not self._closed:
            line, _ = self._events.popleft()
            self._size -= len(line)
            self._write(line)
        if self._choked is not None and not self._events and self.writable:
            self._unchoke()
            if not self._closed:
                self._write(dialect.line({"event": "event-queue-overflow"}))
        for observer in self._observers:
            if not self.writable or self._closed:
                break
            if observer.stale:
                observer.stale = False
                self._deliver(observer)
        while self._log_lines is not None and self.writable and not self._closed:
            if (written := self._log_lines.take()) is None:
                break
            self._write(written)

    def close(self) -> None:
        """Deliver the answers that are due, and nothing more."""
        if not self._closed:
            for line, is_answer in self._events:
                if is_answer:
                    self._write(line)
        self._closed = True
        if self._log_lines is not None:
            self._log_lines.close()
            self._log_lines = None
        self._events.clear()
        self._observers.clear()
        self._unchoke()

    def _deliver(self, observer: _Observer) -> None:
        event: dict[str, Any] = {"event": "property-change"}
        if observer.id:
            event["id"] = observer.id
        event["name"] = observer.name
        written = ""
        read = self._properties.read_text if observer.as_text else self._properties.read
        try:
            event["data"] = read(observer.name)
            written = write(event["data"])
        except CommandRefused:
            pass
        except Exception:
            _log.exception("a property could not be read")
        if written != observer.last:
            observer.last = written
            self._write(dialect.line(event))

    def _write(self, line: bytes) -> None:
        # Of what is written to somebody who is gone asyncio would warn, line by line.
        if not self._transport.is_closing():
            self._transport.write(line)

    def _unchoke(self) -> None:
        if self._choked is not None:
            self._choked.cancel()
            self._choked = None

    def _give_up(self) -> None:
        _log.info("a control client does not read its events: closed")
        self._transport.abort()
