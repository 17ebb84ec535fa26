"""Invites of few uses at a real server: used by many at once, and after the server was killed."""

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from hangd.server.settings import ServerSettings
from tests.support.servers.accounts import with_accounts
from tests.support.servers.server import HASH, Typist, typist

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("other_networks")]

SETTINGS = ServerSettings(trusted_proxies=("127.0.0.1",))


async def invited(host: Typist, **fields: Any) -> dict[str, Any]:
    await host.say("CreateInvite", **fields)
    return await host.hear("InviteCreated")


async def join(client: Typist, room: str, token: str) -> str:
    """Return the code of the refusal; "in" if there is none."""
    await client.say("JoinRoom", room_id=room, file_hash=HASH, invite=token)
    while (answer := await client.next())["type"] not in ("Error", "RoomJoined"):
        pass
    return "in" if answer["type"] == "RoomJoined" else str(answer["payload"]["code"])


async def test_fifty_clients_use_an_invite_for_one(tmp_path: Path) -> None:
    with with_accounts(tmp_path, SETTINGS) as accounts:
        async with AsyncExitStack() as stack:
            host = await stack.enter_async_context(await typist(accounts.url))
            await host.hello("Host")
            room = (await host.create(policy={"access": "invited"}))["room_id"]
            token = (await invited(host, uses=1))["token"]
            clients = [await stack.enter_async_context(await typist(accounts.url)) for _ in range(50)]
            await asyncio.gather(*(client.hello(f"Client {number}") for number, client in enumerate(clients)))
            outcomes = await asyncio.gather(*(join(client, room, token) for client in clients))
        assert Counter(outcomes) == {"in": 1, "InvalidInvite": 49}


async def test_revoked_and_used_up_invites_after_the_server_was_killed(tmp_path: Path) -> None:
    with with_accounts(tmp_path, SETTINGS) as accounts:
        async with await typist(accounts.url) as host, await typist(accounts.url) as guest:
            await host.hello("Host")
            created = await host.create(policy={"access": "invited"})
            room = created["room_id"]
            good, used, one, many = [await invited(host, uses=uses) for uses in (None, 1, 5, None)]
            await guest.hello("Guest")
            assert await join(guest, room, used["token"]) == "in"
            for made in (one, many):
                revoke = {"type": "RevokeInvites", "payload": {"id": made["invite"]["id"]}}
                await host.connection.send(json.dumps(revoke))
                await host.hear("Done")
            await asyncio.sleep(1.0)  # What changed in the last milliseconds is lost (docs/store.md).
    with with_accounts(tmp_path, SETTINGS) as accounts:

        async def outcome(made: dict[str, Any]) -> str:
            async with await typist(accounts.url) as client:
                await client.hello("Somebody")
                return await join(client, room, made["token"])

        assert [await outcome(made) for made in (used, one, many, good)] == ["InvalidInvite"] * 3 + ["in"]
