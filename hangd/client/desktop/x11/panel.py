"""`PanelWindow`: a rectangle above the picture, drawn with cairo. On the X thread.

It is a window of its own, whose shape leaves out what is not painted: the picture is seen there. What is painted is the
window's background, so that the X server draws it again by itself.
"""

import logging
from typing import Any, Final

from Xlib import X
from Xlib.display import Display
from Xlib.ext import shape
from Xlib.xobject.drawable import Pixmap, Window

from hangd.client.desktop.base import Paint
from hangd.client.desktop.x11.cairo import cairo

_log = logging.getLogger(__name__)

_SIDE_MAX: Final = 16_000
_REQUEST_BYTES: Final = 200_000
"""The most pixels in one request: the protocol's limit is 256 KiB."""
_DEPTHS: Final = (24, 32)
"""Colours of these depths have four bytes."""


class PanelWindow:
    """A panel of ``parent``. Its place among the other panels is that at which it was made.

    Args:
        picture: the window below, in which the player has one of its own.
    """

    def __init__(self, display: Display, parent: Window, picture: Window) -> None:
        self._display = display
        self._parent = parent
        self._picture = picture
        self._mapped = False
        self._window: Window | None = None
        if display.screen().root_depth in _DEPTHS and display.has_extension("SHAPE") and cairo() is not None:
            self._window = parent.create_window(0, 0, 1, 1, 0, X.CopyFromParent)

    def draw(self, x: int, y: int, width: int, height: int, paint: Paint) -> None:
        """See `hangd.client.desktop.base.Panel`."""
        window = self._window
        if window is None or not (0 < width <= _SIDE_MAX and 0 < height <= _SIDE_MAX):
            return
        library = cairo()
        surface = library.ImageSurface(library.FORMAT_ARGB32, width, height)
        try:
            paint(library.Context(surface))
        except Exception:
            _log.exception("what is shown on the picture cannot be drawn")
            self.hide()
            return
        surface.flush()
        depth = self._display.screen().root_depth
        colours = window.create_pixmap(width, height, depth)
        gc = colours.create_gc()
        stride = surface.get_stride()
        pixels = bytes(surface.get_data())
        rows = max(1, _REQUEST_BYTES // stride)
        for top in range(0, height, rows):
            count = min(rows, height - top)
            part = pixels[top * stride : (top + count) * stride]
            colours.put_image(gc.id, 0, top, width, count, X.ZPixmap, depth, 0, part)
        mask = self._shape_of(surface, width, height)
        self._keep_picture()
        window.change_attributes(background_pixmap=colours)
        shape.mask(window, shape.SO.Set, shape.SK.Bounding, 0, 0, mask.id)
        window.configure(x=x, y=y, width=width, height=height)
        window.clear_area(0, 0, 0, 0)
        mask.free()
        gc.free()
        colours.free()
        if not self._mapped:
            self._mapped = True
            window.map()

    def hide(self) -> None:
        if self._mapped and self._window is not None:
            self._mapped = False
            self._keep_picture()
            self._window.unmap()
            self._window.change_attributes(background_pixmap=X.NONE)

    def _keep_picture(self) -> None:
        """Let what is uncovered stay as it is until the player draws there again: the server would make it black."""
        for window in self._picture.query_tree().children:
            window.change_attributes(background_pixmap=X.NONE)

    def _shape_of(self, surface: Any, width: int, height: int) -> Pixmap:
        """Return a pixmap of one bit a pixel: where the surface is at least half opaque."""
        library = cairo()
        bits = library.ImageSurface(library.FORMAT_A1, width, height)
        context = library.Context(bits)
        context.set_operator(library.OPERATOR_SOURCE)
        context.set_source_surface(surface)
        context.paint()
        bits.flush()
        assert self._window is not None
        mask = self._window.create_pixmap(width, height, 1)
        gc = mask.create_gc()
        stride, content = bits.get_stride(), bytes(bits.get_data())
        rows = max(1, _REQUEST_BYTES // stride)
        for top in range(0, height, rows):
            count = min(rows, height - top)
            part = content[top * stride : (top + count) * stride]
            mask.put_image(gc.id, 0, top, width, count, X.XYPixmap, 1, 0, part)
        gc.free()
        return mask
