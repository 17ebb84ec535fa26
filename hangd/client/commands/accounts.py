"""AccountCommands: the control socket's commands about logins. As for `hangd.client.server_commands`."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import msgspec

from hangd.client.account.account import Account
from hangd.client.account.credentials import CredentialsUnusable
from hangd.client.commands.reaching import Reaching
from hangd.client.control.port import CommandRefused, RoomCommand
from hangd.client.server.connection import Connection
from hangd.client.server.requests import NotConnected
from hangd.client.server.rules import flag
from hangd.client.viewer_state import ViewerState
from hangd.protocol import accounts
from hangd.urls import is_private, server_url


class AccountCommands:
    """See the module's docstring."""

    def __init__(self, state: ViewerState, connection: Connection, account: Account, reaching: Reaching) -> None:
        self._state = state
        self._connection = connection
        self._account = account
        self._reaching = reaching
        self._asking = asyncio.Lock()
        """A server answers one request about accounts of a connection at a time."""

    @property
    def commands(self) -> dict[RoomCommand, Callable[[Mapping[str, str]], Awaitable[Any]]]:
        return {
            "server-login": self._log_in,
            "server-register": self._register,
            "server-logout": self._log_out,
            "server-pair": self._pair,
        }

    async def _log_in(self, arguments: Mapping[str, str]) -> dict[str, str]:
        message: accounts.Login | accounts.LoginByCode
        if "code" in arguments:
            if "name" in arguments or "password" in arguments:
                raise CommandRefused.invalid("a code stands for the name and the password")
            message = msgspec.convert({"code": arguments["code"]}, accounts.LoginByCode)
        elif "name" in arguments and "password" in arguments:
            message = msgspec.convert({"name": arguments["name"], "password": arguments["password"]}, accounts.Login)
        else:
            raise CommandRefused.invalid("a login needs a name and a password, or a code")
        return await self._logged_in(message, arguments.get("url"))

    async def _register(self, arguments: Mapping[str, str]) -> dict[str, str]:
        given = {key: arguments[key] for key in ("name", "password", "invite") if key in arguments}
        return await self._logged_in(msgspec.convert(given, accounts.Register), arguments.get("url"))

    async def _logged_in(
        self, message: accounts.Register | accounts.Login | accounts.LoginByCode, url: str | None
    ) -> dict[str, str]:
        async with self._asking:
            server = self._private(url)
            if url is None:
                await self._reaching.connected(server)
            else:
                await self._reaching.go_to(server)
            with _told():
                login = await self._account.log_in(server, message)
            return {"account": login.account, "server": server}

    def _server(self) -> str:
        return self._connection.url or self._state.server_url

    def _private(self, url: str | None) -> str:
        """Return the URL of the server, in its normal form.

        Raises CommandRefused where others could read what is sent there. Nothing has been sent then, nor dialed.
        """
        try:
            server = server_url(url) if url is not None else self._server()
        except ValueError as error:
            raise CommandRefused.invalid(f"url {error}") from None
        if not is_private(server):
            raise CommandRefused.failed(
                "NotPrivate",
                f"everybody on the way to {server} could read the password; log in where the server's URL begins with"
                " wss:// or https://",
            )
        return server

    async def _log_out(self, arguments: Mapping[str, str]) -> dict[str, str]:
        everywhere = flag("everywhere", arguments.get("everywhere", "no"))
        async with self._asking:
            server = self._server()
            try:
                await self._reaching.connected(server)
            except CommandRefused as refused:
                if everywhere:
                    raise
                name = self._account.name
                if name is None:
                    raise _not_logged_in(server) from None
                with _told():
                    await self._account.forget(server)
                raise _server_not_told(refused.message or "") from None
            name = self._account.name
            if name is None:
                raise _not_logged_in(server)
            with _told():
                try:
                    await self._account.log_out(server, everywhere=everywhere)
                except (NotConnected, TimeoutError) as error:
                    if everywhere:
                        raise
                    raise _server_not_told(str(error) or "it did not answer in time") from None
            return {"account": name, "server": server}

    async def _pair(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        async with self._asking:
            server = self._private(None)
            await self._reaching.connected(server)
            if self._account.name is None:
                raise _not_logged_in(server)
            code = await self._connection.request(accounts.CreatePairCode(), accounts.PairCode)
            return {"code": code.code, "expires_in": code.expires_in}


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Refuse the command where the file of logins cannot be used."""
    try:
        yield
    except CredentialsUnusable as error:
        raise CommandRefused.failed("FileUnusable", f"a login cannot be kept: {error}") from None


def _not_logged_in(server: str) -> CommandRefused:
    return CommandRefused.failed("NotLoggedIn", f"you are not logged in at {server}")


def _server_not_told(why: str) -> CommandRefused:
    return CommandRefused.failed(
        "NotConnected", f"you are logged out on this machine, but the server could not be told that: {why}"
    )
