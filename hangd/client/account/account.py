"""Account: who this viewer is to the server that it is connected to.

It is the connection's `Introduction`: it tells each server the device, the login's access token and the server's
password, where there are such. What it knows is in a `CredentialsFile`, which all daemons of one user share.

Tokens. An access token is good for minutes, a refresh token until it is used. A Hello shows the access token; where the
server does not know the viewer by it, because it has expired, the login is renewed at once: `settled` is awaited before
anything is asked for that may need an account. While the connection is up the login is renewed at `_RENEWED_AT` of the
access token's life, so that the next Hello has a good one.

Two rules keep a login alive, because a refresh token that is used after its successor was used ends the whole login:

- A daemon renews while it holds the lock of the file, with what the file says then. What another daemon has renewed in
  the meantime is taken over.
- New tokens are used once they are in the file. Where the answer was lost, or they could not be written, the old
  refresh token is used again, and nobody has used a successor of it.

A login that the server has ended is forgotten, and the viewer is told once.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from msgspec.structs import replace

from hangd.client.account.credentials import Credentials, CredentialsFile, CredentialsUnusable, Login
from hangd.client.account.device import DeviceKeyUnusable, device_for, device_key
from hangd.client.notices import Notices
from hangd.client.server.connection import Connection
from hangd.client.server.introduction import Introduced
from hangd.client.server.requests import NotConnected, ServerRefused
from hangd.log import escape
from hangd.protocol import accounts, messages
from hangd.protocol.model import AccountName, Password
from hangd.tasks import Tasks, in_thread
from hangd.urls import is_private

_log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")

_RENEWED_AT: Final = 0.8
"""Part of an access token's life after which it is renewed."""
_OLD: Final = 5.0
"""Seconds before its end at which an access token counts as expired: it has to reach the server."""
_PAUSE: Final = 30.0
_PAUSE_MAX: Final = 600.0
"""Seconds, at least and at most, before the login is renewed again."""
_SETTLED_SECONDS: Final = 8.0
"""How long is waited until the server knows who this viewer is. Less than the 10 s after which hangctl gives up."""
_DISK_SECONDS: Final = 3.0
"""How long a dial waits for the disk. Without an answer the server is told what is known so far."""


def login_of(tokens: accounts.Tokens) -> Login:
    """Return what is kept of new tokens, which have just arrived."""
    return Login(tokens.account, tokens.access, tokens.refresh, time.time() + tokens.expires_in, tokens.expires_in)


def _due(login: Login) -> float:
    """Return when it is to be renewed, in Unix time."""
    return login.expires - (1 - _RENEWED_AT) * login.life


class Account:
    """See the module's docstring. Set ``connection`` before the connection is used.

    Args:
        device: the file of the device's key. None: servers are told of no device.
        server: returns the URL of the server that this viewer is connected to, or will be next.
        show: draws a line of text on the picture.
    """

    connection: Connection

    def __init__(
        self,
        file: CredentialsFile,
        device: Path | None,
        tasks: Tasks,
        notices: Notices,
        server: Callable[[], str],
        show: Callable[[str], None],
    ) -> None:
        self.file = file
        self._device = device
        self._key: bytes | None = None
        self._tasks = tasks
        self._notices = notices
        self._server = server
        self._show = show
        self._changed = notices.announce
        self._known: dict[str, Credentials] = {}
        """What the file said last, by the server's URL."""
        self._offered: tuple[str, Password] | None = None
        """A server's password that has not let anybody in yet."""
        self._name: AccountName | None = None
        self._settling: asyncio.Task[None] | None = None
        self._renewal: asyncio.TimerHandle | None = None
        self._pause = _PAUSE
        self._complained = False

    # ---- what is read of it ---------------------------------------------------------------------------------------

    @property
    def name(self) -> AccountName | None:
        """The account whose this connection is; without a connection, the one of the login that is kept."""
        if self.connection.is_up:
            return self._name
        login = self.known(self._server()).login
        return None if login is None else login.account

    def known(self, server: str) -> Credentials:
        """Return what was read of this server last."""
        return self._known.get(server, Credentials())

    @property
    def is_settled(self) -> bool:
        """Whether the server knows who this viewer is, or will not."""
        return self._settling is None or self._settling.done()

    async def look(self) -> None:
        """Read who is logged in at the server that this viewer will be connected to."""
        await self.prepare(self._server())
        self._changed()

    async def settled(self) -> None:
        """Wait until it `is_settled`, but not for long."""
        if self._settling is not None:
            await asyncio.wait([self._settling], timeout=_SETTLED_SECONDS)

    # ---- Introduction ---------------------------------------------------------------------------------------------

    async def prepare(self, url: str) -> None:
        if self._device is not None and self._key is None:
            try:
                doing = "reading the device's key"
                self._key = await in_thread(device_key, self._device, deadline=_DISK_SECONDS, doing=doing)
            except (DeviceKeyUnusable, TimeoutError) as error:
                self._device = None
                _log.warning("servers will not recognise this device: %s", error)
        try:
            async with asyncio.timeout(_DISK_SECONDS):
                self._known[url] = await self.file.read(url)
        except (CredentialsUnusable, TimeoutError) as error:
            self._complain(str(error) or "the disk does not say in time who is logged in")

    def hello(self, url: str) -> Introduced:
        known, token = self.known(url), None
        if known.login is not None and is_private(url) and known.login.expires - time.time() > _OLD:
            token = known.login.access
        offered = self._offered[1] if self._offered is not None and self._offered[0] == url else None
        return Introduced(
            token=token,
            device=None if self._key is None else device_for(self._key, url),
            password=offered or known.password,
        )

    def welcomed(self, url: str, welcome: messages.Welcome) -> None:
        self._name, self._pause = welcome.account, _PAUSE
        self._settling = None
        if self._offered is not None and self._offered[0] == url:
            self._tasks.start(self._keep_password(url, self._offered[1]), name="keep-password")
        self._offered = None
        login = self.known(url).login
        if login is None or not is_private(url):
            return
        if welcome.account is None:
            self._settling = self._tasks.start(self._renew(url), name="renew-login")
        else:
            self._renew_later(url, login)

    def refused(self, url: str, error: messages.Error) -> None:
        self._stop()
        if (error.details or {}).get("need") == "password":
            self._offered = None
            if self.known(url).password is not None:
                self._tasks.start(self._keep_password(url, None), name="forget-password")
            return
        login, was = self.known(url).login, self._name
        self._name = None
        if error.code == "Unauthorized" and login is not None and was is not None:
            self._forget(url)
            self._tasks.start(self._forget_kept(url, login), name="forget-login")
            self._ended(url, login.account, error.message)

    def _stop(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None

    # ---- commands -------------------------------------------------------------------------------------------------

    def offer_password(self, url: str, password: Password | None) -> None:
        """Tell this server this password at the next dial, and keep it if the server lets the viewer in."""
        self._offered = None if password is None else (url, password)

    async def log_in(self, url: str, message: accounts.Register | accounts.Login | accounts.LoginByCode) -> Login:
        """Log in at this server, with which there is a connection, and keep the login.

        Raises CredentialsUnusable where it cannot be kept: then the login has been ended again. Also what
        `Connection.request` raises.
        """
        async with self.file.held():
            before = await self.file.read(url)
            await self.file.write(url, before)  # What cannot be kept is not asked for.
            login = login_of(await self._ask(url, message, accounts.Tokens))
            try:
                await self.file.write(url, replace(before, login=login))
            except CredentialsUnusable:
                await self._ask(url, accounts.Logout(), messages.Done)
                raise
            self._take(url, login)
        return login

    async def log_out(self, url: str, *, everywhere: bool) -> None:
        """End the login at this server, with which there is a connection, and forget it. Raises as `log_in` does.

        Unless it is to end everywhere, it is forgotten whatever the server says.
        """
        async with self.file.held():
            kept = await self.file.read(url)
            refresh = None if everywhere or kept.login is None else kept.login.refresh
            logout = accounts.Logout(refresh=refresh, everywhere=everywhere)
            try:
                await self._ask(url, logout, messages.Done)
            except (ServerRefused, NotConnected, TimeoutError) as error:
                if everywhere:
                    raise
                await self._forget_held(url, kept)
                if not (isinstance(error, ServerRefused) and error.code == "Unauthorized"):  # else it had ended before
                    raise
            else:
                await self._forget_held(url, kept)

    async def forget(self, url: str) -> None:
        """Forget the login at this server, which is not told. Raises CredentialsUnusable."""
        async with self.file.held():
            await self._forget_held(url, await self.file.read(url))

    async def _forget_held(self, url: str, kept: Credentials) -> None:
        await self.file.write(url, replace(kept, login=None))
        self._forget(url)

    # ---- renewing -------------------------------------------------------------------------------------------------

    def _renew_later(self, url: str, login: Login) -> None:
        self._stop()
        # The clock may have been set back since the token came, so that it seems to be good for years.
        delay = max(min(_due(login) - time.time(), _RENEWED_AT * login.life), self._pause)
        self._renewal = asyncio.get_running_loop().call_later(delay, self._begin_renewal, url)

    def _begin_renewal(self, url: str) -> None:
        if self._is_up(url):
            self._tasks.start(self._renew(url), name="renew-login")

    async def _renew(self, url: str) -> None:
        """Renew the login, or take over what another daemon has renewed. Raises nothing that was foreseen."""
        try:
            async with self.file.held():
                await self._renew_held(url)
            self._pause = _PAUSE
        except NotConnected:
            return  # The next Welcome leads here again.
        except (CredentialsUnusable, ServerRefused, TimeoutError) as error:
            _log.warning("the login at %s was not renewed: %s", escape(url), escape(str(error) or "no answer in time"))
            self._pause = min(2 * self._pause, _PAUSE_MAX)
        login = self.known(url).login
        if login is not None and self._is_up(url):
            self._renew_later(url, login)

    async def _renew_held(self, url: str) -> None:
        mine, kept = self.known(url).login, await self.file.read(url)
        self._known[url] = kept
        login = kept.login
        if login is None:
            self._changed()  # Another daemon has logged out.
            return
        if self._name is not None and time.time() < _due(login) - 1.0:
            self._take(url, login)  # It has been renewed meanwhile.
            return
        is_new = mine is None or mine.access != login.access
        if is_new and login.expires - time.time() > _OLD and await self._shown(url, login):
            self._take(url, login)
            return
        try:
            tokens = await self._ask(url, accounts.Refresh(refresh=login.refresh), accounts.Tokens)
        except ServerRefused as error:
            if error.code != "Unauthorized":
                raise
            await self.file.write(url, replace(kept, login=None))
            self._forget(url)
            self._ended(url, login.account, error.message)
            return
        self._name = tokens.account
        self._changed()
        renewed = login_of(tokens)
        await self.file.write(url, replace(kept, login=renewed))
        self._take(url, renewed)

    async def _shown(self, url: str, login: Login) -> bool:
        """Show the server a token that another daemon got. Returns whether this connection is the account's."""
        if self._name is not None:
            return True
        try:
            answer = await self._ask(url, accounts.Authenticate(token=login.access), accounts.Authenticated)
        except ServerRefused:
            return False
        self._name = answer.account
        return True

    def _take(self, url: str, login: Login) -> None:
        """Be this account from now on."""
        self._known[url] = replace(self.known(url), login=login)
        if self._is_up(url):
            self._name = login.account
            self._renew_later(url, login)
        self._changed()

    def _is_up(self, url: str) -> bool:
        return self.connection.is_up and self.connection.url == url

    async def _ask(self, url: str, message: accounts.AccountRequest, answer: type[_Answer]) -> _Answer:
        """As `Connection.request`. Raises NotConnected, too, where the viewer is at another server by now."""
        if not self._is_up(url):
            raise NotConnected(f"the connection to {url} has ended")
        return await self.connection.request(message, answer)

    # ---- the end of a login ---------------------------------------------------------------------------------------

    def _forget(self, url: str) -> None:
        self._known[url] = replace(self.known(url), login=None)
        if self._is_up(url):
            self._name = None
            self._stop()
        self._changed()

    def _ended(self, server: str, account: str, why: str) -> None:
        """Tell control clients, the log and the viewer that the server has ended this login."""
        detail = f"you are not logged in as {escape(account)} any more: {escape(why)}"
        _log.warning("%s", detail)
        self._notices.emit({"event": "logged-out", "server": server, "account": account, "detail": detail})
        self._show(detail)

    async def _forget_kept(self, url: str, login: Login) -> None:
        """Take this login out of the file, unless another one has come into its place."""

        def without(kept: Credentials) -> Credentials:
            is_same = kept.login is not None and kept.login.refresh == login.refresh
            return replace(kept, login=None) if is_same else kept

        await self._change(url, without)

    async def _keep_password(self, url: str, password: Password | None) -> None:
        await self._change(url, lambda kept: replace(kept, password=password))

    async def _change(self, url: str, change: Callable[[Credentials], Credentials]) -> None:
        try:
            async with self.file.held():
                kept = await self.file.read(url)
                changed = change(kept)
                if changed != kept:
                    await self.file.write(url, changed)
                self._known[url] = changed
        except CredentialsUnusable as error:
            self._complain(str(error))

    def _complain(self, sentence: str) -> None:
        if not self._complained:
            self._complained = True
            _log.warning("%s", sentence)
