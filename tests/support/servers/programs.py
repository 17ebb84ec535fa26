"""Run proxies that other people wrote. `.ci/setup` unpacks them into build/programs, and starts none of them."""

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.support.daemons.party import wait_for

__all__ = ["listening", "program"]

_UNPACKED: Final = Path(__file__).parents[3] / "build" / "programs"


def program(name: str) -> str:
    """Return the path of this program: unpacked, or installed."""
    for path in _UNPACKED.glob(f"*/usr/*bin/{name}"):
        return str(path)
    found = shutil.which(name, path="/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin")
    assert found is not None, f"{name} is missing: run .ci/setup all"
    return found


@contextlib.contextmanager
def listening(port: int, *words: str | Path) -> Iterator[None]:
    """Run a program until the block is left. The block is entered when the program listens on ``port``."""
    with subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: _listens(port), f"{words[0]}: its port")
            yield
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
