"""VLC's own clock: when it left a pause, to a fraction of a millisecond, and how to move it. Owner thread only.

A thread that is to leave a pause may be woken late, ours or VLC's: by 4 to 26 ms in one start of forty, and all that is
decoded from then on is dated late by as much. libVLC tells of it no sooner than with its first sample, 0.1 to 0.5 s
later. But VLC keeps an *origin*, the monotonic time that what it read first belongs to, and when a pause ends it moves
that by as long as the pause was. So two readings, and the moment at which the pause began, say when it ended.

And the origin can be moved: all that is decoded afterwards is shown so much earlier or later, and neither is anything
sought nor a rate changed. Measured (3.0.23, a mp4): of a film that began 12 ms late and is moved when VLC
says that it plays, the first three pictures are late at most and no other, and the samples agree to 0.3 ms.

VLC says that it plays a moment before it moves its origin, and nothing says when it has: mostly within 0.2 ms.

A change of rate moves the origin as well. VLC turns its line about the moment at which it last read, up to half a
second ago, which leaves a change from 1 to 1.5 up to 0.25 s of the film off, otherwise at each viewer. What the origin
would be, had the line been turned about a moment of our choosing, follows from what it was before: it is moved by the
difference. (Measured, a mp4 and a mkv: samples and pictures then agree with the line to 1 ms, from 24 to -107 ms.)

libVLC has no call for either, so libvlccore's ``input_Control`` is asked, by the numbers that two of its queries have
in vlc_input.h. Where that can not be had, the start is as late as it is, and it is up to the samples to tell.
"""

import ctypes
import time
from collections.abc import Callable
from ctypes import POINTER, Structure, Union, byref, c_char_p, c_int, c_int64, c_void_p
from typing import Any, Final

from hangd.player.vlc.core import load_core, object_of

__all__ = ["WORTH_MOVING", "VlcClock"]

_GET_PCR_SYSTEM: Final = 46
_MODIFY_PCR_SYSTEM: Final = 47
_CACHING_LIMIT: Final = 60.0
"""Seconds. That query tells VLC's caching, too: a number that can be none is an answer to another query."""
_PATIENCE: Final = 0.020
"""Seconds for which it is waited that VLC moves its origin, having said that it plays, or been asked for another rate:
longer only where its thread is kept off."""
_LOOK_SECONDS: Final = 0.0002
WORTH_MOVING: Final = 0.001
"""Seconds. Less is within what is known of it."""
_READ_AT_MOST: Final = 2.0
"""Seconds ago, or ahead, that VLC has read: a number that needs more was not changed by the rate."""
_DOUBT: Final = 0.002
"""Seconds. A pause begins, and ends, between our asking and VLC's telling: mostly these are 0.2 ms apart."""


class _Value(Union):
    _fields_ = (("address", c_void_p), ("number", c_int64))


class _Children(Structure):
    _fields_ = (("type", c_int), ("count", c_int), ("values", POINTER(_Value)))


class VlcClock:
    """The clock of a libVLC player (``player``: python-vlc's). Times are monotonic, in seconds.

    To be told of each pause: that it is asked for (``pausing``), that VLC says so (``paused``), and that the film
    stands where it is to go on from (``rests``).
    """

    def __init__(self, player: Any) -> None:
        self._object = object_of(player)
        functions = {
            "vlc_list_children": (c_void_p,),
            "vlc_list_release": (POINTER(_Children),),
            "input_Control": (c_void_p, c_int),
        }
        self._core = load_core(functions, without="starts may be late at first")
        if self._core is not None:
            self._core.vlc_list_children.restype = POINTER(_Children)
        self._asked: float | None = None
        self._pause_began: tuple[float, float] | None = None
        """Not before the one and not after the other; None: VLC paused by itself, or has not said yet that it has."""
        self._rested: float | None = None
        """The origin in this pause."""

    def pausing(self, at: float) -> None:
        """VLC is about to be asked for a pause."""
        self._asked, self._pause_began, self._rested = at, None, None

    def paused(self, at: float) -> None:
        """VLC says that it has paused."""
        asked, self._asked = self._asked, None
        self._pause_began = None if asked is None or at < asked else (asked, at)

    def rests(self) -> None:
        """The film stands, with all that it takes to go on."""
        self._rested = self._origin()

    def left_pause(self, asked: float, told: float) -> float | None:
        """Return when VLC left the pause, which it was asked for and has told of; None: that is not known well.

        Waits for some fractions of a millisecond, 20 ms at most.
        """
        if self._rested is None or self._pause_began is None:
            return None
        origin = self._moved_from(self._rested, told)
        if origin is None:
            return None
        lasted = origin - self._rested
        earliest, latest = (began + lasted for began in self._pause_began)
        earliest, latest = max(earliest, asked), min(latest, told)
        return (earliest + latest) / 2 if latest - earliest <= _DOUBT else None

    def turn(self, at: float, share: float, change: Callable[[], None]) -> None:
        """``change`` the rate, to that share of what it is, and have it count as from ``at``, not long ago.

        VLC is to be playing. Waits as `left_pause` does. Where that fails it counts as from when VLC last read.
        """
        before = self._origin()
        change()
        origin = None if before is None else self._moved_from(before, time.monotonic())
        if before is None or origin is None:
            return
        off = at - (at - before) / share - origin
        if WORTH_MOVING <= abs(off) <= _READ_AT_MOST * abs(1 - 1 / share):
            self.move(off)

    def _moved_from(self, origin: float, since: float) -> float | None:
        """Wait for VLC to move its origin from there, and return where to; None: it does not."""
        while (now := self._origin()) == origin and time.monotonic() < since + _PATIENCE:
            time.sleep(_LOOK_SECONDS)
        return None if now == origin else now

    def move(self, seconds: float) -> bool:
        """Let what is decoded from now on be shown so much later (below 0: earlier). Say whether that was done."""
        # Each is counted from the first one since VLC's clock was last set.
        return self._control(_MODIFY_PCR_SYSTEM, c_int(0), c_int64(0)) and self._control(
            _MODIFY_PCR_SYSTEM, c_int(0), c_int64(round(seconds * 1e6))
        )

    def _origin(self) -> float | None:
        origin, caching = c_int64(), c_int64()
        if not self._control(_GET_PCR_SYSTEM, byref(origin), byref(caching)):
            return None
        return origin.value / 1e6 if 0 < caching.value <= _CACHING_LIMIT * 1e6 else None

    def _control(self, query: int, *arguments: Any) -> bool:
        """Ask the input, which is a child of the player's while a file is open."""
        if self._core is None:
            return False
        children = self._core.vlc_list_children(self._object)
        try:
            found = children.contents
            for child in found.values[: found.count]:
                # An object begins with the name of its type.
                if ctypes.cast(child.address, POINTER(c_char_p))[0] == b"input":
                    done: bool = self._core.input_Control(child.address, query, *arguments) == 0
                    return done
        finally:
            self._core.vlc_list_release(children)
        return False
