"""Listing: answer a client that asks for the public rooms."""

from collections.abc import Awaitable, Callable
from typing import Final

from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import RequestId, Rooms
from hangd.rooms.clock import ServerClock
from hangd.rooms.edge.peer import Peer
from hangd.rooms.edge.turns import Turns
from hangd.tasks import Tasks

_UNPUBLISHED: Final = RequestRefused("Forbidden", "this server does not publish its rooms")


class Listing:
    """``page``: returns the page of rooms whose ids come after one. None: the server does not publish its rooms."""

    def __init__(
        self,
        page: Callable[[str | None], Rooms | Awaitable[Rooms]] | None,
        turns: Turns,
        clock: ServerClock,
        tasks: Tasks,
    ) -> None:
        self._page = page
        self._turns = turns
        self._clock = clock
        self._tasks = tasks

    def answer(self, peer: Peer, after: str | None, re: RequestId | None) -> None:
        """Send the page that follows the one that ended with ``after``, now or when it is there."""
        if self._page is None:
            return self._turns.refuse(peer, _UNPUBLISHED, re)
        found = self._page(after)
        if isinstance(found, Rooms):
            self._turns.send(peer, found, re)
        else:
            self._tasks.start(self._answer_later(peer, found, re), name="list the public rooms")

    async def _answer_later(self, peer: Peer, listing: Awaitable[Rooms], re: RequestId | None) -> None:
        answer: Rooms | RequestRefused
        try:
            answer = await listing
        except RequestRefused as refused:
            answer = refused
        with self._turns.turn(self._clock.now(), peer):
            if isinstance(answer, RequestRefused):
                self._turns.refuse(peer, answer, re)
            elif not peer.closed:
                self._turns.send(peer, answer, re)
