"""The monitors of a display, and how dense they are. On the X thread."""

import re
from typing import Final

from Xlib import Xatom
from Xlib.display import Display
from Xlib.error import XError
from Xlib.ext import randr, xinerama

from hangd.client.desktop.placement import Rectangle

_PLAIN_DPI: Final = 96.0
_SCALES: Final = (0.5, 8.0)


def find_monitors(display: Display) -> list[Rectangle]:
    """Return where the monitors are, the primary one first. There is at least one."""
    screen = display.screen()
    found: list[Rectangle] = []
    if display.has_extension("RANDR"):
        try:
            version = randr.query_version(display)
            if (version.major_version, version.minor_version) >= (1, 5):
                listed = sorted(randr.get_monitors(screen.root).monitors, key=lambda each: not each.primary)
                found = [Rectangle(m.x, m.y, m.width_in_pixels, m.height_in_pixels) for m in listed]
        except XError:
            pass
    if len(found) < 2 and display.has_extension("XINERAMA"):
        try:
            if xinerama.is_active(display):
                found = [Rectangle(s.x, s.y, s.width, s.height) for s in xinerama.query_screens(display).screens]
        except XError:
            pass
    found = [each for each in found if each.width > 0 and each.height > 0]
    return found or [Rectangle(0, 0, screen.width_in_pixels, screen.height_in_pixels)]


def find_scale(display: Display) -> float:
    """Return how many pixels of this display there are for one of an ordinary one: its resource Xft.dpi says so."""
    found = display.screen().root.get_full_property(Xatom.RESOURCE_MANAGER, Xatom.STRING)
    if found is None:
        return 1.0
    value = found.value
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    dots = re.search(r"^Xft\.dpi:\s*(\d+(?:\.\d+)?)\s*$", text, re.MULTILINE)
    if dots is None:
        return 1.0
    return min(max(float(dots[1]) / _PLAIN_DPI, _SCALES[0]), _SCALES[1])
