"""The port to what decides who is who: accounts, devices, bans of the whole server, signed invites, guesses.

The hub asks `Trust` when a connection begins, when its client greets, and for each request about accounts. Who is let
into a room is decided by the room, with the `Identity` that comes from here. `Nobody` is for a hub without all that.

What implements it tells the hub by `hangd.rooms.hub.Hub.end` whose time is over while it is here: a login was revoked,
an account or a network was banned.
"""

from collections.abc import Awaitable
from typing import Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from hangd.engine.room.admission.identity import LOGIN, BadInvite, GivenInvite, Identity
from hangd.protocol.accounts import AccountRequest
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import Hello, ServerMessage
from hangd.protocol.model import AccountName, InvitedRole, InviteId


def login_tag(session_id: str) -> str:
    """Return the tag that all connections of one login have, and the members that they are."""
    return LOGIN + session_id


class Visitor(Struct, frozen=True, kw_only=True):
    """One connection, and what it has proven so far."""

    address: str = ""
    """Where it comes from. It must not be logged or told to another client. "": a Unix socket."""
    device: str | None = None
    """What its Hello said of its device."""
    client: str = ""
    """The program and its version, for the list of logins."""
    account_id: str | None = None
    account: AccountName | None = None
    session_id: str | None = None
    """The login by which it is the account's."""
    identity: Identity = Identity()
    """What rooms are told of it, except for the tag of its login. It follows from the above."""

    @property
    def network(self) -> str:
        """What is the same for all of its network. "": it comes from a Unix socket."""
        return next((tag for tag in self.identity.tags if tag.startswith("net:")), self.address)

    def known_as(self) -> Identity:
        """Return what rooms are told of it, with the tag of its login."""
        if self.session_id is None:
            return self.identity
        return replace(self.identity, tags=(*self.identity.tags, login_tag(self.session_id)))


class Ended(Struct, frozen=True):
    """Whose time at this server is over: every connection that has this tag, and every member."""

    tag: str
    """As in `hangd.engine.room.admission.identity`, or a `login_tag`."""
    code: Literal["Unauthorized", "Banned"]
    """Banned: it may not come back (close code 4502). Unauthorized: it may, with another login (4501)."""
    why: str
    """One sentence for a user, with what would help."""


class Answered(Struct, frozen=True):
    """The answer to a request about accounts."""

    message: ServerMessage
    visitor: Visitor
    """Who the connection is from now on."""
    ended: tuple[Ended, ...] = ()
    """What ends with it, after this connection is what ``visitor`` says. It ends too, if it still has the tag."""


class Trust(Protocol):
    """See the module's docstring. Only `ask` waits."""

    features: tuple[str, ...]
    """What clients can ask for here, for Welcome: "accounts", "register" (anybody may make one), "invites"."""
    needs_account: bool
    """Whether clients have to log in before anything else is granted (``--require-token``)."""
    needs_password: bool
    """Whether the server has a password of its own. Basic clients cannot give it."""

    def arrived(self, address: str, now: float) -> Visitor:
        """A connection begins. Raises RequestRefused with the code Banned: its network is banned from this server."""

    def greeted(self, visitor: Visitor, hello: Hello, now: float) -> Visitor:
        """A client says Hello. Returns who it is.

        Raises:
            RequestRefused: Banned, from this server; Unauthorized, because its server password is wrong or missing
                (details: ``need`` is "password"); RateLimited, after too many wrong ones. The client gets the Error,
                and its connection is closed (4502, 4501, 1013).
        """

    async def ask(self, visitor: Visitor, message: AccountRequest, now: float) -> Answered:
        """Do what is asked about accounts. Raises RequestRefused."""

    def sign_invite(self, invite_id: InviteId, *, room_id: str, role: InvitedRole, issuer: str, seconds: float) -> str:
        """Return the token of a new invite. Raises RequestRefused: this server signs none."""

    def open_invite(self, token: str) -> GivenInvite | BadInvite:
        """Return what is in an invite: its signature, issuer and expiry are checked, nothing else."""

    def learn_invite(self, token: str) -> Awaitable[None] | None:
        """Find out whether another server that shares its accounts with this one has signed this invite just now. Wait
        for it before `open_invite`. None: there is nothing to find out."""

    def learn_login(self, hello: Hello) -> Awaitable[None] | None:
        """Find out whether the login of this Hello was made or renewed at another server just now. Wait for it before
        `greeted`. None: there is nothing to find out."""

    def may_guess(self, address: str, now: float) -> None:
        """A client is about to be asked whether it knows a secret. Raises RequestRefused (RateLimited) after too many
        wrong guesses from its network."""

    def guessed_wrong(self, address: str, now: float) -> None:
        """A client from this address did not know a secret: a room's password, a member's resume secret."""


class Nobody:
    """Implements `Trust`: nobody is known, nobody is banned, there are no accounts and no invites."""

    features: tuple[str, ...] = ()
    needs_account = False
    needs_password = False

    def arrived(self, address: str, now: float) -> Visitor:
        return Visitor(address=address)

    def greeted(self, visitor: Visitor, hello: Hello, now: float) -> Visitor:
        return visitor

    async def ask(self, visitor: Visitor, message: AccountRequest, now: float) -> Answered:
        raise RequestRefused("Forbidden", "this server has no accounts")

    def sign_invite(self, invite_id: InviteId, *, room_id: str, role: InvitedRole, issuer: str, seconds: float) -> str:
        raise RequestRefused("Forbidden", "this server signs no invites")

    def open_invite(self, token: str) -> GivenInvite | BadInvite:
        return BadInvite("this server signs no invites")

    def learn_invite(self, token: str) -> Awaitable[None] | None:
        return None

    def learn_login(self, hello: Hello) -> Awaitable[None] | None:
        return None

    def may_guess(self, address: str, now: float) -> None:
        pass

    def guessed_wrong(self, address: str, now: float) -> None:
        pass
