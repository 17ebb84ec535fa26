"""Who is who holds at all nodes: invites, accounts, bans."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from hangd.cli.main import main
from hangd.protocol.accounts import CreatePairCode, LoginByCode, Logout, PairCode, Refresh, Register, Tokens
from hangd.protocol.errors import CLOSE_BANNED, CLOSE_UNAUTHORIZED
from hangd.protocol.invites import CreateInvite, InviteCreated
from hangd.protocol.messages import (
    Done,
    JoinRoom,
    LeaveRoom,
    Play,
    PolicyChanged,
    RoomLeft,
    SetPolicy,
    SyncBroadcast,
)
from tests.support.crowds.fan import FILM, HASH, PATIENCE, Fan
from tests.support.crowds.fans import Fans, fans, refused
from tests.support.servers.cluster_processes import service
from tests.support.servers.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]

pytestmark = pytest.mark.real


async def test_an_invite_of_one_node_holds_at_the_others_and_outlives_all_nodes(tmp_path: Path) -> None:
    async with service(tmp_path, nodes=2) as cluster, fans() as people:
        first, second = cluster.nodes
        ann = await people.at(first.url, "ann")
        room_id = (await ann.create()).room_id
        await ann.ask(SetPolicy(access="invited"), PolicyChanged)
        invited = await ann.ask(CreateInvite(role="controller", uses=2), InviteCreated)
        ben = await people.at(second.url, "ben")
        joined = await ben.join(room_id, invite=invited.token)
        assert [one.role for one in joined.room.members if one.name == "ben"] == ["controller"]
        forged = invited.token[:-8] + "AAAAAAAA"
        cem = await people.at(second.url, "cem")
        await refused(cem, JoinRoom(room_id, HASH, invite=forged), "InvalidInvite")

        for node in cluster.nodes:
            node.kill()
        await second.start()
        await second.ready()
        dan = await people.at(second.url, "dan")
        joined = await dan.join(room_id, invite=invited.token)
        assert [one.role for one in joined.room.members if one.name == "dan"] == ["controller"]


def _run(*words: str) -> str:
    done = CliRunner().invoke(main, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


async def _account_of(people: Fans, url: str, tokens: Tokens) -> Fan:
    """Return a client that has come with an access token."""
    return await people.at(url, tokens.account, token=tokens.access)


async def _kept_out(people: Fans, url: str, tokens: Tokens) -> str:
    """Wait until this account is refused here. Returns why."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            await _account_of(people, url, tokens)
        except AssertionError as refusal:
            return str(refusal)
    raise AssertionError(f"{tokens.account} is still let in at {url}")


async def test_accounts_bans_and_history_are_of_all_nodes(tmp_path: Path, postgres_url: str) -> None:
    options = ("--database", postgres_url, "--register", "open")
    async with service(tmp_path, *options, nodes=2) as cluster, fans() as people:
        first, second = cluster.nodes
        stranger = await people.at(first.url, "stranger")
        tokens = await stranger.ask(Register(name="ann", password="correct horse"), Tokens)
        # A moment later, at the other node: it is known there, though nothing has told that node at leisure.
        ann = await _account_of(people, second.url, tokens)
        room_id = (await ann.create()).room_id
        (me,) = (await ann.look()).members
        assert me.account == "ann"
        renewed = await stranger.ask(Refresh(tokens.refresh), Tokens)
        again = await _account_of(people, second.url, renewed)
        assert (await again.join(room_id)).room.members[-1].account == "ann"
        assert cluster.owner(room_id) is second

        code = (await stranger.ask(CreatePairCode(), PairCode)).code
        television = await people.at(second.url, "television")
        by_code = await television.ask(LoginByCode(code), Tokens)
        assert by_code.account == "ann"
        await refused(await people.at(first.url, "thief"), LoginByCode(code), "Unauthorized")

        # Logging out ends this login's connections, wherever they are.
        await stranger.ask(Logout(), Done)
        for fan in (ann, again):
            await fan.until(lambda fan=fan: fan.lost and fan.lost[-1][1] == CLOSE_UNAUTHORIZED, "its end")  # type: ignore[misc]
        assert television.is_up

        ben = await people.at(first.url, "ben")
        theirs = await ben.ask(Register(name="ben", password="correct horse"), Tokens)
        ben = await _account_of(people, second.url, theirs)
        await ben.create()
        cem = await people.at(first.url, "cem")
        await cem.join(ben.view.room_id)  # type: ignore[union-attr]
        await ben.ask(Play(timestamp=0.0), SyncBroadcast)
        began = time.monotonic()
        await asyncio.to_thread(_run, "ban", "--database", postgres_url, "--account", "ben")
        await ben.until(lambda: ben.lost and ben.lost[-1][1] == CLOSE_BANNED, "the end of who is banned")
        print(f"\na ban from the command line held {time.monotonic() - began:.1f} s later")
        assert cem.view is not None
        await cem.until(lambda: cem.view is not None and len(cem.view.members) == 1, "the news that ben is out")
        for node in cluster.nodes:
            assert "banned" in await _kept_out(people, node.url, theirs)

        # The film that they have watched is noted once, though the room has moved.
        second.kill()
        await asyncio.sleep(began + 11.0 - time.monotonic())  # What is watched for less than ten seconds is not noted.
        await cem.ask(LeaveRoom(), RoomLeft)
        lines = ""
        async with asyncio.timeout(PATIENCE):
            while not lines:
                lines = await asyncio.to_thread(_run, "history", "--database", postgres_url, "--json")
        (watched,) = [json.loads(line) for line in lines.splitlines()]
        assert watched["film"] == FILM.name, watched
