"""Send junk lines to a control server while another client works: ``python -m tests.client.control.fuzz``.

In this process: a viewer with the simulated player, its control server (Unix and TCP), attackers one after another, and
a bystander that observes and asks all the time. A room server runs in its own process. A run looks for anything that is
logged as an error or with a traceback, for a missing answer, for an effect on the bystander, and for growth: what the
second half of the lines leaves behind in addition to the first half.
"""

import argparse
import asyncio
import gc
import json
import logging
import os
import random
import sys
import tempfile
import time
from array import array
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from hangd.client.control.language.lines import Malformed, Request, decode
from hangd.client.control.server.sockets import ControlServer
from hangd.client.control.server.tcp import TcpListener
from hangd.client.media.files import MediaFiles
from hangd.client.settings import ClientSettings
from hangd.client.viewer import Viewer
from hangd.player.simulated import SimulatedPlayer
from hangd.server.settings import ServerSettings
from tests.support.crowds.junk import any_line
from tests.support.daemons.control import ControlClient, until
from tests.support.daemons.party import CLIP
from tests.support.figures import percentile
from tests.support.servers.limits import UNLIMITED
from tests.support.servers.server import process

__all__ = ["Report", "fuzz"]

LAST: Final = b'{"command":["client_name"],"request_id":"the last"}\n'
ANSWERED: Final = b'"request_id":"the last","error":"success"}\n'
WAITING: Final = 0.1
"""Seconds for a client that has sent a command which waits."""


@dataclass
class Report:
    """The result of a run, in bytes and seconds."""

    inputs: int = 0
    clients: int = 0
    seconds: float = 0.0
    asked: int = 0
    answered_in: "array[float]" = field(default_factory=lambda: array("d"))
    faults: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    sizes: list["Size"] = field(default_factory=list)

    def __str__(self) -> str:
        start, half, end = self.sizes
        median, p99 = (percentile(self.answered_in, share) * 1e3 for share in (0.5, 0.99))
        growth = ", ".join(f"{name} {count}" for name, count in (end.kinds - half.kinds).most_common(5)) or "none"
        lines = [
            f"{self.inputs} lines by {self.clients} clients in {self.seconds:.1f} s",
            f"a bystander asked {self.asked} times: answered in {median:.1f} ms (median), {p99:.1f} ms (p99), "
            f"{max(self.answered_in) * 1e3:.1f} ms (worst)",
            f"resident: {start.resident >> 10} KiB, {half.resident >> 10} half-way, {end.resident >> 10} at the end",
            f"objects: {start.objects}, {half.objects} half-way, {end.objects} at the end; since half-way: {growth}",
            f"tasks: {start.tasks}, {half.tasks}, {end.tasks}; descriptors: {start.files}, {half.files}, {end.files}",
            *(f"warned {count} times: {text}" for text, count in self.warnings.most_common()),
            *(f"FAULT, {count} times: {fault}" for fault, count in self.faults.most_common()),
        ]
        return "\n".join(lines)


@dataclass
class Size:
    """The size of this process, at rest."""

    resident: int
    objects: int
    tasks: int
    files: int
    kinds: Counter[str]

    @classmethod
    def now(cls) -> "Size":
        gc.collect()
        objects = gc.get_objects()
        kinds = Counter(type(each).__qualname__ for each in objects)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        files = len(os.listdir("/proc/self/fd"))
        return cls(pages * os.sysconf("SC_PAGE_SIZE"), len(objects), len(asyncio.all_tasks()), files, kinds)


class Witness(logging.Handler):
    """Counts what is logged. Errors and tracebacks are faults."""

    def __init__(self, report: Report) -> None:
        super().__init__(logging.WARNING)
        self._report = report

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR or record.exc_info:
            text = logging.Formatter().format(record)
            self._report.faults[text] += 1
        else:
            self._report.warnings[str(record.msg)] += 1


def may_wait(line: bytes) -> bool:
    """Return whether this line has a command that waits: hang's own commands."""
    try:
        asked = decode(line)
    except Malformed:
        return False
    if asked is None:
        return False
    requests = (asked,) if isinstance(asked, Request) else asked
    return any(each.name.replace("_", "-").startswith(("hang-", "room-", "server-")) for each in requests)


class Fuzz:
    """One run in ``folder``. ``report`` is its result."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.report = Report()
        self._folder = folder
        self._chance = random.Random(seed)
        self._tcp = TcpListener(("127.0.0.1", 0), folder / "token")
        self._seed = seed

    async def run(self, inputs: int) -> None:
        witness = Witness(self.report)
        logging.getLogger().addHandler(witness)
        began = time.perf_counter()
        try:
            async with AsyncExitStack() as stack:
                # In its own process, so that what it keeps is not measured here.
                settings = ServerSettings(**UNLIMITED, max_rooms=1_000_000)
                server = stack.enter_context(process(settings))
                self._url = server.url
                viewer = Viewer(
                    ClientSettings(name="fuzz", server=self._url),
                    SimulatedPlayer,
                    MediaFiles(None),
                    version="0",
                    quit=lambda: self.report.faults.update(["quit was allowed"]),
                )
                stack.push_async_callback(viewer.close)
                self._server = ControlServer(viewer, self._folder / "hangd.sock", tcp=self._tcp)
                await self._server.start()
                stack.push_async_callback(self._server.close)
                self._token = (self._folder / "token").read_text().strip()
                await self._attack(inputs)
                if "Traceback" in server.log():
                    self.report.faults[server.log()] += 1
        finally:
            logging.getLogger().removeHandler(witness)
        self.report.seconds = time.perf_counter() - began

    async def _attack(self, inputs: int) -> None:
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stand_by(over))
            # First fill what is bounded and kept on purpose: the trace and the caches.
            await self._send(max(inputs // 10, 1))
            self.report.sizes.append(await self._size())
            for half in (inputs // 2, inputs):
                await self._send(half - self.report.inputs)
                self.report.sizes.append(await self._size())
            over.set()

    async def _size(self) -> Size:
        """Return the size with no client but the bystander, no film and no room."""
        await until(lambda: len(self._server.connections) == 1)
        await self._session([b'{"command":["room-leave"]}', b'{"command":["stop"]}'])
        await until(lambda: len(self._server.connections) == 1)
        return Size.now()

    async def _send(self, inputs: int) -> None:
        left = inputs
        while left > 0:
            lines = [
                any_line(self._chance).replace(b"\n", b" ")
                for _ in range(self._chance.randrange(1, min(left, 300) + 1))
            ]
            left -= len(lines)
            self.report.inputs += len(lines)
            if self._chance.random() < 0.9:
                lines = [line if not may_wait(line) else b"" for line in lines]
            try:
                await self._session(self._prelude() + lines)
            except Exception as error:
                self.report.faults[f"{error!r} with {lines!r}"] += 1
                raise

    def _prelude(self) -> list[bytes]:
        """Return lines that put the viewer into a state that is worth an attack."""
        clip = str(CLIP)
        match self._chance.randrange(12):
            case 0:
                commands = [["loadfile", clip], ["set_property", "pause", False]]
            case 1:
                commands = [["server-connect", self._url], ["room-create", clip]]
            case 2:
                commands = [["room-leave"], ["set_property", "pause", True]]
            case 3:
                commands = [["set_property", "pause", False], ["seek", self._chance.uniform(0, 20), "absolute"]]
            case _:
                commands = []
        return [json.dumps({"command": command}).encode() for command in commands]

    async def _session(self, lines: list[bytes]) -> None:
        """Send these lines as one client, by Unix socket or TCP, and end it politely or not."""
        self.report.clients += 1
        kind = self._chance.random()
        if kind < 0.03:
            await self._send_without_token(lines)
            return
        by_tcp = kind < 0.15
        if by_tcp:
            client = await ControlClient.connect_tcp(self._tcp.address)
            assert (await client.ask("auth", self._token))["error"] == "success"
        else:
            client = await ControlClient.connect(self._folder / "hangd.sock")
        patient = by_tcp or any(map(may_wait, lines))
        try:
            client.writer.write(b"".join(line + b"\n" for line in lines))
            if kind > 0.93:
                client.writer.transport.abort()  # as if the client was killed
                return
            client.writer.write(LAST)
            client.writer.write_eof()
            if patient:
                async with asyncio.timeout(WAITING):
                    await client.reader.read()
            elif ANSWERED not in await client.rest():
                self.report.faults[f"no last answer after {lines!r}"] += 1
        except (TimeoutError, ConnectionError):
            if not patient:
                self.report.faults[f"cut off, or no last answer, after {lines!r}"] += 1
        finally:
            client.writer.transport.abort()

    async def _send_without_token(self, lines: list[bytes]) -> None:
        """Send these lines by TCP without the token. The answer must be at most one refusal, and the end."""
        client = await ControlClient.connect_tcp(self._tcp.address)
        try:
            client.writer.write(b"".join(line + b"\n" for line in lines) + LAST)
            said = await client.rest()
        except ConnectionError:
            said = b""
        finally:
            client.writer.transport.abort()
        if said.count(b"\n") > 1 or b"success" in said:
            self.report.faults[f"a client without the token was answered with {said!r} after {lines!r}"] += 1

    async def _stand_by(self, over: asyncio.Event) -> None:
        """Ask, observe and listen all the time; every answer and event must come."""
        client = await ControlClient.connect(self._folder / "hangd.sock")
        await client.ask("observe_property", 1, "time-pos")
        await client.ask("observe_property_string", 2, "pause")
        name = (await client.ask("client_name"))["data"]
        while not over.is_set():
            began = time.perf_counter()
            answer = await client.ask("client_name")
            self.report.answered_in.append(time.perf_counter() - began)
            self.report.asked += 1
            if answer["data"] != name:
                self.report.faults[f"the bystander was answered {answer}"] += 1
            mark = f"mark {self.report.asked}"
            await client.ask("script-message", mark)
            while (await client.event("client-message"))["args"] != [mark]:
                pass
            client.events.clear()
        await client.close()


async def fuzz(folder: Path, inputs: int, seed: int) -> Report:
    """Send so many lines. Nothing is written outside ``folder`` if $XDG_STATE_HOME is in it."""
    one = Fuzz(folder, seed)
    await one.run(inputs)
    return one.report


def main() -> int:
    parser = argparse.ArgumentParser(description="send junk to a control server, and look for faults")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="how many lines")
    parser.add_argument("--seed", type=int, default=None, help="for the same lines again")
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if arguments.seed is None else arguments.seed
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        report: Any = asyncio.run(fuzz(Path(folder), arguments.inputs, seed))
    print(f"seed {seed}: {report}")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
