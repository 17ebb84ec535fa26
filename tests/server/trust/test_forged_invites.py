"""Forged and replayed invites at a real server, at a room for the invited: all are refused as InvalidInvite."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hangd.server.settings import ServerSettings
from tests.support.servers.accounts import PASSWORD, Accounts, Forger, encoded, with_accounts
from tests.support.servers.limits import UNLIMITED
from tests.support.servers.server import Typist, typist

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("other_networks")]

FORGED: dict[str, tuple[Callable[[Forger], str], str]] = {
    "alg none": (lambda f: encoded(f.header | {"alg": "none"}, f.claims, lambda _: b""), "damaged or forged"),
    "alg none, with the good signature": (lambda f: f.token({"alg": "none"}), "damaged or forged"),
    "another key, the server's kid": (lambda f: f.token(sign=Ed25519PrivateKey.generate().sign), "damaged or forged"),
    "another kid": (lambda f: f.token({"kid": "0123456789abcdef"}), "another server"),
    "kid a path": (lambda f: f.token({"kid": "../../dev/null"}), "another server"),
    "expired": (lambda f: f.token(claims={"exp": int(time.time()) - 1}), "has expired"),
    "never expires": (lambda f: f.token(claims={"exp": None}), "damaged or forged"),
    "another issuer": (lambda f: f.token(claims={"iss": "0" * 24}), "something else"),
    "the audience of access tokens": (lambda f: f.token(claims={"aud": "hang:access"}), "something else"),
    "no member that made it": (lambda f: f.token(claims={"i": None}), "damaged or forged"),
    "another room": (lambda f: f.token(claims={"sub": "A" * 22}), "another room"),
    "the role of the host": (lambda f: f.token(claims={"r": "host"}), "damaged or forged"),
    "an id with control characters": (lambda f: f.token(claims={"jti": "a\x1b[2Jb"}), "revoked"),
    "no id": (lambda f: f.token(claims={"jti": None}), "damaged or forged"),
    "the typ of an access token": (lambda f: f.token({"typ": "hang-access"}), "something else"),
    "cut off": (lambda f: f.good[:-10], "damaged or forged"),
    "four parts": (lambda f: f"{f.good}.x", "damaged or forged"),
    "empty": (lambda f: "", "damaged or forged"),
}
"""How each is made from a good invite, and a part of what the person who has it is told."""


class Room(NamedTuple):
    accounts: Accounts
    host: Typist
    room_id: str
    forger: Forger


async def invite(host: Typist, **fields: Any) -> dict[str, Any]:
    await host.say("CreateInvite", **fields)
    return await host.hear("InviteCreated")


async def try_to_join(room: Room, token: str | None) -> str:
    """Join as a stranger. Returns the role, or the code and the sentence of the refusal."""
    async with await typist(room.accounts.url) as stranger:
        await stranger.hello("Stranger")
        more = {} if token is None else {"invite": token}
        await stranger.say("JoinRoom", room_id=room.room_id, file_hash="a" * 64, **more)
        answer = await stranger.next()
        payload = answer["payload"]
        if answer["type"] == "Error":
            return f"{payload['code']}: {payload['message']}"
        (role,) = (one["role"] for one in payload["room"]["members"] if one["client_id"] == payload["client_id"])
        return str(role)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    """One event loop for the host, who stays while the strangers try."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, loop: asyncio.Runner) -> Iterator[Room]:
    async def set_up(accounts: Accounts) -> Room:
        host = await typist(accounts.url)
        await host.hello("Host")
        room_id = (await host.create(policy={"access": "invited"}))["room_id"]
        token = (await invite(host, role="controller", uses=1000))["token"]
        return Room(accounts, host, room_id, Forger(token, accounts.keyring()))

    # The whole table comes from one address: what is guessed wrong is another test's.
    settings = ServerSettings(**UNLIMITED, trusted_proxies=("127.0.0.1",))
    with with_accounts(tmp_path_factory.mktemp("server"), settings) as accounts:
        yield loop.run(set_up(accounts))


def test_the_good_invite_is_good(room: Room, loop: asyncio.Runner) -> None:
    assert loop.run(try_to_join(room, room.forger.good)) == "controller"
    assert loop.run(try_to_join(room, room.forger.token())) == "controller"
    assert loop.run(try_to_join(room, None)).startswith("InvalidInvite")


def test_an_invite_is_good_after_the_clock_was_set_back(room: Room, loop: asyncio.Runner) -> None:
    tomorrow = room.forger.token(claims={"iat": int(time.time()) + 86400, "exp": int(time.time()) + 90000})
    assert loop.run(try_to_join(room, tomorrow)) == "controller"


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_invite_lets_nobody_in(name: str, room: Room, loop: asyncio.Runner) -> None:
    make, why = FORGED[name]
    answer = loop.run(try_to_join(room, make(room.forger)))
    assert answer.startswith("InvalidInvite: ") and why in answer


def test_an_access_token_is_no_invite(room: Room, loop: asyncio.Runner) -> None:
    async def access() -> str:
        room.accounts.add("ada")
        async with await typist(room.accounts.url) as ada:
            await ada.hello("Ada")
            await ada.say("Login", name="ada", password=PASSWORD)
            token = (await ada.hear("Tokens"))["access"]
            assert isinstance(token, str)
            return token

    assert "something else" in loop.run(try_to_join(room, loop.run(access())))


def test_an_invite_of_another_room(room: Room, loop: asyncio.Runner) -> None:
    async def others() -> str:
        host = await typist(room.accounts.url)
        await host.hello("Other host")
        await host.create()
        token = (await invite(host))["token"]
        assert isinstance(token, str)
        return token

    answer = loop.run(try_to_join(room, loop.run(others())))
    assert answer.startswith("InvalidInvite: ") and "room" in answer


def test_an_invite_that_is_used_once_too_often(room: Room, loop: asyncio.Runner) -> None:
    token = loop.run(invite(room.host, uses=2))["token"]
    answers = [loop.run(try_to_join(room, token)) for _ in range(3)]
    assert answers[:2] == ["viewer", "viewer"]
    assert answers[2].startswith("InvalidInvite: ") and "used" in answers[2]


def test_a_revoked_invite(room: Room, loop: asyncio.Runner) -> None:
    async def revoked() -> str:
        made = await invite(room.host)
        revoke = {"type": "RevokeInvites", "payload": {"id": made["invite"]["id"]}}
        await room.host.connection.send(json.dumps(revoke))
        await room.host.hear("Done")
        token = made["token"]
        assert isinstance(token, str)
        return token

    answer = loop.run(try_to_join(room, loop.run(revoked())))
    assert answer.startswith("InvalidInvite: ")
    assert loop.run(try_to_join(room, room.forger.good)) == "controller", "the others are good still"


def test_an_invite_that_is_too_long_is_not_read(room: Room, loop: asyncio.Runner) -> None:
    answer = loop.run(try_to_join(room, room.forger.token(claims={"more": "x" * 1000})))
    assert answer.startswith("InvalidMessage: ") and "at most 1024" in answer
