"""Accounts of a server that runs in its own process, and tokens that are forged in every way."""

import base64
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hangd.server.passwords import hash_password
from hangd.server.settings import ServerSettings
from hangd.server.storage import open_shared
from hangd.server.trust.keys import Keyring
from hangd.server.trust.logins import new_account
from hangd.store.base import Account, Store
from tests.support.servers.server import PATIENCE, Process, process

__all__ = ["PASSWORD", "Accounts", "Forger", "encoded", "part", "with_accounts"]

PASSWORD: Final = "correct horse"


@dataclass
class Accounts:
    """A server with accounts, in its own process, and its store."""

    server: Process
    settings: ServerSettings

    @property
    def url(self) -> str:
        return self.server.url

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the store as the admin's commands do."""
        store = open_shared(self.settings)
        try:
            yield store
        finally:
            store.close()

    def add(self, name: str) -> Account:
        """Make an account with the password PASSWORD."""
        account = new_account(name, hash_password(PASSWORD), time.time())
        with self.store() as store:
            store.add_account(account)
        return account

    def keyring(self) -> Keyring:
        with self.store() as store:
            return Keyring(store.keys())


@contextmanager
def with_accounts(folder: Path, settings: ServerSettings | None = None) -> Iterator[Accounts]:
    settings = msgspec.structs.replace(settings or ServerSettings(), data_dir=str(folder))
    with process(settings) as server:
        # A command that comes while the server makes its tables would be refused.
        urllib.request.urlopen(f"http{server.url.removeprefix('ws').removesuffix('ws')}healthz", timeout=PATIENCE)
        yield Accounts(server, settings)


def part(value: object) -> str:
    """Return one part of a token: JSON, or bytes as they are, in base64url."""
    data = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encoded(header: object, claims: object, sign: Callable[[bytes], bytes]) -> str:
    """Return a token, whatever its parts are."""
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{part(sign(signed.encode()))}"


@dataclass
class Forger:
    """Makes tokens from a good one, with other fields, and signed by the server's own key, which no thief has."""

    good: str
    keyring: Keyring

    @property
    def header(self) -> dict[str, Any]:
        return self._part(0)

    @property
    def claims(self) -> dict[str, Any]:
        return self._part(1)

    @property
    def key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.keyring.ids[self.header["kid"]])

    def token(
        self,
        header: dict[str, Any] | None = None,
        claims: dict[str, Any] | None = None,
        sign: Callable[[bytes], bytes] | None = None,
    ) -> str:
        """Return the good token with these fields changed; None takes a field away."""
        return encoded(_changed(self.header, header), _changed(self.claims, claims), sign or self.key.sign)

    def _part(self, number: int) -> dict[str, Any]:
        text = self.good.split(".")[number]
        value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        assert isinstance(value, dict)
        return value


def _changed(old: dict[str, Any], new: dict[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (old | (new or {})).items() if value is not None}
