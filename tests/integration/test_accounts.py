"""Logins, invites and bans, between a room server and daemons that are processes. The players are simulated."""

import contextlib
import json
import os
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hangd.urls import parse_invite
from tests.support.daemons.party import BIN, CLIP, Person, Server, person, room_server, wait_for

# Most of them start servers and daemons anew, which on a busy machine takes seconds each.
pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

SECRET = "correct horse battery"


class Home:
    """The state of one person on one machine."""

    def __init__(self, somebody: Person, server: Server) -> None:
        self.path = somebody.folder / "home" / ".local" / "state" / "hang" / "credentials.json"
        self._server = server

    def login(self) -> dict[str, Any]:
        """Return the tokens that are kept."""
        kept: dict[str, Any] = json.loads(self.path.read_bytes())["servers"].get(self._server.url, {}).get("login", {})
        return kept

    def expire(self) -> None:
        """Let the access token be an old one, as after an hour without the server."""
        whole = json.loads(self.path.read_bytes())
        whole["servers"][self._server.url]["login"] |= {"expires": time.time() - 60, "access": "an.old.one"}
        self.path.write_text(json.dumps(whole))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "server"


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with room_server("--data-dir", str(folder), "--register", "open", "--away", "2") as running:
        yield running


@pytest.fixture
def people(tmp_path: Path, server: Server) -> Iterator[tuple[Person, Person]]:
    """Ada and bob, with daemons that write everything into their logs, connected to the server."""
    with person("ada", tmp_path, player="simulated") as ada, person("bob", tmp_path, player="simulated") as bob:
        for somebody in (ada, bob):
            somebody.environment |= {"HANG_LOG_LEVEL": "debug", "HANG_SERVER": server.url}
            somebody.start_daemon()
        yield ada, bob


def admin(folder: Path, *words: str, given: str = "") -> str:
    done = subprocess.run(
        [str(BIN / "hangd"), *words, "--data-dir", str(folder)], input=given, text=True, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(somebody: Person, *words: Any) -> dict[str, Any]:
    """Carry out a command that is refused, and return what the answer says of that."""
    answer = json.loads(somebody.run("ipc", json.dumps({"command": words})).stdout)
    assert answer["error"] != "success", answer
    details: dict[str, Any] = answer["details"]
    return details


def account(somebody: Person) -> Any:
    return somebody.get("server/account")


def invited(somebody: Person, *words: str) -> str:
    """Make an invite, and return its token."""
    token = parse_invite(somebody.do("room-create-invite", *words)["invite"]).token
    assert token is not None
    return token


def test_a_login_outlives_daemons_expiry_and_the_server(
    people: tuple[Person, Person], server: Server, folder: Path
) -> None:
    ada, _ = people
    home = Home(ada, server)
    admin(folder, "user", "add", "ada", given=f"{SECRET}\n")
    assert refused(ada, "server-login", server.url, "ada", "a wrong one")["code"] == "Unauthorized"
    assert ada.do("server-login", server.url, "ada", SECRET) == {"account": "ada", "server": server.url}
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o600
    ada.ctl("create", CLIP, "--name", "friday")
    ada.do("room-set", "access", "accounts")
    # Killed and started anew: in the room again, as ada.
    wait_for(lambda: b'"place"' in b"".join(p.read_bytes() for p in home.path.parent.glob("rooms-*")), "the place")
    ada.kill_daemon()
    ada.start_daemon()
    ada.ctl("wait", "synced")
    assert account(ada) == "ada" and [one["account"] for one in ada.status()["members"]] == ["ada"]
    # Killed, and started after the place is gone and the token has expired.
    ada.kill_daemon()
    home.expire()
    old = home.login()["refresh"]
    time.sleep(3)
    ada.start_daemon()
    ada.ctl("wait", "synced")
    assert account(ada) == "ada" and home.login()["refresh"] != old
    # The server is killed.
    server.kill()
    home.expire()
    server.restart()
    wait_for(lambda: ada.get("server/state") == "connected", "the connection")
    wait_for(lambda: home.login()["access"] != "an.old.one" and account(ada) == "ada", "the renewed login")
    assert len(ada.status()["members"]) == 1
    # The admin changes the password: it ends within seconds, and is told.
    admin(folder, "user", "passwd", "ada", given="another password\n")
    wait_for(lambda: ada.get("server/state") == "disconnected", "the end of the login")
    left = ada.get("room/left")
    assert left["reason"] == "lost" and "hangctl login" in left["detail"], left
    wait_for(lambda: not home.login() and account(ada) is None, "the end of the tokens")
    assert refused(ada, "server-login", server.url, "ada", SECRET)["code"] == "Unauthorized"
    ada.do("server-login", server.url, "ada", "another password")
    ada.do("room-join", "friday", str(CLIP))
    assert ada.status()["members"][0]["role"] == "host", "the room knows its owner"


def test_daemons_of_one_user_share_a_login(people: tuple[Person, Person], server: Server, folder: Path) -> None:
    """Both renew it at one moment, again and again, and neither uses a token that the other has used."""
    ada, _ = people
    home = Home(ada, server)
    ada.do("server-register", "ada", SECRET)
    other = Person("ada", ada.folder, display=None, player="simulated")
    other.environment |= ada.environment | {"HANG_SOCKET": str(ada.folder / "run" / "other.sock")}
    other.start_daemon()
    try:
        other.do("server-connect", server.url)
        seen = {home.login()["refresh"]}
        for _ in range(5):
            server.kill()
            home.expire()
            server.restart()
            for daemon in (ada, other):
                wait_for(lambda daemon=daemon: daemon.get("server/state") == "connected", "the connection")  # type: ignore[misc]
            wait_for(lambda: home.login()["access"] != "an.old.one", "the renewed login")
            for daemon in (ada, other):
                wait_for(lambda daemon=daemon: account(daemon) == "ada", "the login")  # type: ignore[misc]
            seen.add(home.login()["refresh"])
        assert len(seen) == 6
        assert "not logged in" not in ada.log and "has ended" not in ada.log
    finally:
        with contextlib.suppress(AssertionError):
            other.ctl("daemon", "stop")


def test_invites_and_bans(people: tuple[Person, Person], server: Server) -> None:
    ada, bob = people
    ada.ctl("create", CLIP, "--name", "friday")
    ada.do("room-set", "access", "invited")
    assert refused(bob, "room-join", "friday", str(CLIP))["code"] == "InvalidInvite"
    assert refused(bob, "room-join", "friday", str(CLIP), "", "a.forged.one")["code"] == "InvalidInvite"
    token = invited(ada, "controller", "3600", "1")
    (listed,) = ada.do("room-invites")
    assert (listed["role"], listed["uses"], listed["by"]) == ("controller", 1, "ada")
    bob.do("room-join", "friday", str(CLIP), "", token)
    assert bob.get("room/role") == "controller"
    bob.ctl("leave")
    bob.do("room-join", "friday", str(CLIP))  # Who was a member needs none.
    ada.do("room-kick", "bob", "yes", "too loud")
    wait_for(lambda: bob.get("room/left"), "the ban")
    left = bob.get("room/left")
    assert left["reason"] == "banned" and "too loud" in left["detail"] and "24 hours" in left["detail"], left
    # Nothing of his own opens the door again: another invite, a new name, a new start, no memory of the room.
    again = invited(ada, "viewer")
    assert refused(bob, "room-join", "friday", str(CLIP), "", again)["code"] == "Banned"
    bob.ctl("daemon", "stop")
    for path in (bob.folder / "home" / ".local" / "state" / "hang").glob("rooms-*"):
        path.unlink()
    bob.environment["HANG_NAME"] = "robert"
    bob.start_daemon()
    assert refused(bob, "room-join", "friday", str(CLIP), "", again)["code"] == "Banned"
    (ban,) = ada.do("room-bans")
    assert (ban["name"], ban["by"], ban["reason"]) == ("bob", "ada", "too loud")
    assert ada.do("room-unban", "bob") == {"id": ban["id"], "name": "bob"}
    bob.do("room-join", "friday", str(CLIP), "", again)
    ada.do("room-revoke-invites", "", "", "yes")
    assert ada.do("room-invites") == []


def test_an_admins_ban_ends_all_and_is_told(people: tuple[Person, Person], server: Server, folder: Path) -> None:
    ada, bob = people
    for somebody in (ada, bob):
        somebody.do("server-register", somebody.name, SECRET)
    ada.ctl("create", CLIP, "--name", "friday")
    bob.do("room-join", "friday", str(CLIP))
    admin(folder, "user", "ban", "bob")
    wait_for(lambda: bob.get("server/state") == "disconnected", "the ban")
    left = bob.get("room/left")
    assert left["reason"] == "lost" and "its admin" in left["detail"], left
    assert refused(bob, "server-connect", server.url)["code"] == "Banned"
    wait_for(lambda: [one["name"] for one in ada.status()["members"]] == ["ada"], "bob's end as a member")


def test_nobody_is_told_of_secrets(people: tuple[Person, Person], server: Server, folder: Path) -> None:
    """Everything that the daemon writes, and its clients hear while it is talkative, is searched."""
    ada, _ = people
    secrets = {SECRET, "the room's password", "a wrong password", "an.invite.token"}
    commands: list[list[Any]] = [
        ["request_log_messages", "trace"],
        ["server-login", server.url, "ada", "a wrong password"],
        ["server-register", "ada", SECRET, "an.invite.token"],
        ["server-login", server.url, "ada", SECRET, "an.invite.token"],
        ["room-create", str(CLIP), "friday", "the room's password"],
        ["room-set", "password", "the room's password"],
        ["server-connect", server.url, SECRET],
        ["room-join", "other", str(CLIP), "a wrong password", "an.invite.token"],
        ["server-login", server.url, "ada", SECRET, "", "nonsense"],
        ["hang-debug-dump"],
    ]
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(str(ada.socket))
        for command in commands:
            control.sendall(json.dumps({"command": command}).encode() + b"\n")
        control.sendall(b'server-login "" ada "a wrong password"\nserver-login "" "a wrong password" "" "nonsense\n')
        control.sendall(json.dumps({"command": ["hang-wait", "done"], "request_id": 99}).encode() + b"\n")
        heard = ""
        for line in control.makefile(encoding="utf-8"):
            heard += line
            if '"request_id":99' in line:
                break
    assert heard.count('"error":"success"') >= 5, heard
    home = Home(ada, server)
    ada.do("server-pair")
    secrets |= {home.login()[key] for key in ("access", "refresh")}
    ada.do("server-logout")
    ada.ctl("daemon", "stop")
    state = ada.folder / "home"
    written = [heard, ada.log]
    for root, _, names in os.walk(state):
        for name in names:
            path = Path(root) / name
            if path.name.startswith(("rooms-", "credentials.json")):
                assert stat.S_IMODE(path.stat().st_mode) == 0o600
            else:
                written.append(path.read_bytes().decode("latin-1"))
    assert "log-message" in heard and len(written) > 2
    assert [[secret for secret in secrets if secret in text] for text in written] == [[]] * len(written)
