"""Run an X display with a window manager, and perhaps several monitors."""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator

from Xlib import X
from Xlib.display import Display
from Xlib.ext import randr
from Xlib.protocol import rq

from tests.support.daemons.party import wait_for
from tests.support.desktop.screen import connected_display

__all__ = ["managed_display"]


@contextlib.contextmanager
def managed_display(
    width: int = 800, height: int = 600, *, monitors: tuple[int, ...] = (), manager: bool = True
) -> Iterator[Display]:
    """Run an X server, with openbox unless ``manager`` is false. ``monitors``: how wide each of them is."""
    with connected_display(width, height) as display:
        if monitors:
            _divide(display, monitors, height)
        with _openbox(display) if manager else contextlib.nullcontext():
            yield display


@contextlib.contextmanager
def _openbox(display: Display) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            ["openbox", "--sm-disable"],
            env={**os.environ, "DISPLAY": display.get_display_name(), "HOME": home},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_until_managed(display)
            yield
        finally:
            process.terminate()
            process.wait()


class _SetMonitor(rq.Request):
    """The request of RandR 1.5. python-xlib's own cannot be written."""

    _request = rq.Struct(
        rq.Card8("opcode"),
        rq.Opcode(43),
        rq.RequestLength(),
        rq.Window("window"),
        rq.Card32("name"),
        rq.Bool("primary"),
        rq.Bool("automatic"),
        rq.LengthOf("outputs", 2),
        rq.Int16("x"),
        rq.Int16("y"),
        rq.Card16("width"),
        rq.Card16("height"),
        rq.Card32("width_in_millimeters"),
        rq.Card32("height_in_millimeters"),
        rq.List("outputs", rq.Card32Obj),
    )


def _wait_until_managed(display: Display) -> None:
    """Wait until the window manager frames windows. While it starts it overlooks some that are mapped."""
    root = display.screen().root
    window = root.create_window(0, 0, 50, 50, 0, X.CopyFromParent)

    def is_framed() -> bool:
        window.unmap()
        window.map()
        display.sync()
        time.sleep(0.1)
        return bool(window.query_tree().parent != root)

    wait_for(is_framed, "the window manager")
    window.destroy()
    display.sync()


def _divide(display: Display, widths: tuple[int, ...], height: int) -> None:
    """Put monitors of these widths beside one another, as ``xrandr --setmonitor`` does."""
    x = 0
    # The display's own monitor, which is as wide as all of them, is gone when another one has its output.
    outputs = list(randr.get_screen_resources(display.screen().root).outputs)
    for number, width in enumerate(widths):
        _SetMonitor(
            display=display.display,
            opcode=display.display.get_extension_major(randr.extname),
            window=display.screen().root,
            name=display.get_atom(f"MONITOR-{number}"),
            primary=number == 0,
            automatic=False,
            outputs=outputs,
            x=x,
            y=0,
            width=width,
            height=height,
            width_in_millimeters=width // 4,
            height_in_millimeters=height // 4,
        )
        x, outputs = x + width, []
    display.sync()
