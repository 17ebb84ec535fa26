"""Refresh tokens: which ones of a login are good, and which one proves that somebody else has a copy. Pure code.

A login begins with one refresh token. Each use makes a successor::

    R1 --used--> R2 made, R1 still good --R2 or its access token is used--> R1 spent

- The answer with R2 may be lost. R1 is good until R2 is used, so the client uses R1 again and gets another successor,
  R2'. Now R2 and R2' are both candidates: the server does not know which answer has arrived. The first one that is used
  is the one; the others are spent, and so is R1.
- A spent token proves that two parties have tokens of this login, and nobody knows which of them is its owner. So the
  whole login ends. Nobody who has copied a token can go on beside the owner: whoever comes second ends it for both.
- A request may be delayed for as long as the network sends it again, and may arrive after the client has used the
  answer to a later one. So a token that was spent only just now is refused for a while, and proves nothing. The client
  is asked to come again: an owner whose token was used by a thief does, and then the login ends.

An access token carries a *mark*, which says with which refresh token it was given out.
"""

import base64
import hashlib
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hangd.store.base import LoginSession

DELAY_SECONDS: Final = 120.0
"""Longest time between two attempts of TCP to send the same bytes (Linux: TCP_RTO_MAX)."""

_CANDIDATES_MAX: Final = 8
_SPENT_MAX: Final = 64
"""Spent tokens that are remembered for each login. Older ones are refused as unknown."""

_MARK_BYTES: Final = 9

STOLEN: Final = (
    "somebody used an old login of yours, so this login has ended everywhere: log in again, and change your password "
    "if you do not know how that came"
)


class Granted(Struct, frozen=True):
    """The successor was made. ``session`` has to be kept before it is given out."""

    session: LoginSession


class Stolen(Struct, frozen=True):
    """A spent token was used. ``session`` is revoked, and has to be kept."""

    session: LoginSession


class Late(Struct, frozen=True):
    """The token was spent only just now. The client may ask again after so many seconds."""

    seconds: float


class Ended(Struct, frozen=True):
    """The login ended before. ``why`` is a sentence for its owner."""

    why: str


def digest_of(token: str) -> bytes:
    """Return what is kept of a refresh token. It is random, so a plain digest without salt is enough."""
    return hashlib.sha256(token.encode()).digest()


def mark_of(digest: bytes) -> str:
    """Return the mark of the access tokens that were given out with the refresh token that has this digest."""
    return base64.urlsafe_b64encode(digest[:_MARK_BYTES]).decode()


def refresh(session: LoginSession, digest: bytes, successor: bytes, now: float) -> Granted | Stolen | Late | Ended:
    """Use a refresh token of this login. ``successor`` is the digest of a new one; ``now`` is Unix time."""
    if session.revoked is not None:
        return Ended(session.revoked)
    if digest in _candidates(session):
        chosen = _choose(session, digest)
        spent = (
            chosen.spent_digests
            if chosen.previous_digest is None
            else (
                chosen.previous_digest,
                *chosen.spent_digests,
            )
        )
        return Granted(
            replace(
                chosen,
                refresh_digest=successor,
                previous_digest=digest,
                settled=False,
                spent_digests=spent[:_SPENT_MAX],
                used_at=now,
            )
        )
    if digest == session.previous_digest and not session.settled:
        others = _candidates(session)
        kept, dropped = others[: _CANDIDATES_MAX - 1], others[_CANDIDATES_MAX - 1 :]
        return Granted(
            replace(
                session,
                refresh_digest=successor,
                other_digests=kept,
                spent_digests=(*dropped, *session.spent_digests)[:_SPENT_MAX],
                used_at=now,
            )
        )
    if digest == session.previous_digest and (wait := session.used_at + DELAY_SECONDS - now) > 0:
        # If the clock was set back meanwhile, it is not longer than that.
        return Late(min(wait, DELAY_SECONDS))
    return Stolen(revoke(session, STOLEN))


def use_access(session: LoginSession, mark: str, now: float) -> LoginSession:
    """Note the use of an access token with this mark, which `is_good`. Returns the same object if nothing changes."""
    for digest in _candidates(session):
        if mark_of(digest) == mark and not session.settled:
            return replace(_choose(session, digest), settled=True, used_at=now)
    return session


def is_good(session: LoginSession, mark: str) -> bool:
    """Tell whether access tokens with this mark are good. Those of the token before are, until they expire."""
    if session.revoked is not None:
        return False
    return mark in marks(session)


def marks(session: LoginSession) -> set[str]:
    """Return the marks of the refresh tokens that may still be used, and of the one before."""
    previous = () if session.previous_digest is None else (session.previous_digest,)
    return {mark_of(digest) for digest in (*_candidates(session), *previous)}


def lost(before: LoginSession, after: LoginSession) -> set[str]:
    """Return the marks of the candidates that another one has beaten between these two states of one login."""
    spent = set(after.spent_digests)
    return {mark_of(digest) for digest in _candidates(before) if digest in spent}


def revoke(session: LoginSession, why: str) -> LoginSession:
    """End a login. ``why`` is a sentence for its owner. One that has ended stays as it is."""
    return session if session.revoked is not None else replace(session, revoked=why)


def _candidates(session: LoginSession) -> tuple[bytes, ...]:
    """Return the successors of the previous token, newest first."""
    return (session.refresh_digest, *session.other_digests)


def _choose(session: LoginSession, digest: bytes) -> LoginSession:
    beaten = tuple(other for other in _candidates(session) if other != digest)
    return replace(
        session,
        refresh_digest=digest,
        other_digests=(),
        spent_digests=(*beaten, *session.spent_digests)[:_SPENT_MAX],
    )
