"""What only VlcPlayer has: a library that can be missing or hang, and a window. Pictures are read from the screen."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from Xlib import X
from Xlib.display import Display

from hangd.engine.player_messages import (
    Ended,
    Load,
    PauseNow,
    PlayerDied,
    PlayerOpened,
    Resume,
    Sampled,
    SeekTo,
    Settled,
    ShowText,
    Started,
    StepFrame,
    Unload,
)
from hangd.player.vlc.player import VlcPlayer
from tests.support.daemons.playing import Stagehand
from tests.support.desktop.screen import Screen, private_display

pytestmark = pytest.mark.real

CLIP = str(Path(__file__).parents[2] / "media" / "clip.mp4")
QUIET = ("--vout=dummy", "--aout=dummy")
FRAMES = 30


# ---- missing, or lost -----------------------------------------------------------------------------------------------

_OPEN = """
import asyncio
from hangd.player.vlc.player import VlcPlayer

async def main() -> None:
    first = asyncio.get_running_loop().create_future()
    player = VlcPlayer(first.set_result)
    event = await first
    print(event.code, event.message)
    await player.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("variable", ["PYTHON_VLC_LIB_PATH", "PYTHON_VLC_MODULE_PATH"])
def test_a_machine_without_libvlc_is_told_what_to_install(variable: str) -> None:
    assert "apt install libvlc5 vlc-plugin-base" in _why_it_does_not_open(_OPEN, **{variable: "/nowhere"})


def test_a_libvlc_that_does_not_start_says_why() -> None:
    told = _why_it_does_not_open(_OPEN.replace("set_result)", "set_result, options=['--no-such-option'])"))
    assert "--no-such-option" in told
    assert "apt install libvlc5 vlc-plugin-base" in told


def _why_it_does_not_open(script: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("no-player ")
    return done.stdout


@pytest.mark.timed
async def test_a_call_that_hangs_kills_this_player_and_no_other() -> None:
    release = threading.Event()
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=QUIET, call_seconds=1.0))
    assert isinstance(hand.player, VlcPlayer)
    await hand.load(CLIP, generation=4)
    hand.do(Resume())
    await hand.next(Sampled)
    hand.player.call(lambda: release.wait(60))
    hand.do(SeekTo(10.0))
    began = time.monotonic()
    died = await hand.next(PlayerDied)
    assert (died.generation, died.code) == (4, "hung")
    assert time.monotonic() - began < 20
    heard = len(hand.events)
    hand.do(Load(path=CLIP, generation=5))

    other = Stagehand(lambda sink: VlcPlayer(sink, options=QUIET))  # the daemon goes on with another one
    await other.load(CLIP)
    await other.player.close()

    assert len(hand.events) == heard
    began = time.monotonic()
    await hand.player.close()
    assert time.monotonic() - began < 6
    release.set()


@pytest.mark.timed
async def test_a_busy_player_is_not_taken_for_a_dead_one() -> None:
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=QUIET, call_seconds=0.5))
    assert isinstance(hand.player, VlcPlayer)
    for _ in range(5):
        hand.player.call(lambda: time.sleep(0.2))
    await hand.load(CLIP)
    assert not any(isinstance(event, PlayerDied) for event in hand.events)
    await hand.player.close()


async def test_an_exception_on_its_thread_kills_the_player() -> None:
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=QUIET))
    assert isinstance(hand.player, VlcPlayer)

    def fail() -> None:
        raise ValueError("broken")

    hand.player.call(fail)
    await hand.next(PlayerDied)
    await hand.player.close()


# ---- without a display ----------------------------------------------------------------------------------------------


async def test_without_a_display_it_plays_at_the_right_speed_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the sound output that this machine has."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    hand = Stagehand(VlcPlayer)
    assert (await hand.next(PlayerOpened)).name.startswith("vlc 3.")
    await hand.load(CLIP, start=55.0)
    hand.do(Resume())
    started = await hand.next(Started)
    ended = await hand.next(Ended)
    assert ended.at - started.at == pytest.approx(5.0, abs=0.5)
    samples = [event for event in hand.events if isinstance(event, Sampled)]
    assert len(samples) >= 5
    await hand.player.close()


# ---- on a screen ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with private_display() as name:
        yield name


@pytest.fixture
def screen(display: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    monkeypatch.setenv("DISPLAY", display)
    with Screen(display) as screen:
        yield screen


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something on a screen. It does not report changes, so it is polled."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def until_shown(screen: Screen, low: float, high: float) -> None:
    """Wait until the screen shows a picture within these numbers."""

    def shown() -> bool:
        number = screen.read().number
        return number is not None and low <= number <= high

    await until(shown)


@pytest.mark.timed
async def test_the_picture_of_a_film_that_was_opened_paused_is_shown(screen: Screen) -> None:
    hand = Stagehand(VlcPlayer)
    await hand.load(CLIP, start=12.5)
    await until_shown(screen, 12.5 * FRAMES - 5, 12.5 * FRAMES + 1)
    await hand.player.close()


@pytest.mark.timed
async def test_the_picture_that_is_shown_is_the_one_that_settled_names_after_a_seek(screen: Screen) -> None:
    """After a paused seek VLC shows a picture up to four too early, until the right one is brought (test_still.py)."""
    hand = Stagehand(VlcPlayer)
    await hand.load(CLIP, start=12.5)
    for position in (31.5, 3.2):
        hand.do(Resume())
        await hand.next(Sampled)
        await hand.next(Sampled)
        hand.do(SeekTo(position))
        await hand.next(Settled)
        await until_shown(screen, position * FRAMES - 5, position * FRAMES + 1)
    await hand.player.close()


@pytest.mark.timed
async def test_the_moving_picture_is_at_the_position_of_the_samples(screen: Screen) -> None:
    hand = Stagehand(VlcPlayer)
    await hand.load(CLIP, start=20.0)
    hand.do(Resume())
    sample = await hand.next(Sampled)
    errors = []
    while sample.position < 22.5:
        sample = await hand.next(Sampled)
        for _ in range(20):
            reading = screen.read()
            if reading.number is not None:
                there = sample.position + reading.at - sample.at
                errors.append(reading.number - there * FRAMES)
            await asyncio.sleep(0.005)
    errors.sort()
    # Picture n is shown from n to n + 1, so on average it is half a picture behind.
    assert len(errors) > 20
    assert -3 < errors[len(errors) // 2] < 1
    await hand.player.close()


@pytest.mark.timed
async def test_the_picture_that_is_shown_is_the_one_that_settled_names_after_a_pause(screen: Screen) -> None:
    hand = Stagehand(VlcPlayer)
    await hand.load(CLIP)
    for _ in range(3):
        hand.do(Resume())
        await hand.next(Sampled)
        await hand.next(Sampled)
        hand.do(PauseNow())
        settled = await hand.next(Settled)
        named = settled.position * FRAMES
        assert named == pytest.approx(round(named), abs=0.01)  # exactly at a picture's time
        await until_shown(screen, named - 2, named + 2)
    await hand.player.close()


@pytest.mark.timed
async def test_steps_move_the_picture(screen: Screen) -> None:
    hand = Stagehand(VlcPlayer)
    await hand.load(CLIP, start=8.2)
    for _ in range(3):
        hand.do(StepFrame())
        settled = await hand.next(Settled)
    await until_shown(screen, 8.2 * FRAMES + 1, settled.position * FRAMES + 2)
    await hand.player.close()


@pytest.mark.timed
async def test_the_last_picture_stays_at_the_end(screen: Screen) -> None:
    hand = Stagehand(VlcPlayer)
    await hand.load(CLIP, start=59.0)
    hand.do(Resume())
    await hand.next(Ended)
    await until_shown(screen, 1790, 1799)
    await hand.player.close()


@pytest.mark.timed
async def test_text_is_drawn_and_unload_closes_the_window(screen: Screen) -> None:
    hand = Stagehand(VlcPlayer)
    await hand.load(CLIP)
    await until_shown(screen, 0, 1)
    before = _pixels(screen)
    hand.do(ShowText("hello", 30.0))
    await until(lambda: _pixels(screen) != before)
    hand.do(Unload())
    await until(lambda: screen.read().number is None)
    await hand.player.close()


def _pixels(screen: Screen) -> bytes:
    display = Display(screen.display)
    try:
        root = display.screen().root
        size = root.get_geometry()
        return bytes(root.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xFFFFFFFF).data)
    finally:
        display.close()
