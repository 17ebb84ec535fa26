"""The Player port. Everything above this file plays through it, and knows neither libVLC nor its threads.

The port is message-shaped (the messages are `hangd.engine.player_messages`): commands go in without waiting, events
come out on the event loop. So a player can live on a thread, or in a process of its own, and nothing above would know.

Ordering rules, which the contract tests hold every player to:

1. ``do`` never blocks and never raises for what a command asks; refusals come back as LoadFailed or CommandFailed.
2. Commands take effect in the order given. A newer Load, SeekTo, PauseNow or Unload overrides a Resume still to come.
3. Events arrive in order, on the loop, never from inside ``do``. None arrives after ``close`` has returned.
4. After Load(generation=g) every event carries g, until the next Load. Nothing of an older load follows its successor.
5. Nothing but Load (and what needs no media: volume, mute, fullscreen) has an effect while nothing is loaded: it is
   answered by CommandFailed.
6. Between SeekTo and its Settled there are no Sampled events.
7. After PlayerDied nothing follows, and ``do`` does nothing. ``close`` still returns.
"""

from collections.abc import Callable
from typing import Protocol

from hangd.engine.player_messages import FailureCode, PlayerCommand, PlayerEvent

__all__ = ["EventSink", "Player", "PlayerFactory", "PlayerUnavailable"]

EventSink = Callable[[PlayerEvent], None]
"""Called on the event loop's thread with each event, in order. It must not block."""


class PlayerUnavailable(Exception):
    """There is no such player on this machine, or it does not start. ``str()`` of it says what to install."""

    code: FailureCode = "no-player"


class Player(Protocol):
    """Something that plays one file at a time."""

    @property
    def name(self) -> str:
        """What this is and which version: "vlc 3.0.24"."""

    def do(self, command: PlayerCommand) -> None:
        """Take a command. Returns at once; what comes of it arrives as events."""

    async def close(self) -> None:
        """Stop playing and let go of everything, within five seconds whatever the player's state."""


PlayerFactory = Callable[[EventSink], Player]
"""Makes a player inside a running event loop. Raises PlayerUnavailable."""
