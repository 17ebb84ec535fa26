"""TrustService: who is who at a running server. It implements the hub's port `hangd.rooms.trust.Trust`.

What is asked for with each connection is answered from memory. Requests about accounts go to the store, on the thread
on which it is called. What another process changes there (``hangd user``, ``hangd ban``) is noticed within two seconds,
and what belongs to a login or to somebody that it ends, ends then.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from hangd.engine.room.admission.identity import BadInvite, GivenInvite
from hangd.log import LimitLog
from hangd.protocol.accounts import AccountRequest
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import Hello
from hangd.protocol.model import InvitedRole, InviteId
from hangd.rooms.trust import Answered, Ended, Visitor
from hangd.server.listening import StartFailed, WrongSetting
from hangd.server.passwords import Passwords, PasswordThreads
from hangd.server.settings import ServerSettings
from hangd.server.trust import guesses
from hangd.server.trust.accounts import Accounts
from hangd.server.trust.bans import refusal
from hangd.server.trust.guesses import Guesses
from hangd.server.trust.keys import EXTRA_NEEDED, has_extra
from hangd.server.trust.known import Known
from hangd.server.trust.ledger import Ledger
from hangd.server.trust.pairing import PairCodes
from hangd.server.trust.server_password import ServerPassword, wrong
from hangd.server.trust.tags import network_of
from hangd.server.trust.tokens import BadToken
from hangd.store.base import StoreFailed
from hangd.store.thread import StoreThread

if TYPE_CHECKING:
    from hangd.cluster.base import Cluster
    from hangd.rooms.clustered.limits import ClusterLimits

_log = logging.getLogger(__name__)

_NO_EXTRA: Final = "this server cannot do that: its admin has to install hang-sync[accounts] there"


def check_accounts(settings: ServerSettings) -> None:
    """Raises WrongSetting: the settings need the extra ``accounts``, and it is not installed."""
    if settings.require_token and not has_extra():
        raise WrongSetting(f"--require-token: {EXTRA_NEEDED}")
    if settings.register != "closed" and not has_extra():
        raise WrongSetting(f"--register {settings.register}: {EXTRA_NEEDED}")


def server_password(settings: ServerSettings) -> ServerPassword | None:
    """Return the server's own password, if it has one. It needs no store: call it before there is a file.

    Raises:
        WrongSetting: the settings need the extra ``accounts``, and it is not installed; the file of the password cannot
            be used.
    """
    check_accounts(settings)
    return None if settings.server_password_file is None else ServerPassword(Path(settings.server_password_file))


async def open_trust(
    settings: ServerSettings,
    store: StoreThread,
    threads: PasswordThreads,
    *,
    password: ServerPassword | None,
    encrypted: bool = True,
    wall: Callable[[], float] = time.time,
) -> "TrustService":
    """Return the service for these settings.

    Args:
        password: what `server_password` has returned for them.
        encrypted: nobody can read on the way what clients send.
        wall: returns Unix time.

    Raises:
        StartFailed: the store cannot be read.
    """
    try:
        known = await store.run(lambda store: Known.read(store, wall()))
    except StoreFailed as error:
        raise StartFailed(f"accounts and bans cannot be read: {error}") from error
    if (settings.register != "closed" or settings.require_token) and not await store.run(lambda store: store.lasting):
        _log.warning("accounts are kept in memory, and end with this server: use --keep-rooms or --database")
    ledger = Ledger(store, known, wall=wall)
    passwords = Passwords(threads, "account", refuse=True)
    if has_extra():
        await passwords.prepare()
    return TrustService(settings, ledger, passwords, password, encrypted=encrypted)


class TrustService:
    """See the module's docstring. Call `start` when the hub is there, and `aclose` before the store is closed."""

    def __init__(
        self,
        settings: ServerSettings,
        ledger: Ledger,
        passwords: Passwords,
        password: ServerPassword | None = None,
        *,
        encrypted: bool = True,
    ) -> None:
        self.needs_account = settings.require_token
        self.needs_password = password is not None
        self.features: tuple[str, ...] = ()
        self._has_extra = has_extra()
        if self._has_extra:
            register = {"open": ("register",), "invited": ("register-invited",), "closed": ()}[settings.register]
            self.features = ("accounts", "invites", *register)
        self._ledger = ledger
        self._password = password
        self._wrong_secrets = Guesses(guesses.BY_NETWORK, guesses.TOO_MANY)
        self._accounts = Accounts(settings, ledger, passwords, self._wrong_secrets, encrypted=encrypted)
        self._limits = LimitLog(_log)

    def start(self, end: Callable[[Ended], None], visitors: Callable[[], Iterable[Visitor]]) -> None:
        """Follow what other processes change in the store from now on.

        Args:
            end: `hangd.rooms.hub.Hub.end`.
            visitors: returns who is here.
        """
        self._ledger.end, self._ledger.visitors = end, visitors
        self._ledger.follow()

    def reload(self) -> None:
        """Read the server's password again, if it has one."""
        if self._password is not None:
            self._password.reload()

    def share(
        self,
        bring_keys_together: Callable[[], Awaitable[None]] | None,
        tell: Callable[[], None],
        pairing: PairCodes,
    ) -> None:
        """Be one of several servers that trust each other. Call it before `start`.

        Args:
            bring_keys_together: fetches the keys of the others into the store. None: they have the same store.
            tell: tells the others that the store was changed here.
            pairing: the pair codes of all.
        """
        self._accounts.pairing = pairing
        self._ledger.share(bring_keys_together, tell)

    def limit_together(self, cluster: "Cluster") -> "ClusterLimits":
        """Let the limits for guesses hold for all servers of a cluster together. Returns what shares limits."""
        from hangd.rooms.clustered.limits import ClusterLimits

        limits = ClusterLimits(cluster, lambda: self._ledger.known.keys.tag_secret)
        for name, of_one in {"secrets": self._wrong_secrets, **self._accounts.guesses()}.items():
            of_one.shared = limits.bucket(name, of_one.rate.per_second, of_one.rate.burst)
        return limits

    def look_soon(self) -> None:
        """Another server says that it has changed the store."""
        if self._ledger.learning is not None:
            self._ledger.learning.soon()

    async def aclose(self) -> None:
        await self._ledger.aclose()

    def arrived(self, address: str, now: float) -> Visitor:
        ban = self._ledger.known.bans.of_address(address, self._ledger.wall())
        if ban is not None:
            raise refusal(ban)
        return self._ledger.identified(Visitor(address=address))

    def greeted(self, visitor: Visitor, hello: Hello, now: float) -> Visitor:
        if self._password is not None:
            self.may_guess(visitor.address, now)
            if not self._password.check(hello.password):
                self.guessed_wrong(visitor.address, now)
                raise wrong("the password of this server is wrong: connect with another one")
        visitor = replace(visitor, device=hello.device, client=hello.client)
        opened = None
        if hello.token is not None and self._has_extra:
            try:
                opened = self._ledger.open(hello.token, visitor.address, now)
            except (BadToken, RequestRefused):
                pass  # It is as none. The client asks for a new one.
        if opened is None:
            visitor = self._ledger.identified(visitor)
        else:
            access = opened.access
            visitor = self._ledger.logged_in(visitor, opened.account, access.session_id, access.mark)
        self._ledger.check_tags(visitor.identity.tags)
        return visitor

    async def ask(self, visitor: Visitor, message: AccountRequest, now: float) -> Answered:
        if not self._has_extra:
            raise RequestRefused("Forbidden", _NO_EXTRA)
        return await self._accounts.ask(visitor, message, now)

    def sign_invite(self, invite_id: InviteId, *, room_id: str, role: InvitedRole, issuer: str, seconds: float) -> str:
        if not self._has_extra:
            raise RequestRefused("Forbidden", _NO_EXTRA)
        signer, wall = self._ledger.known.signer, self._ledger.wall()
        return signer.invite(invite_id, room_id=room_id, role=role, issuer=issuer, seconds=seconds, wall=wall)

    def open_invite(self, token: str) -> GivenInvite | BadInvite:
        if not self._has_extra:
            return BadInvite("this server knows no invites: its admin has to install hang-sync[accounts] there")
        return self._ledger.known.signer.open_invite(token)

    def learn_invite(self, token: str) -> Awaitable[None] | None:
        learning = self._ledger.learning
        if learning is None or not self._has_extra or self._ledger.known.signer.knows(token):
            return None
        return learning.wait()

    def learn_login(self, hello: Hello) -> Awaitable[None] | None:
        learning = self._ledger.learning
        if learning is None or hello.token is None or not self._has_extra or not self._ledger.lacks(hello.token):
            return None
        return learning.wait()

    def may_guess(self, address: str, now: float) -> None:
        if address:
            self._wrong_secrets.check(network_of(address), now)

    def guessed_wrong(self, address: str, now: float) -> None:
        if not address:
            return
        network = network_of(address)
        try:
            self._wrong_secrets.take(network, now)
        except RequestRefused:
            self._limits.warn(network, "%s has guessed wrong too often, and has to wait", network)
