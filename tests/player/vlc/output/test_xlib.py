"""What Xlib does about errors, and about an X server that ends, ends nothing."""

import os
import subprocess
import sys

import pytest

from tests.support.desktop.screen import own_display

pytestmark = pytest.mark.real

_USE = """
import ctypes, os, signal, sys, threading
from hangd.player.vlc.output.xlib import survive

x11 = ctypes.CDLL("libX11.so.6")
x11.XInitThreads()
assert survive() is survive()
x11.XOpenDisplay.restype = ctypes.c_void_p
display = ctypes.c_void_p(x11.XOpenDisplay(None))
window = ctypes.c_ulong(x11.XDefaultRootWindow(display))
x11.XMapWindow(display, ctypes.c_ulong(0x7777777))
x11.XSync(display, 0)
print("an error is survived")
os.kill(int(sys.argv[1]), signal.SIGKILL)

def close_output():
    while True:  # As VLC does: it hears of no failure.
        x11.XChangeWindowAttributes(display, window, ctypes.c_ulong(0), bytes(256))
        x11.XSync(display, 0)

thread = threading.Thread(target=close_output, daemon=True)
thread.start()
thread.join(2.0)
print("the thread stands" if thread.is_alive() else "the thread has ended")
"""


def test_xlib_does_not_end_the_process() -> None:
    with own_display() as (display, server):
        done = subprocess.run(
            [sys.executable, "-c", _USE, str(server.pid)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "DISPLAY": display},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (done.returncode, done.stdout) == (0, "an error is survived\nthe thread stands\n"), done.stderr[-2000:]
