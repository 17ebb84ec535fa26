"""A player with its events, for tests that give commands and wait for events."""

import asyncio
from typing import TypeVar

from hangd.engine.player_messages import Load, PlayerCommand, PlayerEvent, Settled
from hangd.player.base import Player, PlayerFactory

__all__ = ["Stagehand"]

_Event = TypeVar("_Event", bound=PlayerEvent)

_PATIENCE = 30.0
"""Seconds. Far more than any event takes, even on a busy machine."""


class Stagehand:
    """Give a player commands and wait for its events. ``events`` holds all events so far, in order."""

    def __init__(self, factory: PlayerFactory) -> None:
        self.events: list[PlayerEvent] = []
        self._read = 0
        self._news = asyncio.Event()
        self.player: Player = factory(self._hear)

    def _hear(self, event: PlayerEvent) -> None:
        self.events.append(event)
        self._news.set()

    def do(self, *commands: PlayerCommand) -> None:
        for command in commands:
            self.player.do(command)

    async def next(self, kind: type[_Event], *, unless: tuple[type[PlayerEvent], ...] = ()) -> _Event:
        """Return the next event of this kind, and skip those before it.

        Raises AssertionError for an event of a kind in ``unless``, and TimeoutError after 30 s.
        """
        async with asyncio.timeout(_PATIENCE):
            while True:
                while self._read < len(self.events):
                    event = self.events[self._read]
                    self._read += 1
                    assert not isinstance(event, unless), event
                    if isinstance(event, kind):
                        return event
                self._news.clear()
                await self._news.wait()

    async def load(self, path: str, start: float = 0.0, generation: int = 1) -> Settled:
        """Load a file, and wait until the player has settled."""
        self.do(Load(path=path, generation=generation, start=start))
        return await self.next(Settled)
