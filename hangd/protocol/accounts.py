"""The messages about accounts: registering, logging in and out, and tokens. Only full clients may send them.

An account is a person who has a password at this server. Who is logged in has two tokens: an access token for Hello
and Authenticate, good for some minutes, and a refresh token for new ones, good until it is used.
"""

from hangd.protocol import model, names
from hangd.protocol.message import Message, normalise


class Register(Message, frozen=True):
    """Make an account, and log in. Answer: Tokens. Refused as NameTaken, or as Forbidden where the server does not let
    strangers register."""

    name: model.AccountName
    password: model.AccountPassword
    invite: model.Token | None = None
    """What the admin gave out, where only the invited may register."""

    def __post_init__(self) -> None:
        normalise(self, "name", names.member_name)


class Login(Message, frozen=True):
    """Log in by a password. Answer: Tokens, and this connection is the account's from now on.

    Refused as Unauthorized, or as RateLimited.
    """

    name: model.AccountName
    password: model.Password

    def __post_init__(self) -> None:
        normalise(self, "name", names.member_name)


class LoginByCode(Message, frozen=True):
    """Log in with the code that another machine of the same person shows. Answer: as to Login."""

    code: model.PairCodeText


class Refresh(Message, frozen=True):
    """Get new tokens. Answer: Tokens, and this connection is the account's from now on.

    The old refresh token stays good until one of the new tokens is used, so a lost answer costs nothing. Used after
    that, it was stolen or copied: the whole login ends, also with the newer tokens.
    """

    refresh: model.RefreshToken


class Authenticate(Message, frozen=True):
    """Make this connection the account's. Answer: Authenticated."""

    token: model.Token


class Logout(Message, frozen=True):
    """End this login: its tokens are good no more, and its other connections end. Answer: Done.

    The connection is nobody's afterwards; a member that is in a room stays there.
    """

    refresh: model.RefreshToken | None = None
    """Of the login that is to end. None: the one of this connection."""
    everywhere: bool = False
    """End all logins of this account."""


class CreatePairCode(Message, frozen=True):
    """Get a code with which another machine logs in. Answer: PairCode."""


AccountRequest = Register | Login | LoginByCode | Refresh | Authenticate | Logout | CreatePairCode


class Tokens(Message, frozen=True):
    """The login's tokens. Keep them secret. They replace the older ones."""

    account: model.AccountName
    access: model.Token
    refresh: model.RefreshToken
    expires_in: model.Duration
    """Seconds for which ``access`` is good."""


class Authenticated(Message, frozen=True):
    """This connection is the account's from now on."""

    account: model.AccountName


class PairCode(Message, frozen=True):
    """A code for LoginByCode on another machine."""

    code: model.PairCodeText
    """Eight characters, shown in two groups of four."""
    expires_in: model.Duration


AccountAnswer = Tokens | Authenticated | PairCode
