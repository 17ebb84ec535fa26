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
from typing import NamedTuple, Protocol

from hangd.engine.player_messages import PlayerCommand, PlayerEvent

EventSink = Callable[[PlayerEvent], None]
"""Called on the event loop's thread with each event, in order. It must not block."""


class Drawable(NamedTuple):
    """A window that can be drawn in."""

    id: int
    """The X window's."""
    is_accelerated: bool
    """The X server lets programs draw with the graphics hardware."""


class PictureWindow(Protocol):
    """A window on an X display that a player draws in. All methods may be called from any thread."""

    def find(self) -> Drawable:
        """Return the X window to draw in, once the display has answered. Blocks for a few seconds at most.

        Raises:
            ConnectionError: the display cannot be opened.
            TimeoutError: it does not answer.
        """

    def attach(self, lost: Callable[[bool], None]) -> None:
        """Call ``lost`` if the window is gone: with the display, or (True) destroyed by somebody. On any thread.

        It replaces the one that was given before.
        """

    def show(self, film_size: tuple[int, int] | None) -> None:
        """Show the window, for a film of this width and height, as far as they are known. Returns at once."""

    def hide(self) -> None:
        """Hide the window. Returns at once."""

    def film_closed(self) -> None:
        """No film is open any more, so nothing is drawn in the window until the next one is. Returns at once."""

    def show_picture(self, shown: bool) -> None:
        """Show what the player draws in the window, or black. Returns at once."""

    def set_fullscreen(self, fullscreen: bool) -> None:
        """Let the window fill its monitor, now or when it is shown, or not. Returns at once."""


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
