"""Run a room server and viewers as real processes, each viewer with a home directory of its own.

::

    with room_server() as url, person("ada", folder, display=":7") as ada:
        ada.ctl("create", "clip.mp4", "--server", url)
"""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from tests.support.output import Output

__all__ = ["BIN", "CLIP", "PATIENCE", "TRACKS", "Person", "Server", "free_port", "person", "room_server", "wait_for"]

MEDIA: Final = Path(__file__).parents[2] / "media"
CLIP: Final = MEDIA / "clip.mp4"
TRACKS: Final = MEDIA / "tracks.mkv"

PATIENCE: Final = 75.0
"""Seconds to wait for something that has to happen, on a busy machine."""

BIN: Final = Path(sys.executable).parent
"""The folder of the commands hangd and hangctl."""


def wait_for(condition: Callable[[], Any], what: str, timeout: float = PATIENCE) -> Any:
    """Call ``condition`` until its value is true, and return that value.

    Raises AssertionError, which names ``what``, after ``timeout`` seconds.
    """
    until = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"{what}: did not happen within {timeout:g} s")
        time.sleep(0.02)
    return value


def free_port() -> int:
    """Return a free port of 127.0.0.1.

    It is below the range from which the kernel takes ports for connections and for listeners on port 0 (32768 and up).
    So it is not taken by a test beside this one while a server that restarts does not hold it.
    """
    while True:
        port = random.SystemRandom().randrange(10_000, 32_768)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Person:
    """One viewer: a home, a runtime directory, perhaps a display, and hangctl to drive the daemon with."""

    def __init__(self, name: str, folder: Path, *, display: str | None, player: str) -> None:
        self.name = name
        self.folder = folder
        self.display = display
        home, runtime = folder / "home", folder / "run"
        home.mkdir(parents=True, exist_ok=True)
        runtime.mkdir(mode=0o700, exist_ok=True)
        kept = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VLC_PLUGIN_PATH", "PULSE_SERVER")
        self.environment = {key: os.environ[key] for key in kept if key in os.environ} | {
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(runtime),
            # The computer that runs the tests may fall asleep as it likes.
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={runtime / 'no-bus'}",
            "HANG_NAME": name,
            "HANG_PLAYER": player,
        }
        if display is not None:
            self.environment["DISPLAY"] = display
            if display != os.environ.get("DISPLAY"):
                # Xvfb's display. If Mesa is installed, VLC would draw with OpenGL in software, randomly 2-5 ms late.
                self.environment["HANG_VLC_OPTIONS"] = "--vout=xcb_x11"
            if "XAUTHORITY" in os.environ:
                self.environment["XAUTHORITY"] = os.environ["XAUTHORITY"]

    @property
    def socket(self) -> Path:
        return self.folder / "run" / "hang" / "hangd.sock"

    @property
    def log(self) -> str:
        path = self.folder / "home" / ".local" / "state" / "hang" / "hangd.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def words(self) -> list[str]:
        """Return the command that starts hangctl."""
        return [str(BIN / "hangctl")]

    def run(self, *arguments: str | Path, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """Run hangctl to its end."""
        words = [*self.words(), *map(str, arguments)]
        return subprocess.run(
            words, env=self.environment, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL
        )

    def ctl(self, *arguments: str | Path, timeout: float = PATIENCE) -> str:
        """Run hangctl and return its output without the last newline. Raises AssertionError if it fails."""
        done = self.run(*arguments, timeout=timeout)
        if done.returncode != 0:
            words = " ".join(map(str, arguments))
            raise AssertionError(f"{self.name}: hangctl {words}: exit {done.returncode}: {done.stderr}\n{self.log}")
        return done.stdout.rstrip("\n")

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = json.loads(self.ctl("status", "--json"))
        return status

    def get(self, name: str) -> Any:
        """Return a property's value; None if it has none now."""
        done = self.run("get", name, "--json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def do(self, *words: Any) -> Any:
        """Carry out a command of the control socket, and return its data. Raises AssertionError if it is refused."""
        answer = json.loads(self.ctl("ipc", json.dumps({"command": words})))
        assert answer["error"] == "success", (words, answer)
        return answer.get("data")

    def pid(self) -> int:
        return int(self.ctl("get", "pid"))

    def start_daemon(self) -> None:
        self.ctl("daemon", "start")

    def kill_daemon(self) -> None:
        """Kill the daemon with SIGKILL, as a crash would end it."""
        pid = self.pid()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not _alive(pid), "the daemon's end")

    def close(self) -> None:
        if self.socket.exists():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.run("daemon", "stop")


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@contextlib.contextmanager
def person(name: str, folder: Path, *, display: str | None = None, player: str = "vlc") -> Iterator[Person]:
    """Provide a viewer, whose daemon is stopped at the end."""
    somebody = Person(name, folder / name, display=display, player=player)
    try:
        yield somebody
    finally:
        somebody.close()


class Server:
    """The process of a room server, and its URL."""

    def __init__(self, port: int, options: tuple[str, ...]) -> None:
        self.url = f"ws://127.0.0.1:{port}/ws"
        self.port = port
        self._metrics: int | None = None
        """Port of its metrics, if it keeps its rooms: they tell when it has written them."""
        if "--data-dir" in options and "--metrics" not in options:
            self._metrics = free_port()
            options = (*options, "--metrics", str(self._metrics))
        self._options = options
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        words = [str(BIN / "hangd"), "server", "--listen", f"127.0.0.1:{self.port}", *self._options]
        process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        self._output = Output(process.stderr)
        try:
            self._output.line("listening", timeout=PATIENCE)
        except AssertionError:
            process.kill()
            process.wait()
            raise
        return process

    def kept(self) -> None:
        """Wait until the server has written all that it has answered, if it keeps its rooms.

        A crash loses what changed in the last moment (docs/store.md), and more of it on a busy machine.
        """
        if self._metrics is not None and self.process.poll() is None:
            wait_for(self._has_written, "the server's rooms are in its store")

    def _has_written(self) -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._metrics}/metrics", timeout=PATIENCE) as answer:
            return b"\nhang_rooms_unwritten 0.0\n" in answer.read()

    def kill(self, *, at_once: bool = False) -> None:
        """Kill the server with SIGKILL, as a crash would end it. It may be dead already.

        ``at_once``: not only when it has written what it keeps.
        """
        if not at_once:
            self.kept()
        self.process.kill()
        self.process.wait()
        self._output.wait(PATIENCE)

    def terminate(self) -> None:
        """End the server with SIGTERM, as its manager would. It must say that all went well."""
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0
        self._output.wait(PATIENCE)

    def restart(self) -> None:
        self.process = self._start()


@contextlib.contextmanager
def room_server(*options: str) -> Iterator[Server]:
    """Run ``hangd server`` on a free port of 127.0.0.1. It is killed at the end.

    Its rooms are lost then, unless ``options`` contain ``--data-dir``.
    """
    server = Server(free_port(), options if "--data-dir" in options else (*options, "--no-keep-rooms"))
    try:
        yield server
    finally:
        server.kill(at_once=True)
