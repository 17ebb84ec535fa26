"""Fans: single full clients, each at the server that the test says."""

import contextlib
import secrets
from collections.abc import AsyncIterator

from hangd.engine.link.link import LinkState
from hangd.protocol.errors import ErrorCode
from hangd.protocol.messages import ClientMessage
from hangd.tasks import Tasks
from tests.support.crowds.fan import Fan, Refused

__all__ = ["Fans", "fans", "refused"]


class Fans:
    def __init__(self) -> None:
        self.tasks = Tasks()
        self._made: list[Fan] = []

    def new(self, url: str, name: str) -> Fan:
        """Return a client that is not connected yet."""
        fan = Fan(name, url, self.tasks, device=secrets.token_urlsafe(32))
        self._made.append(fan)
        return fan

    async def at(self, url: str, name: str, *, token: str | None = None) -> Fan:
        """Return a new client that this server has greeted. ``token``: its access token, if it has an account.

        Raises AssertionError, with the reason, also where it is refused for good.
        """
        fan = self.new(url, name)
        fan.token = token
        fan.connect()
        await fan.until(lambda: fan.link.state in (LinkState.UP, LinkState.DOWN), "an answer to its Hello")
        assert fan.is_up, f"{name}: {fan.link.reason}"
        return fan

    async def aclose(self) -> None:
        for fan in self._made:
            fan.close()
        await self.tasks.cancel()


@contextlib.asynccontextmanager
async def fans() -> AsyncIterator[Fans]:
    """All of them leave at the end."""
    made = Fans()
    try:
        yield made
    finally:
        await made.aclose()


async def refused(fan: Fan, message: ClientMessage, code: ErrorCode) -> Refused:
    """Send a request that must be refused with this code. Returns the refusal."""
    try:
        answer = await fan.ask(message, object)
    except Refused as error:
        assert error.code == code, error
        return error
    raise AssertionError(f"{fan.name}: {message} is granted: {answer}")
