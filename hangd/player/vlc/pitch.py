"""The pitch at other speeds: VLC's time-stretcher, switched while a file plays. Owner thread only.

At speed 1 the sound is played without the stretcher, whose queue leaves it up to 115 ms off after a pause or a trim; at
any other speed people want their pitch, which takes it. VLC asks whether to have one when it opens its sound, of the
variable ``audio-time-stretch`` that the sound inherits from the player. libVLC has no call to set that on a player, so
libvlccore's own is used; where that can not be had, pitch goes with speed. Choosing the same track again opens the
sound anew: neither the picture nor VLC's clock take notice, and nothing is heard for as long as VLC has read ahead, a
second or so (measured, 3.0.24).

A trim is not a speed: pitch changes by half a semitone at most, and for seconds.
"""

from ctypes import c_char_p, c_int, c_int64, c_void_p
from typing import Any, Final

from hangd.player.vlc.core import load_core, object_of

__all__ = ["Stretcher"]

_NAME: Final = b"audio-time-stretch"
_BOOL: Final = 0x0020
"""VLC_VAR_BOOL, of vlc_variables.h."""
_SPEED_FROM: Final = 0.04
"""A rate that is farther from 1 than this is a speed: no trim of speed 1 goes so far."""


class Stretcher:
    """Whether a libVLC player stretches. ``player``: python-vlc's."""

    def __init__(self, player: Any) -> None:
        self._player = player
        self._object = object_of(player)
        self._on = False
        functions = {
            "var_Create": (c_void_p, c_char_p, c_int),
            "var_SetChecked": (c_void_p, c_char_p, c_int, c_int64),
        }
        self._core = load_core(functions, without="pitch will go with speed")
        if self._core is not None:
            self._core.var_Create(self._object, _NAME, _BOOL)

    def load(self) -> None:
        """A file is about to be opened, at speed 1."""
        self._set(False)

    def follow(self, rate: float) -> None:
        """Stretch where ``rate`` is a speed; the sound that is open is opened anew if that is news."""
        stretch = abs(rate - 1.0) > _SPEED_FROM
        if stretch == self._on or not self._set(stretch):
            return
        track = self._player.audio_get_track()
        if track >= 0:
            self._player.audio_set_track(-1)
            self._player.audio_set_track(track)

    def _set(self, stretch: bool) -> bool:
        self._on = stretch
        if self._core is None:
            return False
        # vlc_value_t is a union of eight bytes, handed over by value.
        done: bool = self._core.var_SetChecked(self._object, _NAME, _BOOL, c_int64(stretch)) == 0
        return done
