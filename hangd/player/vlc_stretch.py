"""The pitch at other speeds: VLC's time-stretcher, switched while a file plays. Owner thread only.

At speed 1 the sound is played without the stretcher, whose queue leaves it up to 115 ms off after a pause or a trim; at
any other speed people want their pitch, which takes it. VLC asks whether to have one when it opens its sound, of the
variable ``audio-time-stretch`` that the sound inherits from the player. libVLC has no call to set that on a player, so
libvlccore's own is used, which libVLC's are made of and which is one for all of VLC 3 (its soname is 9); where there is
another core, pitch goes with speed. Choosing the same track again opens the sound anew: neither the picture nor VLC's
clock take notice, and nothing is heard for as long as VLC has read ahead, a second or so (measured, 3.0.24).

A trim is not a speed: pitch changes by half a semitone at most, and for seconds.
"""

import ctypes
import logging
from typing import Any, Final

from hangd.player.vlc_pace import is_speed

__all__ = ["Stretcher"]

_log = logging.getLogger(__name__)

_CORE: Final = "libvlccore.so.9"
_NAME: Final = b"audio-time-stretch"
_BOOL: Final = 0x0020
"""VLC_VAR_BOOL, of vlc_variables.h."""


class Stretcher:
    """Whether a libVLC player stretches. ``player``: python-vlc's."""

    def __init__(self, player: Any) -> None:
        self._player = player
        self._object = ctypes.cast(player._as_parameter_, ctypes.c_void_p)
        self._on = False
        self._core = _core()
        if self._core is not None:
            self._core.var_Create(self._object, _NAME, _BOOL)

    def load(self) -> None:
        """A file is about to be opened, at speed 1."""
        self._set(False)

    def follow(self, rate: float) -> None:
        """Stretch where ``rate`` is a speed; the sound that is open is opened anew if that is news."""
        stretch = is_speed(rate)
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
        done: bool = self._core.var_SetChecked(self._object, _NAME, _BOOL, ctypes.c_int64(stretch)) == 0
        return done


def _core() -> ctypes.CDLL | None:
    try:
        core = ctypes.CDLL(_CORE)
        core.var_Create.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
        core.var_SetChecked.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int64)
    except (OSError, AttributeError) as error:
        _log.info("pitch will go with speed: %s", error)
        return None
    return core
