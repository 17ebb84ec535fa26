"""VLC's playback clock: `VlcClock` reads when VLC really left a pause, and shifts the clock. Owner thread only.

Theory of operation. VLC keeps an *origin* for the open file: the monotonic time that belongs to what was read first.
Every block and picture gets its time from it.

*Late starts.* The thread that is to leave a pause, ours or VLC's, can be woken late: by 4 to 26 ms in one start of
forty. Everything that is decoded afterwards is then late by as much. libVLC shows it no sooner than in its first
sample, 0.1 to 0.5 s later. But when a pause ends, VLC adds its length to the origin. So the origin before and after,
and the moment at which the pause began, tell when VLC left the pause. VLC says that it plays a moment before it changes
the origin, mostly within 0.2 ms, and nothing says when that is done: it has to be polled.

*Shifting the clock.* The origin can be changed, as VLC does itself to follow another machine's clock ("netsync"). What
is decoded from then on is shown so much earlier or later, without a seek or a change of rate. Measured (3.0.23, mp4):
of a film that began 12 ms late and was shifted when VLC said that it plays, at most the first three pictures were late,
and the samples agreed to 0.3 ms.

*Changes of rate.* VLC applies a new rate from the moment at which it last read, up to half a second ago, so a change
from 1 to 1.5 leaves the film up to 0.25 s off, by another amount at each member. `change_rate` computes where the
origin would be if the change had counted from a chosen moment, and shifts the clock by the difference. Measured (mp4,
mkv): samples and pictures then agree with the timeline to 1 ms; before, they were 24 to 107 ms off.

libVLC has no call for this, so libvlccore's ``input_Control`` is called, with the numbers that two of its queries have
in vlc_input.h. Without libvlccore a late start stays late, and the samples show it.
"""

import ctypes
import time
from collections.abc import Callable
from ctypes import POINTER, Structure, Union, byref, c_char_p, c_int, c_int64, c_void_p
from typing import Any, Final

from hangd.player.vlc.core import load_core

_GET_PCR_SYSTEM: Final = 46
_MODIFY_PCR_SYSTEM: Final = 47
_CACHING_MAX: Final = 60.0
"""Seconds. _GET_PCR_SYSTEM also returns VLC's caching. A value above this shows that it is another query here."""
_ORIGIN_SECONDS: Final = 0.020
"""How long to wait for VLC to change its origin after it said that it plays, or was given a rate. It takes longer than
a fraction of a millisecond only if its thread gets no processor."""
_POLL_SECONDS: Final = 0.0002
SHIFT_MIN_SECONDS: Final = 0.001
"""A smaller error is within the uncertainty of what is known, and not corrected."""
_READ_AGO_MAX: Final = 2.0
"""Seconds. A shift that would mean that VLC last read longer ago than this was not caused by the change of rate."""
_UNCERTAINTY_MAX: Final = 0.002
"""Seconds. The beginning of a pause lies between our call and VLC's event, and so does its end: usually 0.2 ms."""


class _Value(Union):
    _fields_ = (("address", c_void_p), ("number", c_int64))


class _Children(Structure):
    _fields_ = (("type", c_int), ("count", c_int), ("values", POINTER(_Value)))


class VlcClock:
    """The clock of a libVLC player (``player``: python-vlc's). Times are monotonic, in seconds.

    Call `pause_requested` just before each pause is requested, `pause_confirmed` when VLC reports it, and
    `pause_complete` when the film stands on the frame from which it is to go on.
    """

    def __init__(self, player: Any) -> None:
        self._player = player
        functions = {
            "vlc_list_children": (c_void_p,),
            "vlc_list_release": (POINTER(_Children),),
            "input_Control": (c_void_p, c_int),
        }
        self._core = load_core(functions, without="starts may be late at first")
        if self._core is not None:
            self._core.vlc_list_children.restype = POINTER(_Children)
        self._requested_at: float | None = None
        self._pause_began: tuple[float, float] | None = None
        """The earliest and the latest time at which the pause began; None: not known, or VLC paused by itself."""
        self._paused_origin: float | None = None

    def pause_requested(self, at: float) -> None:
        self._requested_at, self._pause_began, self._paused_origin = at, None, None

    def pause_confirmed(self, at: float) -> None:
        requested, self._requested_at = self._requested_at, None
        self._pause_began = None if requested is None or at < requested else (requested, at)

    def pause_complete(self) -> None:
        self._paused_origin = self._origin()

    def pause_left_at(self, requested: float, confirmed: float) -> float | None:
        """Return when VLC left the pause, between the request and its confirmation; None: not known well enough.

        Blocks for a fraction of a millisecond, 20 ms at most.
        """
        if self._paused_origin is None or self._pause_began is None:
            return None
        origin = self._changed_origin(self._paused_origin, confirmed)
        if origin is None:
            return None
        lasted = origin - self._paused_origin
        earliest, latest = (began + lasted for began in self._pause_began)
        earliest, latest = max(earliest, requested), min(latest, confirmed)
        return (earliest + latest) / 2 if latest - earliest <= _UNCERTAINTY_MAX else None

    def change_rate(self, at: float, share: float, change: Callable[[], None]) -> None:
        """Call ``change``, which multiplies the rate by ``share``, and let it count from ``at``, a moment ago.

        VLC must be playing. Blocks like `pause_left_at`. If it fails, the change counts from VLC's last read.
        """
        # VLC shows stream time s at origin + (s - s0) * p + delay * p, with p = 1 / rate. The position at ``at`` is the
        # same before and after the change if the new origin is at - (at - origin) * p_new / p_old.
        before = self._origin()
        change()
        origin = None if before is None else self._changed_origin(before, time.monotonic())
        if before is None or origin is None:
            return
        off = at - (at - before) / share - origin
        if SHIFT_MIN_SECONDS <= abs(off) <= _READ_AGO_MAX * abs(1 - 1 / share):
            self.shift(off)

    def shift(self, seconds: float) -> bool:
        """Show what is decoded from now on so much later (negative: earlier). Return whether that was possible."""
        # VLC counts each shift from the first one since its clock was last reset, hence the zero before it.
        return self._control(_MODIFY_PCR_SYSTEM, c_int(0), c_int64(0)) and self._control(
            _MODIFY_PCR_SYSTEM, c_int(0), c_int64(round(seconds * 1e6))
        )

    def _changed_origin(self, before: float, since: float) -> float | None:
        """Wait until VLC has changed its origin, and return it; None: it does not within 20 ms."""
        while (now := self._origin()) == before and time.monotonic() < since + _ORIGIN_SECONDS:
            time.sleep(_POLL_SECONDS)
        return None if now == before else now

    def _origin(self) -> float | None:
        origin, caching = c_int64(), c_int64()
        if not self._control(_GET_PCR_SYSTEM, byref(origin), byref(caching)):
            return None
        return origin.value / 1e6 if 0 < caching.value <= _CACHING_MAX * 1e6 else None

    def _control(self, query: int, *arguments: Any) -> bool:
        """Send a query to VLC's input object, which is a child of the player while a file is open."""
        if self._core is None:
            return False
        children = self._core.vlc_list_children(self._player)
        try:
            found = children.contents
            for child in found.values[: found.count]:
                # A VLC object begins with a pointer to the name of its type.
                if ctypes.cast(child.address, POINTER(c_char_p))[0] == b"input":
                    done: bool = self._core.input_Control(child.address, query, *arguments) == 0
                    return done
        finally:
            self._core.vlc_list_release(children)
        return False
