"""Keep the pitch at other speeds: switch VLC's time-stretcher on and off while a file plays. Owner thread only.

At speed 1 the sound is played without the stretcher, because its queue leaves the sound up to 115 ms off after a pause
or a trim. At any other speed people want the usual pitch, which needs it. VLC decides when it opens its sound, by the
variable ``audio-time-stretch`` that the sound inherits from the player. libVLC has no call to set it on a player, so
libvlccore's is used; without libvlccore the pitch changes with the speed. Selecting the same track again makes VLC open
its sound again. Measured (3.0.24): picture and clock are not affected, and the sound is missing for as long as VLC has
read ahead, about a second.

A trim does not count as a speed: it changes the pitch by half a semitone at most, for seconds.
"""

from ctypes import c_char_p, c_int, c_int64, c_void_p
from typing import Any, Final

from hangd.player.vlc.core import BOOL, load_core

_NAME: Final = b"audio-time-stretch"
_SPEED_FROM: Final = 0.04
"""A rate that differs from 1 by more than this is a speed. No trim at speed 1 differs by as much."""


class PitchCorrection:
    """Switches the time-stretcher of a libVLC player (``player``: python-vlc's)."""

    def __init__(self, player: Any) -> None:
        self._player = player
        self._on = False
        functions = {
            "var_Create": (c_void_p, c_char_p, c_int),
            "var_SetChecked": (c_void_p, c_char_p, c_int, c_int64),
        }
        self._core = load_core(functions, without="pitch will go with speed")
        if self._core is not None:
            self._core.var_Create(self._player, _NAME, BOOL)

    def reset(self) -> None:
        """Switch it off before a file is opened."""
        self._set(False)

    def follow(self, rate: float) -> None:
        """Switch the stretcher on if ``rate`` is a speed, else off; open the sound again if that is a change."""
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
        # vlc_value_t is a union of eight bytes, passed by value.
        done: bool = self._core.var_SetChecked(self._player, _NAME, BOOL, c_int64(stretch)) == 0
        return done
