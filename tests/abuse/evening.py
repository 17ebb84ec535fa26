"""An evening: a room of five that plays on while its server is attacked, and newcomers from elsewhere. A process.

::

    python -m tests.abuse.evening PORT CONTROL_PORT [CERTIFICATE]

Each of the five sends a command every 200 ms, and each delivery to each of the five is timed. Every 300 ms somebody
comes from an address that nobody else has, joins the room and leaves it again; that is timed, too. The same happens at
CONTROL_PORT, where a server is that nobody attacks: what is late there is late because of the machine.

It is a process of its own, so that the attacker's work in the test's process does not delay what is measured. On a line
``SINCE UNTIL`` (times of the monotonic clock) it answers with a `Told` as one line of JSON. ``tests.abuse.siege`` asks.
"""

import asyncio
import contextlib
import itertools
import random
import ssl
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from tests.abuse.raw import Raw, member

__all__ = ["Room", "Told"]

MEMBERS: Final = 5
_EVERY: Final = 0.2
_NEWCOMER_EVERY: Final = 0.3
_LOST_AFTER: Final = 20.0
"""Seconds after which a command that has not arrived counts as lost."""
_NEWCOMER_TIMEOUT: Final = 60.0
"""Seconds after which a newcomer counts as kept out. Longer than it may take on a busy machine: who is late is found by
how long it took (`tests.abuse.siege`)."""


class Room(Struct):
    """What was measured in one room, of what began in a time."""

    latencies: list[float | None] = []
    """Seconds of each delivery. None: it did not come."""
    joins: list[float | None] = []
    """Seconds from the newcomer's first byte to its RoomJoined. None: it did not get in."""
    refusals: list[str] = []
    """Why newcomers did not get in."""
    lost: list[str] = []
    """Of the five, whose connection ended, and how."""


class Told(Struct):
    attacked: Room
    control: Room


class _Evening:
    def __init__(self, port: int, tls: ssl.SSLContext | None, block: int) -> None:
        self._port = port
        self._tls = tls
        self._block = block
        self._members: list[Raw] = []
        self.room_id = ""
        self._sent: dict[str, float] = {}
        self._latencies: list[tuple[float, float]] = []
        self._joins: list[tuple[float, float | None, str]] = []
        self._numbers = itertools.count()

    async def begin(self) -> None:
        for number in range(MEMBERS):
            raw, answer = await member(
                self._port,
                f"ann {number}",
                f"127.{self._block}.0.{number + 1}",
                room=self.room_id or None,
                tls=self._tls,
            )
            self.room_id = answer["room_id"]
            raw.got = self._got  # type: ignore[method-assign]
            self._members.append(raw)

    def _got(self, whole: dict[str, Any]) -> None:
        if whole["type"] == "SyncBroadcast":
            sent = self._sent.get(whole["payload"].get("command_id", ""))
            if sent is not None:
                self._latencies.append((sent, time.monotonic() - sent))

    async def commands(self, number: int) -> None:
        """Send one member's commands, at fixed times, however late the answers are."""
        raw, began = self._members[number], time.monotonic() + number * _EVERY / MEMBERS
        for count in itertools.count():
            await asyncio.sleep(max(0.0, began + count * _EVERY - time.monotonic()))
            name = str(next(self._numbers))
            self._sent[name] = time.monotonic()
            raw.say("SyncCommand", action="Pause", timestamp=float(int(name)), command_id=name)

    async def newcomers(self) -> None:
        async with asyncio.TaskGroup() as group:
            for count in itertools.count():
                source = f"127.{self._block + 1}.{count // 250}.{count % 250 + 1}"
                group.create_task(self._newcomer(source, f"new {count}"))
                await asyncio.sleep(_NEWCOMER_EVERY)

    async def _newcomer(self, source: str, name: str) -> None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(_NEWCOMER_TIMEOUT):
                raw, _ = await member(self._port, name, source, room=self.room_id, tls=self._tls)
        except (OSError, TimeoutError) as error:
            self._joins.append((began, None, str(error) or type(error).__name__))
            return
        self._joins.append((began, time.monotonic() - began, ""))
        raw.say("LeaveRoom")
        with contextlib.suppress(OSError, TimeoutError):
            await raw.hear("RoomLeft", timeout=_NEWCOMER_TIMEOUT)
        raw.abort()

    async def told(self, since: float, until: float) -> Room:
        """Return what began in this time, once it has arrived or is lost."""
        while True:
            sent = sum(since <= at < until for at in self._sent.values())
            latencies: list[float | None] = [took for at, took in self._latencies if since <= at < until]
            missing = sent * MEMBERS - len(latencies)
            joins = [one for one in self._joins if since <= one[0] < until]
            waits = time.monotonic() < until + (_LOST_AFTER if missing else _NEWCOMER_TIMEOUT)
            if not waits or (not missing and len(joins) >= (until - since) / _NEWCOMER_EVERY - 1):
                break
            await asyncio.sleep(0.05)
        return Room(
            latencies + [None] * missing,
            [took for _, took, _ in joins],
            [why for _, took, why in joins if took is None],
            [f"ann {number}: {raw.close_code}" for number, raw in enumerate(self._members) if raw.ended],
        )


def _context(certificate: str | None) -> ssl.SSLContext | None:
    return None if certificate is None else ssl.create_default_context(cafile=certificate)


async def _lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def _evenings(words: list[str]) -> Iterator[_Evening]:
    block = random.choice(range(16, 120))
    yield _Evening(int(words[0]), _context(words[2] if len(words) > 2 else None), block)
    yield _Evening(int(words[1]), None, block + 2)


async def _main(words: list[str]) -> None:
    attacked, control = _evenings(words)
    lines = await _lines()
    async with asyncio.TaskGroup() as group:
        tasks = []
        for evening in (attacked, control):
            await evening.begin()
            tasks += [group.create_task(evening.commands(number)) for number in range(MEMBERS)]
            tasks.append(group.create_task(evening.newcomers()))
        print("ready", attacked.room_id, flush=True)
        while line := await lines.readline():
            since, until = map(float, line.split())
            told = Told(*await asyncio.gather(attacked.told(since, until), control.told(since, until)))
            print(msgspec.json.encode(told).decode(), flush=True)
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
