"""Two people in a room: a real server, real daemons, and hangctl as a user types it."""

import itertools
import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.daemons.party import BIN, CLIP, TRACKS, Person, Server, person, room_server, wait_for

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with room_server() as running:
        yield running


@pytest.fixture(params=["simulated", "vlc"])
def pair(request: pytest.FixtureRequest, tmp_path: Path, server: Server) -> Iterator[tuple[Person, Person]]:
    """Ada, the host, and bob in one room with the sample clip, without a screen."""
    with person("ada", tmp_path, player=request.param) as ada, person("bob", tmp_path, player=request.param) as bob:
        room = ada.ctl("create", CLIP, "--server", server.url)
        bob.ctl("join", room, CLIP, "--server", server.url)
        yield ada, bob


def position(somebody: Person) -> float:
    value = somebody.status()["position"]
    assert isinstance(value, float)
    return value


def state(somebody: Person) -> str:
    return str(somebody.status()["state"])


def is_between(somebody: Person, low: float, high: float) -> bool:
    return low < position(somebody) < high


def plays_at(somebody: Person, speed: float) -> bool:
    return abs(float(somebody.get("speed")) - speed) < 0.01


def test_everything_that_the_readme_promises(pair: tuple[Person, Person]) -> None:
    ada, bob = pair
    bob.ctl("wait", "paused")
    ada.ctl("play")
    for somebody in pair:
        somebody.ctl("wait", "playing")
        somebody.ctl("wait", "synced")

    bob.ctl("seek", "+30")
    for somebody in pair:
        wait_for(partial(is_between, somebody, 30.0, 50.0), "the seek, at both ends")
        somebody.ctl("wait", "playing")

    ada.ctl("speed", "1.5")
    for somebody in pair:
        wait_for(partial(plays_at, somebody, 1.5), "the new speed")

    bob.ctl("pause")
    for somebody in pair:
        somebody.ctl("wait", "paused")
    wait_for(lambda: abs(position(ada) - position(bob)) < 0.002, "both show the frame on which bob paused")

    bob.ctl("seek", "-10")
    wait_for(lambda: position(ada) == pytest.approx(position(bob), abs=0.002), "the seek while paused")

    bob.ctl("leave")
    assert bob.run("members").returncode == 5
    wait_for(lambda: len(ada.status()["members"]) == 1, "bob's leaving, as ada sees it")


def test_a_pause_that_is_revoked_at_once_has_no_effect(pair: tuple[Person, Person]) -> None:
    """As by a script, or by a key that bounces: the last command counts."""
    ada, _ = pair
    ada.ctl("play")
    for somebody in pair:
        somebody.ctl("wait", "synced")
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(str(ada.socket))
        for pause in (True, False, True, False):
            control.sendall(json.dumps({"command": ["set_property", "pause", pause]}).encode() + b"\n")
        said = map(json.loads, control.makefile("rb"))
        # Events reach every control client, also between two answers.
        answers = itertools.islice((message for message in said if "event" not in message), 4)
        assert [answer["error"] for answer in answers] == ["success"] * 4
    for somebody in pair:
        somebody.ctl("wait", "synced")
        before = position(somebody)
        wait_for(partial(is_between, somebody, before + 0.5, before + 20), "the film's going on")
        assert state(somebody) == "playing"


def test_status_shows_player_room_members_and_server(pair: tuple[Person, Person]) -> None:
    ada, bob = pair
    ada.ctl("play")
    bob.ctl("wait", "synced")
    status = bob.status()
    assert status["state"] == "playing"
    assert status["duration"] == pytest.approx(60, abs=1) or status["duration"] > 60
    assert status["room"]["role"] == "viewer"
    assert {member["name"] for member in status["members"]} == {"ada", "bob"}
    assert abs(status["sync"]["error"]) < 0.25
    assert 0 <= status["sync"]["clock_error"] < 0.1
    assert status["server"]["state"] == "connected"


def test_another_file_is_refused(pair: tuple[Person, Person], tmp_path: Path, server: Server) -> None:
    ada, _ = pair
    room = ada.status()["room"]["room_id"]
    with person("eve", tmp_path, player="simulated") as eve:
        done = eve.run("join", room, TRACKS, "--server", server.url)
        assert done.returncode == 1
        assert done.stderr.startswith(f"hangctl: error: cannot join '{room}': ")
        assert re.search(r"file|copy|film", done.stderr)
        assert "Traceback" not in done.stderr
        refused = eve.run("ipc", json.dumps({"command": {"name": "room-join", "room": room, "file": str(TRACKS)}}))
        assert "FileHashMismatch" in refused.stdout + refused.stderr
    assert len(ada.status()["members"]) == 2, "the members are the same"


def test_a_killed_daemon_is_away_then_gone_and_comes_back(pair: tuple[Person, Person], server: Server) -> None:
    ada, bob = pair
    room = ada.status()["room"]["room_id"]
    ada.ctl("play")
    bob.ctl("wait", "playing")
    bob.kill_daemon()
    wait_for(
        lambda: [member["state"] for member in ada.status()["members"] if member["name"] == "bob"] == ["away"],
        "bob's absence, as ada sees it",
    )
    assert state(ada) == "playing", "ada plays on"
    assert bob.run("status").returncode == 3
    # The socket of the dead daemon is still there, and does not prevent a new one.
    assert bob.socket.exists()
    bob.ctl("join", room, CLIP, "--server", server.url)
    bob.ctl("wait", "synced")
    first, other, last = position(ada), position(bob), position(ada)
    assert first - 0.5 < other < last + 0.5


def test_a_killed_hangctl_has_no_effect(pair: tuple[Person, Person]) -> None:
    ada, bob = pair
    waiting = [subprocess.Popen([BIN / "hangctl", "wait", "ended"], env=ada.environment) for _ in range(3)]
    time.sleep(0.2)
    for process in waiting:
        process.send_signal(signal.SIGKILL)
        process.wait()
    ada.ctl("play")
    bob.ctl("wait", "playing")


def test_a_server_that_is_killed_and_comes_back(tmp_path: Path) -> None:
    with (
        room_server() as server,
        person("ada", tmp_path, player="simulated") as ada,
        person("bob", tmp_path, player="simulated") as bob,
    ):
        room = ada.ctl("create", CLIP, "--server", server.url)
        bob.ctl("join", room, CLIP, "--server", server.url)
        ada.ctl("play")
        bob.ctl("wait", "playing")
        server.kill()
        wait_for(lambda: bob.status()["server"]["state"] != "connected", "bob's noticing")
        assert state(ada) == state(bob) == "playing", "the film goes on"
        ada.ctl("pause")
        assert (state(ada), state(bob)) == ("paused", "playing"), "each player obeys its own viewer"
        ada.ctl("play")
        server.restart()
        wait_for(lambda: ada.get("server/state") == "connected", "ada's coming back")
        # A server without a database loses its rooms; its members learn that, and create a new room.
        wait_for(lambda: ada.status()["room"] is None, "the room's end, as ada learns it")
        assert state(ada) == "playing"
        ada.ctl("create", CLIP, "--name", "again")
        wait_for(lambda: bob.status()["room"] is None, "the room's end, as bob learns it")
        bob.ctl("join", "again", CLIP)
        bob.ctl("play")
        ada.ctl("wait", "playing")


def test_a_second_daemon_is_refused(pair: tuple[Person, Person]) -> None:
    ada, _ = pair
    done = subprocess.run([BIN / "hangd", "run"], env=ada.environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert str(ada.pid()) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_server_is_named(tmp_path: Path) -> None:
    with person("ada", tmp_path, player="simulated") as ada:
        done = ada.run("create", CLIP, "--server", "ws://127.0.0.1:9/ws")
        assert done.returncode == 6
        assert "no server is running at 127.0.0.1:9" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.mp4", b"", "empty"),
        ("noise.mp4", b"\x00\x01\x02 this is no film " * 1000, "noise.mp4"),
    ],
)
def test_a_file_that_is_no_film_is_named(tmp_path: Path, server: Server, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with person("ada", tmp_path) as ada:
        done = ada.run("create", path, "--server", server.url)
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr + ada.log
        assert ada.ctl("create", CLIP), "and the daemon lives"


def test_without_vlc_the_daemon_runs_and_says_what_to_install(tmp_path: Path, server: Server) -> None:
    with person("ada", tmp_path) as ada:
        ada.environment["PYTHON_VLC_LIB_PATH"] = str(tmp_path / "libvlc.so")
        done = ada.run("create", CLIP, "--server", server.url)
        assert done.returncode == 1
        assert "install VLC: apt install libvlc5" in done.stderr
        assert state(ada) == "idle"


def test_joining_without_a_player_is_refused_and_undone(pair: tuple[Person, Person], tmp_path: Path) -> None:
    ada, _ = pair
    room, url = ada.status()["room"]["room_id"], ada.get("server/url")
    with person("eve", tmp_path) as eve:
        eve.environment["PYTHON_VLC_LIB_PATH"] = str(tmp_path / "libvlc.so")
        done = eve.run("join", room, CLIP, "--server", url)
        assert done.returncode == 1
        assert "install VLC" in done.stderr
        assert eve.status()["room"] is None
    wait_for(lambda: len(ada.status()["members"]) == 2, "eve's leaving, as ada sees it")
