"""The servers as processes on one core, with the clients on another one. The kernel tells what they cost."""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.server.clients import Language
from tests.bench.server.languages import Hang, Relay, Syncplay
from tests.bench.server.relays import BROADCAST
from tests.support.daemons.party import PATIENCE, free_port, wait_for
from tests.support.servers.limits import UNLIMITED_OPTIONS
from tests.support.servers.server_process import ServerProcess

__all__ = [
    "FLOOR",
    "KEPT",
    "NODE",
    "NOT_KEPT",
    "SYNCPLAY",
    "WEBSOCKETS",
    "Contestant",
    "PIN",
    "Cost",
    "Running",
    "contestants",
    "cost_of",
    "hang",
    "hang_process",
    "memory_of",
    "relay",
    "running",
    "use_cores",
]

_CORES: Final = sorted(os.sched_getaffinity(0))
_SERVER_CORE: Final = _CORES[0]
_CLIENT_CORE: Final = _CORES[-1]
PIN: Final = ("taskset", "--cpu-list", str(_SERVER_CORE))
"""Words before a server's command, which keep it on the servers' core."""
_RELAY_JS: Final = Path(__file__).with_name("relay.js")
_DEBIANS_MODULES: Final = "/usr/share/nodejs"
_UNLIMITED: Final = (
    *("--max-per-address", "100000", "--max-clients", "100000", "--max-rooms", "100000"),
    *UNLIMITED_OPTIONS,
)
"""All clients have one address, and say more than people do."""

FLOOR: Final = "uvloop alone"
WEBSOCKETS: Final = "websockets.broadcast"
NODE: Final = "node's ws"
KEPT: Final = "hang"
NOT_KEPT: Final = "hang --no-keep-rooms"
SYNCPLAY: Final = "syncplay-server"


class Cost(NamedTuple):
    """Processor time in seconds."""

    total: float
    in_user: int
    """Ticks in the process itself, as /proc counts them, and in the kernel for it."""
    in_kernel: int

    @property
    def user(self) -> float:
        """The part of the total that is not in the kernel."""
        return self.total * self.in_user / max(self.in_user + self.in_kernel, 1)

    def __sub__(self, earlier: "Cost") -> "Cost":
        return Cost(self.total - earlier.total, self.in_user - earlier.in_user, self.in_kernel - earlier.in_kernel)


class Running:
    """A server that runs."""

    def __init__(self, pid: int, port: int, language: Language) -> None:
        self.pid = pid
        self.port = port
        self.language = language

    def cost(self) -> Cost:
        return cost_of(self.pid)

    def memory(self) -> int:
        return memory_of(self.pid)


def cost_of(pid: int) -> Cost:
    """Return what a process, with all of its threads, has cost so far."""
    # The clock of another process, as clock_getcpuclockid(3) makes it: to a nanosecond, where /proc has ticks.
    total = time.clock_gettime((~pid << 3) | 2)
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return Cost(total, int(fields[11]), int(fields[12]))


def memory_of(pid: int) -> int:
    """Return the resident set of a process in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Contestant(NamedTuple):
    """``absent`` says what is missing here; "": nothing."""

    name: str
    run: Callable[[Path], contextlib.AbstractContextManager[Running]]
    absent: str = ""


def use_cores() -> str:
    """Keep this process, whose clients measure, off the servers' core. Returns a phrase that says so."""
    os.sched_setaffinity(0, {_CLIENT_CORE})
    if _CLIENT_CORE == _SERVER_CORE:
        return "server and clients on one core, the only one"
    return f"server on core {_SERVER_CORE}, clients on core {_CLIENT_CORE}"


@contextlib.contextmanager
def hang(folder: Path, *options: str, keep: bool = True) -> Iterator[Running]:
    """Run ``hangd server`` with limits that are not reached. What it keeps and logs is in ``folder``."""
    with hang_process(folder, *options, keep=keep) as server:
        yield running(server)


@contextlib.contextmanager
def hang_process(folder: Path, *options: str, keep: bool = True, pinned: bool = True) -> Iterator[ServerProcess]:
    """Run ``hangd server``, and give the process itself."""
    given = (*_UNLIMITED, *options) if keep else (*_UNLIMITED, *options, "--no-keep-rooms")
    server = ServerProcess(
        folder / "data" if keep else None,
        folder / "server.log",
        options=given,
        prefix=PIN if pinned else (),
    )
    try:
        asyncio.run(server.start())
        yield server
    finally:
        server.close()


def running(server: ServerProcess) -> Running:
    """Return the same server as one that can be measured."""
    assert server.process is not None
    return Running(server.process.pid, server.port, Hang())


@contextlib.contextmanager
def _child(
    words: Sequence[str], language: Language, port: int | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Run another server. ``port``: where it was told to listen. None: it prints where it does."""
    process = subprocess.Popen(
        [*PIN, *words],
        stdout=subprocess.PIPE if port is None else subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
        text=True,
    )
    try:
        if port is None:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.strip().isdecimal(), f"{words} does not start"
            port = int(line)
        else:
            wait_for(lambda: _listens(port), f"{words[0]} listens", PATIENCE)
        yield Running(process.pid, port, language)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _listens(port: int | None) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def relay(*words: str) -> contextlib.AbstractContextManager[Running]:
    """Run one of the `tests.bench.server.relays`."""
    return _child((sys.executable, "-m", "tests.bench.server.relays", *words), Relay())


def _node(folder: Path) -> contextlib.AbstractContextManager[Running]:
    words = ("node", str(_RELAY_JS), str(len(BROADCAST)))
    return _child(words, Relay(), environment={"NODE_PATH": _DEBIANS_MODULES})


def _syncplay(folder: Path) -> contextlib.AbstractContextManager[Running]:
    port = free_port()
    words = ("syncplay-server", "--port", str(port), "--isolate-rooms", "--salt", "BENCH")
    return _child(words, Syncplay(), port)


def contestants() -> list[Contestant]:
    """Return all, with what is missing on this machine."""
    node = "" if shutil.which("node") and Path(_DEBIANS_MODULES, "ws").exists() else "Debian's node-ws is not installed"
    cython = "" if importlib.util.find_spec("picows") else "the Python package picows is not installed"
    syncplay = "" if shutil.which("syncplay-server") else "Debian's syncplay-server is not installed"
    return [
        Contestant(FLOOR, lambda folder: relay("floor")),
        Contestant("picows", lambda folder: relay("picows"), cython),
        Contestant(WEBSOCKETS, lambda folder: relay("websockets")),
        Contestant(NODE, _node, node),
        Contestant(SYNCPLAY, _syncplay, syncplay),
        Contestant(KEPT, lambda folder: hang(folder)),
        Contestant(NOT_KEPT, lambda folder: hang(folder, keep=False)),
    ]
