"""Screen reads from a display the picture that VLC shows there."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.desktop.screen import Reading, Screen, private_display

MEDIA = Path(__file__).parent.parent / "media"
PLAY = """
import sys, vlc
player = vlc.MediaPlayer(vlc.Instance("--aout=dummy", "--no-video-title-show", "--quiet"), sys.argv[1])
player.play()
sys.stdin.read()
player.stop()
"""


@contextmanager
def vlc_playing(clip: str, display: str) -> Iterator[int]:
    """Play a sample clip in another process; the value is its id."""
    # libVLC writes to stderr where XDG_RUNTIME_DIR is not set, as on a build machine.
    with subprocess.Popen(
        [sys.executable, "-c", PLAY, str(MEDIA / clip)],
        env={**os.environ, "DISPLAY": display},
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def first_number(screen: Screen) -> Reading:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if (reading := screen.read()).number is not None:
            return reading
    raise AssertionError("no picture came")


@pytest.mark.real
@pytest.mark.timed
@pytest.mark.parametrize("clip", ["clip.mp4", "tracks.mkv"])
@pytest.mark.parametrize("size", [(640, 360), (900, 700)])
def test_the_numbers_rise_by_thirty_a_second(clip: str, size: tuple[int, int]) -> None:
    with private_display(*size) as display, vlc_playing(clip, display) as process_id, Screen(display) as screen:
        first = first_number(screen)
        last, looks = first, 0
        while last.at < first.at + 3:
            looks += 1
            reading = screen.read()
            if reading.number is not None:
                assert last.number is not None
                assert reading.number >= last.number, "the numbers never fall"
                last = reading
        with Screen(display, process_id) as by_process:
            own = by_process.read()
        with Screen(display, os.getpid()) as of_another:
            assert of_another.read().number is None, "this process has no window there"
    assert looks > 3 * 200, "at least two hundred looks a second"
    assert first.number is not None and last.number is not None and own.number is not None
    assert own.number >= last.number
    # A busy machine drops pictures or shows one for longer, but those that it shows follow VLC's clock.
    assert last.number - first.number == pytest.approx(30 * (last.at - first.at), abs=10)


@pytest.mark.real
def test_an_empty_screen_shows_nothing() -> None:
    with private_display() as display, Screen(display) as screen:
        reading = screen.read()
    assert reading.number is None
    assert reading.error >= 0


@pytest.mark.real
def test_a_closed_window_is_not_an_error() -> None:
    with private_display() as display, Screen(display) as screen:
        with vlc_playing("clip.mp4", display):
            first_number(screen)
        until = time.monotonic() + 60
        while screen.read().number is not None:
            assert time.monotonic() < until, "the window stays"
        with vlc_playing("clip.mp4", display):
            assert first_number(screen).number is not None


@pytest.mark.real
def test_displays_that_are_started_together_differ() -> None:
    with private_display() as one, private_display() as two:
        assert one != two
