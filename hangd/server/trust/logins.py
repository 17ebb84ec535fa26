"""What is done with accounts and logins in the store. All functions block, and run where the store is called.

Those that end logins return them as they are now, so that the server can end their connections.
"""

import secrets
from typing import Final

from msgspec import Struct

from hangd.server.trust import rotation
from hangd.store.base import Account, LoginSession, Store

IDLE_SECONDS: Final = 90 * 86400.0
"""After this long without use a login is forgotten."""

_LOGINS_MAX: Final = 50
"""Of one account. The one that was used longest ago ends when there are more."""

_TOO_MANY: Final = "this login has ended because there are many newer ones of your account: log in again"


class NewLogin(Struct, frozen=True):
    session: LoginSession
    refresh: str
    """The token itself: it is not kept."""
    ended: tuple[LoginSession, ...] = ()
    """Older logins of this account that ended for want of room."""


class Refreshed(Struct, frozen=True):
    before: LoginSession | None
    """The login to which the token belongs. None: there is none."""
    outcome: rotation.Granted | rotation.Stolen | rotation.Late | rotation.Ended | None
    refresh: str
    """The successor, where it was granted."""


def new_account(name: str, password_hash: str, wall: float, invite_id: str | None = None) -> Account:
    return Account(secrets.token_hex(16), name, password_hash, wall, invite_id)


def count_uses(store: Store, invite_id: str) -> int:
    """Return how many accounts were made with this invite."""
    return sum(account.invite_id == invite_id for account in store.accounts())


def begin(store: Store, account_id: str, client: str, wall: float) -> NewLogin:
    """Log an account in."""
    refresh = _new_token()
    session = LoginSession(
        session_id=secrets.token_hex(16),
        account_id=account_id,
        client=client,
        created_at=wall,
        used_at=wall,
        refresh_digest=rotation.digest_of(refresh),
    )
    store.put_login(session)
    live = sorted((one for one in store.logins(account_id) if one.revoked is None), key=lambda one: one.used_at)
    surplus = [one for one in live[: max(0, len(live) - _LOGINS_MAX)] if one.session_id != session.session_id]
    return NewLogin(session, refresh, _end(store, surplus, _TOO_MANY))


def refresh(store: Store, token: str, wall: float) -> Refreshed:
    """Use a refresh token."""
    digest, successor = rotation.digest_of(token), _new_token()
    session = store.login_by_refresh(digest)
    if session is None:
        return Refreshed(None, None, successor)
    outcome = rotation.refresh(session, digest, rotation.digest_of(successor), wall)
    if isinstance(outcome, rotation.Granted | rotation.Stolen):
        store.put_login(outcome.session)
    return Refreshed(session, outcome, successor)


def note_use(store: Store, session_id: str, mark: str, wall: float) -> tuple[LoginSession, LoginSession] | None:
    """Note the use of an access token with this mark. Returns the login before and after it. None: there is none."""
    session = store.login(session_id)
    if session is None:
        return None
    used = rotation.use_access(session, mark, wall) if session.revoked is None else session
    if used is not session:
        store.put_login(used)
    return session, used


def end_one(store: Store, session_id: str, why: str) -> tuple[LoginSession, ...]:
    session = store.login(session_id)
    return () if session is None else _end(store, [session], why)


def end_all(store: Store, account_id: str, why: str) -> tuple[LoginSession, ...]:
    """End all logins of an account."""
    return _end(store, store.logins(account_id), why)


def _end(store: Store, sessions: list[LoginSession], why: str) -> tuple[LoginSession, ...]:
    ended = tuple(rotation.revoke(session, why) for session in sessions if session.revoked is None)
    for session in ended:
        store.put_login(session)
    return ended


def _new_token() -> str:
    return secrets.token_urlsafe(32)
