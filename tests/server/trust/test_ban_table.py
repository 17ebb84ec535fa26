"""Whom a ban keeps out: each row of `ban_table`, with a real server, real sockets and addresses of this machine.

The whole table is tried twice: against the server that made the bans, and against the one that was started after that
one was killed.
"""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from websockets.asyncio.client import connect

from hangd.server.settings import ServerSettings
from tests.server.trust.ban_table import CODES, TRIES, WHO
from tests.support.servers.accounts import PASSWORD, Accounts, with_accounts
from tests.support.servers.limits import UNLIMITED
from tests.support.servers.server import HASH, PATIENCE, Typist

pytestmark = pytest.mark.real

WRONG_SECRET = "a-secret-that-was-guessed"
ROOM_PASSWORD = "the room's password"


class Banned(NamedTuple):
    """One banned member, what it had, and what it can get hold of."""

    room: str
    address: str
    device: str | None
    account: str | None
    other_account: str
    resume: dict[str, Any] | None
    return_secret: str | None
    other_return_secret: str | None
    host_secret: str
    invites: dict[str, str]
    """By the row in which they are shown."""
    again: str
    """What happened when it asked to be let in over the same connection."""


async def client(url: str, address: str) -> Typist:
    """Connect from this address of the machine."""
    return Typist(await connect(url, compression=None, proxy=None, open_timeout=PATIENCE, local_addr=(address, 0)))


async def log_in(one: Typist, name: str) -> None:
    await one.say("Login", name=name, password=PASSWORD)
    await one.hear("Tokens")


async def invite(one: Typist) -> str:
    await one.say("CreateInvite")
    token = (await one.hear("InviteCreated"))["token"]
    assert isinstance(token, str)
    return token


async def outcome(one: Typist) -> str:
    """Return the code of the Error with which JoinRoom is answered; "let in" if it is not."""
    while (message := await one.next())["type"] not in ("Error", "RoomJoined"):
        pass
    return str(message["payload"]["code"]) if message["type"] == "Error" else CODES["+"]


async def banned(accounts: Accounts, who: str, number: int) -> Banned:
    """Let the host make a room, and a member come in, and be banned."""
    address = f"127.0.{number + 1}.1"
    device = chr(ord("A") + number) * 43 if who in ("device", "account") else None
    url, account = accounts.url, f"banned {number}" if who.startswith("account") else None
    if account is not None:
        accounts.add(account)
    async with AsyncExitStack() as stack:
        host = await stack.enter_async_context(await client(url, "127.0.0.1"))
        await host.hello("Host")
        created = await host.create(password=ROOM_PASSWORD, policy={"control": "everyone"})
        invites = {"shows an invite from before the ban": await invite(host)}
        eve = await stack.enter_async_context(await client(url, address))
        joins: dict[str, Any] = {"room_id": created["room_id"], "file_hash": HASH, "password": ROOM_PASSWORD}
        if who != "basic":
            accounts.add(f"other {number}")
        resume, own, other = None, None, None
        if who == "basic":
            await eve.say("JoinRoom", **joins)
            assert await outcome(eve) == CODES["+"]
        else:
            more = {} if device is None else {"device": device}
            beside = await stack.enter_async_context(await client(url, address))
            for one in (beside, eve):
                welcome = await one.hello("Eve", **more)
                if account is not None:
                    await log_in(one, account)
                await one.say("JoinRoom", **joins)
                if one is beside:
                    other = (await one.hear("RoomJoined"))["return_secret"]
                    await one.say("LeaveRoom")
                    await one.hear("RoomLeft")
            resume = {"client_id": welcome["client_id"], "secret": welcome["resume_secret"]}
            own = (await eve.hear("RoomJoined"))["return_secret"]
            invites["shows an invite that it has made"] = await invite(eve)
        await host.say("GetRoom")
        members = (await host.hear("RoomState"))["room"]["members"]
        (target,) = (member["client_id"] for member in members if member["role"] != "host")
        await host.say("Kick", "kick", client_id=target, ban=True)
        while (await host.next()).get("re") != "kick":
            pass
        invites["shows an invite from after the ban"] = await invite(host)
        await eve.say("JoinRoom", **joins)
        again = await outcome(eve)
    return Banned(
        room=created["room_id"],
        address=address,
        device=device,
        account=account,
        other_account=f"other {number}",
        resume=resume,
        return_secret=own,
        other_return_secret=other,
        host_secret=created["host_secret"],
        invites=invites,
        again=again,
    )


async def attempt(url: str, who: str, eve: Banned, row: str, address: str) -> str:
    """Try one row from this address. Returns the outcome in words."""
    is_new = row.startswith("deletes all")
    device = None if is_new or row == "deletes its device's key" else eve.device
    account = None if is_new else eve.account
    if "another account" in row:
        account = eve.other_account
    async with await client(url, address) as one:
        if who != "basic":
            hello: dict[str, Any] = {
                "device": device,
                "resume": eve.resume if row == "shows its resume secret" else None,
            }
            name = "Somebody" if is_new or row == "takes a new name" else "Eve"
            welcome = await one.hello(name, **{key: value for key, value in hello.items() if value is not None})
            assert not welcome["resumed"]
            if account is not None:
                await log_in(one, account)
        if row == "logs out":
            await one.say("Logout", "out")
            while (await one.next()).get("re") != "out":
                pass
        shown: dict[str, str | None] = {
            "shows its return secret": eve.return_secret,
            "shows the return secret of a second membership that it had": eve.other_return_secret,
            "guesses the owner's secret": WRONG_SECRET,
            "has the owner's secret": eve.host_secret,
        }
        kind = "host_secret" if "owner" in row else "return_secret"
        proof = {kind: shown[row]} if row in shown else {}
        way_in = {"invite": eve.invites[row]} if row in eve.invites else {"password": ROOM_PASSWORD}
        await one.say("JoinRoom", room_id=eve.room, file_hash=HASH, **proof, **way_in)
        return await outcome(one)


async def tried(url: str, number: int, who: str, eve: Banned) -> dict[str, tuple[str, str]]:
    """Try all rows as one banned member. Returns the outcomes, with those that cannot be tried as they should be."""
    found = {}
    for row, by_who in TRIES.items():
        outcomes = []
        for letter, host in zip(by_who[number], ("1", "2"), strict=True):
            if letter == "-":
                outcomes.append(CODES["-"])
            elif row == "asks again over the same connection":
                outcomes.append(eve.again)
            else:
                address = f"{eve.address.rpartition('.')[0]}.{host}"
                outcomes.append(await attempt(url, who, eve, row, address))
        found[row] = (outcomes[0], outcomes[1])
    return found


async def all_tried(url: str, members: list[Banned]) -> dict[str, dict[str, tuple[str, str]]]:
    tries = (tried(url, number, who, members[number]) for number, who in enumerate(WHO))
    return dict(zip(WHO, await asyncio.gather(*tries), strict=True))


EXPECTED = {
    who: {row: (CODES[by_who[number][0]], CODES[by_who[number][1]]) for row, by_who in TRIES.items()}
    for number, who in enumerate(WHO)
}


@pytest.mark.timeout(300)
async def test_whom_a_ban_keeps_out(tmp_path: Path) -> None:
    settings = ServerSettings(**UNLIMITED)
    with with_accounts(tmp_path, settings) as before:
        members = [await banned(before, who, number) for number, who in enumerate(WHO)]
        assert await all_tried(before.url, members) == EXPECTED
    # The server is killed at the end of the block.
    with with_accounts(tmp_path, settings) as after:
        assert await all_tried(after.url, members) == EXPECTED
        assert "Traceback" not in after.server.log()
