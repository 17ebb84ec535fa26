"""To follow the daemon for hours, also through its absence: observe, events, status -F, watch.

A daemon that goes away is said once; then its socket is tried again and again, with a back-off, until somebody answers
there, and whoever follows begins anew. Nothing tells when a socket of another process appears, so it has to be tried.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from typing import NoReturn

from hangctl.client import Connection, Message, NoDaemon, TimedOut, wait_for_news
from hangctl.options import Settings

__all__ = ["events", "follow", "next_event", "observing"]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two attempts to reach a daemon that went away: a restart is over in less than one."""


def follow(
    settings: Settings,
    session: Callable[[Connection], None],
    *,
    away: Callable[[str], None],
    needed: bool = True,
) -> NoReturn:
    """Call ``session`` with a connection, and again with another whenever the daemon went away and came back.

    A session ends by NoDaemon or TimedOut alone. ``away`` is called once for each absence, with a sentence about it.
    Raises NoDaemon (or TimedOut) where the daemon is ``needed`` and there is none (or it does not answer) to begin
    with; TimedOut where --timeout was said and it stayed away for so long; BrokenPipeError where nobody reads stdout;
    and whatever else a session raises.
    """
    reader = sys.stdout.fileno()
    absent = _Absence(settings, reader)
    while True:
        try:
            with settings.connect() as connection:
                connection.heed(reader)
                # A socket that accepts is not yet a daemon that answers: it may be stuck, or be about to close.
                connection.ask(["client_name"], doing="follow the daemon")
                absent.over()
                needed = False
                session(connection)
        except (NoDaemon, TimedOut) as error:
            if needed:
                raise
            if absent.begins():
                away(f"{error}; waiting for it")
        absent.pause()


class _Absence:
    """How long the daemon has been away, and how long to wait until it is tried again."""

    def __init__(self, settings: Settings, reader: int) -> None:
        self._patience = settings.timeout or None
        self._reader = reader
        self._since: float | None = None
        self._next = _FIRST_PAUSE

    def begins(self) -> bool:
        """Tell whether this is news."""
        if self._since is not None:
            return False
        self._since = time.monotonic()
        return True

    def over(self) -> None:
        self._since, self._next = None, _FIRST_PAUSE

    def pause(self) -> None:
        pause = self._next
        self._next = min(2 * self._next, _LONGEST_PAUSE)
        if self._patience is not None and self._since is not None:
            left = self._since + self._patience - time.monotonic()
            if left <= 0:
                raise TimedOut(f"the daemon did not come back within {self._patience:g} s")
            pause = min(pause, left)
        wait_for_news(self._reader, None, pause)


def observing(connection: Connection, *properties: str) -> Iterator[Message]:
    """Yield a property-change event for each of these now and whenever one changes, for as long as the daemon lives."""
    # The first values may come before the reply to the request; they are news here, and not older than the reply.
    early: list[Message] = []

    def keep(event: Message) -> bool:
        early.append(event)
        return False

    connection.observe(*properties, on_event=keep)
    for event in chain(early, events(connection)):
        if event["event"] == "property-change":
            yield event


def events(connection: Connection) -> Iterator[Message]:
    """Yield events as they come, for as long as the daemon lives; NoDaemon when it goes."""
    while True:
        message = connection.next_message(None)
        if "event" in message:
            yield message


def next_event(connection: Connection, timeout: float) -> Message | None:
    """Return the next event, or None where none comes within ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    with suppress(TimedOut):
        while "event" not in (message := connection.next_message(deadline - time.monotonic())):
            pass
        return message
    return None
