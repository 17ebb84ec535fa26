"""Desk: who is who, for tests of the hub. It implements `hangd.rooms.trust.Trust` without a store and real passwords.

Everybody's password is "right". A network is everything before the last dot of an address. An account's id is its name.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections import Counter

from hangd.engine.room.admission.identity import BadInvite, GivenInvite, Identity
from hangd.protocol.accounts import (
    AccountRequest,
    Authenticate,
    Authenticated,
    CreatePairCode,
    Login,
    LoginByCode,
    Logout,
    PairCode,
    Refresh,
    Register,
    Tokens,
)
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import Done, Hello
from hangd.protocol.model import InvitedRole
from hangd.rooms.trust import Answered, Ended, Visitor, login_tag

__all__ = ["Desk"]

_KEY = b"of the desk"
_GUESSES = 5


class Desk:
    features: tuple[str, ...] = ("accounts", "invites")

    def __init__(self, *, needs_account: bool = False, password: str | None = None) -> None:
        self.needs_account = needs_account
        self.needs_password = password is not None
        self._password = password
        self.banned: set[str] = set()
        """Tags."""
        self.wrong: Counter[str] = Counter()
        """Wrong guesses by network."""
        self.gate = asyncio.Event()
        """Delays answers about accounts."""
        self.gate.set()
        self.wall = 1000.0
        """Unix time."""
        self._sessions = 0

    def arrived(self, address: str, now: float) -> Visitor:
        return self._checked(self._known(Visitor(address=address)))

    def greeted(self, visitor: Visitor, hello: Hello, now: float) -> Visitor:
        if self._password is not None:
            self.may_guess(visitor.address, now)
            if hello.password != self._password:
                self.guessed_wrong(visitor.address, now)
                raise RequestRefused("Unauthorized", "this server has a password", details={"need": "password"})
        name = hello.token.removeprefix("token-of-") if hello.token else None
        session = None if name is None else f"s-{name}"
        visitor = Visitor(
            address=visitor.address,
            device=hello.device,
            client=hello.client,
            account_id=name,
            account=name,
            session_id=session,
        )
        return self._checked(self._known(visitor))

    async def ask(self, visitor: Visitor, message: AccountRequest, now: float) -> Answered:
        await self.gate.wait()
        match message:
            case Login(name=name, password="right") | Register(name=name):
                self._sessions += 1
                return Answered(
                    Tokens(name, f"token-of-{name}", "refresh-token-1234", 900.0),
                    self._logged_in(visitor, name, f"s-{self._sessions}"),
                )
            case Authenticate(token=token):
                name = token.removeprefix("token-of-")
                return Answered(Authenticated(name), self._logged_in(visitor, name, f"s-{name}"))
            case LoginByCode(code="BCDF-GHJK") | Refresh(refresh="refresh-token-1234"):
                return Answered(
                    Tokens("zoe", "token-of-zoe", "refresh-token-5678", 900.0), self._logged_in(visitor, "zoe", "s-zoe")
                )
            case Logout():
                if visitor.session_id is None:
                    raise RequestRefused("Unauthorized", "you are not logged in")
                ended = Ended(login_tag(visitor.session_id), "Unauthorized", "you have logged out: log in again")
                return Answered(Done(), self._logged_in(visitor, None, None), (ended,))
            case CreatePairCode() if visitor.account is not None:
                return Answered(PairCode("BCDF-GHJK", 300.0), visitor)
            case Login() | LoginByCode() | Refresh() | CreatePairCode():
                raise RequestRefused("Unauthorized", "wrong name or password")

    def sign_invite(self, invite_id: str, *, room_id: str, role: InvitedRole, issuer: str, seconds: float) -> str:
        body = base64.urlsafe_b64encode(
            json.dumps([invite_id, room_id, role, issuer, self.wall + seconds]).encode()
        ).rstrip(b"=")
        return f"{body.decode()}.{self._signature(body)}"

    def open_invite(self, token: str) -> GivenInvite | BadInvite:
        body, _, signature = token.partition(".")
        if not hmac.compare_digest(signature, self._signature(body.encode())):
            return BadInvite("this invite is not one of this server: ask for a new one")
        decoded = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        invite_id, room_id, role, issuer, expires_at = json.loads(decoded)
        if self.wall >= expires_at:
            return BadInvite("this invite has expired: ask for a new one")
        return GivenInvite(invite_id, room_id, role, issuer)

    def learn_invite(self, token: str) -> None:
        return None

    def learn_login(self, hello: Hello) -> None:
        return None

    def may_guess(self, address: str, now: float) -> None:
        if self.wrong[self._network(address)] >= _GUESSES:
            raise RequestRefused.rate_limited("too many wrong guesses from your network: wait a minute", 60.0)

    def guessed_wrong(self, address: str, now: float) -> None:
        self.wrong[self._network(address)] += 1

    def _logged_in(self, visitor: Visitor, name: str | None, session_id: str | None) -> Visitor:
        return self._checked(
            self._known(
                Visitor(
                    address=visitor.address,
                    device=visitor.device,
                    client=visitor.client,
                    account_id=name,
                    account=name,
                    session_id=session_id,
                )
            )
        )

    def _known(self, visitor: Visitor) -> Visitor:
        tags = []
        if visitor.account_id is not None:
            tags.append(f"acc:{visitor.account_id}")
        if visitor.device is not None:
            tags.append(f"dev:{visitor.device}")
        if visitor.address:
            tags.append(f"net:{self._network(visitor.address)}")
        return Visitor(
            address=visitor.address,
            device=visitor.device,
            client=visitor.client,
            account_id=visitor.account_id,
            account=visitor.account,
            session_id=visitor.session_id,
            identity=Identity(tuple(tags), visitor.account),
        )

    def _checked(self, visitor: Visitor) -> Visitor:
        if not self.banned.isdisjoint(visitor.identity.tags):
            raise RequestRefused("Banned", "you are banned from this server: ask its admin")
        return visitor

    @staticmethod
    def _network(address: str) -> str:
        return address.rpartition(".")[0]

    @staticmethod
    def _signature(body: bytes) -> str:
        return hmac.new(_KEY, body, hashlib.sha256).hexdigest()
