"""Each row of the table of what is allowed (`trust_table`), on a hub; and that the table is complete."""

import json
from itertools import groupby
from typing import Any, get_args

import pytest

from hangd.protocol.accounts import AccountRequest
from hangd.protocol.messages import CLIENT_TYPES, SyncCommand
from hangd.protocol.push import PushSubscribe, PushUnsubscribe
from hangd.rooms.edge.invitations import Invitation
from hangd.rooms.hub import Hub
from tests.rooms.test_hub import HASH, PlainPasswords, Someone, make_hub
from tests.rooms.trust_table import DOOR, DOORS, FULL_ONLY, MEMBERS, MESSAGES, ROLES, SERVERS, SHOWN, STATES, Row, rows
from tests.support.rooms.desk import Desk

ROWS = rows()
FILE = {"size": 5, "duration": 60.0, "quick_hash": "b" * 64}
_WAITED_FOR = {"JoinRoom", "PushSubscribe", *(kind.__name__ for kind in get_args(AccountRequest))}
"""What is answered later than at once."""

HOME, ELSEWHERE = "192.0.2.1", "198.51.100.1"


class Silent:
    """Sends no invitations."""

    async def subscribe(self, message: PushSubscribe, now: float) -> None: ...

    def unsubscribe(self, message: PushUnsubscribe) -> None: ...

    def invite(self, name: str, invitation: Invitation, now: float) -> None: ...


def new_hub(desk: Desk) -> Hub:
    return make_hub(PlainPasswords(), trust=desk, publish_rooms=True, invitations=Silent())


def someone(hub: Hub, state: str, name: str, *, address: str = HOME, **hello: Any) -> Someone:
    """A client in this state, on a new connection."""
    client = Someone(hub, address)
    if state != "basic":
        token = {"token": f"token-of-{name}"} if state == "account" else {}
        client.hello(name, **token, **hello)
    return client


async def outcome(client: Someone, message: str, **more: Any) -> str | None:
    """Send a message, and return the code of its refusal. None: it was allowed."""
    type, payload = MESSAGES[message]
    if type in _WAITED_FOR:
        answer = await client.asks(type, **payload | more)
        return str(answer["code"]) if answer["type"] == "Error" else None
    client.heard()
    client.type_in(json.dumps({"type": type, "payload": payload | more}))
    # What is allowed has no answer for some: for a basic client, for a report.
    return next((one["payload"]["code"] for one in client.heard() if one["type"] == "Error"), None)


async def in_role(row: Row) -> str | None:
    """Run a row about members."""
    hub = new_hub(Desk())
    creator = someone(hub, row.state if row.role == "host" else "none", "zoe" if row.role == "host" else "ann")
    creator.create(name="friday", file=FILE, policy={"control": row.policy})
    dora, eve = someone(hub, "none", "dora"), someone(hub, "none", "eve", address=ELSEWHERE)
    dora_id, eve_id = dora.join("friday")["client_id"], eve.join("friday")["client_id"]
    more: dict[str, Any] = {}
    if row.message in ("SetRole", "Kick", "Kick with a ban", "SetReady of another member"):
        more["client_id"] = dora_id
    if row.message == "Unban":
        creator.say("Kick", client_id=eve_id, ban=True)
        creator.heard()
        more["id"] = (await creator.asks("GetBans"))["bans"][0]["id"] if row.state != "basic" else "x"
    if row.message == "RevokeInvites of another member":
        # Dora may make invites for as long as she may control the room.
        creator.say("SetPolicy", control="everyone")
        more["id"] = (await dora.asks("CreateInvite"))["invite"]["id"]
        creator.say("SetPolicy", control=row.policy)
    client = creator
    if row.role != "host":
        client = someone(hub, row.state, "zoe")
    if row.role in ("viewer", "controller"):
        own = client.join("friday")["client_id"]
        creator.say("SetRole", client_id=own, role=row.role)
    client.heard()
    return await outcome(client, row.message, **more)


async def at_the_door(row: Row) -> str | None:
    """Run a row about coming in."""
    desk = Desk()
    hub = new_hub(desk)
    ann = someone(hub, "account", "ann", address="203.0.113.1")
    password = {"password": "sesame"} if row.policy == "password" else {}
    created = await ann.asks("CreateRoom", name="friday", file_hash=HASH, **password)
    other = await someone(hub, "none", "Bob").asks("CreateRoom", name="saturday", file_hash=HASH)
    device = {"device": "d" * 43}
    banned = row.state.endswith("banned")
    if banned:
        eve = someone(hub, "account" if "account is" in row.state else "none", "eve", **device)
        eve_id = (await eve.asks("JoinRoom", room_id="friday", file_hash=HASH, **password))["client_id"]
        ann.say("Kick", client_id=eve_id, ban=True)
    shows: dict[str, str] = {}
    match row.shown:
        case "the password":
            shows["password"] = "sesame"
        case "a wrong password":
            shows["password"] = "simsim"
        case "an invite":
            shows["invite"] = (await ann.asks("CreateInvite"))["token"]
        case "a forged or expired invite":
            shows["invite"] = (await ann.asks("CreateInvite"))["token"] + "x"
        case "a used up invite":
            shows["invite"] = (await ann.asks("CreateInvite", uses=1))["token"]
            used = await someone(hub, "none", "Cy", address=ELSEWHERE).asks(
                "JoinRoom", room_id="friday", file_hash=HASH, **shows
            )
            assert used["type"] == "RoomJoined"
        case "a revoked invite":
            shows["invite"] = (await ann.asks("CreateInvite"))["token"]
            await ann.asks("RevokeInvites")
        case "another room's invite":
            shows["invite"] = desk.sign_invite(
                "0-i1-x", room_id=other["room_id"], role="viewer", issuer="bob", seconds=60
            )
        case "a return secret":
            former = someone(hub, "none", "Dora", address=ELSEWHERE)
            joined = await former.asks("JoinRoom", room_id="friday", file_hash=HASH, **password)
            shows["return_secret"] = joined["return_secret"]
        case "a wrong return secret":
            shows["return_secret"] = "a-secret-that-nobody-has"
        case "the owner's secret":
            shows["host_secret"] = created["host_secret"]
    rules: dict[str, dict[str, Any]] = {
        "locked": {"locked": True},
        "accounts": {"access": "accounts"},
        "invited": {"access": "invited"},
        "full": {"capacity": 1},
    }
    assert (await ann.asks("SetPolicy", **rules.get(row.policy, {})))["type"] == "PolicyChanged"
    if row.shown == "a return secret":
        former.say("LeaveRoom")  # Now, because locking a room forgets who has left it before.
    match row.state:
        case "a basic client":
            client = someone(hub, "basic", "x", address=ELSEWHERE)
        case "a stranger":
            client = someone(hub, "none", "stranger", address=ELSEWHERE)
        case "somebody with an account":
            client = someone(hub, "account", "zoe", address=ELSEWHERE)
        case "somebody whose account is banned":
            client = someone(hub, "account", "eve", address=ELSEWHERE)
        case "somebody whose device is banned":
            client = someone(hub, "account", "zoe", address=ELSEWHERE, **device)
        case "a stranger whose network is banned":
            client = someone(hub, "none", "stranger", address=HOME)
        case "somebody with an account, whose network is banned":
            client = someone(hub, "account", "zoe", address=HOME)
    return await outcome(client, "JoinRoom", **shows)


async def at_a_server(row: Row) -> str | None:
    """Run a row about what a server wants of everybody."""
    password = "sesame" if row.policy == "it has a password" else None
    hub = new_hub(Desk(needs_account=password is None, password=password))
    given = {} if password is None else {"password": password}
    ann = someone(hub, "account", "ann", **given)
    ann.create(name="friday", file=FILE)
    return await outcome(someone(hub, row.state, "zoe", **given), row.message)


def runner(row: Row) -> Any:
    if row.policy in SERVERS:
        return at_a_server
    return at_the_door if row.state in DOOR else in_role


GROUPS = {
    name: list(group) for name, group in groupby(ROWS, key=lambda row: f"{row.message}, {row.policy}, {row.state}")
}


@pytest.mark.parametrize("group", GROUPS)
async def test_each_row_of_the_table_is_true(group: str) -> None:
    for row in GROUPS[group]:
        assert await runner(row)(row) == row.expected, row


def test_every_message_is_in_the_table_in_every_role() -> None:
    actions = {kind.__name__ for kind in get_args(SyncCommand)}
    sent = {payload.get("action", type) for type, payload in MESSAGES.values()}
    assert sent == set(CLIENT_TYPES) - {"SyncCommand"} | actions
    assert set(MEMBERS) == set(MESSAGES) == set(SERVERS["an account is needed"]) == set(SERVERS["it has a password"])
    assert set(MESSAGES) >= FULL_ONLY
    there = {(row.message, row.role, row.policy, row.state) for row in ROWS}
    for message in MESSAGES:
        assert {
            (message, role, control, state)
            for role in ROLES
            for control in ("everyone", "controllers", "host")
            for state in STATES
        } <= there


def test_every_door_is_in_the_table_for_everybody() -> None:
    for by_shown in DOOR.values():
        assert set(by_shown) == set(SHOWN)
        assert {len(letters) for letters in by_shown.values()} == {len(DOORS)}


def test_no_row_is_there_twice() -> None:
    keys = [row[:4] + row[5:] for row in ROWS]
    assert len(set(keys)) == len(keys)
