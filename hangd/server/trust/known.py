"""What a running server knows of its store, in memory: whoever connects is judged without waiting for the store."""

from typing import Final, NamedTuple

from msgspec import Struct

from hangd.rooms.trust import Ended, login_tag
from hangd.server.trust.bans import NETWORK, ServerBans, refusal
from hangd.server.trust.keys import Keyring, usable_keys
from hangd.server.trust.tokens import Signer
from hangd.store.base import Account, LoginSession, ServerBan, Store

_REMOVED: Final = "this account is not there any more: ask the admin of this server"
_FORGOTTEN: Final = "this login was not used for a long time: log in again"


class Known(Struct):
    """A copy of what was in the store at ``revision``."""

    revision: int
    accounts: dict[str, Account]
    """By id."""
    logins: dict[str, LoginSession]
    """By id."""
    ban_list: tuple[ServerBan, ...]
    bans: ServerBans
    keys: Keyring
    signer: Signer

    @classmethod
    def read(cls, store: Store, wall: float) -> "Known":
        """Read it all. It blocks. Keys that are missing or due are made."""
        keyring = Keyring(usable_keys(store, wall))
        revision = store.revision()
        bans = tuple(store.bans())
        return cls(
            revision=revision,
            accounts={account.account_id: account for account in store.accounts()},
            logins={login.session_id: login for login in store.logins()},
            ban_list=bans,
            bans=ServerBans(bans),
            keys=keyring,
            signer=Signer(keyring),
        )


class Change(NamedTuple):
    """What ends by a change that another process has made, and who it is, for the log."""

    ended: Ended
    who: str


def ended_between(before: Known, after: Known) -> list[Change]:
    """Return whose time is over by what has changed, but for networks that were banned."""
    old = set(before.ban_list)
    ended = [
        Change(Ended(ban.tag, "Banned", refusal(ban).message), ban.name)
        for ban in after.ban_list
        if ban not in old and not ban.tag.startswith(NETWORK)
    ]
    for session_id, login in before.logins.items():
        now = after.logins.get(session_id)
        if login.revoked is not None or (now is not None and now.revoked is None):
            continue
        if now is None:
            why = _FORGOTTEN if login.account_id in after.accounts else _REMOVED
        else:
            why = now.revoked or _FORGOTTEN
        account = before.accounts.get(login.account_id)
        who = login.account_id if account is None else account.name
        ended.append(Change(Ended(login_tag(session_id), "Unauthorized", why), who))
    return ended
