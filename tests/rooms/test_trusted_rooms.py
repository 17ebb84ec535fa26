"""Bans, invites and guesses with a real hub: what connections of the same people meet."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from hangd.engine.room.state import RoomSettings
from hangd.rooms.hub import Hub
from tests.rooms.test_hub import HASH, PlainPasswords, Someone, make_hub, until
from tests.rooms.test_restart import Servers, proof
from tests.support.rooms.desk import Desk

HOME, CAFE = "192.0.2.1", "198.51.100.7"


def device(name: str) -> str:
    return name.ljust(43, "-")


async def joins(someone: Someone, room: str = "friday", **payload: Any) -> str:
    """Join, and return "in" or the code of the refusal."""
    answer = await someone.asks("JoinRoom", room_id=room, file_hash=HASH, **payload)
    return "in" if answer["type"] == "RoomJoined" else str(answer["code"])


def host(hub: Hub, **fields: Any) -> Someone:
    anna = Someone(hub, "203.0.113.1")
    anna.hello("Anna", token="token-of-anna")
    anna.create(name="friday", **fields)
    return anna


def guest(hub: Hub, name: str = "Eve", address: str = HOME, **hello: Any) -> Someone:
    someone = Someone(hub, address)
    someone.hello(name, **hello)
    return someone


async def ban(anna: Someone, name: str) -> None:
    anna.say("GetRoom")
    members = anna.last("RoomState")["room"]["members"]
    (client_id,) = [one["client_id"] for one in members if one["name"] == name]
    assert (await anna.asks("Kick", client_id=client_id, ban=True, reason="rude"))["type"] == "MemberLeft"


async def invite(anna: Someone, **fields: Any) -> dict[str, Any]:
    answer = await anna.asks("CreateInvite", **fields)
    assert answer["type"] == "InviteCreated", answer
    return answer


# ---- bans -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        ({"device": device("laptop")}, "Banned"),
        ({"device": device("laptop"), "name": "Evelyn"}, "Banned"),
        ({"device": device("laptop"), "address": CAFE}, "Banned"),
        ({"device": device("new")}, "Banned"),  # Its state is deleted, its network the same.
        ({}, "Banned"),
        ({"device": device("new"), "address": CAFE}, "in"),  # Nobody can tell that it is she.
        ({"device": device("new"), "token": "token-of-mum"}, "in"),
    ],
)
async def test_a_banned_member_tries_again(again: dict[str, Any], expected: str) -> None:
    hub = make_hub(trust=Desk())
    anna = host(hub)
    eve = guest(hub, device=device("laptop"))
    assert await joins(eve) == "in"
    await ban(anna, "Eve")
    assert eve.last("RoomLeft")["detail"] == "rude"
    assert await joins(eve) == "Banned", "on the same connection"
    eve.drop()
    assert await joins(guest(hub, **again)) == expected


async def test_a_banned_member_does_not_resume() -> None:
    servers = Servers(trust=Desk(), room=RoomSettings(ttl=1e6, away=1e6))
    anna = host(servers.hub)
    eve = Someone(servers.hub, HOME)
    welcome = eve.hello("Eve", device=device("laptop"))
    joined = eve.join("friday")
    await ban(anna, "Eve")
    eve.drop()
    for _ in range(2):
        again = Someone(servers.hub, HOME)
        assert not again.hello("Eve", device=device("laptop"), resume=proof(welcome))["resumed"]
        assert await joins(again, return_secret=joined["return_secret"]) == "Banned"
        await servers.restart()


async def test_bans_are_listed_and_lifted() -> None:
    hub = make_hub(trust=Desk())
    anna, eve = host(hub), guest(hub, device=device("laptop"))
    await joins(eve)
    await ban(anna, "Eve")
    (one,) = (await anna.asks("GetBans"))["bans"]
    assert (one["name"], one["by"], one["kinds"], one["reason"]) == ("Eve", "Anna", ["device", "network"], "rude")
    assert (await anna.asks("Unban", id=one["id"]))["bans"] == []
    assert await joins(eve) == "in"


async def test_who_logs_in_as_somebody_banned_is_put_out() -> None:
    hub = make_hub(trust=Desk())
    anna, eve = host(hub), guest(hub, token="token-of-eve")
    await joins(eve)
    await ban(anna, "Eve")
    other = guest(hub, "Other", CAFE)
    assert await joins(other) == "in"
    await other.asks("Login", name="eve", password="right")
    assert await joins(other) == "Banned"


# ---- invites --------------------------------------------------------------------------------------------------------


async def test_an_invite_lets_in_and_is_used_up() -> None:
    hub = make_hub(trust=Desk())
    anna = host(hub, policy={"access": "invited"})
    made = await invite(anna, role="controller", uses=1, expires_in=7200)
    assert (made["invite"]["role"], made["invite"]["by"], made["invite"]["uses"]) == ("controller", "Anna", 1)
    bert, cleo = guest(hub, "Bert"), guest(hub, "Cleo")
    assert await joins(cleo) == "InvalidInvite"
    answer = await bert.asks("JoinRoom", room_id="friday", file_hash=HASH, invite=made["token"])
    assert [one["role"] for one in answer["room"]["members"]] == ["host", "controller"]
    assert await joins(cleo, invite=made["token"]) == "InvalidInvite"


async def test_an_invite_that_the_hub_cannot_open_is_a_wrong_guess() -> None:
    desk = Desk()
    hub = make_hub(trust=desk)
    anna = host(hub, policy={"access": "invited"})
    good = (await invite(anna))["token"]
    eve = guest(hub, "Eve", CAFE)
    codes = [await joins(eve, invite=f"{good[:-1]}{digit:x}x") for digit in range(8)]
    assert codes == ["InvalidInvite"] * 5 + ["RateLimited"] * 3
    assert await joins(eve, invite=good) == "in", "whoever has a good one does not guess"


async def test_an_invite_expires() -> None:
    desk = Desk()
    hub = make_hub(trust=desk)
    anna = host(hub, policy={"access": "invited"})
    token = (await invite(anna, expires_in=60))["token"]
    desk.wall += 61
    answer = await guest(hub).asks("JoinRoom", room_id="friday", file_hash=HASH, invite=token)
    assert answer["message"] == "this invite has expired: ask for a new one"


async def test_a_hub_without_trust_has_no_invites_and_no_rules_that_need_them() -> None:
    hub = make_hub()
    anna = Someone(hub)
    anna.hello("Anna")
    refused = await anna.asks("CreateRoom", file_hash=HASH, name="friday", policy={"access": "invited"})
    assert refused["code"] == "Forbidden"
    anna.create(name="friday")
    assert (await anna.asks("CreateInvite"))["code"] == "Forbidden"
    assert (await anna.asks("SetPolicy", access="accounts"))["code"] == "Forbidden"
    assert (hub.room_count, await joins(guest(hub), invite="not.an.invite")) == (1, "in")


# ---- guesses --------------------------------------------------------------------------------------------------------


class CountingPasswords(PlainPasswords):
    """Counts the comparisons, and how many run at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.compared = self.running = self.most = 0

    async def matches(self, password: str, password_hash: str, network: str = "") -> bool:
        self.compared += 1
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0.001)
        self.running -= 1
        return await super().matches(password, password_hash, network)


async def guarded(passwords: PlainPasswords, desk: Desk) -> Hub:
    hub = make_hub(passwords, trust=desk)
    anna = Someone(hub, "203.0.113.1")
    anna.hello("Anna")
    assert (await anna.asks("CreateRoom", file_hash=HASH, name="friday", password="sesame"))["type"] == "RoomCreated"
    return hub


async def test_guesses_of_one_network_at_once_are_compared_one_by_one_and_limited() -> None:
    passwords = CountingPasswords()
    hub = await guarded(passwords, Desk())
    eves = [guest(hub, f"Eve {number}", f"198.51.100.{number}") for number in range(40)]
    codes = Counter(await asyncio.gather(*(joins(eve, password="guess") for eve in eves)))
    assert codes == {"WrongPassword": 5, "RateLimited": 35}
    assert (passwords.compared, passwords.most) == (5, 1)
    assert await joins(guest(hub, "Bert", HOME), password="sesame") == "in"


async def test_a_family_that_knows_the_password_comes_in_at_once() -> None:
    passwords = CountingPasswords()
    hub = await guarded(passwords, Desk())
    family = [guest(hub, f"Child {number}") for number in range(25)]
    assert set(await asyncio.gather(*(joins(one, password="sesame") for one in family))) == {"in"}


async def test_a_wrong_resume_secret_is_a_wrong_guess_and_the_right_one_is_not_limited() -> None:
    desk = Desk()
    hub = make_hub(trust=desk)
    anna = host(hub)
    welcome = Someone(hub, CAFE).hello("Bert")
    for number in range(8):
        eve = Someone(hub, CAFE)
        eve.say(
            "Hello",
            protocol=1,
            name="Bert",
            client="test",
            resume={"client_id": welcome["client_id"], "secret": f"a-guess-of-eves-{number}"},
        )
        kinds = eve.types()
        assert kinds == (["Welcome"] if number < 5 else ["Error"])
        assert eve.close_code == (None if number < 5 else 1013)
    assert Someone(hub, CAFE).hello("Bert", resume=proof(welcome))["resumed"]
    unknown = {"client_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "secret": "an-old-secret-of-another-run"}
    assert not Someone(hub, CAFE).hello("Cleo", resume=unknown)["resumed"], "there is nobody to be guessed"
    assert anna.close_code is None


async def test_who_waits_for_a_password_while_its_room_is_forgotten_can_go_on() -> None:
    passwords = PlainPasswords()
    hub = make_hub(passwords, RoomSettings(ttl=0.05))
    anna, bert = Someone(hub), Someone(hub)
    assert (await anna.asks("CreateRoom", file_hash=HASH, name="friday", password="sesame"))["type"] == "RoomCreated"
    anna.say("LeaveRoom")
    passwords.gate.clear()
    assert await joins(bert, password="sesame") == "RoomNotFound"
    assert hub.room_count == 0
    bert.create(name="saturday")
    passwords.gate.set()
    await asyncio.sleep(0.01)
    assert bert.types() == []


async def test_a_room_for_whose_password_somebody_waits_is_not_removed_for_another_one() -> None:
    passwords = PlainPasswords()
    hub = make_hub(passwords, max_rooms=1)
    anna, bert, cleo = Someone(hub), Someone(hub), Someone(hub)
    assert (await anna.asks("CreateRoom", file_hash=HASH, name="friday", password="sesame"))["type"] == "RoomCreated"
    anna.say("LeaveRoom")
    passwords.gate.clear()
    bert.say("JoinRoom", room_id="friday", file_hash=HASH, password="sesame")
    cleo.say("CreateRoom", file_hash=HASH)
    assert cleo.error() == "ServerFull"
    passwords.gate.set()
    await until(lambda: bool(bert.wire.heard))
    assert bert.types() == ["RoomJoined"]
