"""Signed invites: when one is made, what it is good for, and how it is taken back."""

import base64
import json
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangctl.commands.room.invite import _id, duration
from tests.hangctl.conftest import Hangctl
from tests.support.daemons.scripted_daemon import ScriptedDaemon, refusal
from tests.support.daemons.terminal import at_terminal

INVITE = "hangs://films.example.org:443/friday"
LINK = "https://films.example.org/#friday"
PAYLOAD = base64.urlsafe_b64encode(json.dumps({"room": "0d9f", "jti": "K7f2-x"}).encode()).decode().rstrip("=")
TOKEN = f"e30.{PAYLOAD}.c2ln"
SIGNED = {
    "id": "K7f2-x", "role": "viewer", "by": "ada", "expires_in": 86400.0, "invite": f"{INVITE}#invite={TOKEN}",
    "link": f"{LINK}&invite={TOKEN}", "invite_local": False,
}  # fmt: skip
BOTH = f"{SIGNED['invite']}\n{SIGNED['link']}\n"
PLAIN = f"{INVITE}\n{LINK}\n"
MADE = {"_name": "room-create-invite"}


@pytest.fixture
def room(daemon: ScriptedDaemon) -> dict[str, Any]:
    """The rules of the room."""
    rules: dict[str, Any] = {"access": "anyone", "has_password": False, "locked": False}
    data = {"room_id": "0d9f", "invite": INVITE, "link": LINK, "invite_local": False, "policy": rules}
    daemon.properties.update({"room": data, "room/id": "0d9f"})
    daemon.answers["room-create-invite"] = {"error": "success", "data": SIGNED}
    return rules


def made(daemon: ScriptedDaemon) -> list[Any]:
    return [each for each in daemon.received if isinstance(each, dict) and each["_name"] == "room-create-invite"]


@pytest.mark.parametrize(
    ("rules", "words", "is_signed"),
    [
        ({}, [], False),
        ({"access": "accounts"}, [], False),
        ({"locked": True}, [], False),
        ({"access": "invited"}, [], True),
        ({"has_password": True}, [], True),
        ({"has_password": True, "access": "accounts"}, [], True),
        ({}, ["--signed"], True),
        ({"access": "invited"}, ["--plain"], False),
        ({"has_password": True}, ["--plain"], False),
    ],
    ids=str,
)
def test_an_invite_is_signed_where_a_plain_one_would_let_nobody_in(
    daemon: ScriptedDaemon,
    room: dict[str, Any],
    hangctl: Hangctl,
    rules: dict[str, Any],
    words: list[str],
    is_signed: bool,
) -> None:
    room.update(rules)
    done = hangctl("invite", *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, BOTH if is_signed else PLAIN, "")
    assert made(daemon) == ([MADE] if is_signed else [])


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        (["--expires", "2h"], {"expires": "7200"}),
        (["--uses", "5"], {"uses": "5"}),
        (["--role", "controller"], {"role": "controller"}),
        (
            ["--expires=30m", "--uses=1", "--role=viewer", "--qr"],
            {"expires": "1800", "uses": "1", "role": "viewer"},
        ),
    ],
    ids=str,
)
def test_limits_make_it_a_signed_one(
    daemon: ScriptedDaemon, room: dict[str, Any], hangctl: Hangctl, words: list[str], arguments: dict[str, str]
) -> None:
    done = hangctl("invite", *words)
    assert done.stdout.endswith(BOTH)
    assert made(daemon) == [MADE | arguments]


def test_json_has_always_the_same_keys(room: dict[str, Any], hangctl: Hangctl) -> None:
    plain, signed = (json.loads(hangctl("invite", "--json", *words).stdout) for words in ([], ["--signed"]))
    assert list(plain) == list(signed) == ["invite", "link", "invite_local", "id", "role", "expires_in", "uses"]
    assert (plain["invite"], plain["id"]) == (INVITE, None)
    assert (signed["invite"], signed["id"], signed["uses"]) == (SIGNED["invite"], "K7f2-x", None)


@given(st.binary(max_size=60) | st.sampled_from([b"[]", b"{}", b'"x"', b"5", b"[" * 700]))
def test_a_damaged_invite_has_an_id_or_is_refused(payload: bytes) -> None:
    middle = base64.urlsafe_b64encode(payload).decode().rstrip("=")
    for token in (f"e30.{middle}.c2ln", f"e30.{middle}", middle, f"{middle}.x.{middle}"):
        with pytest.raises(click.BadParameter):
            _id(f"{INVITE}#invite={token}")
    assert _id(str(SIGNED["invite"])) == _id(str(SIGNED["link"])) == "K7f2-x"


@pytest.mark.parametrize("text", ["0m", "59s", "31d", "2", "2 h", "-2h", "h", "1.5h", "2w", "99999999999d", "\u0662h"])
def test_what_is_no_time_for_an_invite_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        duration(text)


@pytest.mark.parametrize(("text", "seconds"), [("60s", 60), ("1h30m", 5400), ("7d", 604800), ("30d", 2592000)])
def test_a_time_is_written_with_its_unit(text: str, seconds: int) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    "words",
    [
        ["invite", "--plain", "--signed"],
        ["invite", "--plain", "--uses", "5"],
        ["invite", "--to", "Bob", "--uses", "5"],
        ["invite", "--uses", "0"],
        ["invite", "--uses", "1001"],
        ["invite", "--expires", "2"],
        ["invite", "--role", "host"],
        ["invite", "--uses", "5", "list"],
        ["invite", "revoke"],
        ["invite", "revoke", "a", "--mine"],
        ["invite", "revoke", "--mine", "--all"],
        ["invite", "revoke", INVITE],
        ["invite", "revoke", f"{INVITE}#invite=a.b.c"],
        ["invite", "revoke", f"{INVITE}#invite=a"],
        ["invite", "revoke", f"{INVITE}#invite=a.W10.c"],
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_here(
    daemon: ScriptedDaemon, room: dict[str, Any], hangctl: Hangctl, words: list[str]
) -> None:
    done = hangctl(*words)
    assert (done.returncode, done.stdout, daemon.received) == (2, "", [])
    assert done.stderr.count("\n") == 2, done.stderr


def test_a_terminal_is_told_what_it_is_good_for(
    daemon: ScriptedDaemon, room: dict[str, Any], environment: dict[str, str]
) -> None:
    def at() -> str:
        code, seen = at_terminal("invite", "--signed", environment=environment)
        assert code == 0
        return seen

    assert at() == (
        f"{BOTH}this invite lets in whoever has it, as viewer, without a password, for 24 h\n"
        "`hangctl invite revoke K7f2-x` takes it back\n"
    )
    data = SIGNED | {"uses": 5, "role": "controller", "expires_in": 7200.0}
    daemon.answers["room-create-invite"] = {"error": "success", "data": data}
    assert "lets in 5 members, as controller, without a password, for 2 h" in at()
    room["locked"] = True
    assert "the room is locked, so nobody new gets in" in at()


def test_who_may_sign_none_gives_on_the_plain_one_where_that_is_of_use(
    daemon: ScriptedDaemon, room: dict[str, Any], hangctl: Hangctl, environment: dict[str, str]
) -> None:
    daemon.answers["room-create-invite"] = refusal("Forbidden", "only the host may invite")
    room["has_password"] = True
    assert hangctl("invite").stdout == PLAIN
    _, seen = at_terminal("invite", environment=environment)
    assert seen.startswith("note: this invite does not stand in for the room's password: only the host may invite\n")
    assert hangctl("invite", "--signed").returncode == 1
    room["access"] = "invited"
    done = hangctl("invite")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("hangctl: error: cannot make an invite: only the host may invite")


def test_a_room_for_the_invited_begins_with_an_invite(
    daemon: ScriptedDaemon, room: dict[str, Any], environment: dict[str, str], hangctl: Hangctl, tmp_path: Path
) -> None:
    (tmp_path / "film.mkv").write_bytes(b"film")
    daemon.answers["room-create"] = {"error": "success", "data": daemon.properties["room"] | {"host": True}}
    assert hangctl("create", "film.mkv", "--access", "invited", "--history", "no").stdout == "0d9f\n"
    assert made(daemon) == []
    (request,) = [one for one in daemon.received if isinstance(one, dict) and one["_name"] == "room-create"]
    assert (request["access"], request["history"]) == ("invited", "no")
    code, seen = at_terminal("create", str(tmp_path / "film.mkv"), "--access", "invited", environment=environment)
    assert (code, made(daemon)) == (0, [MADE])
    assert f"invite: {SIGNED['invite']}\nin a browser: {SIGNED['link']}\n" in seen
    assert "the others join with: hangctl join 'INVITE' FILE\n" in seen
    sent = [each for each in daemon.received if isinstance(each, dict) and each["_name"] == "room-create"]
    assert [each["access"] for each in sent] == ["invited", "invited"]


def test_invites_are_listed(
    daemon: ScriptedDaemon, room: dict[str, Any], hangctl: Hangctl, environment: dict[str, str]
) -> None:
    listed = [
        {"id": "K7f2-x", "role": "viewer", "by": "ada\x1b", "expires_in": 86400.0},
        {"id": "P0-_a", "role": "controller", "by": "bob", "expires_in": 600.0, "uses": 3},
    ]
    daemon.answers["room-invites"] = {"error": "success", "data": listed}
    assert hangctl("invite", "list").stdout == (
        "K7f2-x  viewer  by ada\\x1b  for 24 h\nP0-_a  controller  by bob  for 10 min, 3 uses left\n"
    )
    first, second = map(json.loads, hangctl("invite", "list", "--json").stdout.splitlines())
    assert (first, second) == (listed[0] | {"uses": None}, listed[1])
    _, seen = at_terminal("invite", "list", environment=environment | {"COLUMNS": "100"})
    assert seen.splitlines()[2].split() == ["P0-_a", "controller", "bob", "10", "min", "3"]
    daemon.answers["room-invites"] = {"error": "success", "data": []}
    assert (done := hangctl("invite", "list")).stdout == done.stderr == ""


@pytest.mark.parametrize(
    ("words", "requests"),
    [
        (["K7f2-x", "P0-_a"], [{"id": "K7f2-x"}, {"id": "P0-_a"}]),
        ([str(SIGNED["invite"])], [{"id": "K7f2-x"}]),
        ([str(SIGNED["link"])], [{"id": "K7f2-x"}]),
        (["--mine"], [{"mine": "yes"}]),
        (["--all"], [{"all": "yes"}]),
        (["--", "-K7f2"], [{"id": "-K7f2"}]),
    ],
    ids=str,
)
def test_invites_are_taken_back(
    daemon: ScriptedDaemon, room: dict[str, Any], hangctl: Hangctl, words: list[str], requests: list[dict[str, str]]
) -> None:
    assert hangctl("invite", "revoke", *words).stdout == ""
    assert daemon.received == [{"_name": "room-revoke-invites"} | each for each in requests]


def test_an_invite_that_is_not_there_is_named(daemon: ScriptedDaemon, room: dict[str, Any], hangctl: Hangctl) -> None:
    def revoke(command: Any) -> dict[str, Any]:
        if command["id"] == "x":
            return refusal("InvalidMessage", "$.payload.id is no invite to this room")
        return {"error": "success", "data": None}

    daemon.answers["room-revoke-invites"] = revoke
    done = hangctl("invite", "revoke", "K7f2-x", "x", "P0-_a")
    assert (done.returncode, len(daemon.received)) == (1, 2)
    assert done.stderr == (
        "hangctl: error: cannot take the invite x back: the room has no such invite\n"
        "hint: `hangctl invite list` lists those that still let in\n"
    )
    daemon.answers["room-revoke-invites"] = refusal("Forbidden", "it is the host's to revoke")
    assert "it is the host's to revoke" in hangctl("invite", "revoke", "x").stderr
