"""Who a client is, as far as the server knows it: the tags by which a banned one is known again, and its account.

The server makes tags; a room only compares them. A tag is "acc:" and an account's id, "dev:" and what the client's
device sends, or "net:" and a keyed digest of its network (the address, or the /64 of an IPv6 address). "log:" and the
id of a login is for the server alone, which ends all that belongs to a login at once; nobody is banned by it.
"""

from typing import Final

from msgspec import Struct

from hangd.protocol.errors import RequestRefused
from hangd.protocol.model import AccountName, InvitedRole

_ACCOUNT: Final = "acc:"
LOGIN: Final = "log:"
_LASTING: Final = (_ACCOUNT, "dev:")
_KEPT: Final = 8
"""Accounts of one member, and as many devices. More than one of each is rare."""

NEEDS_ACCOUNT: Final = RequestRefused(
    "Unauthorized", "this server is only for those who have an account there: log in first", details={"need": "account"}
)


def is_account(tag: str) -> bool:
    return tag.startswith(_ACCOUNT)


def is_lasting(tag: str) -> bool:
    """Tell whether this tag is a person's or a machine's own for good. Networks are shared, and change."""
    return tag.startswith(_LASTING)


class Identity(Struct, frozen=True, omit_defaults=True):
    """One client. The default is somebody of whom nothing is known."""

    tags: tuple[str, ...] = ()
    account: AccountName | None = None
    """The name of the account that it has proven to be."""


def merged(before: tuple[str, ...], identity: Identity, *, logged_out: bool = False) -> tuple[str, ...]:
    """Return the tags of a client that had the tags ``before`` and is ``identity`` now.

    Accounts and devices stay with it, the first ones where there are too many of a kind. Otherwise logging out would be
    a way past a ban, and so would many new devices. Its login stays until it brings another one or has logged out:
    a connection without a token is still the member of that login, and ends with it.
    """
    known = dict.fromkeys((*before, *identity.tags))
    kept: list[str] = []
    for kind in _LASTING:
        of_kind = [tag for tag in known if tag.startswith(kind)]
        kept += of_kind[:_KEPT] + [tag for tag in of_kind[_KEPT:] if tag in identity.tags]
    passing = [tag for tag in identity.tags if not is_lasting(tag)]
    if not logged_out and not any(tag.startswith(LOGIN) for tag in passing):
        passing += [tag for tag in before if tag.startswith(LOGIN)]
    return (*kept, *passing)


class GivenInvite(Struct, frozen=True, omit_defaults=True):
    """What is in an invite that a client has given, after its signature was checked."""

    id: str
    room_id: str
    role: InvitedRole
    issuer: str
    """By which the room knows all invites of one member, to revoke them."""


class BadInvite(Struct, frozen=True):
    """An invite that is good for nothing. ``why`` is a sentence for the person who has it."""

    why: str
