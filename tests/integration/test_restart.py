"""A room server ends, in order or not, and starts again, while its members' films go on."""

import itertools
import json
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemons.party import BIN, CLIP, PATIENCE, Person, Server, free_port, person, room_server, wait_for
from tests.support.servers.limits import UNLIMITED_OPTIONS

pytestmark = pytest.mark.real


class Ear:
    """Record all events of a daemon from now on, including changes of ``pause``."""

    def __init__(self, somebody: Person) -> None:
        self.said: list[dict[str, Any]] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(somebody.socket))
        self._socket.sendall(b'{"command": ["observe_property", 1, "pause"]}\n')
        lines = self._socket.makefile()
        for line in lines:
            if json.loads(line).get("event") == "property-change":
                break  # the current value
        self._thread = threading.Thread(target=self._listen, args=[lines], daemon=True)
        self._thread.start()

    def _listen(self, lines: Any) -> None:
        self.said.extend(json.loads(line) for line in lines)

    def has_heard(self, name: str) -> bool:
        return bool(told(list(self.said), name))

    def close(self) -> list[dict[str, Any]]:
        """Stop recording, and return the events."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)
        self._socket.close()
        return self.said


def told(said: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event for event in said if event["event"] == name]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    options = ("--data-dir", str(tmp_path / "data"), *UNLIMITED_OPTIONS)
    with room_server(*options) as running:
        yield running


@pytest.fixture
def pair(tmp_path: Path, server: Server) -> Iterator[tuple[Person, Person]]:
    """Ada, the host, and bob in a room with a password and a name."""
    with person("ada", tmp_path, player="simulated") as ada, person("bob", tmp_path, player="simulated") as bob:
        (tmp_path / "password").write_text("sesame\n")
        secret = ("--password-file", tmp_path / "password")
        ada.ctl("create", CLIP, "--server", server.url, "--name", "friday", *secret)
        bob.ctl("join", "friday", CLIP, "--server", server.url, *secret)
        yield ada, bob


def play(pair: tuple[Person, Person]) -> None:
    pair[0].ctl("play")
    for somebody in pair:
        somebody.ctl("wait", "playing")
        somebody.ctl("wait", "synced")


def members(somebody: Person) -> dict[str, tuple[str, str]]:
    return {member["name"]: (member["role"], member["state"]) for member in somebody.status()["members"]}


def shows(somebody: Person, expected: dict[str, tuple[str, str]]) -> bool:
    return members(somebody) == expected


def stands_at(somebody: Person, position: float) -> bool:
    return abs(float(somebody.status()["position"]) - position) < 0.002


def kill(server: Server) -> None:
    server.kill()


def terminate(server: Server) -> None:
    server.terminate()


@pytest.fixture
def reboot(tmp_path: Path) -> Callable[[Server], None]:
    """Kill the server and make its stored rooms look as if the machine had been rebooted since."""

    def end(server: Server) -> None:
        server.kill()
        with sqlite3.connect(tmp_path / "data" / "rooms.db") as database:
            rooms = [
                (json.loads(room), room_id) for room_id, room in database.execute("SELECT room_id, data FROM rooms")
            ]
            for room, _ in rooms:
                room["mark"]["boot"] = "an earlier one"
                room["mark"]["monotonic"] += 12_345.0
                room["room"]["timeline"]["at"] += 12_345.0
            changed = [(json.dumps(room), room_id) for room, room_id in rooms]
            assert changed
            database.executemany("UPDATE rooms SET data = ? WHERE room_id = ?", changed)
        database.close()

    return end


@pytest.mark.parametrize("how", ["kill", "terminate", "reboot"])
def test_a_film_goes_on_undisturbed(
    how: str, pair: tuple[Person, Person], server: Server, reboot: Callable[[Server], None], tmp_path: Path
) -> None:
    ada, bob = pair
    play(pair)
    ears = [Ear(somebody) for somebody in pair]
    {"kill": kill, "terminate": terminate, "reboot": reboot}[how](server)
    time.sleep(1.0)  # some of the film goes by meanwhile
    server.restart()
    back = {"ada": ("host", "playing"), "bob": ("viewer", "playing")}
    for somebody, ear in zip(pair, ears, strict=True):
        wait_for(partial(ear.has_heard, "room-joined"), "the way back into the room")
        wait_for(partial(shows, somebody, back), "everybody's return")
        somebody.ctl("wait", "synced")
    for ear in ears:
        said = ear.close()
        assert len(told(said, "room-joined")) == 1, "back in the room, and heard of it"
        for name in ("room-left", "seek", "property-change", "start-file", "end-file"):
            assert told(said, name) == [], f"what was to be avoided: {name}"
        corrections = {event["action"] for event in told(said, "sync-corrected")}
        assert corrections <= {"trim"}

    # The room has kept its name, its password and its host.
    with person("eve", tmp_path, player="simulated") as eve:
        refused = eve.run("join", "friday", CLIP, "--server", server.url)
        assert refused.returncode == 1 and "password" in refused.stderr
        eve.ctl("join", "friday", CLIP, "--server", server.url, "--password-file", tmp_path / "password")
        eve.ctl("wait", "synced")
    bob.ctl("pause")
    ada.ctl("wait", "paused")
    wait_for(lambda: stands_at(ada, bob.status()["position"]), "both show the frame on which bob paused")
    ada.ctl("role", "bob", "controller")


def test_a_paused_film_stays_on_its_frame(pair: tuple[Person, Person], server: Server) -> None:
    ada, bob = pair
    ada.ctl("seek", "30")
    for somebody in pair:
        wait_for(partial(stands_at, somebody, 30.0), "the seek")
    ears = [Ear(somebody) for somebody in pair]
    server.kill()
    server.restart()
    back = {"ada": ("host", "paused"), "bob": ("viewer", "paused")}
    for somebody, ear in zip(pair, ears, strict=True):
        wait_for(partial(ear.has_heard, "room-joined"), "the way back into the room")
        wait_for(partial(shows, somebody, back), "everybody's return")
    for ear in ears:
        said = ear.close()
        assert not [event for event in said if event["event"] in ("room-left", "seek", "property-change")]
    bob.ctl("play")
    for somebody in pair:
        somebody.ctl("wait", "synced")


def test_members_agree_after_the_server_was_killed_during_a_burst_of_commands(
    pair: tuple[Person, Person], server: Server
) -> None:
    ada, bob = pair
    play(pair)
    ears = [Ear(somebody) for somebody in pair]
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(str(ada.socket))
        done = threading.Event()

        def burst() -> None:
            """Send a hundred commands a second, until after the server's end."""
            commands = itertools.cycle([["seek", 50, "absolute"], ["cycle", "pause"], ["set", "speed", "1.25"]])
            while not done.wait(0.01):
                control.sendall(json.dumps({"command": next(commands)}).encode() + b"\n")

        hand = threading.Thread(target=burst)
        hand.start()
        time.sleep(1.0)
        server.kill(at_once=True)
        done.set()
        hand.join()
    server.restart()
    for ear in ears:
        wait_for(partial(ear.has_heard, "room-joined"), "the way back into the room")
        assert not told(ear.close(), "room-left")
    ada.ctl("play")  # what was commanded after the server's end may have paused ada's player alone
    ada.ctl("pause")
    ada.ctl("seek", "100")
    for somebody in pair:
        wait_for(partial(stands_at, somebody, 100.0), "the seek")
    bob.ctl("play")
    for somebody in pair:
        somebody.ctl("wait", "playing")
        somebody.ctl("wait", "synced")
    assert [role for role, _ in members(bob).values()] == ["host", "viewer"]


def test_two_servers_do_not_share_a_folder(pair: tuple[Person, Person], server: Server, tmp_path: Path) -> None:
    words: list[str | Path] = [
        BIN / "hangd",
        "server",
        "--listen",
        f"127.0.0.1:{free_port()}",
        "--data-dir",
        tmp_path / "data",
    ]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line == (
        f"hangd: error: another server keeps its rooms in {tmp_path}/data/rooms.db: "
        "give this one a folder of its own (--data-dir)"
    )
    ada, _ = pair
    ada.ctl("play")
    ada.ctl("wait", "playing")


def test_a_damaged_file_loses_its_rooms_and_the_server_goes_on(
    pair: tuple[Person, Person], server: Server, tmp_path: Path
) -> None:
    ada, _ = pair
    server.kill()
    folder = tmp_path / "data"
    for path in filter(Path.is_file, folder.iterdir()):  # the log too, from which SQLite would repair the file
        path.write_bytes(b"junk" * 10_000)
    server.restart()
    wait_for(lambda: ada.status()["room"] is None, "the room's end, as ada learns it")
    assert list(folder.glob("rooms.db.damaged-*"))
    ada.ctl("create", CLIP, "--name", "again")
    ear = Ear(ada)
    server.kill()
    server.restart()
    wait_for(partial(ear.has_heard, "room-joined"), "ada's return")
    ear.close()
