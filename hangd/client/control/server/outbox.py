"""What one control client is sent unasked: events, changes of properties, log lines. In this order.

A `Connection` owns one; the control server puts events in and asks for a `flush`. A client that does not read costs
little:

- Properties are not queued. An observer is marked stale, and the value is read when it can be written. A slow client
  misses values in between, never the last one.
- Events are queued up to a limit. Beyond it they are dropped until the queue is empty, which ``event-queue-overflow``
  then tells. A client that stays choked for longer than ``patience`` is disconnected.
- Log lines have a buffer of their own (`log_messages`).

The answers to "async":true stand among the events, after the answers of their batch and before the events that they
caused. They are never dropped; the connection limits how many there can be.

A client that has closed its sending side gets answers alone, as from mpv: it sent N lines and reads N lines. Many close
it right after their first line, so for a moment after that nothing is sent unasked.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hangd.client.control.events import EVENTS
from hangd.client.control.language import lines
from hangd.client.control.language.json import write
from hangd.client.control.port import CommandRefused
from hangd.client.control.server.log_messages import LEVELS, LogMessages
from hangd.client.control.tables.property import MOVING, PropertyTable

_log = logging.getLogger(__name__)

_EVENTS_MAX: Final = 1000
"""As many as mpv queues."""
_BYTES_MAX: Final = 4 << 20
"""Of events. One event holds a megabyte at most when a client sends it to others: a line of script-message."""
_HELD_SECONDS: Final = 0.05
"""After a client's first line. Between its line and the end socat needs 0.2 ms, and up to 20 ms on a busy machine."""
_OBSERVERS_MAX: Final = 1000
_NAME_MAX: Final = 1000
"""Characters of an observed property's name. mpv has no such limits, but every observer costs time at every change."""


@dataclass
class _Observer:
    id: int
    name: str
    as_text: bool
    topics: frozenset[str]
    stale: bool = True
    last: str | None = None
    """What was delivered last, as written. "" stands for no value, None for nothing delivered yet."""


class Outbox:
    """The owner calls `connect` once, and sets ``writable`` as the transport says. ``wake`` has `flush` called soon."""

    def __init__(self, properties: PropertyTable, patience: float, wake: Callable[[], None]) -> None:
        self.writable = False
        self._transport: asyncio.Transport | None = None
        self._properties = properties
        self._patience = patience
        self._wake = wake
        self._events: deque[tuple[bytes, bool]] = deque()
        """Each as written, and whether it is an answer."""
        self._size = 0
        self._disabled: frozenset[str] = frozenset()
        self._choked: asyncio.TimerHandle | None = None
        self._observers: list[_Observer] = []
        self._log_messages: LogMessages | None = None
        self._heard = False
        """Whether the client has sent anything."""
        self._held: asyncio.TimerHandle | None = None
        """Ends the moment after that."""
        self._closed = False

    def connect(self, transport: asyncio.Transport) -> None:
        """Write to this transport. Events that were put in before are kept for it."""
        self._transport = transport
        self.writable = True
        self._wake()

    def heard(self) -> None:
        """Note that the client has sent something."""
        if not self._heard:
            self._heard = True
            self._held = asyncio.get_running_loop().call_later(_HELD_SECONDS, self._release)

    def _release(self) -> None:
        self._held = None
        self._wake()

    # ---- what the client asks for ---------------------------------------------------------------------------------

    def observe(self, number: int, name: str, *, as_text: bool) -> None:
        """Deliver this property now and whenever it changes. Raises CommandRefused where there are too many."""
        if len(self._observers) >= _OBSERVERS_MAX or len(name) > _NAME_MAX:
            raise CommandRefused.failed("RateLimited", "too much is observed already")
        self._observers.append(_Observer(number, name, as_text, self._properties.topics(name)))
        self._wake()

    def unobserve(self, number: int) -> None:
        self._observers = [observer for observer in self._observers if observer.id != number]

    def enable(self, name: str, wanted: bool) -> None:
        """Deliver this event (or "all") from now on, or no more. Raises CommandRefused where there is none such."""
        if name != "all" and (name not in EVENTS or (name == "shutdown" and not wanted)):
            raise CommandRefused.invalid()
        names = set(EVENTS) if name == "all" else {name}
        self._disabled = self._disabled - names if wanted else self._disabled | names

    def request_log(self, level: str) -> None:
        """Deliver hangd's log from this level on; "no" ends that. Raises CommandRefused where there is no such level.

        With "silent:" before the level, lines are kept until the same level is asked for without it.
        """
        name = level.removeprefix("silent:")
        if level != "no" and name not in LEVELS:
            raise CommandRefused.invalid()
        if self._log_messages is not None and self._log_messages.wanted != name:
            self._log_messages.close()
            self._log_messages = None
        if level == "no":
            return
        if self._log_messages is None:
            self._log_messages = LogMessages(name, self._wake)
        self._log_messages.silent = level != name
        self._wake()

    # ---- what has happened ----------------------------------------------------------------------------------------

    def offer(self, name: str, line: bytes) -> None:
        """Queue an event that is written already, unless the client does not want it or has too many."""
        if name in self._disabled or self._choked is not None or self._closed:
            return
        if self._held is not None and self._is_full(line):
            self._held.cancel()  # Nothing is lost because of that moment.
            self._held = None
            self.flush()
        if self._is_full(line):
            self._choked = asyncio.get_running_loop().call_later(self._patience, self._give_up)
            return
        self._events.append((line, False))
        self._size += len(line)

    def _is_full(self, line: bytes) -> bool:
        """Return whether this event would be one too many."""
        return bool(self._events) and (len(self._events) >= _EVENTS_MAX or self._size + len(line) > _BYTES_MAX)

    def end(self) -> int:
        """Return the place in the queue where the next event will be, for `answer`."""
        return len(self._events)

    def answer(self, line: bytes, place: int | None = None) -> None:
        """Queue an answer, before the events that came since `end` returned ``place``. Nothing may be sent between."""
        if not self._closed:
            self._events.insert(self.end() if place is None else place, (line, True))
            self._size += len(line)
            self._wake()

    def mark(self, topics: frozenset[str]) -> bool:
        """Note that properties of these topics may have changed. Returns whether any is observed here."""
        for observer in self._observers:
            observer.stale |= not observer.topics.isdisjoint(topics)
        return any(observer.stale for observer in self._observers)

    @property
    def observes_moving(self) -> bool:
        return any(MOVING in observer.topics for observer in self._observers)

    # ---- delivery -------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Write lines at once, unless the client is gone."""
        # asyncio logs a warning for every write to a transport that is closing.
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def flush(self, *, at_once: bool = False) -> None:
        """Write events, changed properties and log lines, as long as the client reads.

        ``at_once``: also in the moment after its first line.
        """
        if self._held is not None and not at_once:
            return
        while self._events and self.writable:
            line, _ = self._events.popleft()
            self._size -= len(line)
            self.write(line)
        if self._choked is not None and not self._events and self.writable:
            self._unchoke()
            self.write(lines.line({"event": "event-queue-overflow"}))
        for observer in self._observers:
            if not self.writable:
                break
            if observer.stale:
                observer.stale = False
                self._deliver(observer)
        while self._log_messages is not None and self.writable and (taken := self._log_messages.take()) is not None:
            self.write(taken)

    def answer_only(self) -> None:
        """Drop what the client has not asked for, and take no more of it."""
        self._disabled = frozenset(EVENTS)
        self._events = deque((line, True) for line, is_answer in self._events if is_answer)
        self._size = sum(len(line) for line, _ in self._events)
        self._observers.clear()
        if self._log_messages is not None:
            self._log_messages.close()
            self._log_messages = None
        self._unchoke()

    def close(self) -> None:
        """Write the answers that are queued, and drop everything else."""
        if self._closed:
            return
        self._closed = True
        self.answer_only()
        for line, _ in self._events:
            self.write(line)
        self._events.clear()
        if self._held is not None:
            self._held.cancel()

    def _deliver(self, observer: _Observer) -> None:
        event: dict[str, Any] = {"event": "property-change"}
        if observer.id:
            event["id"] = observer.id
        event["name"] = observer.name
        written = ""
        read = self._properties.read_text if observer.as_text else self._properties.read
        try:
            value = read(observer.name)
            written = write(value)
            event["data"] = value
        except CommandRefused:
            pass
        except Exception:
            # To the client it is a property without a value; its other observers go on.
            _log.exception("the property %s cannot be read", observer.name)
        if written != observer.last:
            observer.last = written
            self.write(lines.line(event))

    def _unchoke(self) -> None:
        if self._choked is not None:
            self._choked.cancel()
            self._choked = None

    def _give_up(self) -> None:
        _log.info("a control client does not read its events: closed")
        if self._transport is not None:
            self._transport.abort()
