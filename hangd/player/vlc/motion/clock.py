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

*Which picture is it?* VLC shows what it read as stream time ``s`` at ``origin + (s - s0) / rate + delay / rate``, and
pauses, shifts and changes of rate only change the origin. So a picture's due time tells its position, once ``s0`` is
known: from a seek during a pause, after which the clock stands at the target (`sought`).

*Changes of rate.* VLC applies a new rate from the moment at which it last read, up to half a second ago, so a change
from 1 to 1.5 leaves the film up to 0.25 s off, by another amount at each member. `change_rate` computes where the
origin would be if the change had counted from a chosen moment, and shifts the clock by the difference. Measured (mp4,
mkv): samples and pictures then agree with the timeline to 1 ms; before, they were 24 to 107 ms off.

libVLC has no call for this, so libvlccore's ``input_Control`` is called, with the numbers that two of its queries have
in vlc_input.h. Without libvlccore a late start stays late, and the samples show it.
"""

import math
import time
from collections.abc import Callable
from ctypes import byref, c_int, c_int64, c_void_p
from typing import Any, Final

from hangd.player.vlc.core import CHILDREN, children, load_core
from hangd.player.vlc.motion.position import WAKE_SECONDS

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
_MIXED_SECONDS: Final = 1.0
"""So long pictures are shown that VLC had decoded before its clock was shifted: 0.3 to 0.8 s were measured."""
_UNCERTAINTY_MAX: Final = 0.002
"""Seconds. The beginning of a pause lies between our call and VLC's event, and so does its end: usually 0.2 ms."""


class VlcClock:
    """The clock of a libVLC player (``player``: python-vlc's). Times are monotonic, in seconds.

    Call `pause_requested` just before each pause is requested, `pause_confirmed` when VLC reports it, and
    `pause_complete` when the film stands on the frame from which it is to go on.
    """

    def __init__(self, player: Any) -> None:
        self._player = player
        functions = {**CHILDREN, "input_Control": (c_void_p, c_int)}
        self._core = load_core(functions, without="starts may be late at first")
        self._requested_at: float | None = None
        self._pause_began: tuple[float, float] | None = None
        """The earliest and the latest time at which the pause began; None: not known, or VLC paused by itself."""
        self._paused_origin: float | None = None
        self._last_pause = (0.0, 0.0)
        """As ``_pause_began``, also if VLC paused by itself."""
        self._mixed_until = 0.0
        """Pictures that are due before this time can have been decoded before the clock was shifted."""
        self._offsets: tuple[float, float] | None = None
        """The least and the greatest possible offset. The media is at ``offset + (t - origin) * rate`` at a time t."""

    def pause_requested(self, at: float) -> None:
        self._requested_at, self._pause_began, self._paused_origin = at, None, None

    def pause_confirmed(self, at: float) -> None:
        requested, self._requested_at = self._requested_at, None
        self._pause_began = None if requested is None or at < requested else (requested, at)
        self._last_pause = self._pause_began or (at, at)

    def pause_complete(self) -> None:
        self._paused_origin = self._origin()

    def sought(self, position: float) -> None:
        """Note that a seek during a pause went to ``position``. VLC has read what is there, and is still paused."""
        # VLC's clock then shows this position WAKE_SECONDS after the pause began.
        origin, (earliest, latest) = self._origin(), self._last_pause
        self._mixed_until = 0.0
        if origin is None:
            self._offsets = None
        else:
            offset = position - (WAKE_SECONDS - origin)
            self._offsets = (offset - latest, offset - earliest)

    def media_at(self, date: float, rate: float, frame_rate: float | None, phase: float = 0.0) -> float | None:
        """Return the position of a picture that is due at ``date``, exact to a millisecond or two; None: not known.

        ``frame_rate`` and ``phase`` (`Film.phase`) are used if the position is not known so well without them.
        """
        origin = self._origin()
        if origin is None or self._offsets is None or date < self._mixed_until:
            return None
        first, last = (offset + (date - origin) * rate for offset in self._offsets)
        if last - first <= _UNCERTAINTY_MAX:
            return (first + last) / 2
        if frame_rate:
            frame = math.ceil((first - phase - _UNCERTAINTY_MAX / 2) * frame_rate)
            if frame == math.floor((last - phase + _UNCERTAINTY_MAX / 2) * frame_rate):
                return frame / frame_rate + phase
        return None

    def date_of(self, position: float, rate: float) -> float | None:
        """Return when the media is at ``position``, as VLC's clock runs; None: not known."""
        origin = self._origin()
        return None if origin is None or self._offsets is None else origin + (position - sum(self._offsets) / 2) / rate

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
        self._mixed_until += lasted
        earliest, latest = (began + lasted for began in self._pause_began)
        earliest, latest = max(earliest, requested), min(latest, confirmed)
        if self._offsets is not None and earliest <= latest:
            # The pause began at one of these times less ``lasted``: that tells better what `sought` assumed.
            least, greatest = self._offsets
            began = self._pause_began
            self._offsets = (least + began[1] - (latest - lasted), greatest + began[0] - (earliest - lasted))
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
        self._mixed_until = time.monotonic() + _MIXED_SECONDS
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
        """Send a query to VLC's input object."""
        if self._core is None:
            return False
        with children(self._core, self._player, b"input") as inputs:
            return any(self._core.input_Control(address, query, *arguments) == 0 for address in inputs[:1])
