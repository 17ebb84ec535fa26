"""Reaching: have a connection to the server, with which to ask for something."""

import time

from hangd.client.account.account import Account
from hangd.client.control.port import CommandRefused
from hangd.client.membership import Membership
from hangd.client.notices import Notices
from hangd.client.server.connection import Connection
from hangd.client.viewer_state import ViewerState
from hangd.engine.link.link import LinkState
from hangd.urls import server_url


class Reaching:
    """Methods raise CommandRefused where there is no connection, with the server's code where it has said why."""

    def __init__(
        self, state: ViewerState, connection: Connection, account: Account, membership: Membership, notices: Notices
    ) -> None:
        self._state = state
        self._connection = connection
        self._account = account
        self._membership = membership
        self._notices = notices

    async def go_to(self, text: str, password: str | None = None) -> None:
        """Be connected to the server at this URL from now on. Refused in a room of another server.

        ``password``: the server's own. It is kept if the server lets this viewer in.
        """
        try:
            url = server_url(text)
        except ValueError as error:
            raise CommandRefused.invalid(f"url {error}") from None
        if self._connection.url == url and self._connection.is_up:
            return
        if self._state.room is not None and self._connection.url != url:
            raise CommandRefused.failed("AlreadyInRoom", "leave the room before you go to another server")
        self._account.offer_password(url, password)
        await self.connected(url)
        self._state.server_url = url

    def part(self) -> None:
        """Leave the room, and have no connection."""
        self._membership.leave_for_good(time.monotonic())
        self._connection.unwant()

    async def connected(self, url: str | None = None) -> None:
        """Wait for a connection, the one that is there or one to ``url``, and until the server knows who this is."""
        connection = self._connection
        url = url or connection.url or self._state.server_url
        if not (connection.is_up and connection.url == url):
            if connection.state in (LinkState.DOWN, LinkState.WAITING) or connection.url != url:
                connection.want(url)
            trying = (LinkState.DIALING, LinkState.GREETING)
            await self._notices.until(lambda: connection.state not in trying)
        if not connection.is_up:
            refused = self._why(url)
            if self._state.room is None:
                connection.unwant()
            raise refused
        await self._account.settled()

    def _why(self, url: str) -> CommandRefused:
        connection, refusal = self._connection, self._connection.refusal
        if refusal is not None:
            return CommandRefused.failed(refusal.code, refusal.message, refusal.details)
        code = "NoServer" if connection.is_silent else "NotConnected"
        return CommandRefused.failed(code, connection.reason or "there is no connection to a server")
