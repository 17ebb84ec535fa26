"""Signed tokens: access tokens of accounts, invites to rooms, invites of the admin to register.

They are JSON Web Tokens with an Ed25519 signature (RFC 7519, RFC 8037), which PyJWT makes and checks. The kinds differ
in ``typ`` and ``aud``, so that none passes for another. A key is looked up in the server's own table, nowhere else.

Invites to rooms are short, because they become QR codes: they say what they need in few letters, and have no ``aud``.
A token that has one is none of them.
"""

import base64
import binascii
import uuid
from typing import Annotated, Final, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from hangd.engine.room.admission.identity import BadInvite, GivenInvite
from hangd.protocol.model import InvitedRole
from hangd.server.trust.keys import Keyring

ACCESS_SECONDS: Final = 900.0
TOKEN_BYTES_MAX: Final = 1024

Kind = Literal["access", "invite", "register"]
_Claims = TypeVar("_Claims", bound=Struct)

_ALGORITHM: Final = "EdDSA"
_LEEWAY: Final = 30.0
"""Seconds by which clocks may differ, for access tokens: several servers can share one store. An invite ends when it
says so."""
_TYPES: Final[dict[Kind, str]] = {"access": "hang-access", "invite": "hang-i", "register": "hang-register"}
_ALWAYS: Final = ["exp", "iss"]
_ALWAYS_LONG: Final = ["iat", "aud"]
"""Of all but invites to rooms."""


class BadToken(Exception):
    """``str()`` is the end of a sentence about a token: why it is not good."""


class Access(Struct, frozen=True):
    """What an access token says."""

    account_id: str
    session_id: str
    mark: str
    """See `hangd.server.trust.rotation`."""


class RegisterInvite(Struct, frozen=True):
    """What an invite to register says."""

    invite_id: str
    uses: int | None
    """How many accounts may be made with it. None: any number."""


class _AccessClaims(Struct, frozen=True):
    sub: str
    sid: str
    mark: str


class _InviteClaims(Struct, frozen=True, omit_defaults=True):
    jti: Annotated[str, Meta(min_length=1, max_length=64)]
    sub: str
    """The room's id, as `_short` writes it."""
    issuer: str = field(name="i")
    role: Literal["c"] | None = field(name="r", default=None)
    """None: viewer."""


class _RegisterClaims(Struct, frozen=True, omit_defaults=True):
    jti: str
    uses: int | None = None


class Signed(NamedTuple):
    """A new token, and for how many seconds it is good."""

    token: str
    seconds: float


class Signer:
    """Makes and opens tokens with the keys of one server. ``wall`` is Unix time."""

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys

    def access(self, given: Access, wall: float) -> Signed:
        claims = _AccessClaims(given.account_id, given.session_id, given.mark)
        return Signed(self._sign("access", claims, ACCESS_SECONDS, wall), ACCESS_SECONDS)

    def open_access(self, token: str) -> Access:
        """Return what is in it. Raises BadToken."""
        claims = self._open("access", token, ["sub", "sid", "mark"], _AccessClaims)
        return Access(claims.sub, claims.sid, claims.mark)

    def invite(
        self, invite_id: str, *, room_id: str, role: InvitedRole, issuer: str, seconds: float, wall: float
    ) -> str:
        claims = _InviteClaims(invite_id, _short(room_id), issuer, "c" if role == "controller" else None)
        return self._sign("invite", claims, seconds, wall)

    def open_invite(self, token: str) -> GivenInvite | BadInvite:
        """Return what is in it, or a sentence about what is wrong with it."""
        try:
            claims = self._open("invite", token, ["jti", "sub"], _InviteClaims)
        except BadToken as error:
            return BadInvite(f"this invite {error}")
        role: InvitedRole = "viewer" if claims.role is None else "controller"
        return GivenInvite(id=claims.jti, room_id=_long(claims.sub), role=role, issuer=claims.issuer)

    def knows(self, token: str) -> bool:
        """Tell whether `open_invite` can judge a token: not where it names a key that is not here."""
        import jwt

        try:
            kid = jwt.get_unverified_header(token[:TOKEN_BYTES_MAX]).get("kid")
        except (jwt.PyJWTError, ValueError, RecursionError):
            return True
        return not isinstance(kid, str) or self._keys.public(kid) is not None

    def register(self, invite: RegisterInvite, *, seconds: float, wall: float) -> str:
        return self._sign("register", _RegisterClaims(invite.invite_id, invite.uses), seconds, wall)

    def open_register(self, token: str) -> RegisterInvite:
        """Return what is in it. Raises BadToken."""
        claims = self._open("register", token, ["jti"], _RegisterClaims)
        return RegisterInvite(claims.jti, claims.uses)

    def _sign(self, kind: Kind, claims: object, seconds: float, wall: float) -> str:
        from jwt.api_jws import PyJWS

        kid, key = self._keys.signing()
        said = {**msgspec.to_builtins(claims), "iss": self._keys.issuer, "exp": int(wall + seconds)}
        if kind != "invite":
            said |= {"aud": _audience(kind), "iat": int(wall)}
        return PyJWS().encode(msgspec.json.encode(said), key, _ALGORITHM, {"kid": kid, "typ": _TYPES[kind]})

    def _open(self, kind: Kind, token: str, required: list[str], claims: type[_Claims]) -> _Claims:
        import jwt

        if len(token) > TOKEN_BYTES_MAX:
            raise BadToken("is too long to be one")
        try:
            header = jwt.get_unverified_header(token)
            kid = header.get("kid")
            if header.get("alg") != _ALGORITHM or not isinstance(kid, str):
                raise BadToken("is damaged or forged: ask for a new one")
            if header.get("typ") != _TYPES[kind]:
                raise BadToken("is a token for something else")
            key = self._keys.public(kid)
            if key is None:
                raise BadToken("is of another server, or of keys that this one has given up: ask for a new one")
            found = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=None if kind == "invite" else _audience(kind),
                issuer=self._keys.issuer,
                leeway=_LEEWAY if kind == "access" else 0.0,
                options={
                    "require": [*_ALWAYS, *(() if kind == "invite" else _ALWAYS_LONG), *required],
                    "strict_aud": True,
                    # The clock may have been set back since. People cannot get another invite to register by
                    # themselves, as a client gets another access token.
                    "verify_iat": kind == "access",
                },
            )
            return msgspec.convert(found, claims)
        except jwt.ExpiredSignatureError:
            raise BadToken("has expired: ask for a new one") from None
        except (jwt.InvalidIssuerError, jwt.InvalidAudienceError):
            raise BadToken("is a token for something else") from None
        except (jwt.PyJWTError, msgspec.ValidationError, ValueError, RecursionError):
            raise BadToken("is damaged or forged: ask for a new one") from None


def _audience(kind: Kind) -> str:
    return f"hang:{kind}"


def _short(room_id: str) -> str:
    """Return a room's id in 22 characters instead of 36, if it is a UUID, as this server's are."""
    try:
        room = uuid.UUID(room_id)
    except ValueError:
        return room_id
    return base64.urlsafe_b64encode(room.bytes).rstrip(b"=").decode() if str(room) == room_id else room_id


def _long(text: str) -> str:
    """Return the room's id of which `_short` has made ``text``."""
    try:
        return str(uuid.UUID(bytes=base64.urlsafe_b64decode(text + "==")))
    except (ValueError, binascii.Error):
        return text
