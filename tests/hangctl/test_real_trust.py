"""Accounts, invites and bans with a real server and real daemons, as people use them by hangctl."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from hangd.server.settings import ServerSettings
from tests.support.daemons.machine import Person
from tests.support.daemons.terminal import at_terminal
from tests.support.servers.server import process

pytestmark = pytest.mark.real

ADA, BOB = "open sesame", "open barley"


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Callable[[str], Person]]:
    made: list[Person] = []

    def make(name: str) -> Person:
        made.append(Person(name, tmp_path))
        return made[-1]

    yield make
    for person in made:
        person.stop()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    settings = msgspec.structs.replace(ServerSettings(), register="open", data_dir=str(tmp_path / "server"))
    with process(settings) as running:
        yield running.url


def test_a_login_lasts_and_a_second_machine_is_paired(machines: Callable[[str], Person], server: str) -> None:
    ada, tablet = machines("ada"), machines("tablet")
    ada.hangctl("register", server, "--name", "ada", typed=ADA)
    assert ada.hangctl("whoami") == "ada\n"
    assert "is wrong" in tablet.hangctl("login", server, "--name", "ada", typed=BOB, code=6)
    assert "not logged in" in tablet.hangctl("whoami", code=1)
    code = ada.hangctl("pair").strip()
    tablet.hangctl("login", server, "--code", code.lower())
    assert tablet.hangctl("whoami") == "ada\n"
    assert "hangctl pair" in tablet.hangctl("login", server, "--code", code, code=6), "a code is good once"
    for person in (ada, tablet):
        person.hangctl("daemon", "stop")
        person.hangctl("connect", server)
        assert person.hangctl("whoami") == "ada\n"
    ada.hangctl("logout", "--everywhere")
    for person in (ada, tablet):
        assert "not logged in" in person.hangctl("whoami", code=1)
    ada.hangctl("login", "--name", "ada", typed=ADA)
    assert ada.hangctl("whoami") == "ada\n"


def test_a_room_for_the_invited_lets_in_by_a_link(machines: Callable[[str], Person], server: str) -> None:
    ada, bob, cid = machines("ada"), machines("bob"), machines("cid")
    ada.hangctl("create", "film.mp4", "--name", "friday", "--access", "invited", "--server", server)
    plain = ada.hangctl("invite", "--plain").splitlines()[0]
    assert "hint: who is in the room makes an invite" in bob.hangctl("join", plain, code=1)
    invite, link = ada.hangctl("invite", "--uses", "1", "--role", "controller").splitlines()
    bob.hangctl("join", link)
    (role,) = [each["role"] for each in ada.status()["members"] if each["name"] == "bob"]
    assert role == "controller"
    assert "hangctl invite" in cid.hangctl("join", invite, code=1), "it was good for one"
    made = json.loads(ada.hangctl("invite", "--json"))
    assert [json.loads(line)["id"] for line in ada.hangctl("invite", "list", "--json").splitlines()][-1] == made["id"]
    ada.hangctl("invite", "revoke", made["link"])
    assert "hangctl invite" in cid.hangctl("join", made["invite"], code=1)
    cid.hangctl("join", ada.hangctl("invite").splitlines()[0])
    assert len(ada.status()["members"]) == 3


def test_a_signed_link_stands_in_for_the_password(machines: Callable[[str], Person], server: str) -> None:
    ada, bob = machines("ada"), machines("bob")
    (ada.folder / "secret").write_text(f"{ADA}\n")
    ada.hangctl("create", "film.mp4", "--name", "friday", "--password-file", "secret", "--server", server)
    plain = ada.hangctl("invite", "--plain").splitlines()[0]
    assert "--password asks" in bob.hangctl("join", plain, code=1)
    answers = [("Password of the room: ", BOB), ("Password of the room: ", ADA)]
    code, seen = at_terminal("join", plain, environment=bob.environment, answers=answers)
    assert code == 0, seen
    cid = machines("cid")
    cid.hangctl("join", ada.hangctl("invite").splitlines()[0])
    assert len(ada.status()["members"]) == 3


def test_a_ban_holds_until_it_is_lifted(machines: Callable[[str], Person], server: str) -> None:
    ada, bob = machines("ada"), machines("bob")
    bob.hangctl("register", server, "--name", "bob", typed=BOB)
    ada.hangctl("create", "film.mp4", "--name", "friday", "--server", server)
    bob.hangctl("join", "friday")
    code, seen = at_terminal("ban", "bob", "--reason", "spoilers", environment=ada.environment)
    assert code == 0
    assert seen.startswith("bob is known again by its account and its device for good; ")
    invite = ada.hangctl("invite", "--signed").splitlines()[0]
    for _ in range(2):
        assert "hangctl unban" in bob.hangctl("join", "friday", code=1)
        assert "hangctl unban" in bob.hangctl("join", invite, code=1)
        bob.hangctl("daemon", "stop")
        bob.environment["HANG_NAME"] = "rob"
        bob.hangctl("connect", server)
    (ban,) = map(json.loads, ada.hangctl("bans", "--json").splitlines())
    assert (ban["name"], ban["reason"], sorted(ban["kinds"])) == ("bob", "spoilers", ["account", "device"])
    ada.hangctl("unban", "bob")
    assert ada.hangctl("bans") == ""
    bob.hangctl("join", "friday")


def test_a_server_s_password_is_asked_for_once(machines: Callable[[str], Person], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{ADA}\n")
    with process(msgspec.structs.replace(ServerSettings(), server_password_file=str(secret))) as running:
        ada, bob = machines("ada"), machines("bob")
        refused = ada.hangctl("create", "film.mp4", "--name", "friday", "--server", running.url, code=6)
        assert "hangctl connect URL --password-stdin" in refused
        assert ada.hangctl("connect", running.url, "--password-stdin", typed=BOB, code=6)
        ada.hangctl("connect", running.url, "--password-stdin", typed=ADA)
        ada.hangctl("create", "film.mp4", "--name", "friday")
        question = "Password of the server .*: "
        code, seen = at_terminal(
            "join",
            "friday",
            "--server",
            running.url,
            environment=bob.environment,
            answers=[(question, BOB), (question, ADA)],
        )
        assert code == 0, seen
        bob.hangctl("daemon", "stop")
        bob.hangctl("join", "friday", "--server", running.url)
