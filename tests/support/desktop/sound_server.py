"""A PulseAudio of a test's own, with devices that no sound card is needed for. It can be killed and started again.

::

    with sound_server(folder, "module-null-sink sink_name=loud") as pulse:
        person("ada", folder).environment["PULSE_SERVER"] = pulse.address
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.support.daemons.party import wait_for

__all__ = ["SoundServer", "sound_server"]

_START_SECONDS: Final = 30.0


class SoundServer:
    """The process, and what `pactl` says of it."""

    def __init__(self, folder: Path, modules: tuple[str, ...]) -> None:
        self._folder = folder
        self._socket = folder / "native"
        self._modules = modules
        self.address = f"unix:{self._socket}"
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._socket.unlink(missing_ok=True)
        modules = [f"module-native-protocol-unix socket={self._socket} auth-anonymous=1", *self._modules]
        words = ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--realtime=no"]
        process = subprocess.Popen(
            [*words, *(word for module in modules for word in ("-L", module))],
            env={**os.environ, "HOME": str(self._folder), "XDG_RUNTIME_DIR": str(self._folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + _START_SECONDS
        while not self._socket.exists():
            if time.monotonic() > until or process.poll() is not None:
                process.kill()
                raise RuntimeError("PulseAudio did not start")
            time.sleep(0.02)
        time.sleep(0.2)  # the devices are made after the socket
        return process

    def kill(self) -> None:
        """Kill it, as a crash would. It may be dead already."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        self.process = self._start()

    def pactl(self, *words: str) -> str:
        """Return what ``pactl`` prints."""
        words = ("pactl", f"--server={self.address}", *words)
        return subprocess.run(words, check=True, capture_output=True, text=True, timeout=_START_SECONDS).stdout

    def playing(self) -> list[str]:
        """Return the names of the devices that streams are played on, one for each stream."""
        names = {line.split("\t")[0]: line.split("\t")[1] for line in self.pactl("list", "short", "sinks").splitlines()}
        streams = self.pactl("list", "short", "sink-inputs").splitlines()
        return sorted(names.get(line.split("\t")[1], "?") for line in streams)

    def wait_playing(self, *names: str) -> None:
        """Wait until streams are played on these devices and no others."""
        wait_for(lambda: self.playing() == sorted(names), f"sound on {names}")


@contextlib.contextmanager
def sound_server(folder: Path, *modules: str) -> Iterator[SoundServer]:
    """Run a PulseAudio with these modules, in a folder whose path is short. It is killed at the end."""
    folder.mkdir(exist_ok=True)
    server = SoundServer(folder, modules)
    try:
        yield server
    finally:
        server.kill()
