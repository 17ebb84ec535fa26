"""Connection, over a link that falls silent."""

import asyncio

import pytest

from hangd.client.server.connection import Connection
from hangd.engine.link import pings
from hangd.engine.link.link import LinkState
from hangd.protocol.messages import Pong, RequestId, ServerMessage, Welcome
from hangd.tasks import Tasks
from tests.support.badlink import BadLink
from tests.support.server import PATIENCE, running


class Listening:
    """Notes what the link is."""

    def __init__(self) -> None:
        self.states: list[LinkState] = []
        self.changed = asyncio.Event()

    def welcomed(self, welcome: Welcome, now: float) -> None:
        pass

    def received(self, message: ServerMessage, re: RequestId | None, now: float) -> None:
        pass

    def link_changed(self, state: LinkState, reason: str | None) -> None:
        self.states.append(state)
        self.changed.set()

    def ponged(self, pong: Pong, now: float) -> None:
        pass

    def clock_replaced(self, now: float) -> None:
        pass

    async def reached(self, *states: LinkState) -> None:
        """Wait until these have come, in this order, and forget them."""
        async with asyncio.timeout(PATIENCE):
            while [state for state in self.states if state in states] != list(states):
                self.changed.clear()
                await self.changed.wait()
        self.states.clear()


async def test_a_link_that_falls_silent_is_dialed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody closes anything: nothing comes through any more, and then it does again."""
    for name, seconds in {"_OFTEN": 0.2, "_AGAIN": 0.2, "_DEAD_SECONDS": 0.5}.items():
        monkeypatch.setattr(pings, name, seconds)
    listening, tasks = Listening(), Tasks()
    connection = Connection(tasks, name="ada", client="test")
    connection.listener = listening
    async with running() as url:
        with BadLink(int(url.rsplit(":", 1)[1].split("/")[0])) as link:
            connection.want(link.url)
            await listening.reached(LinkState.UP)
            link.freeze(3.0)
            await listening.reached(LinkState.WAITING)
            await listening.reached(LinkState.UP)
            await connection.close()
    await tasks.cancel()
