"""Invites and bans, as control clients ask for them: a real room server and viewers in this process."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hangd.client.control.port import CommandRefused
from hangd.server.settings import ServerSettings
from hangd.urls import parse_invite
from tests.support.daemons.viewers import Watcher
from tests.support.servers.server import running


class Here(NamedTuple):
    """Ada, the host of the room "friday", and bob and cy, who are in no room."""

    url: str
    ada: Watcher
    bob: Watcher
    cy: Watcher


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Here]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(running(ServerSettings()))
        people = []
        for name in ("ada", "bob", "cy"):
            somebody = Watcher(
                tmp_path / name, name=name, server=url, duration=600.0, device=tmp_path / f"{name}-device"
            )
            stack.push_async_callback(somebody.viewer.close)
            somebody.viewer.begin()
            people.append(somebody)
        ada, bob, cy = people
        await ada.viewer.room("room-create", {"file": ada.film("film"), "name": "friday"})
        yield Here(url, ada, bob, cy)


async def refused(somebody: Watcher, command: Any, **arguments: str) -> tuple[str | None, str]:
    with pytest.raises(CommandRefused) as error:
        await somebody.viewer.room(command, arguments)
    return error.value.code, str(error.value)


async def join(somebody: Watcher, **arguments: str) -> None:
    await somebody.viewer.room("room-join", {"room": "friday", "file": somebody.film("film"), **arguments})


async def test_an_invite_and_both_its_links_lead_to_the_room(here: Here) -> None:
    made = await here.ada.viewer.room("room-create-invite", {"role": "controller", "expires": "7200", "uses": "2"})
    assert made["invite_local"] and (made["role"], made["by"], made["uses"]) == ("controller", "ada", 2)
    assert 7190 < made["expires_in"] <= 7200
    by_invite, by_link = parse_invite(made["invite"]), parse_invite(made["link"])
    assert by_invite == by_link and by_invite[:2] == ("friday", here.url) and by_invite.token
    assert await here.ada.viewer.room("room-invites", {}) == [
        {**{key: made[key] for key in ("id", "role", "by", "uses")}, "expires_in": pytest.approx(7200, abs=60)}
    ]


async def test_an_invite_stands_in_for_the_password_and_gives_its_role(here: Here) -> None:
    await here.ada.viewer.room("room-set", {"key": "password", "value": "sesame"})
    await here.ada.viewer.room("room-set", {"key": "control", "value": "controllers"})
    made = await here.ada.viewer.room("room-create-invite", {"role": "controller"})
    token = parse_invite(made["invite"]).token or ""
    assert (await refused(here.bob, "room-join", room="friday", file=here.bob.film("film")))[0] == "WrongPassword"
    await join(here.bob, invite=token)
    assert here.bob.viewer.hang_property("room/role") == "controller"
    await here.bob.viewer.room("room-leave", {})
    await join(here.bob)
    assert here.bob.viewer.hang_property("room/role") == "controller", "who was a member needs neither"


async def test_an_invite_works_as_often_as_it_says(here: Here) -> None:
    await here.ada.viewer.room("room-set", {"key": "access", "value": "invited"})
    made = await here.ada.viewer.room("room-create-invite", {"uses": "1"})
    token = parse_invite(made["invite"]).token or ""
    await join(here.bob, invite=token)
    code, why = await refused(here.cy, "room-join", room="friday", file=here.cy.film("film"), invite=token)
    assert code == "InvalidInvite" and why


@pytest.mark.parametrize("how", ["id", "mine", "all"])
async def test_a_revoked_invite_lets_nobody_in(here: Here, how: str) -> None:
    await here.ada.viewer.room("room-set", {"key": "access", "value": "invited"})
    made = await here.ada.viewer.room("room-create-invite", {})
    await here.ada.viewer.room("room-revoke-invites", {how: made["id"] if how == "id" else "yes"})
    assert await here.ada.viewer.room("room-invites", {}) == []
    token = parse_invite(made["invite"]).token or ""
    assert (await refused(here.bob, "room-join", room="friday", file=here.bob.film("film"), invite=token))[0] == (
        "InvalidInvite"
    )


@pytest.mark.parametrize(
    ("command", "arguments", "why"),
    [
        ("room-create-invite", {"role": "host"}, "role "),
        ("room-create-invite", {"expires": "59"}, "expires is a number from 60 to 2592000, not '59'"),
        ("room-create-invite", {"expires": "2592001"}, "expires is a number from 60 to 2592000"),
        ("room-create-invite", {"expires": "2h"}, "expires is a number from 60 to 2592000, not '2h'"),
        ("room-create-invite", {"expires": "1e3"}, "expires is a number"),
        ("room-create-invite", {"expires": "9" * 4000}, "expires is a number"),
        ("room-create-invite", {"uses": "0"}, "uses is a number from 1 to 1000, not '0'"),
        ("room-create-invite", {"uses": "-1"}, "uses is a number from 1 to 1000"),
        ("room-revoke-invites", {}, "name an invite by its id, or say mine, or all"),
        ("room-revoke-invites", {"id": "x", "all": "yes"}, "name an invite by its id, or say mine, or all"),
        ("room-revoke-invites", {"mine": "perhaps"}, "mine is yes or no, not 'perhaps'"),
        ("room-revoke-invites", {"id": "x" * 65}, "id must"),
    ],
)
async def test_wrong_arguments_say_what_would_be_right(
    here: Here, command: Any, arguments: dict[str, str], why: str
) -> None:
    assert why in (await refused(here.ada, command, **arguments))[1]


async def test_what_is_no_token_is_refused_here(here: Here) -> None:
    code, why = await refused(here.bob, "room-join", room="friday", file=here.bob.film("film"), invite="not a token!")
    assert (code, why) == ("InvalidMessage", "invite must be a token, as the server gave it out")
    code, why = await refused(here.bob, "room-join", room="friday", file=here.bob.film("film"), invite="x" * 1025)
    assert code == "InvalidMessage" and why.startswith("invite must")


async def test_a_ban_holds_a_device_until_it_is_lifted(here: Here) -> None:
    await join(here.bob)
    await here.ada.viewer.room("room-kick", {"member": "bob", "ban": "yes", "reason": "too loud"})
    await here.bob.until(lambda: here.bob.viewer.room_view is None)
    left = here.bob.viewer.hang_property("room/left")
    assert left["reason"] == "banned"
    assert left["detail"] == (
        "the host of friday banned you from it: too loud; it holds for this device until the host lifts it, and for "
        "your network for 24 hours"
    )
    (ban,) = await here.ada.viewer.room("room-bans", {})
    assert (ban["name"], ban["by"], ban["reason"]) == ("bob", "ada", "too loud") and "device" in ban["kinds"]
    made = await here.ada.viewer.room("room-create-invite", {})
    token = parse_invite(made["invite"]).token or ""
    await here.bob.viewer.room("server-disconnect", {})
    for invite in ({}, {"invite": token}):
        assert (await refused(here.bob, "room-join", room="friday", file=here.bob.film("film"), **invite))[0] == (
            "Banned"
        )
    assert await here.ada.viewer.room("room-unban", {"ban": ban["id"]}) == {"id": ban["id"], "name": "bob"}
    await join(here.bob)


async def test_a_ban_is_lifted_by_a_name_that_only_one_has(here: Here) -> None:
    assert (await refused(here.ada, "room-unban", ban="bob")) == ("NotFound", "nobody called 'bob' is banned here")
    await join(here.bob)
    await here.ada.viewer.room("room-kick", {"member": "bob", "ban": "yes"})
    assert (await refused(here.ada, "room-unban", ban="x" * 65))[0] == "NotFound"
    assert (await here.ada.viewer.room("room-unban", {"ban": "BOB"}))["name"] == "bob", "a name that looks alike"
    assert await here.ada.viewer.room("room-bans", {}) == []


@pytest.mark.parametrize(
    ("command", "arguments"),
    [("room-bans", {}), ("room-unban", {"ban": "x"}), ("room-revoke-invites", {"all": "yes"})],
)
async def test_what_only_the_host_may(here: Here, command: Any, arguments: dict[str, str]) -> None:
    await join(here.bob)
    code, why = await refused(here.bob, command, **arguments)
    assert code == "Forbidden" and why
    await here.bob.viewer.room("room-leave", {})
    assert (await refused(here.bob, command, **arguments))[0] == "NotInRoom"
