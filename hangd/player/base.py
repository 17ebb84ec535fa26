"""The Player port: commands go in, events come out. Everything above plays through it and knows nothing of libVLC.

The commands and events are defined in `hangd.engine.player_messages`. Commands are accepted without waiting, events are
delivered on the event loop, so a player can live on a thread or in a process of its own.

Rules, to which tests/contract holds every player:

1. A PlayerFactory returns at once. It does not block, and does not raise because libVLC is missing or does not start.
   The player accepts commands from then on and carries them out, in order, when it is open.
2. The first event is PlayerOpened, or PlayerDied if the player does not open: with the code "no-player" (there is none
   on this machine, or it does not load; the message says what to install) or "hung" (its deadline passed).
3. ``do`` never blocks and never raises for what a command asks. Refusals arrive as LoadFailed or CommandFailed.
4. Commands take effect in the order given. A newer Load, SeekTo, PauseNow or Unload cancels a Resume still to come.
5. Events arrive in order, on the loop, never from inside ``do``. None arrives after ``close`` has returned.
6. After Load(generation=g) every event carries g until the next Load, except PlayerOpened, which carries 0. No event of
   an older load arrives after one of a newer load.
7. While nothing is loaded, every command except Load and those that need no media (volume, mute, full screen, ...) is
   answered by CommandFailed and has no other effect.
8. No Sampled event arrives between a SeekTo and its Settled.
9. After PlayerDied no event follows and ``do`` does nothing. ``close`` still returns.
"""

from collections.abc import Callable
from typing import Protocol

from hangd.engine.player_messages import PlayerCommand, PlayerEvent

EventSink = Callable[[PlayerEvent], None]
"""Called on the event loop's thread with each event, in order. It must not block."""


class Player(Protocol):
    """Something that plays one file at a time."""

    name: str | None
    """The player and its version, "vlc 3.0.24"; None until PlayerOpened."""

    def do(self, command: PlayerCommand) -> None:
        """Accept a command. Return at once; the result arrives as events."""

    async def close(self) -> None:
        """Stop playing and release everything, within five seconds whatever the player's state."""


PlayerFactory = Callable[[EventSink], Player]
"""Makes a player. Call it inside a running event loop."""
