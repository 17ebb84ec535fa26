"""The messages about who is let into a room: signed invites, and bans."""

from typing import Annotated

from msgspec import Meta, Struct

from hangd.protocol import model
from hangd.protocol.message import Message


class Invite(Struct, frozen=True, omit_defaults=True):
    """A signed invite, without its token."""

    id: model.InviteId
    role: model.InvitedRole
    by: model.Name
    """The member that made it."""
    expires_in: model.Duration
    """Seconds for which it is good."""
    uses: Annotated[int, Meta(ge=0, le=model.INVITE_USES_MAX)] | None = None
    """How many members it still lets in. None: any number."""


class Ban(Struct, frozen=True, omit_defaults=True):
    """Who may not come into a room."""

    id: model.BanId
    name: model.Name
    """What the member was called."""
    by: model.Name
    """Who banned it."""
    kinds: tuple[model.BanKind, ...]
    """By what it is known again."""
    reason: model.ShortText | None = None
    network_until: model.Duration | None = None
    """Seconds for which its network is kept out. None: its network is not, or not any more."""


class CreateInvite(Message, frozen=True):
    """Make an invite to the sender's room. Answer: InviteCreated.

    The host may invite in any of the roles; who else may control the room, viewers.
    """

    role: model.InvitedRole = "viewer"
    expires_in: Annotated[float, Meta(ge=60, le=model.INVITE_SECONDS_MAX)] = 86400.0
    """Seconds."""
    uses: Annotated[int, Meta(ge=1, le=model.INVITE_USES_MAX)] | None = None
    """How many members it lets in. None: any number."""


class GetInvites(Message, frozen=True):
    """Ask for the invites to this room that are good. Answer: Invites. The host sees all, others their own."""


class RevokeInvites(Message, frozen=True):
    """Let nobody in any more by this invite, by the sender's own, or by any. Answer: Done.

    Another member's is the host's to revoke. Who came in by it stays.
    """

    id: model.InviteId | None = None
    """None: all that the sender has made."""
    everybodys: bool = False
    """All invites to this room that there are."""


class GetBans(Message, frozen=True):
    """Ask who may not come into this room. Answer: Bans. Only the host may ask."""


class Unban(Message, frozen=True):
    """Let somebody in again. Answer: Bans, with those that are left. Only the host may ask."""

    id: model.BanId


TrustRequest = CreateInvite | GetInvites | RevokeInvites | GetBans | Unban
"""Requests of members about who is let in. Only full clients may make them."""


class InviteCreated(Message, frozen=True):
    """A new invite, and its token."""

    invite: Invite
    token: model.Token
    """For JoinRoom, and for the links (`hangd.urls.make_invite`)."""


class Invites(Message, frozen=True):
    """The newest invites that can still be used.

    Of those without a limit of uses a room remembers only the last hundred.
    """

    invites: tuple[Invite, ...]


class Bans(Message, frozen=True):
    """Who may not come into this room, oldest ban first."""

    bans: tuple[Ban, ...]


TrustAnswer = InviteCreated | Invites | Bans
