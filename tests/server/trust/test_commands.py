"""``hangd user``, ``ban``, ``unban`` and ``bans`` beside a running server: all of them real processes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hangd.server.settings import ServerSettings
from hangd.store.base import ServerBan
from tests.support.servers.accounts import PASSWORD, Accounts, with_accounts
from tests.support.servers.server import Typist, process, typist

pytestmark = pytest.mark.real

NOTICED = 2.0 + 3.0
"""Seconds: the server looks every two; the rest is for a busy machine."""


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    with with_accounts(tmp_path, ServerSettings(register="invited")) as accounts:
        yield accounts


class Done:
    def __init__(self, done: "subprocess.CompletedProcess[str]") -> None:
        self.code, self.out, self.error = done.returncode, done.stdout, done.stderr


async def hangd(accounts: Accounts, *words: str, typed: str = "") -> Done:
    """Run a command of the admin's, and return what it said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HANG_", "XDG_"))}
    environment["HOME"] = accounts.settings.data_dir or ""
    command = [sys.executable, "-m", "hangd", *words, "--data-dir", accounts.settings.data_dir or ""]
    return Done(
        await asyncio.to_thread(
            subprocess.run, command, input=typed, capture_output=True, text=True, timeout=60, env=environment
        )
    )


async def log_in(accounts: Accounts, name: str, password: str = PASSWORD) -> tuple[Typist, dict[str, Any]]:
    client = await typist(accounts.url)
    await client.hello(name)
    await client.say("Login", name=name, password=password)
    return client, await client.hear("Tokens")


async def ends(client: Typist, code: str, close_code: int) -> str:
    """Wait until the server ends this connection. Returns the sentence that it said."""
    async with asyncio.timeout(NOTICED):
        error = await client.hear("Error")
        assert error["code"] == code
        assert await client.closed() == close_code
    sentence = error["message"]
    assert isinstance(sentence, str)
    return sentence


async def test_an_account_from_the_first_to_the_last_day(accounts: Accounts) -> None:
    made = await hangd(accounts, "user", "add", "Ada", typed=f"{PASSWORD}\n")
    assert made.code == 0 and made.out.startswith("made the account Ada, the first in /")
    again = await hangd(accounts, "user", "add", "ada", typed=f"{PASSWORD}\n")
    assert again.code == 1 and "there is an account of the name ada" in again.error
    ada, tokens = await log_in(accounts, "ada")
    listed = await hangd(accounts, "user", "list", "--json")
    (row,) = map(json.loads, listed.out.splitlines())
    assert (row["name"], row["logins"], row["banned"]) == ("Ada", 1, False)
    assert abs(row["used"] - time.time()) < 60
    assert "Ada" in (await hangd(accounts, "user", "list")).out

    changed = await hangd(accounts, "user", "passwd", "ADA", typed="another horse\n")
    assert (changed.code, changed.out) == (0, "Ada has a new password; 1 logins have ended\n")
    assert "changed your password" in await ends(ada, "Unauthorized", 4501)
    async with await typist(accounts.url) as client:
        assert "account" not in await client.hello("Ada", token=tokens["access"])
        await client.say("Refresh", refresh=tokens["refresh"])
        assert "changed your password" in (await client.hear("Error"))["message"]
        await client.say("Login", name="Ada", password=PASSWORD)
        assert (await client.hear("Error"))["code"] == "Unauthorized"

    ada, tokens = await log_in(accounts, "Ada", "another horse")
    assert (await hangd(accounts, "user", "remove", "ada")).out == "removed the account Ada\n"
    assert "not there any more" in await ends(ada, "Unauthorized", 4501)
    assert (await hangd(accounts, "user", "list")).error.endswith(
        "there are no accounts: `hangd user add NAME` makes one\n"
    )
    assert (await hangd(accounts, "user", "remove", "ada")).code == 1


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("ada", "short", "the password must have at least 8 characters"),
        ("ada", "", "the password must have at least 8 characters"),
        ("", PASSWORD, "NAME must "),
        ("a\nb", PASSWORD, "NAME must be one line"),
        ("x" * 33, PASSWORD, "NAME must have at most 32 characters"),
    ],
)
async def test_an_account_that_cannot_be_made(name: str, password: str, why: str, accounts: Accounts) -> None:
    done = await hangd(accounts, "user", "add", name, typed=f"{password}\n")
    assert done.code == 1 and done.error.startswith(f"hangd: error: {why}")
    with accounts.store() as store:
        assert store.accounts() == []


async def test_an_invite_to_register(accounts: Accounts) -> None:
    made = await hangd(accounts, "user", "invite", "--expires", "2h")
    token = made.out.strip()
    assert token, made.error
    async with await typist(accounts.url) as bob:
        assert "register-invited" in (await bob.hello("Bob"))["features"]
        await bob.say("Register", name="bob", password=PASSWORD)
        assert (await bob.hear("Error"))["code"] == "InvalidInvite"
        await bob.say("Register", name="bob", password=PASSWORD, invite=token)

        assert (await bob.hear("Tokens"))["account"] == "bob"
        await bob.say("Register", name="eve", password=PASSWORD, invite=token)
        refused = await bob.hear("Error")
        assert (refused["code"], refused["message"]) == ("InvalidInvite", "this invite is used up: ask for a new one")


async def test_a_banned_account_goes_at_once_and_comes_back_when_it_may(accounts: Accounts) -> None:
    accounts.add("ada")
    ada, tokens = await log_in(accounts, "ada")
    room = await ada.create(name="friday")
    other = await typist(accounts.url)
    await other.hello("Other")
    await other.join(room["room_id"])
    done = await hangd(accounts, "ban", "ada", "--reason", "spoilers", "--for", "24h")
    assert done.code == 0 and done.out.startswith("ada is banned until ")
    assert "banned from this server: spoilers" in await ends(ada, "Banned", 4502)
    assert (await other.hear("MemberLeft"))["reason"] == "ended", "it is not away"
    async with await typist(accounts.url) as client:
        await client.say("Hello", protocol=1, name="Ada", client="test", token=tokens["access"])
        assert (await client.hear("Error"))["code"] == "Banned"
        assert await client.closed() == 4502
    (row,) = map(json.loads, (await hangd(accounts, "bans", "--json")).out.splitlines())
    assert (row["who"], row["kind"], row["reason"]) == ("ada", "account", "spoilers")
    assert row["until"] - row["since"] == pytest.approx(86400)
    assert "yes" in (await hangd(accounts, "user", "list")).out
    assert (await hangd(accounts, "unban", "ADA")).out == "ada may come in again\n"
    async with asyncio.timeout(NOTICED):
        while True:
            async with await typist(accounts.url) as client:
                await client.say("Hello", protocol=1, name="Ada", client="test", token=tokens["access"])
                if (await client.next())["type"] == "Welcome":
                    break
            await asyncio.sleep(0.2)


async def test_a_banned_network_goes_at_once(accounts: Accounts) -> None:
    basic = await typist(accounts.url)
    full = await typist(accounts.url)
    await full.hello("Full")
    assert (await hangd(accounts, "ban", "127.0.0.0/8")).out == "127.0.0.0/8 is banned for good\n"
    for client in (basic, full):
        await ends(client, "Banned", 4502)
    client = await typist(accounts.url)
    assert (await client.hear("Error"))["code"] == "Banned"
    assert await client.closed() == 4502
    assert (await hangd(accounts, "unban", "127.0.0.1/8")).code == 0


@pytest.mark.parametrize("words", [["ban", "nobody"], ["unban", "nobody"], ["user", "ban", "nobody"]])
async def test_who_is_not_there_cannot_be_banned(words: list[str], accounts: Accounts) -> None:
    done = await hangd(accounts, *words)
    assert done.code == 1 and done.error.startswith("hangd: error: ") and done.error.count("\n") == 1


async def test_a_connection_is_banned_by_what_is_listed_of_it(accounts: Accounts) -> None:
    done = await hangd(accounts, "ban", "c5")
    assert done.code == 1 and "c5 is a connection: `hangd admin clients` lists its network" in done.error
    accounts.add("c5")
    assert (await hangd(accounts, "ban", "c5")).code == 0


async def test_an_account_that_looks_like_an_address(accounts: Accounts) -> None:
    account = accounts.add("10.0.0.1")
    await hangd(accounts, "ban", "10.0.0.1", "--account")
    await hangd(accounts, "ban", "10.0.0.1")
    with accounts.store() as store:
        assert {ban.tag for ban in store.bans()} == {f"acc:{account.account_id}", "ip:10.0.0.1/32"}


async def test_new_keys_log_nobody_out(accounts: Accounts) -> None:
    accounts.add("ada")
    ada, tokens = await log_in(accounts, "ada")
    assert (await hangd(accounts, "user", "rotate-keys")).code == 0
    await asyncio.sleep(NOTICED - 2)
    async with await typist(accounts.url) as client:
        assert (await client.hello("Ada", token=tokens["access"]))["account"] == "ada"
    await ada.say("CreatePairCode")
    await ada.hear("PairCode")


async def test_a_server_for_accounts_alone(tmp_path: Path) -> None:
    with with_accounts(tmp_path, ServerSettings(require_token=True)) as accounts:
        accounts.add("ada")
        ada, tokens = await log_in(accounts, "ada")
        await ada.create(name="friday")
        async with await typist(accounts.url) as guest:
            assert (await guest.hello("Guest"))["needs_account"]
            for message, payload in (("JoinRoom", {"room_id": "friday"}), ("ListRooms", {})):
                await guest.say(message, **payload)
                assert (await guest.hear("Error"))["code"] == "Unauthorized"
        async with await typist(accounts.url) as basic:
            await basic.say("CreateRoom", file_hash="a" * 64)
            assert (await basic.hear("Error"))["code"] == "Unauthorized"
        async with await typist(accounts.url) as again:
            await again.hello("Ada", token=tokens["access"])
            await again.join("friday")


async def test_the_servers_password_changes_by_a_signal(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("open sesame\n")
    path.chmod(0o600)

    async def welcome(password: str | None) -> str:
        async with await typist(server.url) as client:
            more = {} if password is None else {"password": password}
            await client.say("Hello", protocol=1, name="x", client="test", **more)
            message = await client.next()
            if message["type"] == "Error":
                assert message["payload"]["details"] == {"need": "password"}
                assert await client.closed() == 4501
            return str(message["payload"].get("code", message["type"]))

    with process(ServerSettings(server_password_file=str(path))) as server:
        assert [await welcome(word) for word in (None, "wrong", "open sesame")] == ["Unauthorized"] * 2 + ["Welcome"]
        async with await typist(server.url) as basic:
            await basic.say("CreateRoom", file_hash="a" * 64)
            assert (await basic.hear("Error"))["code"] == "Unauthorized"
        path.write_text("another\n")
        server.child.send_signal(signal.SIGHUP)
        for _ in range(10):  # few guesses: they are counted
            if await welcome("another") == "Welcome":
                break
            await asyncio.sleep(1)
        else:
            pytest.fail(server.log())
        assert await welcome("open sesame") == "Unauthorized"


async def test_commands_without_a_server(tmp_path: Path) -> None:
    """The next server finds what they did."""
    accounts = Accounts(None, ServerSettings(data_dir=str(tmp_path)))  # type: ignore[arg-type]  # there is none
    assert (await hangd(accounts, "user", "add", "ada", typed=f"{PASSWORD}\n")).code == 0
    with with_accounts(tmp_path) as accounts:
        _, tokens = await log_in(accounts, "ada")
        assert tokens["account"] == "ada"


async def test_times_that_no_calendar_has_are_listed(accounts: Accounts) -> None:
    """Somebody has written them into a backup."""
    with accounts.store() as store:
        for number, wall in enumerate((1e308, -1e18, 1e12)):
            store.put_ban(ServerBan(f"b{number}", f"ip:192.0.2.{number}/32", f"192.0.2.{number}", wall, None, "spam"))
    listed = await hangd(accounts, "bans")
    assert (listed.code, listed.out.count("spam")) == (0, 3) and "error" not in listed.error
