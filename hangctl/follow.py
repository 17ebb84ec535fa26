"""Follow a daemon until interrupted, and reconnect when it restarts: for observe, events, status -F and watch.

When the daemon goes away, that is reported once. Then its socket is tried again with an increasing pause until a daemon
answers there. It has to be tried, because the system does not tell when another process opens a socket.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from typing import NoReturn

from hangctl.client import Connection, Message, NoDaemon, TimedOut, wait_readable
from hangctl.options import Settings

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two attempts to reach a daemon that went away. A restart takes less than a second."""


def follow(
    settings: Settings,
    session: Callable[[Connection], None],
    *,
    on_absence: Callable[[str], None],
    required: bool = True,
) -> NoReturn:
    """Call ``session`` with a connection, and call it again with a new one each time the daemon came back.

    Args:
        session: Works until the connection raises NoDaemon or TimedOut. It must not return.
        on_absence: Called once for each absence of the daemon, with a sentence for the user.
        required: Whether a daemon must answer at the start.

    Raises:
        NoDaemon, TimedOut: A required daemon was not there, or did not answer, at the start.
        TimedOut: --timeout was given, and the daemon stayed away for longer.
        BrokenPipeError: Nobody reads stdout any more.
        Exception: Whatever else ``session`` raises.
    """
    output = sys.stdout.fileno()
    longest = settings.timeout or None
    away_since: float | None = None
    pause = _FIRST_PAUSE
    while True:
        try:
            with settings.connect() as connection:
                connection.stop_when_closed(output)
                # A process that accepts the connection may still hang, or may be about to close, so ask something.
                connection.request(["client_name"], action="follow the daemon")
                away_since, pause, required = None, _FIRST_PAUSE, False
                session(connection)
        except (NoDaemon, TimedOut) as error:
            if required:
                raise
            if away_since is None:
                away_since = time.monotonic()
                on_absence(f"{error}; waiting for it")
        left = pause
        if longest is not None and away_since is not None:
            left = away_since + longest - time.monotonic()
            if left <= 0:
                raise TimedOut(f"the daemon did not come back within {longest:g} s")
        wait_readable(output, None, min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)


def observe(connection: Connection, *properties: str) -> Iterator[Message]:
    """Yield a property-change event for each property at once, and again whenever one changes.

    Raises NoDaemon when the daemon goes away.
    """
    # The first events may arrive before the answer to the request, and they must not be lost.
    early: list[Message] = []
    connection.observe(*properties, on_event=early.append)
    for event in chain(early, events(connection)):
        if event["event"] == "property-change":
            yield event


def events(connection: Connection) -> Iterator[Message]:
    """Yield events as they arrive. Raises NoDaemon when the daemon goes away."""
    while True:
        if "event" in (message := connection.next_message(None)):
            yield message


def next_event(connection: Connection, deadline: float) -> Message | None:
    """Return the next event, or None if none arrives until ``deadline`` (``time.monotonic()``)."""
    with suppress(TimedOut):
        while "event" not in (message := connection.next_message(deadline)):
            pass
        return message
    return None
