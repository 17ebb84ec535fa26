"""The same stories over a file and over PostgreSQL, with a connection of another process beside the server's."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from hangd.protocol import accounts as requests
from hangd.protocol.errors import RequestRefused
from hangd.server.trust import logins, rotation
from hangd.server.trust.keys import prepare_keys, usable_keys
from hangd.server.trust.logins import end_all
from hangd.server.trust.rotation import STOLEN
from hangd.store.base import Account, ServerBan, Store
from hangd.store.opening import open_file, open_postgres
from tests.server.trust.served import AWAY, HOME, PASSWORD, Served, looked, served
from tests.support.servers.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]

NOTICED = 2.0 + 8.0
"""Seconds: the server looks every two; the rest is for a busy machine."""


@pytest.fixture(params=["file", "postgres"])
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Served, Store]]:
    """Return a service, and the store as a command beside it has it."""
    if request.param == "file":
        async with served(tmp_path) as one:
            beside = open_file(tmp_path / "rooms.db", serving=False)
            yield one, beside
            beside.close()
    else:
        url = request.getfixturevalue("postgres_url")
        async with served(url=url) as one:
            beside = open_postgres(url, serving=False)
            yield one, beside
            beside.close()


async def noticed(one: Served, number: int) -> None:
    """Wait until the hub has been told to end so many."""
    async with asyncio.timeout(NOTICED):
        while len(one.ended) < number:  # noqa: ASYNC110  # what is waited for is that the service looks
            await asyncio.sleep(0.05)


async def test_a_login_its_renewal_and_its_theft(both: tuple[Served, Store]) -> None:
    one, beside = both
    first = await one.register()
    lost = await one.tokens(requests.Refresh(first.refresh))
    second = await one.tokens(requests.Refresh(first.refresh))
    assert one.visitor(token=second.access).account == "ada"
    third = await one.tokens(requests.Refresh(second.refresh))
    assert one.visitor(token=third.access).account == "ada"
    assert await one.code(requests.Refresh(second.refresh)) == "RateLimited"
    (login,) = beside.logins()
    assert len(login.spent_digests) == 2 and login.settled
    assert (await one.refused(requests.Refresh(lost.refresh), one.visitor(AWAY))).message == STOLEN
    assert one.visitor(token=third.access).account is None
    (login,) = beside.logins()
    assert login.revoked == STOLEN


async def test_what_another_process_changes(both: tuple[Served, Store]) -> None:
    one, beside = both
    first = await one.register("ada")
    (account,) = beside.accounts()
    end_all(beside, account.account_id, "the admin has changed your password")
    await noticed(one, 1)
    assert one.visitor(token=first.access).account is None

    second = await one.tokens(requests.Login("ada", PASSWORD))
    prepare_keys(beside, time.time(), rotate=True)
    beside.put_ban(ServerBan("b", f"acc:{account.account_id}", "ada", time.time(), None, None))
    await noticed(one, 2)
    with pytest.raises(RequestRefused, match="banned"):
        one.visitor(token=second.access)
    beside.remove_ban("b")
    beside.put_ban(ServerBan("n", "ip:192.0.2.0/24", "192.0.2.0/24", time.time(), None, None))
    one.here.append(one.visitor(AWAY))
    async with asyncio.timeout(NOTICED):
        while True:
            try:
                one.trust.arrived(HOME, one.now)
            except RequestRefused:
                break
            await asyncio.sleep(0.05)
    assert one.visitor(AWAY, token=second.access).account == "ada", "signed by the key of before"
    assert len(one.ended) == 2, "nobody of that network is here"
    beside.remove_account(account.account_id)
    await noticed(one, 3)
    assert await one.code(requests.Login("ada", PASSWORD), one.visitor(AWAY)) == "Unauthorized"


async def test_own_changes_are_not_read_again(both: tuple[Served, Store], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each login and each renewal changes the store: reading all of it each time would cost more and more."""
    one, beside = both
    await looked(one)
    known = one.trust._ledger.known
    first = await one.register()
    second = await one.tokens(requests.Refresh(first.refresh))
    assert one.visitor(token=second.access).account == "ada"
    await one.ask(requests.Logout(), one.visitor(token=second.access))
    await one.thread.run(lambda store: None)
    await asyncio.sleep(0)
    assert one.trust._ledger.known is known and known.revision == beside.revision()
    # And what is in memory is what is in the store.
    assert known.logins == {login.session_id: login for login in beside.logins()}
    assert known.accounts == {account.account_id: account for account in beside.accounts()}
    assert msgspec.json.encode(known.ban_list) == msgspec.json.encode(tuple(beside.bans()))


async def test_another_process_changes_something_just_before_an_own_change(both: tuple[Served, Store]) -> None:
    one, beside = both
    await looked(one)
    ban = ServerBan("n", "ip:192.0.2.0/24", "192.0.2.0/24", time.time(), None, None)

    def change(store: Store) -> None:
        store.add_account(Account("a1", "ada", "", 0.0))
        store.add_account(Account("a2", "bob", "", 0.0))

    beside.put_ban(ban)
    await one.trust._ledger.change(change)
    assert one.trust._ledger.known.revision != beside.revision()
    async with asyncio.timeout(NOTICED):
        while one.trust._ledger.known.ban_list != (ban,):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("what", ["Refresh", "Authenticate", "Login"])
async def test_what_ends_in_the_middle_of_its_renewal_stays_ended(
    what: str, both: tuple[Served, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The admin changes the password after the server has read the login or account, and before it writes."""
    one, beside = both
    first = await one.register()
    (account,) = beside.accounts()
    admins: list[threading.Thread] = []

    def change_password() -> None:
        beside.change_account(msgspec.structs.replace(account, password_hash="another"))
        end_all(beside, account.account_id, "the admin has changed your password")

    module, function = {
        "Refresh": (rotation, "refresh"),
        "Authenticate": (rotation, "use_access"),
        "Login": (logins, "begin"),
    }[what]
    as_it_is = getattr(module, function)

    def interrupted(*arguments: object) -> object:
        if threading.current_thread().name.startswith("store") and not admins:
            admins.append(threading.Thread(target=change_password))
            admins[0].start()
            admins[0].join(0.5)  # It is done by then, or waits until the server has written.
        return as_it_is(*arguments)

    monkeypatch.setattr(module, function, interrupted)
    if what == "Authenticate":
        one.visitor(token=first.access)
    else:
        request = requests.Refresh(first.refresh) if what == "Refresh" else requests.Login("ada", PASSWORD)
        await one.ask(request)
    await one.thread.run(lambda store: None)
    (admin,) = admins
    await asyncio.to_thread(admin.join)
    assert [login.revoked for login in beside.logins()] == ["the admin has changed your password"] * len(
        beside.logins()
    )


async def test_a_code_is_good_no_more_when_another_process_has_ended_its_login(both: tuple[Served, Store]) -> None:
    """At once: the server has not looked yet what was changed."""
    one, beside = both
    first = await one.register()
    code = (await one.ask(requests.CreatePairCode(), one.visitor(token=first.access))).message
    assert isinstance(code, requests.PairCode)
    (account,) = beside.accounts()
    end_all(beside, account.account_id, "the admin has changed your password")
    assert await one.code(requests.LoginByCode(code.code), one.visitor(AWAY)) == "Unauthorized"
    assert len(beside.logins()) == 1


async def test_servers_that_begin_with_one_empty_database_have_the_same_keys(postgres_url: str) -> None:
    stores = [open_postgres(postgres_url, serving=False) for _ in range(4)]
    try:
        found = await asyncio.gather(*(asyncio.to_thread(usable_keys, one, time.time()) for one in stores))
        assert all(keys == found[0] for keys in found)
        assert sorted(key.kind for key in found[0]) == ["ed25519", "hmac"]
    finally:
        for one in stores:
            one.close()
