"""watch: what it draws, and that it restores the terminal when it ends."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hangctl.commands.watch import View
from tests.hangctl.test_status import IN_A_ROOM, out
from tests.support.daemons.scripted_daemon import ScriptedDaemon


def drawn(view: View, width: int = 90, height: int = 20) -> list[str]:
    console = Console(width=width, height=height, color_system=None, highlight=False)
    with console.capture() as capture:
        console.print(view, height=height)
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.fixture
def view() -> View:
    view = View()
    view.values = dict(IN_A_ROOM)
    return view


def test_the_view_of_a_room(view: View) -> None:
    lines = drawn(view)
    assert lines[0] == "playing  1:23 / 1:32:00  1.25x  volume 80 %  film.mkv"
    assert lines[1].startswith("━")
    assert lines[3:5] == ["room friday, invite hang://h/friday", "server ws://h:3005/ws, connected, rtt 12 ms"]
    assert lines[7].split()[:3] == ["*", "anna", "host"] and "-3 ms, known to 4 ms" in lines[7]
    assert r"be\x1b[31mrt" in lines[8] and "file not yet checked" in lines[8]


def test_an_invite_to_this_machine_is_marked(view: View) -> None:
    view.values["room"] = {**view.values["room"], "invite_local": True}
    assert drawn(view)[3] == "room friday, invite hang://h/friday (on this machine only)"


def test_the_length_of_the_progress_bar(view: View) -> None:
    for share in (0.0, 0.5, 1.0):
        view.values["time-pos"] = share * view.values["duration"]
        assert drawn(view)[1].count("━") == pytest.approx(share * 90, abs=1)


def test_the_view_outside_a_room_and_without_a_film(view: View) -> None:
    view.values = {"idle-active": True}
    assert drawn(view)[0] == "idle" and drawn(view)[3] == "in no room"
    view.values = {"path": "/film.mkv", "pause": True}
    assert drawn(view)[0] == "paused  -:-- / -:--  /film.mkv"


def test_the_view_of_a_viewer_that_is_out_of_its_room(view: View) -> None:
    view.values = out("kicked")
    event = {"event": "room-left", "room_id": "0d9f", "reason": "kicked", "detail": "the host put you out of friday"}
    view.handle_event(event)
    view.handle_event(event | {"reason": "left", "detail": "you left friday"})
    lines = drawn(view, width=50)
    assert lines[3].startswith("in no room since ") and "hangctl join friday" in " ".join(lines[3:6])
    assert [line.partition(" ")[2] for line in lines[6:] if line] == ["the host put you out of friday"]


def test_the_view_without_a_daemon(view: View) -> None:
    view.values, view.absence = {}, "the daemon went away; waiting for it"
    assert [line for line in drawn(view) if line] == ["the daemon went away; waiting for it"]


def test_the_end_of_the_chat_is_shown(view: View) -> None:
    for number in range(300):
        view.handle_event({"event": "said", "name": "anna", "text": f"line {number}"})
    view.handle_event({"event": "said", "name": "[bold]eve\x1b[2J", "text": "word " * 40})
    view.handle_event({"event": "member-joined", "member": {"name": "carl"}})
    view.handle_event({"event": "member-left", "name": "carl", "text": "carl has left"})
    view.handle_event({"event": "said", "name": None})  # malformed, and ignored
    lines = drawn(view)
    assert len(lines) == 20
    assert "line 299" in "".join(lines) and "line 280" not in "".join(lines)
    assert any(r"[bold]eve\x1b[2J: word" in line for line in lines)
    assert [line.partition(" ")[2] for line in lines[-2:]] == ["carl is here", "carl has left"]
    assert "\x1b" not in "".join(lines)


def test_who_did_what_is_shown_with_the_chat(view: View) -> None:
    view.handle_event({"event": "motd", "text": "Be nice.\nPop\x1b[2Jcorn"})
    view.handle_event({"event": "said", "name": "anna", "text": "now"})
    view.handle_event({"event": "acted", "name": "anna", "text": "anna paused at 1:02:03"})
    view.handle_event({"event": "acted", "name": "anna"})  # malformed, and ignored
    lines = [line.partition(" ")[2] for line in drawn(view) if line][-4:]
    assert lines == ["Be nice.", r"Pop\x1b[2Jcorn", "anna: now", "anna paused at 1:02:03"]


def test_a_room_that_waits_says_for_whom(view: View) -> None:
    view.values["room"] = view.values["room"] | {"start": {"text": "waiting for carl to be ready"}}
    assert drawn(view)[4] == "waiting for carl to be ready"


@pytest.mark.parametrize(("width", "height"), [(90, 3), (20, 10), (1, 1)])
def test_the_view_fits_into_a_small_terminal(view: View, width: int, height: int) -> None:
    assert len(drawn(view, width, height)) == height


class Terminal:
    """hangctl watch on a new terminal."""

    def __init__(self, path: Path, environment: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 90, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hangctl.main", "--socket", str(path), "watch"],
            env=environment | {"TERM": "xterm"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        os.close(slave)
        self.seen = ""

    def read_until(self, *words: str) -> None:
        """Read what is drawn from now on until it contains all these words."""
        self.seen = ""
        until = time.monotonic() + 60
        while not all(word in self.seen for word in words):
            assert time.monotonic() < until, self.seen
            if not select.select([self._master], [], [], 1)[0]:
                continue
            try:
                self.seen += os.read(self._master, 65536).decode(errors="replace")
            except OSError:
                raise AssertionError(f"it ended without {words}: {self.seen}") from None

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)


@pytest.fixture
def watching(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[[], Terminal]]:
    terminals: list[Terminal] = []

    def start() -> Terminal:
        terminals.append(Terminal(tmp_path / "s", environment))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


def scripted(path: Path, **properties: Any) -> ScriptedDaemon:
    daemon = ScriptedDaemon(path)
    daemon.properties = IN_A_ROOM | properties
    return daemon


def test_watch_goes_on_after_a_restart(watching: Callable[[], Terminal], tmp_path: Path) -> None:
    with scripted(tmp_path / "s") as daemon:
        terminal = watching()
        terminal.read_until("film.mkv")
        assert "no daemon" not in terminal.seen and "Layout" not in terminal.seen
        daemon.emit({"event": "said", "client_id": "2", "name": "bert", "text": "hello"})
        terminal.read_until("bert: hello")
    terminal.read_until("the daemon went away; waiting for it")
    with scripted(tmp_path / "s", **{"media-title": "another.mkv"}):
        terminal.read_until("another.mkv", "bert: hello")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_screen_is_restored_when_watch_ends(watching: Callable[[], Terminal], tmp_path: Path, number: int) -> None:
    with scripted(tmp_path / "s"):
        terminal = watching()
        terminal.read_until("film.mkv")
        assert "\x1b[?1049h" in terminal.seen  # switches to the alternate screen
        terminal.process.send_signal(number)
        terminal.read_until("\x1b[?1049l")
        assert "Traceback" not in terminal.seen
        assert terminal.process.wait(60) == 130


def test_without_a_daemon_the_error_is_on_the_normal_screen(watching: Callable[[], Terminal]) -> None:
    terminal = watching()
    terminal.read_until("hangctl daemon start")
    assert "\x1b[?1049h" not in terminal.seen
    assert terminal.process.wait(60) == 3


def test_who_lacks_the_film_is_said() -> None:
    view = View()
    film = {"name": "next\x1b.mkv", "size": 123, "duration": 90.0}
    view.handle_event({"event": "film-missing", "self": False, "name": "bob", "film": film})
    view.handle_event({"event": "film-missing", "self": False, "name": "bob", "film": {"name": None}})
    view.handle_event({"event": "film-missing", "self": True, "name": "ada", "film": film})
    assert [line.partition(" ")[2] for line in view.chat] == [
        "bob has not got the film next\\x1b.mkv",
        "bob has not got the film",
        "this machine has not got the film: next\\x1b.mkv, 123 bytes, 1:30; open your copy with `hangctl media FILE`",
    ]
