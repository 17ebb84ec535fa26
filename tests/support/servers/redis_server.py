"""A real Redis: started on a free port and a Unix socket, and killed, stopped and emptied by tests.

Import the fixtures `redis_server` and `shared_redis`, or make one of its own with `running_redis`. Tests that use them
are skipped only where Debian's package redis-tools is not installed.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import pytest
import redis

from tests.support.daemons.party import PATIENCE, free_port, wait_for

__all__ = [
    "Machine",
    "RedisServer",
    "Sentinel",
    "edited",
    "linked",
    "redis_server",
    "running_machines",
    "running_redis",
    "running_sentinel",
    "shared_redis",
]

_CLUSTER: Final = Path(__file__).parents[3] / "contrib" / "cluster"
_FOLLOWS: Final = {b"flags": b"slave", b"master-link-status": b"ok"}
"""What a sentinel says of a replica that follows its master."""
_QUIET: Final = ("--save", "", "--daemonize", "no", "--repl-diskless-sync-delay", "0")


class RedisServer:
    """Redis in a folder of its own.

    Args:
        keeps: whether it keeps what it is given in a file, and has it again after `kill` and `start`.
        options: further ones, as on its command line.
        tls: whether it speaks TLS on its port, and nothing else (``options`` name the certificate).
        file: the text of its configuration file, which says itself what is kept.
    """

    def __init__(
        self,
        folder: Path,
        *options: str,
        keeps: bool = False,
        password: str | None = None,
        tls: bool = False,
        file: str | None = None,
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.path = folder / "redis.sock"
        self.password = password
        self._file = [] if file is None else [str(folder / "redis.conf")]
        self._options = [*options]
        if file is None:
            self._options += ["--appendonly", "yes" if keeps else "no", "--appendfsync", "always"]
        else:
            (folder / "redis.conf").write_text(file)
        self._options += ["--tls-port", str(self.port), "--port", "0"] if tls else ["--port", str(self.port)]
        if password is not None:
            self._options += ["--requirepass", password]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its URL by TCP, with the password."""
        login = "" if self.password is None else f":{self.password}@"
        return f"redis://{login}127.0.0.1:{self.port}/0"

    @property
    def socket_url(self) -> str:
        """Its URL by the Unix socket, with the password."""
        login = "" if self.password is None else f":{self.password}@"
        return f"unix://{login}{self.path}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [*self._file, "--bind", "127.0.0.1", "--dir", str(self.folder), "--unixsocket", str(self.path)]
        with (self.folder / "log").open("ab") as log:
            self._process = _run("redis-server", *command, *_QUIET, *self._options, output=log)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.ask("PING")
                return
            except (redis.ConnectionError, redis.exceptions.BusyLoadingError):
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise AssertionError((self.folder / "log").read_text()) from None
                time.sleep(0.02)

    def kill(self) -> None:
        """Kill it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None

    def restart(self, *, empty: bool = False) -> None:
        """Kill it and start it again, with what it kept in its file, or ``empty``."""
        self.kill()
        if empty:
            shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)
        self.start()

    def stop(self) -> None:
        """Let it stand still. It still has its connections."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def use_core(self, core: int) -> None:
        """Keep it on this core, with all of its threads."""
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})

    def ask(self, *words: str | bytes | int) -> Any:
        """Return the answer to a command, given on a connection of its own by another client library than hang's."""
        with contextlib.closing(redis.Redis(unix_socket_path=str(self.path), password=self.password)) as client:
            return client.execute_command(*words)  # type: ignore[no-untyped-call]

    def clients(self, name: str = "hang-") -> list[dict[str, str]]:
        """Return the connections whose names begin so."""
        lines = self.ask("CLIENT", "LIST").decode().splitlines()
        found = [dict(word.partition("=")[::2] for word in line.split()) for line in lines]
        return [each for each in found if each["name"].startswith(name)]

    def drop_connections(self, name: str = "hang-", kind: str | None = None) -> int:
        """End the connections whose names begin so; only those with this flag ("P": inboxes). Returns how many."""
        found = [each for each in self.clients(name) if kind is None or kind in each["flags"]]
        for each in found:
            self.ask("CLIENT", "KILL", "ID", each["id"])
        return len(found)

    def empty(self) -> None:
        """Delete everything, and forget all scripts."""
        self.ask("FLUSHALL")
        self.ask("SCRIPT", "FLUSH")


class Sentinel:
    """One sentinel.

    Args:
        file: the text of its configuration file, but for its folder, its address and its port.
    """

    def __init__(self, folder: Path, file: str, service: str = "hang") -> None:
        self.folder = folder
        self.port = free_port()
        self.service = service
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "sentinel.conf").write_text(f"bind 127.0.0.1\nport {self.port}\ndir {folder}\n{file}")

    @property
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self.port}/{self.service}/0"

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = _run("redis-sentinel", str(self.folder / "sentinel.conf"), output=log)
        wait_for(self._knows_a_replica, "the sentinel knows a replica")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None

    def ask(self, *words: str) -> Any:
        with contextlib.closing(redis.Redis(port=self.port)) as client:
            return client.execute_command(*words)  # type: ignore[no-untyped-call]

    def knows(self, *, replicas: int, sentinels: int) -> bool:
        """Tell whether it knows so many replicas, of which all follow the master, and so many other sentinels."""
        told = self.ask("SENTINEL", "REPLICAS", self.service)
        others = self.ask("SENTINEL", "SENTINELS", self.service)
        following = [each for each in told if _FOLLOWS.items() <= each.items()]
        return len(following) == len(told) == replicas and len(others) == sentinels

    def master(self) -> int:
        """Return the port of the Redis that it takes for the master."""
        return int(self.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.service)[1])

    def _knows_a_replica(self) -> bool:
        try:
            return any(_FOLLOWS.items() <= each.items() for each in self.ask("SENTINEL", "REPLICAS", self.service))
        except redis.RedisError:
            return False


class Machine(NamedTuple):
    """One machine of those in docs/cluster.md: its Redis and its Sentinel."""

    redis: RedisServer
    sentinel: Sentinel

    def kill(self) -> None:
        self.redis.kill()
        self.sentinel.kill()


def edited(name: str, changes: Mapping[str, str]) -> str:
    """Return a file of contrib/cluster as an administrator edits it.

    ``changes``: words with which one line begins, also one that is a comment, and what follows them then.
    """
    text = (_CLUSTER / name).read_text(encoding="utf-8")
    for words, value in changes.items():
        text, number = re.subn(rf"^(# )?{words} .*$", f"{words} {value}", text, flags=re.MULTILINE)
        assert number == 1, f"{name} has {number} lines that begin with {words!r}"
    return text


@contextlib.contextmanager
def running_machines(password: str) -> Iterator[list[Machine]]:
    """Run Redis and Sentinel of three machines with the files of contrib/cluster, edited as docs/cluster.md says.

    The first Redis is the master. The block is entered when all know each other.
    """
    with contextlib.ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hang-machine-"))) for _ in range(3)]
        servers: list[RedisServer] = []
        for folder in folders:
            changes = {"bind": "127.0.0.1", "requirepass": password, "masterauth": password}
            if servers:
                changes["replicaof"] = f"127.0.0.1 {servers[0].port}"
            servers.append(RedisServer(folder, password=password, file=edited("redis.conf", changes)))
        watched = f"127.0.0.1 {servers[0].port} 2"
        machines = []
        for folder, server in zip(folders, servers, strict=True):
            changes = {"sentinel monitor hang": watched, "sentinel auth-pass hang": password}
            text = edited("sentinel.conf", changes)
            machines.append(Machine(server, Sentinel(folder, text.replace("\nport 26379\n", "\n"))))
            stack.callback(machines[-1].kill)
        for machine in machines:
            machine.redis.start()
        wait_for(lambda: len(servers[0].ask("ROLE")[2]) == len(servers) - 1, "both replicas follow the master")
        for machine in machines:
            machine.sentinel.start()
        for machine in machines:
            wait_for(
                lambda sentinel=machine.sentinel: sentinel.knows(replicas=2, sentinels=2),  # type: ignore[misc]
                "the sentinels know each other and both replicas",
            )
        yield machines


@contextlib.contextmanager
def running_redis(
    *options: str, keeps: bool = False, password: str | None = None, tls: bool = False
) -> Iterator[RedisServer]:
    """Run a Redis. It is ended and deleted at the end."""
    if _program() is None:
        pytest.skip("Redis is not installed")
    with tempfile.TemporaryDirectory(prefix="hang-redis-") as name:
        server = RedisServer(Path(name), *options, keeps=keeps, password=password, tls=tls)
        server.start()
        try:
            yield server
        finally:
            server.kill()


@contextlib.contextmanager
def running_sentinel(watched: RedisServer) -> Iterator[Sentinel]:
    """Run a sentinel of a Redis that has a replica. It makes this the master when that is gone for half a second."""
    with tempfile.TemporaryDirectory(prefix="hang-sentinel-") as name:
        text = (
            f"sentinel monitor hang 127.0.0.1 {watched.port} 1\n"
            "sentinel down-after-milliseconds hang 500\nsentinel failover-timeout hang 2000\n"
        )
        sentinel = Sentinel(Path(name), text)
        sentinel.start()
        try:
            yield sentinel
        finally:
            sentinel.kill()


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    """A Redis for all tests of this worker, which keeps what it is given in its file."""
    with running_redis(keeps=True) as server:
        yield server


@pytest.fixture
def redis_server(shared_redis: RedisServer) -> RedisServer:
    """The same, with nothing in it. Who stops it lets it go on again."""
    if not shared_redis.is_running:
        shared_redis.start()
    shared_redis.empty()
    return shared_redis


def _program() -> str | None:
    """Return the path of Redis. One program is the server and the sentinel, by the name under which it is started;
    Debian's redis-tools, which starts neither, has it as one that checks files.
    """
    return shutil.which("redis-server") or shutil.which("redis-check-rdb")


def linked(folder: Path) -> Path:
    """Return the path of Redis under the name of its server, in this folder."""
    path = _program()
    assert path is not None, "Redis is missing: run .ci/setup all"
    link = folder / "redis-server"
    link.symlink_to(path)
    return link


def _run(name: str, *words: str, output: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([name, *words], executable=_program(), stdout=output, stderr=output)
