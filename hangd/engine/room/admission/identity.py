"""Who a client is, as far as the server knows it: the tags by which a banned one is known again, and its account.

The server makes tags; a room only compares them. A tag is "acc:" and an account's id, "dev:" and what the client's
device sends, or "net:" and a keyed digest of its network (the address, or the /64 of an IPv6 address). "log:" and the
id of a login is for the server alone, which ends all that belongs to a login at once; nobody is banned by it.
"""

from typing import Final

from msgspec import Struct

from hangd.protocol.model import AccountName, InvitedRole, InviteId

_LASTING: Final = ("acc:", "dev:")
_TAGS_KEPT: Final = 8
"""Accounts and devices of one member. More than one of each is rare."""


def is_lasting(tag: str) -> bool:
    """Tell whether this tag is a person's or a machine's own for good. Networks are shared, and change."""
    return tag.startswith(_LASTING)


class Identity(Struct, frozen=True, omit_defaults=True):
    """One client. The default is somebody of whom nothing is known."""

    tags: tuple[str, ...] = ()
    account: AccountName | None = None
    """The name of the account that it has proven to be."""


def merged(before: tuple[str, ...], identity: Identity) -> tuple[str, ...]:
    """Return the tags of a client that had the tags ``before`` and is ``identity`` now.

    Accounts and devices stay with it, or logging out would be a way past a ban.
    """
    others = [tag for tag in before if is_lasting(tag) and tag not in identity.tags]
    return (*others[:_TAGS_KEPT], *identity.tags)


class GivenInvite(Struct, frozen=True, omit_defaults=True):
    """What is in an invite that a client has given, after its signature was checked."""

    id: InviteId
    room_id: str
    role: InvitedRole
    issuer: str
    """By which the room knows all invites of one member, to revoke them."""


class BadInvite(Struct, frozen=True):
    """An invite that is good for nothing. ``why`` is a sentence for the person who has it."""

    why: str
