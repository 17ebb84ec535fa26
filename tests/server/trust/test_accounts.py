"""Registering, logging in and out, new tokens, pair codes: what is granted, and what is refused with which code."""

import asyncio
import time
from pathlib import Path

import msgspec
import pytest

from hangd.protocol import accounts as requests
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import Done
from hangd.protocol.model import PairCodeText
from hangd.rooms.trust import Ended, login_tag
from hangd.server.trust import logins
from hangd.server.trust.keys import Keyring
from hangd.server.trust.rotation import STOLEN
from hangd.server.trust.tokens import RegisterInvite, Signer
from hangd.store.base import ServerBan, StoreFailed
from tests.server.trust.served import AWAY, PASSWORD, Served, served


async def soon(one: Served) -> None:
    """Let happen what was put off, until after a turn or until the store was called."""
    for _ in range(3):
        await one.thread.run(lambda store: None)
        await asyncio.sleep(0)


# ---- registering ----------------------------------------------------------------------------------------------------


async def test_who_registers_is_logged_in() -> None:
    async with served() as one:
        answer = await one.ask(requests.Register("Ada", PASSWORD))
        assert isinstance(answer.message, requests.Tokens)
        assert answer.message.account == answer.visitor.account == answer.visitor.identity.account == "Ada"
        assert answer.message.expires_in == 900.0
        assert one.visitor(token=answer.message.access).account == "Ada"


@pytest.mark.parametrize("name", ["ada", "ADA", "ａｄａ", "a\u200bda"])
async def test_a_name_that_looks_like_another_is_taken(name: str) -> None:
    async with served() as one:
        await one.register("ada")
        assert await one.code(requests.Register(name, PASSWORD)) == "NameTaken"


async def test_two_who_register_one_name_at_the_same_time() -> None:
    async with served() as one:
        both = await asyncio.gather(*(one.register("ada") for _ in range(2)), return_exceptions=True)
        assert sum(isinstance(answer, requests.Tokens) for answer in both) == 1
        (refused,) = (answer for answer in both if isinstance(answer, RequestRefused))
        assert refused.code == "NameTaken"


async def test_a_closed_server_makes_no_accounts() -> None:
    async with served(register="closed") as one:
        assert await one.code(requests.Register("ada", PASSWORD)) == "Forbidden"
        assert one.trust.features == ("accounts", "invites")


def invite(one: Served, uses: int | None = 1, *, seconds: float = 600.0, wall: float | None = None) -> str:
    signer = Signer(Keyring(one.store.keys()))
    return signer.register(RegisterInvite("i1", uses), seconds=seconds, wall=time.time() if wall is None else wall)


async def test_an_invite_makes_as_many_accounts_as_it_says() -> None:
    async with served(register="invited") as one:
        assert one.trust.features[-1] == "register-invited"
        token = invite(one, 2)
        for name in ("ada", "bob"):
            await one.tokens(requests.Register(name, PASSWORD, token))
        refused = await one.refused(requests.Register("eve", PASSWORD, token))
        assert (refused.code, refused.message) == ("InvalidInvite", "this invite is used up: ask for a new one")


async def test_an_invite_is_not_used_more_often_by_many_at_once() -> None:
    async with served(register="invited") as one:
        token = invite(one)
        names = ["ada", "bob", "eve"]
        answers = await asyncio.gather(
            *(one.tokens(requests.Register(name, PASSWORD, token)) for name in names), return_exceptions=True
        )
        assert sum(isinstance(answer, requests.Tokens) for answer in answers) == 1
        assert len(one.store.accounts()) == 1


async def test_bad_invites_to_register() -> None:
    async with served(register="invited") as one:
        access = Signer(Keyring(one.store.keys()))
        bad: dict[str | None, str] = {
            None: "you need an invite",
            "": "damaged or forged",
            invite(one, wall=time.time() - 7000): "has expired",
            invite(one)[:-4]: "damaged or forged",
            access.invite("i", room_id="r", role="viewer", issuer="x", seconds=60, wall=time.time()): (
                "something else"
            ),
        }
        async with served(register="invited") as other:
            bad[invite(other)] = "of another server"
        for number, (token, why) in enumerate(bad.items()):
            one.now += 10_000
            refused = await one.refused(requests.Register(f"n{number}", PASSWORD, token))
            assert refused.code == "InvalidInvite" and why in refused.message
        assert one.store.accounts() == []


# ---- logging in -----------------------------------------------------------------------------------------------------


async def test_logging_in() -> None:
    async with served() as one:
        await one.register()
        answer = await one.ask(requests.Login("ADA", PASSWORD))
        assert answer.visitor.account == "ada" and answer.visitor.session_id is not None
        assert len(one.store.logins()) == 2
        assert {login.client for login in one.store.logins()} == {"test 1"}


async def test_a_wrong_name_and_a_wrong_password_are_told_apart_by_nobody() -> None:
    async with served() as one:
        await one.register()
        wrong = [await one.refused(requests.Login(*pair)) for pair in (("ada", "wrong horse"), ("bob", PASSWORD))]
        assert wrong[0].code == "Unauthorized"
        assert wrong[0].message == wrong[1].message and wrong[0].details == wrong[1].details


async def test_a_password_that_changes_meanwhile_is_wrong() -> None:
    async with served() as one:
        await one.register()
        (account,) = one.store.accounts()
        logging_in = asyncio.get_running_loop().create_task(one.code(requests.Login("ada", PASSWORD)))
        await one.thread.run(lambda store: store.account_named("ada"))  # by then the login has read it
        await one.thread.run(
            lambda store: store.change_account(msgspec.structs.replace(account, password_hash="other"))
        )
        assert await logging_in == "Unauthorized"


async def test_an_account_has_fifty_logins_at_most() -> None:
    async with served() as one:
        first = await one.register()
        (account,) = one.store.accounts()
        for number in range(49):
            logins.begin(one.store, account.account_id, "test", time.time() + 1000 + number)
        assert one.visitor(token=first.access).account == "ada"
        answer = await one.ask(requests.Login("ada", PASSWORD))
        assert [ended.code for ended in answer.ended] == ["Unauthorized"]
        assert one.visitor(token=first.access).account is None
        assert sum(login.revoked is None for login in one.store.logins()) == 50


# ---- tokens ---------------------------------------------------------------------------------------------------------


async def test_new_tokens() -> None:
    async with served() as one:
        first = await one.register()
        answer = await one.ask(requests.Refresh(first.refresh))
        assert isinstance(answer.message, requests.Tokens)
        assert answer.visitor.account == "ada"
        assert answer.message.refresh != first.refresh
        assert one.visitor(token=answer.message.access).account == "ada"
        assert one.visitor(token=first.access).account == "ada", "the older access token until it expires"


async def test_a_lost_answer_costs_nothing() -> None:
    async with served() as one:
        first = await one.register()
        for _ in range(3):
            last = await one.tokens(requests.Refresh(first.refresh))
        assert one.visitor(token=last.access).account == "ada"
        await one.tokens(requests.Refresh(last.refresh))
        await soon(one)
        assert all(ended.tag.count(":") == 2 for ended in one.ended), "tokens that were beaten, but no login"


async def stolen(one: Served, first: requests.Tokens) -> None:
    """Use the first token once more, long after its successor was used."""
    (login,) = one.store.logins()
    one.store.put_login(msgspec.structs.replace(login, used_at=time.time() - 1000))
    refused = await one.refused(requests.Refresh(first.refresh), one.visitor(AWAY))
    assert (refused.code, refused.message) == ("Unauthorized", STOLEN)


async def test_a_token_that_is_used_once_more_ends_the_login() -> None:
    async with served() as one:
        first = await one.register()
        second = await one.tokens(requests.Refresh(first.refresh))
        visitor = one.visitor(token=second.access)
        assert visitor.session_id is not None
        assert await one.code(requests.Refresh(first.refresh)) == "RateLimited", "the network may have delayed it"
        await stolen(one, first)
        await soon(one)
        assert Ended(login_tag(visitor.session_id), "Unauthorized", STOLEN) in one.ended
        assert one.visitor(token=second.access).account is None
        assert (await one.refused(requests.Refresh(second.refresh))).message == STOLEN
        assert (await one.refused(requests.Authenticate(second.access))).code == "Unauthorized"
        assert (await one.tokens(requests.Login("ada", PASSWORD))).account == "ada", "the account itself is there"


async def test_the_connections_of_a_token_that_was_beaten_end() -> None:
    """Two got successors of one token. The thief only stays connected; then the owner uses theirs."""
    async with served() as one:
        first = await one.register()
        thief = await one.ask(requests.Refresh(first.refresh), one.visitor(AWAY))
        owner = await one.tokens(requests.Refresh(first.refresh))
        assert one.visitor(token=owner.access).account == "ada"
        await soon(one)
        (ended,) = one.ended
        assert ended.tag in thief.visitor.identity.tags and ended.code == "Unauthorized"
        assert ended.tag not in one.visitor(token=owner.access).identity.tags


async def test_a_refresh_token_that_nobody_made() -> None:
    async with served() as one:
        await one.register()
        assert await one.code(requests.Refresh("A" * 43)) == "Unauthorized"


async def test_a_login_outlives_the_server(tmp_path: Path) -> None:
    async with served(tmp_path) as one:
        first = await one.register()
    async with served(tmp_path) as one:
        assert one.visitor(token=first.access).account == "ada"
        assert (await one.tokens(requests.Refresh(first.refresh))).account == "ada"


async def test_authenticate_says_who_a_connection_is() -> None:
    async with served() as one:
        first = await one.register()
        answer = await one.ask(requests.Authenticate(first.access))
        assert answer.message == requests.Authenticated("ada")
        assert answer.visitor.identity == one.visitor(token=first.access).identity
        assert await one.code(requests.Authenticate("x.y.z")) == "Unauthorized"


# ---- logging out ----------------------------------------------------------------------------------------------------


async def test_logging_out_ends_this_login_alone() -> None:
    async with served() as one:
        first, other = await one.register(), await one.tokens(requests.Login("ada", PASSWORD))
        visitor = one.visitor(token=first.access)
        answer = await one.ask(requests.Logout(), visitor)
        assert answer.message == Done()
        assert answer.visitor == one.visitor(), "nobody, afterwards"
        assert [ended.tag for ended in answer.ended] == [login_tag(visitor.session_id or "")]
        assert one.visitor(token=first.access).account is None
        assert await one.code(requests.Refresh(first.refresh)) == "Unauthorized"
        assert one.visitor(token=other.access).account == "ada"


async def test_logging_out_everywhere() -> None:
    async with served() as one:
        first, other = await one.register(), await one.tokens(requests.Login("ada", PASSWORD))
        answer = await one.ask(requests.Logout(everywhere=True), one.visitor(token=first.access))
        assert len(answer.ended) == 2
        assert one.visitor(token=other.access).account is None


async def test_logging_out_another_machine_by_its_token() -> None:
    async with served() as one:
        first, other = await one.register(), await one.tokens(requests.Login("ada", PASSWORD))
        visitor = one.visitor(token=first.access)
        answer = await one.ask(requests.Logout(other.refresh), visitor)
        assert answer.visitor == visitor
        assert one.visitor(token=other.access).account is None and one.visitor(token=first.access).account == "ada"


@pytest.mark.parametrize("refresh", [None, "A" * 43])
async def test_logging_out_without_a_login_is_done_too(refresh: str | None) -> None:
    async with served() as one:
        answer = await one.ask(requests.Logout(refresh, everywhere=True))
        assert (answer.message, answer.ended) == (Done(), ())


# ---- pair codes -----------------------------------------------------------------------------------------------------


async def pair_code(one: Served, tokens: requests.Tokens) -> str:
    answer = (await one.ask(requests.CreatePairCode(), one.visitor(token=tokens.access))).message
    assert isinstance(answer, requests.PairCode) and answer.expires_in == 300.0
    return msgspec.convert(answer.code, PairCodeText)


@pytest.mark.parametrize("typed", ["{}{}", "{}-{}", "{} {}"])
async def test_a_code_logs_another_machine_in(typed: str) -> None:
    async with served() as one:
        code = await pair_code(one, await one.register())
        answer = await one.ask(requests.LoginByCode(typed.format(*code.lower().split("-"))), one.visitor(AWAY))
        assert answer.visitor.account == "ada"
        assert len(one.store.logins()) == 2


async def test_a_code_is_good_once_and_for_five_minutes() -> None:
    async with served() as one:
        tokens = await one.register()
        code = await pair_code(one, tokens)
        await one.ask(requests.LoginByCode(code))
        assert await one.code(requests.LoginByCode(code)) == "Unauthorized"
        code = await pair_code(one, tokens)
        one.now += 299.9
        await one.ask(requests.LoginByCode(code))
        code = await pair_code(one, tokens)
        one.now += 300.0
        assert await one.code(requests.LoginByCode(code)) == "Unauthorized"


async def test_an_account_has_one_code_at_a_time() -> None:
    async with served() as one:
        tokens = await one.register()
        old, new = await pair_code(one, tokens), await pair_code(one, tokens)
        assert await one.code(requests.LoginByCode(old)) == "Unauthorized"
        assert (await one.tokens(requests.LoginByCode(new))).account == "ada"


async def test_a_code_ends_with_the_login_that_made_it() -> None:
    async with served() as one:
        tokens = await one.register()
        code = await pair_code(one, tokens)
        await one.ask(requests.Logout(), one.visitor(token=tokens.access))
        assert await one.code(requests.LoginByCode(code)) == "Unauthorized"


async def test_a_code_needs_a_login() -> None:
    async with served() as one:
        assert await one.code(requests.CreatePairCode()) == "Unauthorized"


# ---- bans, and a store that fails -----------------------------------------------------------------------------------


async def test_a_banned_account_gets_nothing() -> None:
    async with served() as one:
        tokens = await one.register()
        code = await pair_code(one, tokens)
        (account,) = one.store.accounts()
        until = time.time() + 3600
        one.store.put_ban(ServerBan("b", f"acc:{account.account_id}", "ada", 0.0, until, "no spoilers"))
        await one.trust._ledger._reload()
        assert one.ended == [Ended(f"acc:{account.account_id}", "Banned", one.ended[0].why)]
        assert "no spoilers" in one.ended[0].why
        for message in (
            requests.Login("ada", PASSWORD),
            requests.Refresh(tokens.refresh),
            requests.Authenticate(tokens.access),
            requests.LoginByCode(code),
        ):
            assert await one.code(message) == "Banned"
        with pytest.raises(RequestRefused, match="no spoilers"):
            one.visitor(token=tokens.access)
        assert one.visitor().account is None, "who does not say that it is ada"
        one.trust._ledger.wall = lambda: until
        assert await one.code(requests.Login("ada", "wrong horse")) == "Unauthorized", "over"


async def test_a_store_that_fails_is_told_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async with served() as one:
        tokens = await one.register()

        def fails(name: str) -> None:
            raise StoreFailed("the disk is full")

        working = one.store.account_named
        one.store.account_named = fails  # type: ignore[method-assign]
        for _ in range(2):
            refused = await one.refused(requests.Login("ada", PASSWORD))
            assert (refused.code, refused.retry) == ("Internal", True)
        assert [record.getMessage() for record in caplog.records].count(
            "accounts and bans cannot be read or written for now: the disk is full"
        ) == 1
        assert one.visitor(token=tokens.access).account == "ada", "from memory"
        one.store.account_named = working  # type: ignore[method-assign]
        assert (await one.tokens(requests.Login("ada", PASSWORD))).account == "ada"


async def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with served() as one:
        tokens = await one.register()
        code = await pair_code(one, tokens)
        await one.ask(requests.LoginByCode(code))
        second = await one.tokens(requests.Refresh(tokens.refresh))
        await one.refused(requests.Login("ada", "my wrong password"))
        await one.refused(requests.Login("my real password", "x"))
        await one.ask(requests.Logout(everywhere=True), one.visitor(token=second.access))
    log = caplog.text
    for secret in (PASSWORD, "my wrong", "my real", code, tokens.refresh, tokens.access, second.refresh):
        assert secret not in log
    for line in ("ada: registered", "ada: logged in by a code", "ada: logged out everywhere", "a login failed"):
        assert f"{line}, from 192.0.2.1" in log
