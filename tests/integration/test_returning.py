"""A daemon is killed, or stopped, while it is in a room, and started again. The players are simulated."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemons.party import BIN, CLIP, Person, Server, person, room_server, wait_for

pytestmark = pytest.mark.real


@pytest.fixture
def away(request: pytest.FixtureRequest) -> str:
    """For how many seconds the server keeps the place of somebody who is gone."""
    return str(getattr(request, "param", "2"))


@pytest.fixture
def server(away: str) -> Iterator[Server]:
    with room_server("--away", away) as running:
        yield running


@pytest.fixture
def pair(tmp_path: Path, server: Server) -> Iterator[tuple[Person, Person]]:
    """Ada, the host, and bob in a locked room with a password."""
    with person("ada", tmp_path, player="simulated") as ada, person("bob", tmp_path, player="simulated") as bob:
        (tmp_path / "password").write_text("sesame\n")
        secret = ("--password-file", tmp_path / "password")
        ada.ctl("create", CLIP, "--server", server.url, "--name", "friday", *secret)
        bob.ctl("join", "friday", CLIP, "--server", server.url, *secret)
        ada.ctl("policy", "locked", "yes")
        ada.ctl("play")
        bob.ctl("wait", "synced")
        yield ada, bob


def members(somebody: Person) -> dict[str, str]:
    return {member["name"]: member["role"] for member in somebody.status()["members"]}


def rooms_files(somebody: Person) -> list[Path]:
    return list((somebody.folder / "home" / ".local" / "state" / "hang").glob("rooms-*"))


@pytest.mark.parametrize(
    ("away", "gone"), [("60", False), ("2", True)], indirect=["away"], ids=["its place is kept", "its place is lost"]
)
@pytest.mark.parametrize("how", ["kill", "stop"])
def test_the_next_daemon_is_back_in_the_room(pair: tuple[Person, Person], how: str, gone: bool) -> None:
    ada, bob = pair
    (path,) = rooms_files(ada)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    if how == "kill":
        wait_for(lambda: b'"place"' in path.read_bytes(), "the room in its file")
        ada.kill_daemon()
    else:
        ada.ctl("daemon", "stop")
    if gone:
        wait_for(lambda: "ada" not in members(bob), "the end of ada's place")
    ada.start_daemon()
    ada.ctl("wait", "synced")
    wait_for(lambda: members(bob) == {"ada": "host", "bob": bob_s(gone)}, "ada's return as host")
    assert ada.status()["path"] == str(CLIP) and ada.status()["state"] == "playing"
    assert "sesame" not in ada.log and "secret" not in ada.log


def bob_s(gone: bool) -> str:
    """Return bob's role: while ada's place was lost, he was host."""
    return "controller" if gone else "viewer"


def test_a_daemon_with_another_socket_does_not_take_the_place(pair: tuple[Person, Person]) -> None:
    ada, bob = pair
    ada.ctl("daemon", "stop")
    other = ada.folder / "run" / "other.sock"
    second = subprocess.Popen([BIN / "hangd", "--socket", other], env=ada.environment, stderr=subprocess.PIPE)
    try:
        wait_for(other.exists, "the second daemon's socket")
        assert ada.run("--socket", other, "status").stdout.splitlines() == ["idle", "in no room"]
    finally:
        second.terminate()
        second.communicate()
    ada.start_daemon()
    ada.ctl("wait", "synced")
    wait_for(lambda: "ada" in members(bob), "ada's return")


def test_who_leaves_has_left(pair: tuple[Person, Person]) -> None:
    ada, bob = pair
    bob.ctl("leave")
    bob.ctl("daemon", "stop")
    bob.start_daemon()
    assert bob.ctl("status").splitlines() == ["idle", "in no room"]
    wait_for(lambda: members(ada) == {"ada": "host"}, "the end of bob's place, as ada sees it")
    (path,) = rooms_files(bob)
    assert b"sesame" not in path.read_bytes()
    # He was a member when the room was locked, and may come by hand. The password is asked for: he knows it.
    bob.ctl("join", "friday", CLIP, "--server", pair_server(ada), "--password-file", ada.folder.parent / "password")
    assert members(bob) == {"ada": "host", "bob": "viewer"}


def pair_server(somebody: Person) -> str:
    return str(somebody.get("server/url"))


def test_who_crashes_and_cannot_keep_a_secret_has_one_row(tmp_path: Path) -> None:
    """Each crash used to leave a "bob, away" for as long as a place is kept."""
    with (
        room_server() as server,
        person("ada", tmp_path, player="simulated") as ada,
        person("bob", tmp_path, player="simulated") as bob,
    ):
        (bob.folder / "home" / ".local").write_text("a file, where the folder of what is kept would be")
        ada.ctl("create", CLIP, "--server", server.url, "--name", "friday")
        for _ in range(3):
            bob.ctl("join", "friday", CLIP, "--server", server.url)
            bob.kill_daemon()
            wait_for(lambda: "away" in ada.ctl("members"), "the end of bob's connection")
        bob.ctl("join", "friday", CLIP, "--server", server.url)
        wait_for(lambda: "away" not in ada.ctl("members"), "bob's return, as ada sees it")
        assert [member["name"] for member in ada.status()["members"]] == ["ada", "bob"]


def test_an_ending_by_sigterm_is_quick(pair: tuple[Person, Person]) -> None:
    ada, _ = pair
    pid = ada.pid()
    os.kill(pid, 15)
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the daemon's end", timeout=10)
