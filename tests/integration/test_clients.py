"""Unmodified programs that were written for mpv: a Python library, a Node library, and a line of shell."""

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from python_mpv_jsonipc import MPV, MPVError  # type: ignore[import-untyped]

from tests.support.daemons.party import CLIP, PATIENCE, TRACKS, Person, person, room_server, wait_for

pytestmark = pytest.mark.real

NODE = Path(__file__).parent / "node"
ONE_LINER = """echo '{"command":["get_property","time-pos"]}' | socat - "$SOCKET" | jq .data"""


@pytest.fixture(params=["simulated", "vlc"])
def ada(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Person]:
    with person("ada", tmp_path, player=request.param) as ada:
        ada.start_daemon()
        yield ada


@pytest.fixture
def mpv(ada: Person) -> Iterator[Any]:
    player = MPV(start_mpv=False, ipc_socket=str(ada.socket))
    yield player
    player.terminate()


def loaded(mpv: Any, *words: str) -> None:
    """Send ``loadfile`` with these words, and wait until the first picture is shown."""
    there = threading.Event()
    mpv.bind_event("playback-restart", lambda event: there.set())
    mpv.loadfile(*words)
    assert there.wait(PATIENCE)


def test_python_plays_pauses_seeks_and_observes(mpv: Any) -> None:
    changes: dict[str, list[Any]] = {"pause": [], "time-pos": [], "volume": []}
    for name, seen in changes.items():
        mpv.bind_property_observer(name, lambda _name, value, seen=seen: seen.append(value))
    loaded(mpv, str(CLIP))
    assert (mpv.path, mpv.filename) == (str(CLIP), CLIP.name)
    mpv.pause = False
    wait_for(lambda: changes["time-pos"][-1] > 0.2, "to play")
    assert mpv.duration > 59
    mpv.pause = True
    wait_for(lambda: changes["pause"][-1:] == [True], "to be told of the pause")
    mpv.seek(30, "absolute+exact")
    wait_for(lambda: mpv.time_pos == pytest.approx(30, abs=0.05), "the seek")
    mpv.command("seek", -10)
    wait_for(lambda: mpv.time_pos == pytest.approx(20, abs=0.05), "the other seek")
    mpv.pause = False
    wait_for(lambda: changes["time-pos"][-1] > 20.5, "to play on")
    mpv.volume = 55
    mpv.cycle("mute")
    assert (mpv.volume, mpv.mute) == (55.0, True)
    wait_for(lambda: 55.0 in changes["volume"], "to be told of the volume")
    assert mpv.expand_text("${filename} ${volume} ${mute}") == f"{CLIP.name} 55 yes"
    mpv.show_text("hello", 500)
    mpv.stop()
    wait_for(lambda: mpv.idle_active, "the end of it")
    assert mpv.time_pos is None
    with pytest.raises(MPVError, match="error running command"):
        mpv.seek(1)


def test_python_has_a_playlist(mpv: Any) -> None:
    loaded(mpv, str(CLIP))
    mpv.loadfile(str(TRACKS), "append")
    mpv.command("loadfile", str(CLIP), "append-play")
    assert [entry["filename"] for entry in mpv.playlist] == [str(CLIP), str(TRACKS), str(CLIP)]
    assert (mpv.playlist_count, mpv.playlist_pos) == (3, 0)
    mpv.playlist_next()
    wait_for(lambda: mpv.path == str(TRACKS), "the next one")
    mpv.playlist_pos = 2
    wait_for(lambda: mpv.playlist_pos == 2 and mpv.path == str(CLIP), "the third one")
    mpv.playlist_prev()
    wait_for(lambda: mpv.path == str(TRACKS), "the one before")
    mpv.playlist_move(1, 0)
    mpv.playlist_remove(1)
    assert [entry["filename"] for entry in mpv.playlist] == [str(TRACKS), str(CLIP)]
    assert mpv.playlist_pos == 0
    mpv.playlist_clear()
    assert [entry["filename"] for entry in mpv.playlist] == [str(TRACKS)]


def test_python_receives_events_of_other_clients(ada: Person, mpv: Any) -> None:
    loaded(mpv, str(CLIP))
    heard = threading.Event()
    lines: list[str] = []

    @mpv.on_event("client-message")  # type: ignore[untyped-decorator]
    def message(event: dict[str, Any]) -> None:
        if event["args"] == ["hello", "there"]:
            heard.set()

    ada.ctl("ipc", '{"command":["script-message","hello","there"]}')
    assert heard.wait(PATIENCE)
    changed = threading.Event()
    observer = mpv.bind_property_observer("pause", lambda _name, paused: changed.set() if paused else None)
    ada.ctl("pause")
    assert changed.wait(PATIENCE)
    mpv.unbind_property_observer(observer)
    future = mpv.command_async("get_property", "pause")
    assert future.result(PATIENCE) is True
    listener = MPV(
        start_mpv=False,
        ipc_socket=str(ada.socket),
        log_handler=lambda level, prefix, text: lines.append(text),
        loglevel="debug",
    )
    listener.terminate()


def test_python_drives_a_room(tmp_path: Path) -> None:
    """What the library asks for happens at every member."""
    with (
        room_server() as server,
        person("ada", tmp_path, player="simulated") as ada,
        person("bob", tmp_path, player="simulated") as bob,
    ):
        room = ada.ctl("create", CLIP, "--server", server.url)
        bob.ctl("join", room, CLIP, "--server", server.url)
        bob.ctl("wait", "synced")
        mpv = MPV(start_mpv=False, ipc_socket=str(bob.socket))
        mpv.pause = False
        ada.ctl("wait", "playing")
        mpv.seek(40, "absolute")
        wait_for(lambda: ada.get("time-pos") >= 40, "ada's seek")
        mpv.pause = True
        ada.ctl("wait", "paused")
        ada.ctl("policy", "control", "host")
        wait_for(lambda: bob.get("room/policy")["control"] == "host", "the room to be its host's")
        with pytest.raises(MPVError, match="error accessing property"):
            mpv.pause = False
        assert ada.get("pause") is True
        mpv.terminate()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the Node library as package-lock.json has it, together with the driver; return the folder."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no node, or no npm")
    folder = tmp_path_factory.mktemp("node")
    for file in NODE.iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, f"npm could not install what package-lock.json names: {done.stderr}"
    return folder


def driven(ada: Person, node: Path, deed: str) -> dict[str, Any]:
    """Run one of the driver's scenarios in node, and return the result of each step."""
    words = ["node", "drive.js", deed, str(ada.socket), str(CLIP), str(TRACKS)]
    done = subprocess.run(words, cwd=node, capture_output=True, text=True, timeout=100)
    came = dict(map(json.loads, done.stdout.splitlines()))
    assert done.returncode == 0, (came, done.stderr, ada.log)
    return came


def test_node_plays_pauses_seeks_and_observes(ada: Person, node: Path) -> None:
    came = driven(ada, node, "play")
    assert came.pop("refused")
    assert came.pop("title") in (CLIP.name, CLIP.stem), "the simulated player makes a title up"
    film, duration, seekable = came.pop("loaded")
    assert (film, seekable, duration > 59) == (str(CLIP), True, True)
    assert came == {
        "running": True,
        "paused": True,
        "position": pytest.approx(30, abs=0.05),
        "back": pytest.approx(20, abs=0.05),
        "playing": [False, True],
        "volume": [45, True],
        "speed": pytest.approx(1.25, abs=0.01),
        "stopped": True,
        "observed": [True, True, True, True],
    }


def test_node_reads_metadata(ada: Person, node: Path) -> None:
    assert driven(ada, node, "look") == {"metadata": "object", "loop": [False, False]}


def test_node_has_a_playlist(ada: Person, node: Path) -> None:
    assert driven(ada, node, "list") == {
        "appended": [2, 0],
        "next": True,
        "second": [2, str(TRACKS)],
        "prev": True,
        "moved": [str(TRACKS), 1],
        "removed": 1,
        "cleared": 1,
    }


@pytest.mark.timed
@pytest.mark.skipif(not shutil.which("socat") or not shutil.which("jq"), reason="there is no socat, or no jq")
def test_a_line_of_shell_is_answered_at_once(ada: Person) -> None:
    """A half-closed connection is answered and then closed; otherwise socat would wait for another half second."""
    ada.ctl("ipc", json.dumps({"command": ["loadfile", str(CLIP)]}))
    ada.ctl("play")
    ada.ctl("wait", "playing")
    environment = ada.environment | {"SOCKET": str(ada.socket)}
    taken = []
    for _ in range(10):
        began = time.perf_counter()
        done = subprocess.run(ONE_LINER, shell=True, env=environment, capture_output=True, text=True, timeout=PATIENCE)
        taken.append(time.perf_counter() - began)
        assert 0 <= float(done.stdout) <= 60, done.stderr
    assert min(taken) < 0.1
