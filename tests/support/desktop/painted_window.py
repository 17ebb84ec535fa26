"""PaintedWindow: a `WindowPort` without a display, whose panels are painted on a picture that tests look at."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hangd.client.desktop.base import Paint

cairocffi: Any = pytest.importorskip("cairocffi")

__all__ = ["PaintedPanel", "PaintedWindow"]


class PaintedPanel:
    """A panel that keeps what was drawn last."""

    def __init__(self) -> None:
        self.place: tuple[int, int, int, int] | None = None
        """x, y, width and height; None: hidden."""
        self.draws = 0
        self._paint: Paint = lambda context: None

    def draw(self, x: int, y: int, width: int, height: int, paint: Paint) -> None:
        assert all(isinstance(number, int) for number in (x, y, width, height)) and width > 0 and height > 0
        self.place, self._paint = (x, y, width, height), paint
        self.draws += 1

    def hide(self) -> None:
        self.place = None

    def painted(self) -> Any:
        """Return a cairocffi.ImageSurface of the panel's size. What is not painted is transparent."""
        assert self.place is not None
        surface = cairocffi.ImageSurface(cairocffi.FORMAT_ARGB32, *self.place[2:])
        self._paint(cairocffi.Context(surface))
        surface.flush()
        return surface


class PaintedWindow:
    """See the module's docstring."""

    def __init__(self, width: int = 1280, height: int = 720, scale: float = 1.0) -> None:
        self.size = (width, height)
        self.scale = scale
        self.is_shown = True
        self.panels: list[PaintedPanel] = []
        self.pointer_shown = True
        self.clipboard = ""

    def panel(self) -> PaintedPanel:
        self.panels.append(PaintedPanel())
        return self.panels[-1]

    def show_pointer(self, shown: bool) -> None:
        self.pointer_shown = shown

    def paste(self, take: Callable[[str], None]) -> None:
        take(self.clipboard)

    def painted_box(self, number: int) -> tuple[int, int, int, int] | None:
        """Return left, upper, right and lower edge of what this panel paints, in the window; None: nothing."""
        panel = self.panels[number]
        if panel.place is None:
            return None
        surface, (left, top, width, height) = panel.painted(), panel.place
        data, stride = bytes(surface.get_data()), surface.get_stride()
        rows = [y for y in range(height) if any(data[y * stride + 3 : y * stride + 4 * width : 4])]
        columns = [x for x in range(width) if any(data[4 * x + 3 :: stride])]
        if not rows:
            return None
        return left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1

    def write_png(self, path: Path, background: tuple[float, float, float] = (0.45, 0.55, 0.6)) -> None:
        """Write the window as a picture, for people to look at."""
        surface = cairocffi.ImageSurface(cairocffi.FORMAT_RGB24, *self.size)
        context = cairocffi.Context(surface)
        context.set_source_rgb(*background)
        context.paint()
        for panel in self.panels:
            if panel.place is not None:
                context.set_source_surface(panel.painted(), panel.place[0], panel.place[1])
                context.paint()
        surface.write_to_png(str(path))
