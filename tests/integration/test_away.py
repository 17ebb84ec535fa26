"""A server process that is stopped and killed: the players obey their viewers, and nobody waits to leave."""

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemons.party import CLIP, Person, Server, person, room_server, wait_for

pytestmark = pytest.mark.real


@pytest.fixture
def server() -> Iterator[Server]:
    with room_server() as running:
        yield running


@pytest.fixture
def couple(server: Server, tmp_path: Path) -> Iterator[tuple[Person, Person]]:
    """Two viewers in a room that plays."""
    with person("ada", tmp_path, player="simulated") as ada, person("bob", tmp_path, player="simulated") as bob:
        for viewer in (ada, bob):
            viewer.start_daemon()
        ada.ctl("create", CLIP, "--server", server.url, "--name", "friday")
        bob.ctl("join", "friday", CLIP, "--server", server.url)
        ada.ctl("play")
        wait_for(lambda: sync(bob) == "synced", "bob plays with the room")
        yield ada, bob


def sync(viewer: Person) -> Any:
    return viewer.get("sync/state")


def stands(viewer: Person) -> bool:
    before = viewer.get("time-pos")
    time.sleep(0.5)
    return bool(viewer.get("time-pos") == before)


def test_a_stopped_server(server: Server, couple: tuple[Person, Person]) -> None:
    ada, bob = couple
    server.process.send_signal(signal.SIGSTOP)
    ada.ctl("pause")
    assert stands(ada) and not stands(bob)
    assert sync(ada) == "away"
    told = ada.ctl("status")
    assert re.search(r"^away: on your own for \d+:\d\d$", told, re.MULTILINE)
    (own,) = [line for line in told.splitlines() if line.startswith("*")]
    assert not re.search("known to|rtt", own) and "drift" not in told, "nothing is known of where the room is"
    assert ada.get("sync/error") is None
    server.process.send_signal(signal.SIGCONT)
    wait_for(lambda: bob.get("pause"), "the pause counts for the room once it can")
    wait_for(lambda: sync(ada) == "synced", "ada is back in the room")
    assert ada.get("pause")
    assert "drift" in ada.ctl("status")


def test_a_server_that_is_stopped_until_the_link_is_given_up(server: Server, couple: tuple[Person, Person]) -> None:
    ada, bob = couple
    server.process.send_signal(signal.SIGSTOP)
    wait_for(lambda: ada.get("server/state") != "connected", "the link is given up")
    ada.ctl("pause")
    assert stands(ada) and not stands(bob)
    server.process.send_signal(signal.SIGCONT)
    wait_for(lambda: sync(ada) == "apart", "ada stands while the room goes on")
    assert "`hangctl play` takes you back" in ada.ctl("status")
    wait_for(lambda: "on its own" in bob.ctl("status"), "bob sees it")
    wait_for(lambda: sync(bob) == "synced", "bob is back in the room")
    assert stands(ada)
    ada.ctl("play")
    wait_for(lambda: sync(ada) == "synced", "ada is with the room again")
    assert not stands(bob)


def test_a_friend_whose_machine_stands_still_is_seen_to(couple: tuple[Person, Person]) -> None:
    ada, bob = couple
    wait_for(lambda: friend(ada)["error"] is not None and "last heard" not in ada.ctl("members"), "bob's error")
    os.kill(pid := bob.pid(), signal.SIGSTOP)
    try:
        wait_for(lambda: friend(ada)["silent"], "it is known that he is not heard any more")
        assert friend(ada)["state"] != "away" and friend(ada)["age"] > 5.0
        (line,) = [line for line in ada.ctl("members").splitlines() if "bob" in line]
        assert re.search(r" last heard [0-9]+ s ago$", line), "and none of his numbers"
        assert " last heard " in ada.ctl("status")
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: not friend(ada)["silent"], "he is heard again")


def seconds(viewer: Person, *words: str) -> float:
    """Run hangctl, and return how long that took."""
    began = time.monotonic()
    viewer.ctl(*words)
    return time.monotonic() - began


def friend(viewer: Person) -> dict[str, Any]:
    """Return the other member, as --json shows it."""
    lines = viewer.ctl("members", "--json").splitlines()
    (other,) = [member for member in map(json.loads, lines) if not member["self"]]
    return dict(other)


def test_leaving_a_stopped_server(server: Server, couple: tuple[Person, Person]) -> None:
    ada, bob = couple
    server.process.send_signal(signal.SIGSTOP)
    for viewer, words in ((ada, ["leave"]), (bob, ["ipc", '{"command":["server-disconnect"]}'])):
        usual = seconds(viewer, "get", "pid")
        assert seconds(viewer, *words) < usual + 5.0, "they used to wait seven seconds each"
    for viewer in (ada, bob):
        assert viewer.get("room/id") is None
        assert not stands(viewer), "the film goes on, alone"
    server.process.send_signal(signal.SIGCONT)


def test_a_killed_server(server: Server, couple: tuple[Person, Person]) -> None:
    ada, _ = couple
    server.process.kill()
    server.process.wait()
    wait_for(lambda: sync(ada) == "away", "the server is gone")
    ada.ctl("seek", "10:00")
    ada.ctl("pause")
    assert stands(ada) and ada.get("time-pos") >= 600.0
    ada.ctl("play")
    assert not stands(ada)
    refused = ada.run("say", "hello")
    assert refused.returncode == 6 and "cannot be reached now" in refused.stderr
    ada.ctl("leave")
    assert ada.get("room/id") is None and not stands(ada)


def test_friends_who_have_both_paused_without_the_server_play_on_together(tmp_path: Path) -> None:
    with (
        room_server("--data-dir", str(tmp_path / "data")) as server,
        person("ada", tmp_path, player="simulated") as ada,
        person("bob", tmp_path, player="simulated") as bob,
    ):
        for viewer in (ada, bob):
            viewer.start_daemon()
        ada.ctl("create", CLIP, "--server", server.url, "--name", "friday")
        bob.ctl("join", "friday", CLIP, "--server", server.url)
        ada.ctl("play")
        wait_for(lambda: sync(bob) == "synced", "bob plays with the room")
        server.kill()
        for viewer in (ada, bob):
            wait_for(lambda viewer=viewer: sync(viewer) == "away", "the server is gone")  # type: ignore[misc]
            viewer.ctl("pause")
        first = min(viewer.get("time-pos") for viewer in (ada, bob))
        server.restart()
        for viewer in (ada, bob):
            wait_for(lambda viewer=viewer: sync(viewer) == "synced", "the room stands with them")  # type: ignore[misc]
            assert viewer.get("pause") and abs(viewer.get("time-pos") - first) < 0.1
        began = time.monotonic()
        ada.ctl("play")
        wait_for(lambda: not bob.get("pause") and sync(bob) == "synced", "it is a play for both")
        assert bob.get("time-pos") < first + time.monotonic() - began + 1.0
