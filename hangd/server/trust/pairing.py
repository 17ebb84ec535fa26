"""Pair codes: one machine of a person shows it, and another one logs in with it. They live for minutes.

A server that is alone has them in memory. Those of a cluster are in its Redis: the two machines may be at two servers.
"""

import secrets
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from hangd.cluster.base import Cluster, ClusterFailed
from hangd.protocol.errors import RequestRefused

CODE_SECONDS: Final = 300.0

_ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""Without vowels, so that codes are no words, and without digits (RFC 8628, section 6.1)."""
_LENGTH: Final = 8
_CODES_MAX: Final = 1000


class Paired(Struct, frozen=True):
    """For whom a code was made."""

    account_id: str
    session_id: str
    """The login that asked for it. If that ends, the code ends too."""
    expires_at: float


class PairCodes(Protocol):
    """The open codes. Each account has one at most. ``now`` is server time."""

    async def create(self, account_id: str, session_id: str, now: float) -> str:
        """Return a new code for this account, in two groups of four. An older one is good no more.

        Raises:
            RequestRefused: that cannot be done now.
        """

    async def use(self, code: str, now: float) -> Paired | None:
        """Return for whom this code was made, once. None: there is no such code, or not any more.

        Raises:
            RequestRefused: that cannot be found out now.
        """


class Pairing:
    """Implements `PairCodes` in memory."""

    def __init__(self) -> None:
        self._codes: dict[str, Paired] = {}

    async def create(self, account_id: str, session_id: str, now: float) -> str:
        for code, paired in list(self._codes.items()):
            if paired.account_id == account_id or paired.expires_at <= now:
                del self._codes[code]
        while len(self._codes) >= _CODES_MAX:
            del self._codes[next(iter(self._codes))]
        code = _new_code()
        self._codes[code] = Paired(account_id, session_id, now + CODE_SECONDS)
        return _shown(code)

    async def use(self, code: str, now: float) -> Paired | None:
        paired = self._codes.pop(_typed(code), None)
        return paired if paired is not None and now < paired.expires_at else None


class SharedPairing:
    """Implements `PairCodes` for the servers of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def create(self, account_id: str, session_id: str, now: float) -> str:
        code, of_account = _new_code(), f"paired:{account_id}"
        kept = msgspec.json.encode(Paired(account_id, session_id, now + CODE_SECONDS))
        try:
            if (older := await self._cluster.get(of_account)) is not None:
                await self._cluster.delete(_key(older.decode()))
            await self._cluster.put(_key(code), kept, CODE_SECONDS)
            await self._cluster.put(of_account, code.encode(), CODE_SECONDS)
        except ClusterFailed:
            raise _not_now() from None
        return _shown(code)

    async def use(self, code: str, now: float) -> Paired | None:
        key = _key(_typed(code))
        try:
            kept = await self._cluster.get(key)
            # Whoever deletes it has used it: it is good once, also for two who ask at the same time.
            if kept is None or not await self._cluster.delete(key):
                return None
        except ClusterFailed:
            raise _not_now() from None
        paired = msgspec.json.decode(kept, type=Paired)
        return paired if now < paired.expires_at else None


def _new_code() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def _shown(code: str) -> str:
    return f"{code[:4]}-{code[4:]}"


def _typed(code: str) -> str:
    """Return a code as it is kept."""
    return "".join(letter for letter in code.upper() if letter in _ALPHABET)


def _key(code: str) -> str:
    return f"pair:{code}"


def _not_now() -> RequestRefused:
    return RequestRefused("Internal", "the servers cannot reach each other for now: try again in a moment")
