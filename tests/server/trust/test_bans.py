"""Who is kept out: by account, by network; the tags by which people are known again; and the server's keys."""

import ipaddress
import time
import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hangd.cli.bans import wider_than
from hangd.cli.main import main
from hangd.engine.room.admission.identity import BadInvite, GivenInvite
from hangd.protocol import accounts as requests
from hangd.protocol.errors import RequestRefused
from hangd.protocol.model import InvitedRole
from hangd.rooms.trust import Visitor
from hangd.server.listening import WrongSetting
from hangd.server.trust.bans import ServerBans, network_tag
from hangd.server.trust.keys import EXTRA_NEEDED, Keyring, prepare_keys, usable_keys
from hangd.server.trust.logins import end_all
from hangd.server.trust.tags import tags_of
from hangd.server.trust.tokens import BadToken, RegisterInvite, Signer
from hangd.store.base import ServerBan, SigningKey, StoreFailed
from hangd.store.opening import open_memory
from tests.server.trust.served import AWAY, HOME, PASSWORD, served

DAY = 86400.0
DEVICE = "D" * 43


def ban(tag: str, until: float | None = None, reason: str | None = None) -> ServerBan:
    return ServerBan(tag, tag, tag, 0.0, until, reason)


# ---- commands -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "banned", "is_wider"),
    [
        ("10.0.0.0/16", "10.0.0.0/24", False),
        ("10.0.0.0/24", "10.0.0.0/16", True),
        ("10.0.255.0/24", "10.0.0.0/16", True),
        ("10.0.0.0/24", "10.0.0.0/24", False),
        ("10.1.0.0/24", "10.0.0.0/16", False),
        ("::/96", "0.0.0.0/0", False),
        ("2001:db8:1::/64", "2001:db8::/32", True),
        ("2001:db8::/32", "2001:db8::/64", False),
    ],
)
def test_a_ban_keeps_those_out_whose_whole_network_it_has(network: str, banned: str, is_wider: bool) -> None:
    kept = ban(f"ip:{banned}")
    assert wider_than([kept, ban("acc:a")], f"ip:{network}") == ([kept] if is_wider else [])


# ---- networks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "tag"),
    [
        ("192.0.2.1", "ip:192.0.2.1/32"),
        ("192.0.2.77/24", "ip:192.0.2.0/24"),
        ("2001:db8::1", "ip:2001:db8::/64"),
        ("2001:db8::1/128", "ip:2001:db8::/64"),
        ("2001:db8::/32", "ip:2001:db8::/32"),
        ("fe80::1%eth0", "ip:fe80::/64"),
        ("0.0.0.0/0", "ip:0.0.0.0/0"),
    ],
)
def test_what_the_admin_types_for_a_network(typed: str, tag: str) -> None:
    assert network_tag(typed) == tag


@pytest.mark.parametrize("typed", ["ada", "", "192.0.2", "192.0.2.1/33", "1.2.3.4.5", "acc:x", "::g"])
def test_what_is_no_network(typed: str) -> None:
    with pytest.raises(ValueError, match="network"):
        network_tag(typed)


@given(
    st.lists(st.tuples(st.ip_addresses(v=4), st.integers(0, 32)), max_size=8),
    st.ip_addresses(v=4),
)
def test_networks_are_found_as_the_library_finds_them(
    banned: list[tuple[ipaddress.IPv4Address, int]], address: ipaddress.IPv4Address
) -> None:
    networks = [ipaddress.ip_network(f"{base}/{length}", strict=False) for base, length in banned]
    found = ServerBans([ban(f"ip:{network}") for network in networks]).of_address(str(address), 0.0)
    assert (found is not None) == any(address in network for network in networks)


def test_addresses_of_both_kinds() -> None:
    bans = ServerBans([ban("ip:192.0.2.0/24"), ban("ip:2001:db8::/64"), ban("ip:no network"), ban("acc:x")])
    for address in ("192.0.2.200", "::ffff:192.0.2.200", "2001:db8::5", "2001:db8:0:0:1:2:3:4"):
        assert bans.of_address(address, 0.0) is not None
    for address in ("192.0.3.1", "2001:db8:0:1::", "", "unknown", "_hidden"):
        assert bans.of_address(address, 0.0) is None


def test_a_ban_ends_when_it_says() -> None:
    bans = ServerBans([ban("ip:192.0.2.1/32", until=100.0), ban("acc:x", until=100.0)])
    assert bans.of_address(HOME, 99.9) and bans.of_tags(["acc:x"], 99.9)
    assert not bans.of_address(HOME, 100.0) and not bans.of_tags(["acc:x"], 100.0)


def test_of_two_bans_of_one_the_longer_one_counts() -> None:
    for bans in ([ban("acc:x"), ban("acc:x", 5.0)], [ban("acc:x", 5.0), ban("acc:x")]):
        assert ServerBans(bans).of_tags(["acc:x"], 100.0) is not None


async def test_a_banned_network_is_refused_when_it_connects(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with served() as one:
        one.store.put_ban(ban("ip:192.0.2.0/24", reason="advertisements"))
        one.here += [one.visitor(HOME), one.visitor(AWAY)]
        await one.trust._ledger._reload()
        with pytest.raises(RequestRefused, match="banned from this server: advertisements") as refused:
            one.trust.arrived(HOME, one.now)
        assert refused.value.code == "Banned"
        one.trust.arrived(AWAY, one.now)
        (ended,) = one.ended
        assert ended.code == "Banned" and ended.tag in one.here[0].identity.tags
        assert "ip:192.0.2.0/24: banned" in caplog.messages


async def test_logins_that_another_process_ends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with served() as one:
        for number in range(4):
            one.now += 1000
            await one.register(f"name {number}")
        first, *others = one.store.accounts()
        end_all(one.store, first.account_id, "the admin has changed your password")
        for account in others:
            one.store.remove_account(account.account_id)
        await one.trust._ledger._reload()
        assert [ended.code for ended in one.ended] == ["Unauthorized"] * 4
        assert {ended.why.split()[0] for ended in one.ended} == {"the", "this"}
        assert [line for line in caplog.messages if line.endswith("a login has ended")] == [
            f"name {number}: a login has ended" for number in range(4)
        ]


# ---- tags -----------------------------------------------------------------------------------------------------------


async def test_the_tags_of_a_client() -> None:
    async with served() as one:
        tokens = await one.register()
        (account,) = one.store.accounts()
        known = one.visitor(token=tokens.access, device=DEVICE)
        tags = known.identity.tags
        assert tags[:2] == (f"acc:{account.account_id}", f"dev:{DEVICE}") and tags[2].startswith("net:")
        assert HOME not in "".join(tags)
        assert one.visitor(device=DEVICE).identity.tags == (f"dev:{DEVICE}", tags[2])
        assert one.visitor("").identity.tags == ()


def test_the_tag_of_a_network_needs_the_servers_secret() -> None:
    def tag(address: str, secret: bytes = b"1") -> str:
        (tag,) = tags_of(Visitor(address=address), secret)
        return tag

    assert tag("2001:db8::1") == tag("2001:db8::2") != tag("2001:db8:0:1::1")
    assert tag(HOME) == tag(f"::ffff:{HOME}") != tag(AWAY)
    assert tag(HOME) != tag(HOME, b"2")


# ---- keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [b"", b"short", bytes(33)])
def test_a_key_of_another_length_is_as_none(secret: bytes) -> None:
    """Somebody has written it into a backup."""
    store = open_memory()
    for kind in ("ed25519", "hmac"):
        store.put_key(SigningKey(f"bad {kind}", kind, secret, 2e9))
    keys = prepare_keys(store, time.time())
    assert sorted(key.kind for key in keys) == ["ed25519", "hmac"] and all(len(key.secret) == 32 for key in keys)
    assert Keyring(usable_keys(store, time.time())).signing()[0] in {key.kid for key in keys}


def test_keys_are_made_once() -> None:
    store = open_memory()
    first = prepare_keys(store, time.time())
    assert sorted(key.kind for key in first) == ["ed25519", "hmac"]
    assert prepare_keys(store, time.time()) == first
    assert all(len(key.secret) == 32 for key in first)


def test_a_new_key_every_ninety_days_and_older_ones_for_as_long_as_they_are_needed() -> None:
    store, now = open_memory(), time.time()
    old = prepare_keys(store, now - 91 * DAY)
    token = Signer(Keyring(old)).register(RegisterInvite("i", 1), seconds=30 * DAY, wall=now)
    new = Keyring(prepare_keys(store, now))
    assert new.issuer == Keyring(old).issuer and new.tag_secret == Keyring(old).tag_secret
    assert new.signing()[0] != Keyring(old).signing()[0]
    assert Signer(new).open_register(token).invite_id == "i", "what the old one has signed stays good"
    later = Keyring(prepare_keys(store, now + 31 * DAY))
    with pytest.raises(BadToken, match="given up"):
        Signer(later).open_register(token)


def test_old_keys_can_be_forgotten_at_once() -> None:
    store, now = open_memory(), time.time()
    token = Signer(Keyring(prepare_keys(store, now))).register(RegisterInvite("i", 1), seconds=60, wall=now)
    keyring = Keyring(prepare_keys(store, now, rotate=True, forget=True))
    assert len(keyring.ids) == 1
    with pytest.raises(BadToken, match="given up"):
        Signer(keyring).open_register(token)


def test_a_store_that_takes_nothing_keeps_no_server_from_running(monkeypatch: pytest.MonkeyPatch) -> None:
    store, now = open_memory(), time.time()

    def fails(key: SigningKey) -> None:
        raise StoreFailed("the disk is full")

    monkeypatch.setattr(store, "put_key", fails)
    first = Keyring(usable_keys(store, now))
    Signer(first).open_register(Signer(first).register(RegisterInvite("i", 1), seconds=60, wall=now))
    monkeypatch.undo()
    kept = prepare_keys(store, now - 91 * DAY)
    monkeypatch.setattr(store, "put_key", fails)
    assert usable_keys(store, now) == kept, "older ones will do"


async def test_a_login_outlives_its_servers_keys() -> None:
    async with served() as one:
        tokens = await one.register()
        prepare_keys(one.store, time.time(), rotate=True, forget=True)
        await one.trust._ledger._reload()
        assert one.visitor(token=tokens.access).account is None
        again = await one.tokens(requests.Refresh(tokens.refresh))
        assert one.visitor(token=again.access).account == "ada"


# ---- invites to rooms -----------------------------------------------------------------------------------------------


async def test_an_invite_says_what_was_put_in() -> None:
    async with served() as one:
        token = one.trust.sign_invite("i1", room_id="r1", role="controller", issuer="acc:1", seconds=DAY)
        given = one.trust.open_invite(token)
        assert isinstance(given, GivenInvite)
        assert (given.id, given.room_id, given.role, given.issuer) == (
            "i1", "r1", "controller", "acc:1",
        )  # fmt: skip


@pytest.mark.parametrize("role", ["viewer", "controller"])
async def test_an_invite_is_short_enough_for_a_small_code(role: InvitedRole) -> None:
    """A QR code of 350 characters has 73 modules a side; one of 450 has 81."""
    room_id, issuer = str(uuid.uuid4()), "c" * 16
    async with served() as one:
        token = one.trust.sign_invite("0-i1-a1b2", room_id=room_id, role=role, issuer=issuer, seconds=30 * DAY)
        assert len(token) <= 310
        assert one.trust.open_invite(token) == GivenInvite("0-i1-a1b2", room_id, role, issuer)


async def test_bad_invites_say_why() -> None:
    async with served() as one, served() as other:

        def make(of: object = one, seconds: float = 600.0) -> str:
            return of.trust.sign_invite(  # type: ignore[attr-defined, no-any-return]
                "i1", room_id="r1", role="viewer", issuer="x", seconds=seconds
            )

        tokens = await one.register()
        for token, why in (
            (make(seconds=0), "has expired"),
            (make(other), "another server"),
            (make()[:-3], "damaged or forged"),
            (tokens.access, "something else"),
            (make() + "." + make(), "damaged or forged"),
            ("é", "damaged or forged"),
            ("x" * 2000, "too long"),
        ):
            bad = one.trust.open_invite(token)
            assert isinstance(bad, BadInvite) and why in bad.why and bad.why.startswith("this invite ")


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda data: data.decode("latin-1")))
def test_no_text_makes_the_opener_fail(text: str) -> None:
    keys = Keyring(prepare_keys(open_memory(), time.time()))
    assert isinstance(Signer(keys).open_invite(text), BadInvite)


# ---- without the extra ----------------------------------------------------------------------------------------------


@pytest.fixture
def no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hangd.server.trust.service.has_extra", lambda: False)


@pytest.mark.usefixtures("no_extra")
async def test_without_the_extra_the_rest_works(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("open sesame")
    async with served(register="closed", server_password_file=str(path)) as one:
        assert one.trust.features == ()
        visitor = one.visitor(device=DEVICE, password="open sesame", token="x.y.z")
        assert [tag[:4] for tag in visitor.identity.tags] == ["dev:", "net:"]
        one.store.put_ban(ban("ip:198.51.100.7/32"))
        await one.trust._ledger._reload()
        with pytest.raises(RequestRefused, match="banned"):
            one.trust.arrived(AWAY, one.now)
        for message in (requests.Login("ada", PASSWORD), requests.Register("ada", PASSWORD), requests.CreatePairCode()):
            refused = await one.refused(message, visitor)
            assert refused.code == "Forbidden" and "hang-sync[accounts]" in refused.message
        with pytest.raises(RequestRefused, match=r"hang-sync\[accounts\]"):
            one.trust.sign_invite("i", room_id="r", role="viewer", issuer="x", seconds=60)
        assert isinstance(one.trust.open_invite("x.y.z"), BadInvite)


@pytest.mark.parametrize("words", [["add", "ada"], ["invite"]])
def test_without_the_extra_the_admins_commands_say_what_to_install(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hangd.server.trust.keys.has_extra", lambda: False)
    done = CliRunner().invoke(main, ["user", *words, "--data-dir", str(tmp_path)], input=PASSWORD)
    assert (done.exit_code, done.output) == (1, f"hangd: error: {EXTRA_NEEDED}\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("no_extra")
@pytest.mark.parametrize("settings", [{"require_token": True, "register": "closed"}, {"register": "open"}])
async def test_without_the_extra_a_server_that_needs_it_does_not_start(settings: dict[str, object]) -> None:
    with pytest.raises(WrongSetting) as failed:
        async with served(**settings):  # type: ignore[arg-type]  # the settings' own types
            pass
    assert str(failed.value).endswith(EXTRA_NEEDED)
