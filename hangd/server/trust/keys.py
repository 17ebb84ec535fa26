"""The server's keys: made at first use, kept in the store, replaced after some months.

There is one secret for tags and for the server's name in tokens, for good; and keys for signatures, of which the newest
signs. Older ones verify what they have signed for as long as anything of that can be good.
"""

import base64
import hashlib
import hmac
import importlib.util
import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from hangd.protocol.model import INVITE_SECONDS_MAX
from hangd.store.base import SigningKey, Store, StoreFailed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_log = logging.getLogger(__name__)

EXTRA_NEEDED: Final = "that needs PyJWT and cryptography: install hang-sync[accounts]"
"""The end of a sentence for the admin."""

_ROTATION_SECONDS: Final = 90 * 86400.0
SIGNED_MAX: Final = INVITE_SECONDS_MAX + 3600.0
"""Seconds for which something that was signed can be good, and some for clocks that are wrong."""

_SIGNATURES: Final = "ed25519"
_TAGS: Final = "hmac"
_SECRET_BYTES: Final = 32
"""A private key of Ed25519 (RFC 8032, section 5.1.5)."""


def has_extra() -> bool:
    """Tell whether the libraries of the extra ``accounts`` are installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("jwt", "cryptography"))


def prepare_keys(store: Store, wall: float, *, rotate: bool = False, forget: bool = False) -> list[SigningKey]:
    """Make the keys that are missing or due, remove those that are of no use any more, and return them all.

    Args:
        wall: Unix time.
        rotate: sign with a new key from now on.
        forget: remove all older keys: what they have signed is good no more.
    """
    keys = _usable(store)
    if not any(key.kind == _TAGS for key in keys):
        store.put_key(_new(_TAGS, wall))
    active = [key for key in keys if key.kind == _SIGNATURES and key.retired_at is None]
    newest = max(active, key=lambda key: key.created_at, default=None)
    if rotate or newest is None or wall - newest.created_at > _ROTATION_SECONDS:
        # First the new one: if this process ends in between, there are two that sign, which does no harm.
        store.put_key(_new(_SIGNATURES, wall))
        for key in active:
            store.put_key(SigningKey(key.kid, key.kind, key.secret, key.created_at, retired_at=wall))
    for key in store.keys():
        if key.retired_at is not None and (forget or wall - key.retired_at > SIGNED_MAX):
            store.remove_key(key.kid)
    return _usable(store)


def _new(kind: str, wall: float) -> SigningKey:
    secret = secrets.token_bytes(_SECRET_BYTES)
    return SigningKey(kid=secrets.token_urlsafe(6), kind=kind, secret=secret, created_at=wall)


def _usable(store: Store) -> list[SigningKey]:
    """Return the keys that are in the store. Those of another length can only be somebody's who has made a backup by
    hand."""
    return [key for key in store.keys() if len(key.secret) == _SECRET_BYTES]


def usable_keys(store: Store, wall: float) -> list[SigningKey]:
    """Return the keys, as `prepare_keys` does, also where the store takes nothing now: then with those that it has, and
    with keys for this run of the server where it has none. Raises StoreFailed: it cannot even be read."""
    try:
        with store.together():  # Several servers may begin with one empty store at the same time.
            return prepare_keys(store, wall)
    except StoreFailed as error:
        keys = _usable(store)
        _log.error("new keys for tokens cannot be kept for now: %s", error)
        missing = {_TAGS, _SIGNATURES} - {key.kind for key in keys if key.retired_at is None}
        return [*keys, *(_new(kind, wall) for kind in sorted(missing))]


class Keyring:
    """The keys in memory. ``kept`` are those of `prepare_keys`."""

    def __init__(self, kept: Sequence[SigningKey]) -> None:
        oldest = min(
            (key for key in kept if key.kind == _TAGS), key=lambda key: (key.created_at, key.kid), default=None
        )
        self.tag_secret: Final = secrets.token_bytes(32) if oldest is None else oldest.secret
        name = hmac.new(self.tag_secret, b"issuer", hashlib.sha256).digest()[:6]
        self.issuer: Final = base64.urlsafe_b64encode(name).decode()
        """What this server is called in tokens. No other server has this name. It is short and no secret."""
        signing = sorted((key for key in kept if key.kind == _SIGNATURES), key=lambda key: key.created_at)
        self._secrets = {key.kid: key.secret for key in signing}
        self._newest = next((key.kid for key in reversed(signing) if key.retired_at is None), None)
        self._public: dict[str, Ed25519PublicKey] = {}

    def signing(self) -> "tuple[str, Ed25519PrivateKey]":
        """Return the key that signs, with its id. Raises LookupError: there is none."""
        if self._newest is None:
            raise LookupError("there is no key")
        return self._newest, _private(self._secrets[self._newest])

    def public(self, kid: str) -> "Ed25519PublicKey | None":
        """Return the key that verifies what was signed with the key of this id. None: it is no key of this server."""
        secret = self._secrets.get(kid)
        if secret is None:
            return None
        if kid not in self._public:
            self._public[kid] = _private(secret).public_key()
        return self._public[kid]

    @property
    def ids(self) -> Mapping[str, bytes]:
        """All keys for signatures, by id."""
        return self._secrets


def _private(secret: bytes) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(secret)
