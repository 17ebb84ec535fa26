"""How the picture and its subtitles look: colours, rotation, size and height of the text. Owner thread only.

Colours and rotation are filters of VLC's, which is told the names of those that are wanted. What it is told is a
variable of the player, which video outputs inherit when they are made, and of the output that there is, which obeys at
once. libVLC has calls for the colours only, so the rest goes through libvlccore.
"""

import ctypes
from ctypes import c_char_p, c_int, c_int64, c_void_p
from typing import Any, Final

from hangd.engine.player_messages import SetPicture, SetSubtitleLook
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.core import BOOL, CHILDREN, INTEGER, OUTPUT, STRING, children, load_core
from hangd.player.vlc.output.screen import film_size

_HUE_DEGREES: Final = 1.8
"""Of VLC's hue, for one of mpv's hundred."""
_SUBTITLE_PIXELS: Final = 45.0
"""Height of the line of VLC's subtitles, at their usual size, in a picture of 720 lines: a sixteenth."""
_GAMMA_BASE: Final = 8.0
"""mpv's gamma of 100 is a power of 8, and -100 one of 1/8."""


class Look:
    """Carries out SetPicture, SetSubtitleLook and RaiseSubtitles, for the film that is open and for those to come."""

    def __init__(self, context: PlayerContext) -> None:
        self._context = context
        self._core = load_core(
            {
                **CHILDREN,
                "var_Create": (c_void_p, c_char_p, c_int),
                "var_SetChecked": (c_void_p, c_char_p, c_int, c_int64),
            },
            without="no rotation, and no size and height of subtitles",
        )
        self._picture = SetPicture()
        self._subtitles = SetSubtitleLook()
        self._covered = 0.0
        """The share of the picture's height, from below, that the subtitles are kept out of for a while."""
        self._window_size = (0, 0)
        """Width and height; 0: not known."""
        self._film_size: tuple[int, int] | None = None
        self._texts: dict[bytes, c_char_p] = {}
        """What VLC's variables point to."""

    def set_picture(self, command: SetPicture) -> None:
        if self._core is None:
            return self._context.refuse("SetPicture", "this VLC has no way to turn or colour the picture")
        options = self._context.vlc.VideoAdjustOption
        for player in self._context.picture_players:
            player.video_set_adjust_float(options.Brightness, 1 + command.brightness / 100)
            player.video_set_adjust_float(options.Contrast, 1 + command.contrast / 100)
            player.video_set_adjust_float(options.Saturation, 1 + command.saturation / 100)
            player.video_set_adjust_float(options.Gamma, _GAMMA_BASE ** (command.gamma / 100))
            player.video_set_adjust_float(options.Hue, command.hue * _HUE_DEGREES)
        before, self._picture = _filters(self._picture), command
        filters = _filters(command)
        if command.rotation and filters == before:
            self._set_text(b"video-filter", b"")  # A filter that is there already would not be turned further.
        if command.rotation:
            self._set_text(b"transform-type", str(command.rotation).encode())
        if filters != before or command.rotation:
            self._set_text(b"video-filter", filters)
        return None

    def set_subtitles(self, command: SetSubtitleLook) -> None:
        if self._core is None:
            return self._context.refuse("SetSubtitleLook", "this VLC has no way to draw subtitles otherwise")
        self._subtitles = command
        self._set_number(b"sub-text-scale", round(command.scale * command.font_size / _SUBTITLE_PIXELS * 100))
        self._set_text(b"freetype-font", command.font.encode())
        self._set_number(b"freetype-bold", command.bold, BOOL)
        self._set_number(b"freetype-outline-thickness", round(command.border_size / _SUBTITLE_PIXELS * 100))
        for name, colour in (
            (b"", command.color),
            (b"outline-", command.border_color),
            (b"background-", command.back_color),
        ):
            self._set_number(b"freetype-%scolor" % name, colour & 0xFFFFFF)
            self._set_number(b"freetype-%sopacity" % name, colour >> 24)
        return self._place_subtitles()

    def raise_subtitles(self, share: float) -> None:
        self._covered = share
        self._place_subtitles()

    def set_window_size(self, width: int, height: int) -> None:
        self._window_size = width, height
        self._place_subtitles()

    def film_opened(self) -> None:
        """The size of the picture is known now, and with it how many pixels of it the subtitles are raised."""
        self._film_size = film_size(self._context)
        self._place_subtitles()

    def _place_subtitles(self) -> None:
        raised = round(max((100 - self._subtitles.position) / 100, self._covered) * self._lines())
        if self._core is not None:
            self._set_number(b"sub-margin", raised)

    def _lines(self) -> int:
        """Return the height of what VLC draws subtitles on: the picture in the window, or the film's if it has more."""
        width, height = self._context.player.video_get_size(0)
        if self._film_size is None:
            return int(height)
        enlarged = min(window / film for window, film in zip(self._window_size, self._film_size, strict=True))
        drawn = [round(length * enlarged) for length in self._film_size]
        return drawn[1] if drawn[0] * drawn[1] > width * height else int(height)

    def _set_text(self, name: bytes, text: bytes) -> None:
        self._texts[name] = kept = c_char_p(text)
        self._set(name, STRING, ctypes.cast(kept, c_void_p).value or 0)

    def _set_number(self, name: bytes, number: int, kind: int = INTEGER) -> None:
        self._set(name, kind, number)

    def _set(self, name: bytes, kind: int, value: int) -> None:
        """Set a variable of both players and of their video outputs."""
        for player in self._context.picture_players:
            self._set_for(player, name, kind, value)

    def _set_for(self, player: Any, name: bytes, kind: int, value: int) -> None:
        assert self._core is not None
        with children(self._core, player, OUTPUT) as outputs:
            for each in (player, *outputs):
                self._core.var_Create(each, name, kind)
                self._core.var_SetChecked(each, name, kind, value)


def _filters(picture: SetPicture) -> bytes:
    """Return the names of the filters that make this picture of the film's."""
    coloured = any((picture.brightness, picture.contrast, picture.saturation, picture.gamma, picture.hue))
    return b":".join([*([b"adjust"] if coloured else []), *([b"transform"] if picture.rotation else [])])
