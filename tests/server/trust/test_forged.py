"""Forged and replayed access tokens at a real server: each is as none in Hello, and refused as Unauthorized later.

Most are signed with the server's own key: what would let them in if only the signature was looked at.
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hangd.server.settings import ServerSettings
from hangd.server.trust.rotation import DELAY_SECONDS, STOLEN
from hangd.server.trust.tokens import Access, RegisterInvite, Signer
from tests.support.servers.accounts import PASSWORD, Accounts, Forger, encoded, part, with_accounts
from tests.support.servers.server import typist

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("other_networks")]

NOW = time.time()


def hs256_with_the_public_key(forger: Forger, form: PublicFormat, encoding: Encoding) -> str:
    public = forger.key.public_key().public_bytes(encoding, form)
    return forger.token({"alg": "HS256"}, sign=lambda data: hmac.new(public, data, hashlib.sha256).digest())


def es256(forger: Forger) -> str:
    return forger.token({"alg": "ES256"})


def flipped(forger: Forger, where: int) -> str:
    """Return the good token with one bit of one part changed."""
    parts = forger.good.split(".")
    parts[where] = ("B" if parts[where][5] != "B" else "C").join((parts[where][:5], parts[where][6:]))
    return ".".join(parts)


FORGED: dict[str, Callable[[Forger], str]] = {
    "alg none, no signature": lambda f: encoded(f.header | {"alg": "none"}, f.claims, lambda _: b""),
    "alg None, in another spelling": lambda f: encoded(f.header | {"alg": "nOnE"}, f.claims, lambda _: b""),
    "alg none, with the good signature": lambda f: f.token({"alg": "none"}),
    "no alg": lambda f: f.token({"alg": None}),
    "alg a list": lambda f: f.token({"alg": ["EdDSA"]}),
    "HS256 with the public key (raw)": lambda f: hs256_with_the_public_key(f, PublicFormat.Raw, Encoding.Raw),
    "HS256 with the public key (PEM)": lambda f: hs256_with_the_public_key(
        f, PublicFormat.SubjectPublicKeyInfo, Encoding.PEM
    ),
    "ES256": es256,
    "another key, the server's kid": lambda f: f.token(sign=Ed25519PrivateKey.generate().sign),
    "another kid": lambda f: f.token({"kid": "0123456789abcdef"}),
    "no kid": lambda f: f.token({"kid": None}),
    "kid a path": lambda f: f.token({"kid": "../../../../dev/null"}),
    "kid a URL": lambda f: f.token({"kid": "https://example.org/key.json"}),
    "kid a statement of SQL": lambda f: f.token({"kid": "x' UNION SELECT 'a"}),
    "kid a number": lambda f: f.token({"kid": 7}),
    "a key of its own in the header (jwk)": lambda f: own_key(f, "jwk"),
    "a key's address in the header (jku)": lambda f: own_key(f, "jku"),
    "crit with an unknown extension": lambda f: f.token({"crit": ["b64"], "b64": False}),
    "expired an hour ago": lambda f: f.token(claims={"iat": int(NOW) - 7200, "exp": int(NOW) - 3600}),
    "expired 31 seconds ago": lambda f: f.token(claims={"exp": int(time.time()) - 31}),
    "never expires": lambda f: f.token(claims={"exp": None}),
    "exp no number": lambda f: f.token(claims={"exp": "tomorrow"}),
    "issued tomorrow": lambda f: f.token(claims={"iat": int(NOW) + 86400, "exp": int(NOW) + 90000}),
    "not yet valid (nbf)": lambda f: f.token(claims={"nbf": int(NOW) + 3600}),
    "no iat": lambda f: f.token(claims={"iat": None}),
    "another issuer": lambda f: f.token(claims={"iss": "0" * 24}),
    "no issuer": lambda f: f.token(claims={"iss": None}),
    "another audience": lambda f: f.token(claims={"aud": "hang:invite"}),
    "two audiences": lambda f: f.token(claims={"aud": ["hang:access", "hang:invite"]}),
    "no audience": lambda f: f.token(claims={"aud": None}),
    "another account": lambda f: f.token(claims={"sub": "0" * 32}),
    "no account": lambda f: f.token(claims={"sub": None}),
    "another login": lambda f: f.token(claims={"sid": "0" * 32}),
    "no login": lambda f: f.token(claims={"sid": None}),
    "another mark": lambda f: f.token(claims={"mark": "AAAAAAAAAAAA"}),
    "typ JWT": lambda f: f.token({"typ": "JWT"}),
    "no typ": lambda f: f.token({"typ": None}),
    "an invite to a room": lambda f: signer(f).invite(
        "i", room_id="r", role="viewer", issuer="x", seconds=600, wall=time.time()
    ),
    "an invite to register": lambda f: signer(f).register(RegisterInvite("i", 1), seconds=600, wall=time.time()),
    "an invite's typ and all else right": lambda f: f.token({"typ": "hang-i"}),
    "the payload changed": lambda f: flipped(f, 1),
    "the header changed": lambda f: flipped(f, 0),
    "the signature changed": lambda f: flipped(f, 2),
    "the signature left out": lambda f: ".".join(f.good.split(".")[:2]) + ".",
    "two parts": lambda f: ".".join(f.good.split(".")[:2]),
    "four parts": lambda f: f.good + "." + f.good.split(".")[2],
    "dots before and behind": lambda f: f".{f.good}.",
    "only dots": lambda f: "." * 100,
    "cut off": lambda f: f.good[:-10],
    "empty": lambda f: "",
    "claims a list": lambda f: encoded(f.header, [1], f.key.sign),
    "claims no JSON": lambda f: encoded(f.header, b"\xff\xfe{", f.key.sign),
    "a header that is nested deeply": lambda f: f"{part(b'[' * 700)}.e30.e30",
}
"""How each is made from a good token."""

OUTSIDE: dict[str, Callable[[Forger], str]] = {
    "longer than 1 KiB": lambda f: f.token(claims={"more": "x" * 1000}),
    "a good one and a space": lambda f: f"{f.good} ",
    "letters that are not ASCII": lambda f: "ｅｙＪ" + f.good,
    "a line break": lambda f: f"{f.good}\n",
    "a byte of zero": lambda f: f"{f.good}\x00",
    "standard base64": lambda f: f.good + "+/==",
}
"""What is no token of the protocol: InvalidMessage, before anything is decoded."""


def own_key(forger: Forger, how: str) -> str:
    mine = Ed25519PrivateKey.generate()
    public = part(mine.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    key = {"kty": "OKP", "crv": "Ed25519", "x": public}
    return forger.token({"jwk": key} if how == "jwk" else {"jku": "https://example.org/keys.json"}, sign=mine.sign)


def signer(forger: Forger) -> Signer:
    return Signer(forger.keyring)


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    settings = ServerSettings(trusted_proxies=("127.0.0.1",))
    with with_accounts(tmp_path_factory.mktemp("server"), settings) as accounts:
        yield accounts


@pytest.fixture(scope="module")
def forger(accounts: Accounts) -> Forger:
    accounts.add("ada")

    async def log_in() -> str:
        async with await typist(accounts.url) as ada:
            await ada.hello("Ada")
            await ada.say("Login", name="ada", password=PASSWORD)
            access = (await ada.hear("Tokens"))["access"]
            assert isinstance(access, str)
            return access

    return Forger(asyncio.run(log_in()), accounts.keyring())


async def hello(accounts: Accounts, token: str) -> dict[str, Any]:
    """Return the answer to a Hello with this token."""
    async with await typist(accounts.url) as client:
        await client.say("Hello", protocol=1, name="x", client="test", token=token)
        return await client.next()


async def test_the_good_token_is_good(accounts: Accounts, forger: Forger) -> None:
    """And so is what the forger makes without changing anything: the other tests would see nothing otherwise."""
    for token in (forger.good, forger.token(), forger.token(claims={"exp": int(time.time()) - 25})):
        assert (await hello(accounts, token))["payload"]["account"] == "ada"
    assert forger.token() == forger.good


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_token_is_as_none(name: str, accounts: Accounts, forger: Forger) -> None:
    token = FORGED[name](forger)
    welcome = await hello(accounts, token)
    assert (welcome["type"], "account" in welcome["payload"]) == ("Welcome", False)
    async with await typist(accounts.url) as client:
        await client.hello("x")
        await client.say("Authenticate", token=token)
        refused = await client.next()
        assert (refused["type"], refused["payload"]["code"]) == ("Error", "Unauthorized")
        assert refused["payload"]["message"].startswith("this token ")
    assert "Traceback" not in accounts.server.log()


@pytest.mark.parametrize("name", OUTSIDE)
async def test_what_is_no_token_at_all_is_refused_before_it_is_read(
    name: str, accounts: Accounts, forger: Forger
) -> None:
    refused = await hello(accounts, OUTSIDE[name](forger))
    assert (refused["type"], refused["payload"]["code"]) == ("Error", "InvalidMessage")
    assert refused["payload"]["details"]["path"] == "$.payload.token"


async def test_a_token_of_another_server_is_as_none(tmp_path: Path, accounts: Accounts, forger: Forger) -> None:
    """Also where both have an account of the same name, and even the same key."""
    with with_accounts(tmp_path) as other:
        other.add("ada")
        assert "account" not in (await hello(other, forger.good))["payload"]
        assert other.keyring().issuer != forger.keyring.issuer
        access = Access(forger.claims["sub"], forger.claims["sid"], forger.claims["mark"])
        theirs = Signer(other.keyring()).access(access, time.time()).token
        assert "account" not in (await hello(accounts, theirs))["payload"]


async def test_a_refresh_token_that_is_used_once_more_ends_the_login_and_its_connections(accounts: Accounts) -> None:
    """The owner has renewed the login. Then somebody uses a copy of the token of before."""
    account = accounts.add("eve")
    async with await typist(accounts.url) as owner, await typist(accounts.url) as thief:
        await owner.hello("Eve")
        await owner.say("Login", name="eve", password=PASSWORD)
        copied = (await owner.hear("Tokens"))["refresh"]
        await owner.say("Refresh", refresh=copied)
        tokens = await owner.hear("Tokens")
        await owner.say("Authenticate", token=tokens["access"])
        await owner.hear("Authenticated")

        await thief.hello("Thief")
        await thief.say("Refresh", refresh=copied)
        assert (await thief.hear("Error"))["code"] == "RateLimited", "it may be a request that the network has delayed"
        with accounts.store() as store:
            (login,) = store.logins(account.account_id)
            store.put_login(msgspec.structs.replace(login, used_at=login.used_at - DELAY_SECONDS))
        await thief.say("Refresh", refresh=copied)
        refused = await thief.hear("Error")
        assert (refused["code"], refused["message"]) == ("Unauthorized", STOLEN)

        assert (await owner.hear("Error"))["message"] == STOLEN
        assert await owner.closed() == 4501
    assert "account" not in (await hello(accounts, tokens["access"]))["payload"]
    async with await typist(accounts.url) as owner:
        await owner.hello("Eve")
        await owner.say("Refresh", refresh=tokens["refresh"])
        assert (await owner.hear("Error"))["message"] == STOLEN
        await owner.say("Login", name="eve", password=PASSWORD)
        assert (await owner.hear("Tokens"))["account"] == "eve"
