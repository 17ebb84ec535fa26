"""Who is at the hub: logging in and out, servers that want an account or a password, and ending what somebody has."""

import asyncio
import time
from typing import Any

import pytest

from hangd.protocol.errors import CLOSE_BANNED, CLOSE_UNAUTHORIZED
from hangd.rooms.edge import idling
from hangd.rooms.hosting import persistence
from hangd.rooms.hub import Hub
from hangd.rooms.trust import Ended, Trust, login_tag
from hangd.store.base import ClockMark
from tests.rooms.test_hub import HASH, Someone, make_hub, until
from tests.rooms.test_restart import Servers, proof
from tests.support.rooms.desk import Desk

DEVICE = "d" * 43


def members(someone: Someone) -> dict[str, Any]:
    """Return the members' accounts by name."""
    someone.say("GetRoom")
    return {one["name"]: one.get("account") for one in someone.last("RoomState")["room"]["members"]}


# ---- accounts -------------------------------------------------------------------------------------------------------


async def test_who_logs_in_is_shown_as_the_account_s() -> None:
    hub = make_hub(trust=Desk())
    anna, bert = Someone(hub), Someone(hub)
    welcome = anna.hello("Anna", token="token-of-anna")
    assert welcome["account"] == "anna"
    assert welcome["features"] == ["accounts", "invites"]
    anna.create(name="friday")
    assert "account" not in bert.hello("Bert")
    bert.join("friday")
    assert members(anna) == {"Anna": "anna", "Bert": None}
    answer = await bert.asks("Login", name="bert", password="right")
    assert (answer["type"], answer["account"]) == ("Tokens", "bert")
    assert anna.last("MemberChanged")["member"]["account"] == "bert"
    assert members(anna) == {"Anna": "anna", "Bert": "bert"}


async def test_a_refused_login_changes_nothing() -> None:
    hub = make_hub(trust=Desk())
    anna = Someone(hub)
    anna.hello("Anna", token="token-of-anna")
    anna.create()
    answer = await anna.asks("Login", name="bert", password="wrong")
    assert (answer["type"], answer["code"]) == ("Error", "Unauthorized")
    assert members(anna) == {"Anna": "anna"}


async def test_a_connection_asks_one_thing_about_accounts_at_a_time() -> None:
    desk = Desk()
    desk.gate.clear()
    anna = Someone(make_hub(trust=desk))
    anna.hello("Anna")
    anna.say("Login", 1, name="anna", password="right")
    anna.say("Login", 2, name="anna", password="right")
    (refused,) = anna.heard()
    assert (refused["re"], refused["payload"]["code"]) == (2, "RateLimited")
    anna.create()  # Meanwhile it may do other things.
    desk.gate.set()
    await until(lambda: bool(anna.wire.heard))
    assert "Tokens" in anna.types()
    assert (await anna.asks("Authenticate", token="token-of-anna"))["type"] == "Authenticated"


async def test_without_accounts_each_request_about_them_is_refused() -> None:
    anna = Someone(make_hub())
    welcome = anna.hello("Anna", token="token-of-anna")
    assert (welcome["features"], "account" in welcome, "needs_account" in welcome) == ([], False, False)
    answer = await anna.asks("Login", name="anna", password="right")
    assert (answer["code"], answer["message"]) == ("Forbidden", "this server has no accounts")


async def test_a_basic_client_has_no_account() -> None:
    anna = Someone(make_hub(trust=Desk()))
    anna.create()
    anna.say("Login", name="anna", password="right")
    assert anna.error() == "Forbidden"


async def test_who_logs_out_stays_in_the_room_as_nobody() -> None:
    hub = make_hub(trust=Desk())
    anna, other = Someone(hub), Someone(hub)
    anna.hello("Anna", token="token-of-anna")
    other.hello("Anna's phone", token="token-of-anna")
    anna.create()
    assert (await anna.asks("Logout"))["type"] == "Done"
    assert anna.close_code is None
    assert members(anna) == {"Anna": None}
    assert (other.error(), other.close_code) == ("Unauthorized", CLOSE_UNAUTHORIZED)


# ---- who may be here at all -----------------------------------------------------------------------------------------


async def test_where_an_account_is_needed_nothing_else_is_granted_before() -> None:
    hub = make_hub(trust=Desk(needs_account=True))
    anna = Someone(hub)
    assert anna.hello("Anna")["needs_account"]
    for type, payload in (("CreateRoom", {"file_hash": HASH}), ("JoinRoom", {"room_id": "x"}), ("ListRooms", {})):
        anna.say(type, **payload)
        error = anna.last("Error")
        assert (error["code"], error["details"]) == ("Unauthorized", {"need": "account"})
    anna.say("Ping", t0=1)
    assert anna.types() == ["Pong"]
    assert (await anna.asks("Login", name="anna", password="right"))["type"] == "Tokens"
    anna.create()
    basic = Someone(hub)
    basic.say("CreateRoom", file_hash=HASH)
    assert basic.error() == "Unauthorized"
    assert "needs_account" not in basic.hello("Basil", token="token-of-basil"), "it may still say Hello"


async def test_who_logs_out_where_an_account_is_needed_leaves_its_room() -> None:
    hub = make_hub(trust=Desk(needs_account=True))
    anna, bert = Someone(hub), Someone(hub)
    anna.hello("Anna", token="token-of-anna")
    bert.hello("Bert", token="token-of-bert")
    anna.create(name="friday")
    bert.join("friday")
    bert.say("Logout")
    await until(lambda: any(b"RoomLeft" in data for data in bert.wire.heard))
    left = bert.last("RoomLeft")
    assert (left["reason"], left["detail"]) == ("left", "you have logged out")
    assert anna.last("MemberLeft")["reason"] == "left"
    assert list(members(anna)) == ["Anna"]
    bert.say("JoinRoom", room_id="friday", file_hash=HASH)
    assert bert.error() == "Unauthorized"


async def test_a_member_that_resumes_without_its_account_must_log_in_before_it_speaks() -> None:
    hub = make_hub(trust=Desk(needs_account=True))
    anna = Someone(hub)
    welcome = anna.hello("Anna", token="token-of-anna")
    anna.create()
    anna.drop()
    again = Someone(hub)
    resumed = again.hello("Anna", resume=proof(welcome))
    assert (resumed["resumed"], resumed["needs_account"]) == (True, True)
    again.say("Say", text="hello")
    assert again.error() == "Unauthorized"
    await again.asks("Authenticate", token="token-of-anna")
    again.say("Say", text="hello")
    assert again.last("Said")["text"] == "hello"


def who_has_lost_eve(hub: Hub) -> tuple[Someone, dict[str, Any]]:
    """Return Anna, in her room "friday", and the Welcome of Eve, who was in it with her account and is away."""
    anna, eve = Someone(hub), Someone(hub)
    anna.hello("Anna", token="token-of-anna")
    anna.create(name="friday")
    welcome = eve.hello("Eve", token="token-of-eve")
    eve.join("friday")
    eve.drop()
    return anna, welcome


async def test_a_member_that_resumes_without_its_account_ends_with_its_login() -> None:
    hub = make_hub(trust=Desk(needs_account=True))
    anna, welcome = who_has_lost_eve(hub)
    again = Someone(hub)
    assert again.hello("Eve", resume=proof(welcome))["room"]["name"] == "friday"
    hub.end(Ended(login_tag("s-eve"), "Unauthorized", "your login has ended: log in again"))
    assert again.last("RoomLeft")["reason"] == "ended"
    anna.say("Say", text="is she gone?")
    assert again.types() == []
    assert list(members(anna)) == ["Anna"]


@pytest.mark.parametrize("logs_in", [False, True])
async def test_a_member_that_resumes_without_its_account_has_a_minute_to_log_in(
    monkeypatch: pytest.MonkeyPatch, *, logs_in: bool
) -> None:
    monkeypatch.setattr(idling, "_LOGIN_TIMEOUT", 0.2)
    hub = make_hub(trust=Desk(needs_account=True), idle_timeout=0.5)
    anna, welcome = who_has_lost_eve(hub)
    again, began = Someone(hub), time.monotonic()
    again.hello("Eve", resume=proof(welcome))
    if logs_in:
        await again.asks("Authenticate", token="token-of-eve")
        await asyncio.sleep(0.5)
        assert again.close_code is None
        assert list(members(anna)) == ["Anna", "Eve"]
        return
    await until(lambda: again.close_code is not None)
    assert time.monotonic() - began >= 0.2
    assert again.close_code == CLOSE_UNAUTHORIZED
    error, left = again.heard()[-2:]
    assert (error["payload"]["code"], error["payload"]["details"]) == ("Unauthorized", {"need": "account"})
    assert (left["type"], left["payload"]["reason"]) == ("RoomLeft", "left")
    assert list(members(anna)) == ["Anna"]
    await hub.aclose()


async def test_coming_back_without_an_account_again_and_again_is_no_way_to_stay() -> None:
    hub = make_hub(trust=Desk(needs_account=True))
    anna, welcome = who_has_lost_eve(hub)
    for _ in range(2):
        again = Someone(hub)
        again.hello("Eve", resume=proof(welcome))
        again.drop()
    assert list(members(anna)) == ["Anna"]
    last = Someone(hub)
    assert "room" not in last.hello("Eve", resume=proof(welcome))


async def test_a_server_with_a_password() -> None:
    hub = make_hub(trust=Desk(password="sesame"))
    for wrong in ({}, {"password": "open"}):
        anna = Someone(hub)
        anna.say("Hello", 1, protocol=1, name="Anna", client="test", **wrong)
        (error,) = anna.heard()
        assert (error["re"], error["payload"]["code"]) == (1, "Unauthorized")
        assert error["payload"]["details"] == {"need": "password"}
        assert anna.close_code == CLOSE_UNAUTHORIZED
    basic = Someone(hub)
    basic.say("ListRooms")
    assert basic.error() == "Unauthorized"
    basic.hello("Basil", password="sesame")
    basic.create()


async def test_too_many_wrong_server_passwords_have_to_wait() -> None:
    hub = make_hub(trust=Desk(password="sesame"))
    for _ in range(5):
        Someone(hub).say("Hello", protocol=1, name="Eve", client="test", password="x")
    late = Someone(hub)
    late.say("Hello", protocol=1, name="Eve", client="test", password="sesame")
    assert (late.error(), late.close_code) == ("RateLimited", 1013)
    Someone(hub, "198.51.100.1").hello("Ann", password="sesame")


async def test_a_banned_network_is_turned_away_before_it_says_a_word() -> None:
    desk = Desk()
    desk.banned.add("net:192.0.2")
    hub = make_hub(trust=desk)
    eve = Someone(hub)
    assert (eve.error(), eve.close_code) == ("Banned", CLOSE_BANNED)
    assert hub.client_count == 0
    Someone(hub, "198.51.100.1").hello("Ann")


async def test_a_banned_account_is_turned_away_when_it_greets() -> None:
    desk = Desk()
    desk.banned.add("acc:eve")
    hub = make_hub(trust=desk)
    eve = Someone(hub)
    eve.say("Hello", protocol=1, name="Eve", client="test", token="token-of-eve")
    assert (eve.error(), eve.close_code) == ("Banned", CLOSE_BANNED)


# ---- ending ---------------------------------------------------------------------------------------------------------


def evening(hub: Hub) -> tuple[Someone, Someone, Someone]:
    """Anna, the host, and eve, who is there twice: by her account, and away on another device of it."""
    anna, eve, phone = Someone(hub), Someone(hub), Someone(hub)
    anna.hello("Anna")
    anna.create(name="friday")
    eve.hello("Eve", token="token-of-eve")
    eve.join("friday")
    phone.hello("Eve's phone", token="token-of-eve", device=DEVICE)
    phone.join("friday")
    phone.drop()
    for one in (anna, eve):
        one.heard()
    return anna, eve, phone


@pytest.mark.parametrize(
    ("ended", "details", "code"),
    [
        (Ended("acc:eve", "Banned", "you are banned"), {"of": "server"}, CLOSE_BANNED),
        (Ended(login_tag("s-eve"), "Unauthorized", "your login has ended: log in again"), None, CLOSE_UNAUTHORIZED),
    ],
)
async def test_ending_an_account_or_a_login_ends_connections_and_members_away(
    ended: Ended, details: dict[str, str] | None, code: int
) -> None:
    trust: Trust = Desk()
    hub = make_hub(trust=trust)
    anna, eve, _ = evening(hub)
    hub.end(ended)
    error, left = eve.heard()
    assert (left["type"], left["payload"]["reason"], left["payload"]["detail"]) == ("RoomLeft", "ended", ended.why)
    assert (error["payload"]["code"], error["payload"]["message"]) == (ended.code, ended.why)
    assert error["payload"].get("details") == details
    assert eve.close_code == code
    assert [one["payload"]["reason"] for one in anna.heard() if one["type"] == "MemberLeft"] == ["ended", "ended"]
    assert list(members(anna)) == ["Anna"]
    assert hub.client_count == 1


async def test_what_ended_is_nobody_else_s() -> None:
    hub = make_hub(trust=Desk())
    anna, eve, _ = evening(hub)
    hub.end(Ended("acc:mallory", "Banned", "you are banned"))
    assert len(members(anna)) == 3
    assert eve.close_code is None


async def test_only_rooms_of_whoever_has_ended_are_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persistence, "_GAP_SECONDS", 0.0)
    servers = Servers(trust=Desk())
    evening(servers.hub)
    bob = Someone(servers.hub)
    bob.hello("Bob")
    bob.create(name="sunday")

    async def written() -> dict[str | None, ClockMark]:
        await asyncio.sleep(0)  # Rooms that changed are written at the end of the event loop's turn.
        return {one.room.name: one.mark for one in await servers.thread.run(lambda store: store.load())}

    before = await written()
    servers.hub.end(Ended("acc:eve", "Banned", "you are banned"))
    after = await written()
    assert after["friday"] != before["friday"]
    assert after["sunday"] == before["sunday"]


async def test_a_login_that_ends_after_a_restart_takes_its_members_with_it() -> None:
    servers = Servers(trust=Desk())
    evening(servers.hub)
    hub = await servers.restart()
    bob = Someone(hub)
    bob.hello("Bob")
    bob.join("friday")
    assert set(members(bob)) == {"Anna", "Eve", "Eve's phone", "Bob"}
    hub.end(Ended(login_tag("s-eve"), "Unauthorized", "your login has ended: log in again"))
    assert set(members(bob)) == {"Anna", "Bob"}
