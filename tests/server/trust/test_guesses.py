"""How many guesses there are: of rooms' and the server's passwords, of accounts by network and by name, of pair codes.

Time is simulated. Each test counts.
"""

import asyncio
from pathlib import Path

import pytest

from hangd.protocol import accounts as requests
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import Hello
from hangd.server.listening import WrongSetting
from hangd.server.trust.guesses import Guesses, Limit
from hangd.server.trust.server_password import ServerPassword
from tests.server.trust.served import AWAY, HOME, PASSWORD, Served, served

HOUR = 3600.0


# ---- the buckets ----------------------------------------------------------------------------------------------------


def taken(guesses: Guesses, key: str, now: float) -> bool:
    try:
        guesses.take(key, now)
    except RequestRefused as refused:
        assert refused.code == "RateLimited" and refused.details is not None
        assert float(refused.details["retry_after"]) > 0
        return False
    return True


def test_a_burst_and_then_one_after_the_other() -> None:
    guesses = Guesses(Limit(5, 10.0), "slow down")
    assert [taken(guesses, "a", 0.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert taken(guesses, "b", 0.0)
    assert [taken(guesses, "a", now) for now in (9.9, 10.0, 10.1, 20.0)] == [False, True, False, True]


def test_a_right_one_costs_nothing() -> None:
    guesses = Guesses(Limit(2, 10.0), "slow down")
    for _ in range(100):
        guesses.take("a", 0.0)
        guesses.give_back("a", 0.0)
    assert [taken(guesses, "a", 0.0) for _ in range(3)] == [True, True, False]


def test_memory_is_bounded_and_nobody_is_forgotten_for_a_crowd() -> None:
    guesses = Guesses(Limit(3, 10.0), "slow down", most=100)
    while taken(guesses, "guesser", 0.0):
        pass
    allowed = sum(taken(guesses, f"network {number}", 1.0) for number in range(5000))
    assert len(guesses) == 100
    assert allowed == 99 + 60, "a bucket of their own, or that of the crowd"
    assert not taken(guesses, "guesser", 1.0)
    assert taken(guesses, "later", 1000.0) and len(guesses) < 100, "full buckets are forgotten"


# ---- secrets of rooms and of the server -----------------------------------------------------------------------------


def wrong_guesses(one: Served, address: str) -> int:
    """Guess until it is refused. Returns how often."""
    for count in range(10_000):
        try:
            one.trust.may_guess(address, one.now)
        except RequestRefused as refused:
            assert refused.code == "RateLimited"
            return count
        one.trust.guessed_wrong(address, one.now)
    raise AssertionError("it is never refused")


async def test_wrong_secrets_are_counted_by_network() -> None:
    async with served() as one:
        assert wrong_guesses(one, HOME) == 20
        assert wrong_guesses(one, AWAY) == 20, "another network"
        one.now += 60
        assert wrong_guesses(one, HOME) == 6
        one.now += HOUR
        assert wrong_guesses(one, HOME) == 20


@pytest.mark.parametrize("other", ["2001:db8:0:1::2", "2001:db8:0:1:ffff:ffff:ffff:ffff"])
async def test_an_ipv6_network_is_a_64(other: str) -> None:
    async with served() as one:
        assert wrong_guesses(one, "2001:db8:0:1::1") == 20
        assert wrong_guesses(one, other) == 0
        assert wrong_guesses(one, "2001:db8:0:2::1") == 20
        assert wrong_guesses(one, HOME) == 20 and wrong_guesses(one, f"::ffff:{HOME}") == 0


async def test_who_has_no_address_is_not_counted() -> None:
    """They may be all of the clients of a proxy: one of them would keep out the others."""
    async with served() as one:
        for _ in range(100):
            one.trust.may_guess("", one.now)
            one.trust.guessed_wrong("", one.now)


def password_file(folder: Path, text: str = "open sesame\n") -> str:
    path = folder / "password"
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


async def test_the_servers_password(tmp_path: Path) -> None:
    async with served(server_password_file=password_file(tmp_path)) as one:
        assert one.trust.needs_password
        one.visitor(password="open sesame")
        for password in (None, "", "open", "open sesame\n", "Open sesame"):
            with pytest.raises(RequestRefused) as refused:
                one.trust.greeted(one.trust.arrived(AWAY, 0.0), Hello(1, "x", "test", password=password), 0.0)
            assert (refused.value.code, refused.value.details) == ("Unauthorized", {"need": "password"})


async def test_guesses_of_the_servers_password(tmp_path: Path) -> None:
    async with served(server_password_file=password_file(tmp_path)) as one:
        codes = []
        for number in range(25):
            with pytest.raises(RequestRefused) as refused:
                one.visitor(password=f"guess {number}")
            codes.append(refused.value.code)
        assert codes == ["Unauthorized"] * 20 + ["RateLimited"] * 5
        with pytest.raises(RequestRefused, match="too many"):
            one.visitor(password="open sesame")
        one.visitor(AWAY, password="open sesame")
        one.now += 10
        one.visitor(password="open sesame")


async def test_to_come_without_the_password_is_no_guess(tmp_path: Path) -> None:
    async with served(server_password_file=password_file(tmp_path)) as one:
        for _ in range(50):
            with pytest.raises(RequestRefused, match="has a password"):
                one.visitor()
        one.visitor(password="open sesame")


async def test_the_servers_password_is_read_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = password_file(tmp_path)
    async with served(server_password_file=path) as one:
        password_file(tmp_path, "another\nsecond line\n")
        one.visitor(password="open sesame")
        one.trust.reload()
        one.visitor(password="another")
        password_file(tmp_path, "\n")
        one.trust.reload()
        one.visitor(password="another")
        assert "the server's password stays as it is" in caplog.text
        assert "another" not in caplog.text and "sesame" not in caplog.text


@pytest.mark.parametrize(
    ("text", "why"), [("", "empty"), ("\nx\n", "empty"), ("x" * 257, "longer than 256"), (None, "cannot read")]
)
def test_a_file_without_a_password(text: str | None, why: str, tmp_path: Path) -> None:
    path = tmp_path / "password"
    if text is not None:
        path.write_text(text)
    with pytest.raises(WrongSetting, match=why):
        ServerPassword(path)


def test_a_file_that_everybody_can_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = Path(password_file(tmp_path))
    ServerPassword(path)
    assert not caplog.records
    path.chmod(0o644)
    ServerPassword(path)
    assert "every user of this machine can read" in caplog.text


# ---- accounts -------------------------------------------------------------------------------------------------------


async def guess(one: Served, name: str, address: str, password: str = "wrong horse") -> str:
    try:
        await one.ask(requests.Login(name, password), one.visitor(address))
    except RequestRefused as refused:
        return refused.code
    return "Tokens"


async def test_one_network_guesses_ten_passwords_and_then_one_in_twenty_seconds() -> None:
    async with served() as one:
        await one.register("ada")
        names = ["ada", "bob", "eve"]  # it makes no difference whose, nor whether they exist
        codes = [await guess(one, names[number % 3], HOME) for number in range(14)]
        assert codes == ["Unauthorized"] * 10 + ["RateLimited"] * 4
        assert await guess(one, "ada", HOME, PASSWORD) == "RateLimited", "not even the right one"
        assert await guess(one, "ada", AWAY, PASSWORD) == "Tokens"
        one.now += 20
        assert await guess(one, "ada", HOME, PASSWORD) == "Tokens"
        one.now += HOUR
        allowed = 0
        for _ in range(3600):
            one.now += 1
            allowed += await guess(one, f"name {allowed}", HOME) == "Unauthorized"
        assert 180 <= allowed <= 191


async def test_one_name_is_guessed_twenty_times_from_all_networks_and_then_once_a_minute() -> None:
    async with served() as one:
        await one.register("ada")
        codes = [await guess(one, ("ada", "ADA", "Ａda")[number % 3], f"10.0.{number}.1") for number in range(30)]
        assert codes == ["Unauthorized"] * 20 + ["RateLimited"] * 10
        unknown = [await guess(one, "nobody", f"10.1.{number}.1") for number in range(30)]
        assert unknown == codes, "it does not tell whether there is such a name"
        one.now += 60
        assert await guess(one, "ada", "10.2.0.1", PASSWORD) == "Tokens"


async def test_guesses_at_the_same_time_do_not_pass_the_limit_together() -> None:
    async with served() as one:
        await one.register("ada")
        codes = await asyncio.gather(*(guess(one, "ada", HOME) for _ in range(50)))
        assert sorted(codes) == ["RateLimited"] * 40 + ["Unauthorized"] * 10


async def test_who_logs_in_often_is_not_slowed_down() -> None:
    async with served() as one:
        await one.register("ada")
        assert {await guess(one, "ada", HOME, PASSWORD) for _ in range(40)} == {"Tokens"}


async def test_pair_codes_are_guessed_five_times_by_one_network() -> None:
    async with served() as one:
        codes = [await one.code(requests.LoginByCode("BCDF-GHJK"), one.visitor()) for _ in range(7)]
        assert codes == ["Unauthorized"] * 5 + ["RateLimited"] * 2
        assert await one.code(requests.LoginByCode("BCDF-GHJK"), one.visitor(AWAY)) == "Unauthorized"
        one.now += 300
        assert await one.code(requests.LoginByCode("BCDF-GHJK"), one.visitor()) == "Unauthorized"


async def test_pair_codes_are_guessed_two_hundred_times_by_all() -> None:
    async with served() as one:
        codes = [
            await one.code(requests.LoginByCode("BCDF-GHJK"), one.visitor(f"10.0.{number}.1")) for number in range(210)
        ]
        assert codes.count("Unauthorized") == 200


async def test_new_accounts_are_limited() -> None:
    async with served() as one:
        codes = []
        for number in range(8):
            try:
                await one.register(f"name {number}")
                codes.append("Tokens")
            except RequestRefused as refused:
                codes.append(refused.code)
        assert codes == ["Tokens"] * 5 + ["RateLimited"] * 3


async def test_refresh_tokens_that_nobody_made_are_guesses_too() -> None:
    async with served() as one:
        codes = [await one.code(requests.Refresh(f"{number:043}"), one.visitor()) for number in range(22)]
        assert codes == ["Unauthorized"] * 20 + ["RateLimited"] * 2


async def test_tokens_that_are_not_good_are_looked_at_fifty_times() -> None:
    async with served() as one:
        tokens = await one.register()
        codes = [await one.code(requests.Authenticate("x.y.z"), one.visitor()) for _ in range(52)]
        assert codes == ["Unauthorized"] * 50 + ["RateLimited"] * 2
        assert one.visitor(token=tokens.access).account is None, "as none, without a look at it"
        assert one.visitor(AWAY, token=tokens.access).account == "ada"
        assert (await one.tokens(requests.Refresh(tokens.refresh))).account == "ada", "which helps at once"
        one.now += 2
        assert one.visitor(token=tokens.access).account == "ada"


async def test_good_tokens_cost_nothing() -> None:
    async with served() as one:
        tokens = await one.register()
        assert all(one.visitor(token=tokens.access).account == "ada" for _ in range(200))
