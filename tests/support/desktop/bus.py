"""Run a message bus of one's own, and drive what is on it as people do: with playerctl, busctl and gdbus.

::

    with message_bus(folder) as bus:
        ada.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
        bus.playerctl("hang", "pause")
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.support.daemons.party import PATIENCE, wait_for

__all__ = ["Bus", "message_bus"]

_CONFIG = """<busconfig>
  <type>session</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""


class Bus:
    """A dbus-daemon that can be killed, and started anew at the same address."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "bus"
        self._config = folder / "bus.conf"
        self._config.write_text(_CONFIG.format(path=self._path))
        self.address = f"unix:path={self._path}"
        self.environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": self.address, "LC_ALL": "C.UTF-8"}
        self.start()

    def start(self) -> None:
        self._path.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self._config}", "--nofork"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self._path.exists, "the bus")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Let the bus answer nothing during the block."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program that uses this bus."""
        return subprocess.run(
            words,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )

    def wait_for_player(self, player: str) -> None:
        """Wait until there is such a player."""
        wait_for(lambda: player in self.run("playerctl", "-l").stdout, f"{player} on the bus")

    def playerctl(self, player: str, *words: str) -> str:
        """Run playerctl for one player, and return its output without the last newline. Raises AssertionError."""
        done = self.run("playerctl", "-p", player, *words)
        assert done.returncode == 0 and not done.stderr, f"playerctl {' '.join(words)}: {done.stderr}"
        return done.stdout.rstrip("\n")


@contextlib.contextmanager
def message_bus(folder: Path) -> Iterator[Bus]:
    """Run a message bus, which ends with the block."""
    bus = Bus(folder)
    try:
        yield bus
    finally:
        bus.kill()
