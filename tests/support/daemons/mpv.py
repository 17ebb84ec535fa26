"""Run mpv and hangd as processes, and send the same bytes to the control sockets of both.

::

    with mpv(folder) as theirs, hangd(folder) as ours:
        assert theirs.connect().ask(b'{"command":["client_name"]}') == ours.connect().ask(...)
"""

import contextlib
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.support.daemons.party import BIN, PATIENCE, wait_for

__all__ = ["Speaker", "Talk", "hangd", "mpv"]

_FENCE: Final = 424242
"""An id of observers and requests that no test uses."""


class Talk:
    """One connection to a control socket, which sends and returns bytes."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def line(self) -> bytes:
        """Return the next line without its end; b"" at the end of the connection."""
        return self._file.readline().rstrip(b"\n")

    def ask(self, lines: bytes, *, until: bytes = b"") -> list[bytes]:
        """Send lines and return all that follows from them: answers, events and property changes.

        ``until`` names events, separated by spaces, that have to arrive first and in this order. To know that nothing
        is missing, a new observer is registered at the end: everything that is queued or due is sent before its first
        property change.
        """
        self.send(lines + b"\n")
        heard: list[bytes] = []
        for name in until.split():
            while not heard or not heard[-1].startswith(b'{"event":"' + name + b'"'):
                heard.append(self._due())
        self.send(b'{"command":["observe_property",%d,"mpv-version"],"request_id":%d}\n' % (_FENCE, _FENCE))
        while not (line := self._due()).startswith(b'{"event":"property-change","id":%d,' % _FENCE):
            heard.append(line)
        self.send(b'{"command":["unobserve_property",%d],"request_id":%d}\n' % (_FENCE, _FENCE))
        while (line := self._due()) != b'{"request_id":%d,"error":"success"}' % _FENCE:
            heard.append(line)
        heard.remove(b'{"request_id":%d,"error":"success"}' % _FENCE)
        return heard

    def get(self, name: str) -> Any:
        """Return a property's value; None if it has none."""
        heard = self.ask(json.dumps({"command": ["get_property", name]}).encode())
        # Events may come before the answer: a player that has just started is idle a moment later.
        (answer,) = [line for line in heard if not line.startswith(b'{"event":')]
        return json.loads(answer.decode("utf-8", "replace")).get("data")

    def rest(self) -> bytes:
        """Shut down the sending side, and return everything up to the end of the connection."""
        self._socket.shutdown(socket.SHUT_WR)
        return self._file.read()

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def _due(self) -> bytes:
        line = self._file.readline()
        assert line.endswith(b"\n"), f"the connection ended: {line!r}"
        return line[:-1]


class Speaker:
    """A running process with a control socket."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path

    def connect(self) -> Talk:
        return Talk(self.path)


@contextlib.contextmanager
def _running(name: str, words: list[str], path: Path, environment: dict[str, str] | None = None) -> Iterator[Speaker]:
    with open(path.with_suffix(".log"), "wb") as log:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=path.parent
        )
        try:
            wait_for(lambda: process.poll() is not None or _answers(path), f"{name} to answer")
            assert process.poll() is None, path.with_suffix(".log").read_text(errors="replace")
            yield Speaker(name, path)
        finally:
            process.kill()
            process.wait()


def _answers(path: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.connect(str(path))
        return True
    return False


@contextlib.contextmanager
def mpv(folder: Path, *more: str) -> Iterator[Speaker]:
    """Run mpv, idle and paused, without a window or sound."""
    path = folder / "mpv.sock"
    options = ["--no-config", "--idle", "--pause", "--keep-open", "--vo=null", "--ao=null", "--load-scripts=no"]
    with _running("mpv", ["mpv", *options, *more, f"--input-ipc-server={path}"], path) as speaker:
        yield speaker


@contextlib.contextmanager
def hangd(folder: Path, *options: str) -> Iterator[Speaker]:
    """Run hangd and a real VLC, without a window or sound, in no room."""
    path = folder / "hangd.sock"
    for part in ("home", "run"):
        (folder / part).mkdir(mode=0o700)
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "PYTHONPATH", "VLC_PLUGIN_PATH") if key in os.environ}
    environment = kept | {"HOME": str(folder / "home"), "XDG_RUNTIME_DIR": str(folder / "run")}
    words = [str(BIN / "hangd"), "run", "--socket", str(path)]
    words += ["--vlc-option=--vout=dummy", "--vlc-option=--aout=dummy", *options]
    with _running("hangd", words, path, environment) as speaker:
        yield speaker
