"""A daemon with real libVLC that is given one film after the other: does it live, answer and keep its size?

::

    with Endurance(folder) as daemon:
        fate = daemon.watch(film)        # "played", "refused" or "died"
        daemon.memory()                  # bytes
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final, Literal

from tests.support.closing import Closing

__all__ = ["ANSWER_SECONDS", "Endurance", "Fate"]

Fate = Literal["played", "refused", "died"]

ANSWER_SECONDS: Final = 5.0
"""Longest time for an answer on the control socket, with everything that a busy machine adds."""
_FATE_SECONDS: Final = 60.0
"""A film that is not open after ten seconds is given up, and a player that hangs is replaced up to three times."""
_START_SECONDS: Final = 30.0
_PLAY_SECONDS: Final = 0.15


class Endurance(Closing):
    """The daemon's process and one control client. ``options`` are libVLC's; usually it shows and plays nothing.

    Attributes:
        slowest: the longest time that an answer took, in seconds.
        ended_by: why the daemon died last: an exit code, negative for a signal.
    """

    def __init__(self, folder: Path, options: str = "--vout=dummy --aout=dummy", display: str = "") -> None:
        self.slowest = 0.0
        self.ended_by = 0
        self._socket_path = folder / "hangd.sock"
        self._log = open(folder / "hangd.log", "ab")
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[3]),
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "HANG_VLC_OPTIONS": options,
            "DISPLAY": display,
            **{name: os.environ[name] for name in ("VLC_PLUGIN_PATH",) if name in os.environ},
        }
        self._number = 0
        self._events: list[dict[str, Any]] = []
        self._start()

    def _start(self) -> None:
        words = [sys.executable, "-m", "hangd", "run", "--player", "vlc", "--socket", str(self._socket_path)]
        self.process = subprocess.Popen(
            words, env=self._environment, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        until = time.monotonic() + _START_SECONDS
        while True:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(_FATE_SECONDS)
            try:
                self._socket.connect(str(self._socket_path))
                break
            except OSError:
                self._socket.close()
                if time.monotonic() > until or self.process.poll() is not None:
                    raise RuntimeError("the daemon did not start") from None
                time.sleep(0.05)
        self._lines = self._socket.makefile("rb")
        self._events.clear()

    def ask(self, *words: Any) -> Any:
        """Send a command and return its answer. Raises ConnectionError if the daemon has died."""
        self._number += 1
        began = time.monotonic()
        self._socket.sendall(json.dumps({"command": words, "request_id": self._number}).encode() + b"\n")
        while (message := self._read()).get("request_id") != self._number:
            self._events.append(message)
        self.slowest = max(self.slowest, time.monotonic() - began)
        return message

    def watch(self, film: Path, *, seeks: int = 1) -> Fate:
        """Open a film, play a moment of it, seek in it and play on. A daemon that dies is started again."""
        try:
            self._events.clear()
            self.ask("set_property", "pause", True)
            entry = self.ask("loadfile", str(film), "replace")["data"]["playlist_entry_id"]
            if not self._stands(entry):
                return "refused"
            for number in range(seeks):
                self.ask("set_property", "pause", False)
                time.sleep(_PLAY_SECONDS)
                self.ask("get_property", "track-list")
                answer = self.ask("seek", 100 * (number + 1) / (seeks + 1), "absolute-percent")
                if answer["error"] == "success" and not self._stands(entry):
                    return "refused"
            self.ask("set_property", "pause", False)
            time.sleep(_PLAY_SECONDS)
            self.ask("get_property", "time-pos")
            return "played"
        except ConnectionError:
            self.ended_by = self.process.wait(_FATE_SECONDS)
            self._hang_up()
            self._start()
            return "died"

    def _stands(self, entry: int) -> bool:
        """Wait until the film has settled; return False if it is given up."""
        while True:
            while self._events:
                event = self._events.pop(0)
                if event.get("event") == "playback-restart":
                    return True
                if event.get("event") == "end-file" and event.get("playlist_entry_id") == entry:
                    return False
            self._events.append(self._read())

    def _read(self) -> dict[str, Any]:
        line = self._lines.readline()
        if not line:
            raise ConnectionError("the daemon has closed the connection")
        message: dict[str, Any] = json.loads(line)
        return message

    def memory(self) -> int:
        """Return the resident set in bytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def threads(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def files(self) -> int:
        """Return the number of open files."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def _hang_up(self) -> None:
        self._lines.close()
        self._socket.close()

    def close(self) -> None:
        self._hang_up()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self._log.close()
