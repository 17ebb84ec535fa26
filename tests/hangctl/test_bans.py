"""Bans: what a person is told of what they hold against, and how they are lifted."""

import json
from typing import Any

import pytest

from tests.hangctl.conftest import Hangctl
from tests.support.daemons.scripted_daemon import ScriptedDaemon, refusal
from tests.support.daemons.terminal import at_terminal

BANS: list[dict[str, Any]] = [
    {"id": "b1", "name": "eve\x1b", "by": "ada", "kinds": ["account", "device"], "reason": "spoilers"},
    {"id": "b2", "name": "bob", "by": "ada", "kinds": ["device", "network"], "network_until": 86400.0},
]


@pytest.fixture
def banning(daemon: ScriptedDaemon) -> ScriptedDaemon:
    daemon.answers["room-bans"] = {"error": "success", "data": BANS}
    daemon.answers["room-unban"] = {"error": "success", "data": {"id": "b2", "name": "bob"}}
    return daemon


@pytest.mark.parametrize(
    ("ban", "told"),
    [
        (BANS[0], r"eve\x1b is known again by its account and its device for good; on another device and network it "),
        (BANS[1], "bob is known again by its device for good and by its network for 24 h; on another device and "),
        (BANS[1] | {"kinds": ["network"]}, "bob is known again by its network for 24 h; on another device and "),
        (BANS[1] | {"kinds": [], "network_until": None}, "bob is removed, but nothing is known by which it could be"),
    ],
    ids=str,
)
def test_a_person_is_told_what_a_ban_holds_against(
    banning: ScriptedDaemon, environment: dict[str, str], ban: dict[str, Any], told: str
) -> None:
    banning.answers["room-bans"] = {"error": "success", "data": [BANS[0], ban]}
    code, seen = at_terminal("ban", "someone", environment=environment)
    assert code == 0
    assert seen.startswith(told)


def test_a_ban_stands_whatever_can_be_told_of_it(banning: ScriptedDaemon, environment: dict[str, str]) -> None:
    for answer in (refusal("Forbidden", "only the host may ask"), {"error": "success", "data": []}):
        banning.answers["room-bans"] = answer
        assert at_terminal("ban", "bob", "--reason", "x", environment=environment) == (0, "")


def test_bans_are_listed(banning: ScriptedDaemon, hangctl: Hangctl, environment: dict[str, str]) -> None:
    assert hangctl("bans").stdout.splitlines() == [
        r"b1  eve\x1b  account, device  by ada  spoilers",
        "b2  bob  device, network for 24 h  by ada",
    ]
    found = list(map(json.loads, hangctl("bans", "--json").stdout.splitlines()))
    assert found == [BANS[0] | {"network_until": None}, BANS[1] | {"reason": None}]
    _, seen = at_terminal("bans", environment=environment | {"COLUMNS": "100"})
    assert seen.splitlines()[0].split()[:3] == ["id", "name", "known"]
    assert r"eve\x1b" in seen
    banning.answers["room-bans"] = {"error": "success", "data": []}
    assert at_terminal("bans", environment=environment) == (0, "nobody is banned\n")
    assert hangctl("bans").stdout == ""


def test_a_ban_is_lifted_by_name_or_id(banning: ScriptedDaemon, hangctl: Hangctl, environment: dict[str, str]) -> None:
    assert hangctl("unban", "bob").stdout == ""
    assert banning.received == [["room-unban", "bob"]]
    assert at_terminal("unban", "b2", environment=environment) == (0, "bob may come in again\n")
    banning.properties["room/policy"] = {"access": "invited"}
    told = at_terminal("unban", "b2", environment=environment)[1]
    assert told == "bob may come in again, with an invite: `hangctl invite` makes one\n"
    banning.answers["room-unban"] = refusal("NotFound", "nobody of this name is banned")
    done = hangctl("unban", "x")
    assert done.returncode == 1
    assert done.stderr.endswith("hint: `hangctl bans` lists who is banned\n")
