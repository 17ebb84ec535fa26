"""A real daemon is killed and started again while hangctl follows it. The player is simulated."""

import json
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.daemons.party import BIN, Person, person

pytestmark = pytest.mark.real

GONE = "the daemon went away; waiting for it\n"


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Person]:
    with person("ada", tmp_path, player="simulated") as somebody:
        somebody.start_daemon()
        yield somebody


@contextmanager
def following(somebody: Person, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run hangctl and interrupt it at the end. It must have reported exactly one absence of the daemon."""
    with subprocess.Popen(
        [BIN / "hangctl", *arguments],
        env=somebody.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            yield process
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=60)
        finally:
            process.kill()
        assert (process.returncode, stderr) == (130, GONE)


def read_until(process: "subprocess.Popen[str]", *wanted: str) -> None:
    """Read lines until one contains every word of ``wanted``."""
    assert process.stdout is not None
    while line := process.stdout.readline():
        if all(word in line for word in wanted):
            return
    raise AssertionError(f"hangctl ended: {process.stderr and process.stderr.read()}")


def test_followers_go_on_after_the_daemon_was_killed_and_restarted(ada: Person) -> None:
    with (
        following(ada, "observe", "mute", "volume") as observer,
        following(ada, "events", "client-message") as listener,
        following(ada, "status", "-F") as follower,
        following(ada, "status", "-F", "--waybar") as bar,
    ):
        for last in (False, True):
            read_until(observer, "mute=no")
            read_until(follower, "idle")
            read_until(bar, '"alt":"idle"')
            ada.ctl("mute")
            read_until(observer, "mute=yes")
            emit(ada, listener)
            if not last:
                ada.kill_daemon()
                ada.start_daemon()


def emit(somebody: Person, listener: "subprocess.Popen[str]") -> None:
    """Emit an event until it is printed, because nothing tells whether hangctl listens again already."""
    assert listener.stdout is not None
    while not select.select([listener.stdout], [], [], 0.2)[0]:
        assert listener.poll() is None
        somebody.ctl("ipc", json.dumps(["script-message", "hello"]))
    read_until(listener, "client-message", "hello")


def test_an_unknown_event_is_an_error(ada: Person) -> None:
    done = ada.run("events", "said", "sadi")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "hangctl: error: cannot listen for 'sadi': invalid parameter\n"


def test_followers_go_on_after_the_daemon_was_stopped_and_restarted(ada: Person) -> None:
    with following(ada, "observe", "pid") as observer:
        read_until(observer, f"pid={ada.pid()}")
        ada.ctl("daemon", "stop")
        ada.start_daemon()
        read_until(observer, f"pid={ada.pid()}")
