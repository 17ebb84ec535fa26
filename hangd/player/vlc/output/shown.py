"""`ShownPicture` tells which picture VLC's video output shows, and when its decoder is at rest.

libVLC has no call for either, so libvlccore is used (`hangd.player.vlc.core`).

Theory of operation. A *look* asks the video output for a snapshot without writing it to a file. The output gives a
reference to the picture that it draws next: a new one, or the one that it shows and draws again every 80 ms, also
during a pause. Nothing is copied, and nothing waits for it but the thread of the look. Each picture has a *date*: the
monotonic time at which it is due by VLC's clock. Whoever knows that clock knows from it which picture it is, to the
millisecond (`Transport`). If the output has no picture, what is on the screen is left over from before the last seek,
or black, and the look ends without a date.

*Lost pictures* (read in VLC's source, and seen). A seek during a pause lets the decoder make one picture. VLC counts
pictures for that, and one that the decoder was still making when the seek came is counted as well, and then thrown
away. So a seek must wait until the decoder has heard of the pause. VLC says that in its log ("toggling"), for each
decoder: mostly within a frame's time, but on a busy machine later. Until then the output goes on, too: it is the
decoder that tells it of the pause. So only a look after that sees the picture that stays.
"""

import ctypes
import functools
import math
import threading
import time
from collections.abc import Callable
from ctypes import POINTER, byref, c_int, c_int64, c_size_t, c_void_p
from typing import Final

from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.core import CHILDREN, OUTPUT, children, load_core
from hangd.player.vlc.thread import run_aside

# Offsets in VLC 3's structs, on machines with 64 bits. The first three are in plugins' headers, which do not change
# within VLC 3; the last two follow from how VLC makes the copy (picture_Clone), and are checked before they are used.
_DATE: Final = 344
"""picture_t.date"""
_PIXELS: Final = 176
"""picture_t.p[0].p_pixels"""
_CATEGORY: Final = 56
"""decoder_t.fmt_in.i_cat"""
_REFERENCES: Final = 384
"""The number of references, behind picture_t."""
_ORIGINAL: Final = 400
"""The picture of which this one is a copy. VLC does not copy the date."""
_VIDEO: Final = 1
"""VIDEO_ES"""

Date = float | None
"""When the picture is due; None: there is none."""


class ShownPicture:
    """See the module's docstring. Owner thread only."""

    def __init__(self, context: PlayerContext) -> None:
        self._context = context
        functions = {
            **CHILDREN,
            "vout_GetSnapshot": (c_void_p, c_void_p, POINTER(c_void_p), c_void_p, c_void_p, c_int64),
            "picture_Release": (c_void_p,),
            "vlc_object_hold": (c_void_p,),
            "vlc_object_release": (c_void_p,),
        }
        self._core = load_core(functions, without="the picture at rest may be another one than is named")
        if ctypes.sizeof(c_void_p) != 8:
            self._core = None  # the offsets are others
        self._decoder: int | None = None
        """The address of the decoder that makes the picture; None: it has not toggled yet."""
        self._is_paused = False
        self._looks = 0
        self._threads: set[threading.Thread] = set()

    @property
    def can_look(self) -> bool:
        return self._core is not None

    def look(self, seconds: float, then: Callable[[Date], None], *, again: bool = False) -> bool:
        """Look for ``seconds`` at most, on a thread of its own, and call ``then`` on the owner thread.

        Replaces the look before. Returns False if nothing can be known: VLC has no video output, or another interface.
        ``again``: look all the time, and call ``then`` for each picture that is drawn.
        """
        self.forget()
        core, number, until = self._core, self._looks, time.monotonic() + seconds
        if core is None:
            return False
        with children(core, self._context.player, OUTPUT) as outputs:
            if not outputs:
                return False
            output = outputs[0]
            core.vlc_object_hold(output)

        def tell(date: Date) -> None:
            if date is not None and math.isnan(date):
                self._core = date = None
            if number == self._looks:
                then(date)

        def work() -> Date:
            try:
                while True:
                    date = _look(core, output, until - time.monotonic())
                    if not again or date is None or number != self._looks or time.monotonic() >= until:
                        return date
                    self._context.post(functools.partial(tell, date))
            finally:
                core.vlc_object_release(output)

        def done(date: Date) -> None:
            self._threads = {thread for thread in self._threads if thread.is_alive()}
            tell(date)

        self._threads.add(run_aside(work, done, self._context.post))
        return True

    def forget(self) -> None:
        """Want no answer any more."""
        self._looks += 1

    def wait(self) -> None:
        """Wait until all looks have ended: before the player is released."""
        for thread in self._threads:
            thread.join()

    def opening(self) -> None:
        """VLC is about to open a film, and will make a new decoder."""
        self.forget()
        self._decoder = None

    def toggled(self, address: int) -> bool | None:
        """Take a "toggling" of the decoder at this address. Return whether it is paused now; None: another decoder.

        VLC's line has the two words interchanged, so they are not relied on: a new decoder runs, and each line is a
        change.
        """
        if not self._decodes_picture(address):
            return None
        self._is_paused = not self._is_paused if address == self._decoder else True
        self._decoder = address
        return self._is_paused

    def _decodes_picture(self, address: int) -> bool:
        if self._core is None:
            return False
        with children(self._core, self._context.player, b"input") as inputs:
            for found in inputs:
                with children(self._core, found, b"decoder") as decoders:
                    if address in decoders:
                        return c_int.from_address(address + _CATEGORY).value == _VIDEO
        return False


def _look(core: ctypes.CDLL, output: int, seconds: float) -> Date:
    picture = c_void_p()
    if core.vout_GetSnapshot(output, None, byref(picture), None, None, round(max(0.0, seconds) * 1e6)) != 0:
        return None
    assert picture.value is not None
    try:
        return _date(picture.value)
    finally:
        core.picture_Release(picture)


def _date(copy: int) -> Date:
    """Return the date of the picture of which this is VLC's copy; not a number: the structs are not as expected."""
    original = c_size_t.from_address(copy + _ORIGINAL).value
    if c_size_t.from_address(copy + _REFERENCES).value != 1 or original == 0:
        return math.nan
    if c_size_t.from_address(copy + _PIXELS).value != c_size_t.from_address(original + _PIXELS).value:
        return math.nan
    return c_int64.from_address(original + _DATE).value / 1e6
