"""Syncplay with mpv, measured in the same way as hang: a server and two viewers on two screens.

::

    with Syncplay(clip.path, (left.display, right.display), folder) as peers:
        peers.start()
        peers.seek(60.0)
        peers.pause()

Each viewer has a home folder of its own. It is controlled by the commands that a user types into `syncplay --no-gui`;
they do the same as the buttons of its window. The settings are Syncplay's defaults except for these: viewers are ready
at once (otherwise the first Play would only tell that a viewer is ready), each opens its own file instead of a shared
playlist's, no viewer looks for updates, and nothing is drawn over the picture, because it must be readable.

mpv draws with `x11`. On a screen of Xvfb this takes 6 % of a core for a clip of the benchmark (640x360, 30 pictures a
second), and each picture is within half a millisecond of its time. `sdl` takes 20 % and varies by 4 ms, and `gpu` finds
no OpenGL. mpv plays its sound to PULSE_SERVER if a viewer's environment names one, and otherwise into its null output,
which keeps time as well.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.support.closing import Closing
from tests.support.daemons.party import PATIENCE, free_port, wait_for
from tests.support.network.badlink import BadLink

__all__ = ["Syncplay", "available", "versions"]

_COMMANDS: Final = ("syncplay", "syncplay-server", "mpv")
_NAMES: Final = ("ada", "bob")
_ROOM: Final = "bench"

_INI: Final = """\
[client_settings]
readyAtStart = True
sharedPlaylistEnabled = False
[gui]
showOSD = False
chatOutputEnabled = False
chatInputEnabled = False
[general]
language = en
checkForUpdatesAutomatically = False
"""

_MPV: Final = {
    "config": "no",
    "vo": "x11",
    "hwdec": "no",
    "geometry": "640x360+0+0",
    "border": "no",
    "osc": "no",
    "osd-level": "0",
    "cursor-autohide": "always",
}

_SETTLING: Final = 2.5
"""Seconds. For 1 s after opening a file, and for 2 s after connecting, Syncplay ignores what its player does
(MPV_NEWFILE_IGNORE_TIME and LAST_PAUSED_DIFF_THRESHOLD in its constants.py)."""

_END: Final = 5.0
"""Seconds within which a process has to end by itself."""


def available() -> str | None:
    """Return what has to be installed first; None if nothing is missing."""
    missing = [command for command in _COMMANDS if shutil.which(command) is None]
    if not missing:
        return None
    return f"no {', '.join(missing)}: apt-get install --no-install-recommends {' '.join(missing)}"


def versions() -> str:
    """Return the versions, as in "Syncplay 1.6.9, mpv 0.35.1"."""
    found = []
    for command in ("syncplay", "mpv"):
        done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
        match = re.search(rf"{command}\D*([\d.]+\d)", done.stdout, re.IGNORECASE)
        found.append(f"{command.replace('sync', 'Sync')} {match[1] if match else '?'}")
    return ", ".join(found)


class Syncplay(Closing):
    """A Syncplay server and two viewers, one on each display. All of them end with the context.

    Args:
        film: The file that both play.
        displays: Two X displays of at least 640x360, such as ":7" and ":8".
        folder: A new folder for homes and logs.
        far: Makes the second viewer's link to the server's port, such as ``partial(BadLink, out=0.1)``. The attribute
            ``link`` is the result.
        sound: Variables to add to each viewer's environment, such as PULSE_SERVER and PULSE_SINK.
    """

    def __init__(
        self,
        film: Path,
        displays: tuple[str, str],
        folder: Path,
        *,
        far: Callable[[int], BadLink] | None = None,
        sound: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {}),
    ) -> None:
        self._stack = contextlib.ExitStack()
        self.link: BadLink | None = None
        try:
            port = self._serve(folder)
            if far is not None:
                self.link = self._stack.enter_context(far(port))
            ports = (port, port if self.link is None else self.link.port)
            self._viewers: list[_Viewer] = []
            for name, display, viewers_port, more in zip(_NAMES, displays, ports, sound, strict=True):
                environment = {"DISPLAY": display, **more}
                viewer = _Viewer(name, film, viewers_port, folder / name, environment)
                self._stack.callback(viewer.close)
                self._viewers.append(viewer)
        except BaseException:
            self.close()
            raise

    def _serve(self, folder: Path) -> int:
        """Run the server. It listens on all addresses of the machine; this version has no option for that."""
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        log = self._stack.enter_context(open(folder / "server.log", "wb"))
        command = ["syncplay-server", "--port", str(port), "--isolate-rooms"]
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self._stack.callback(_end, server)
        wait_for(lambda: server.poll() is not None or _answers(port), "Syncplay's server")
        if server.poll() is not None:
            raise RuntimeError(f"syncplay-server ended: {(folder / 'server.log').read_text()}")
        return port

    def start(self) -> None:
        """Wait until both are in the room, with the film paused at its beginning; then the first one plays."""
        for viewer in self._viewers:
            wait_for(viewer.stands, f"{viewer.name}'s film, paused")
        wait_for(lambda: all(viewer.sees(_NAMES) for viewer in self._viewers), "both in a room")
        time.sleep(_SETTLING)
        self.play()

    def play(self, by: int = 0) -> None:
        """Let one viewer play. Returns when its own player plays."""
        self._viewers[by].set_paused(False)

    def pause(self, by: int = 0) -> None:
        """Let one viewer pause. Returns when its own player has paused."""
        self._viewers[by].set_paused(True)

    def seek(self, position: float, by: int = 0) -> None:
        """Let one viewer seek to a position, in seconds. Returns at once.

        The distance must be at least a second (SEEK_THRESHOLD), because the others are not told of a smaller one.
        """
        self._viewers[by].say(f"seek {position:.3f}")

    def close(self) -> None:
        self._stack.close()


class _Viewer:
    """A Syncplay client in console mode, and the mpv that it started."""

    def __init__(self, name: str, film: Path, port: int, folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self._said: list[str] = []
        self._ipc = folder / "mpv.sock"
        config, runtime = folder / ".config", folder / "run"
        config.mkdir(parents=True)
        runtime.mkdir(mode=0o700)
        (config / "syncplay.ini").write_text(_INI)
        options = _MPV | {
            "ao": "pulse" if "PULSE_SERVER" in environment else "null",
            "input-ipc-server": str(self._ipc),
        }
        inherited = {key: os.environ[key] for key in ("PATH", "XAUTHORITY") if key in os.environ}
        own = {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(runtime),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore",
        }
        words = ["syncplay", "--no-gui", "--no-store", "--host", f"127.0.0.1:{port}", "--name", name, "--room", _ROOM]
        words += ["--player-path", str(shutil.which("mpv")), str(film), "--"]
        self._process = subprocess.Popen(
            [*words, *(f"--{option}={value}" for option, value in options.items())],
            env={**inherited, **own, **environment},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, name=f"listen to {name}", daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as console:
            for line in console:
                self._said.append(line.rstrip("\n"))

    def say(self, command: str) -> None:
        """Type a command into its console."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def stands(self) -> bool:
        """Tell whether the film is open and paused on its first picture."""
        return self._get("pause") is True and self._get("time-pos") == 0

    def sees(self, names: tuple[str, ...]) -> bool:
        """Tell whether its list of the room contains these people, each ready and with a film."""
        begin = len(self._said)
        self.say("list")
        time.sleep(0.2)
        listed = "\n".join(self._said[begin:])
        ready = re.findall(r"\(Ready\) \*?<(\w+)>", listed)
        return sorted(ready) == sorted(names) and listed.count("File:") == len(names)

    def set_paused(self, paused: bool) -> None:
        if self._get("pause") is not paused:
            self.say("pause")  # a toggle
        wait_for(lambda: self._get("pause") is paused, f"{self.name}: {'a pause' if paused else 'playing on'}")

    def _get(self, name: str) -> Any:
        return self._ask("get_property", name)

    def _ask(self, *command: str) -> Any:
        """Send mpv a command over its JSON IPC and return the data; None if mpv does not listen yet, or has none."""
        with socket.socket(socket.AF_UNIX) as mpv:
            mpv.settimeout(PATIENCE)
            try:
                mpv.connect(str(self._ipc))
            except OSError:
                if self._process.poll() is not None:
                    raise RuntimeError(f"{self.name}'s syncplay ended: {'; '.join(self._said)}") from None
                return None
            mpv.sendall(json.dumps({"command": command, "request_id": 1}).encode() + b"\n")
            for line in mpv.makefile("rb"):
                answer = json.loads(line)
                if answer.get("request_id") == 1:
                    return answer.get("data")
        return None

    def close(self) -> None:
        """Close mpv, after which Syncplay ends by itself. Kill what is left."""
        with contextlib.suppress(OSError, RuntimeError):
            self._ask("quit")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END)
        _end(self._process)
        self._listener.join()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), PATIENCE):
        return True
    return False


def _end(process: subprocess.Popen[Any]) -> None:
    """End a process that leads a session, and all processes that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END)
    if process.stdin is not None:
        process.stdin.close()
