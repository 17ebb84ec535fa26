"""A display that cannot be opened, or that goes away: the film is played without a picture, and the player says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hangd.engine.player_messages import (
    CommandFailed,
    PictureTaken,
    TakePicture,
)
from hangd.player.vlc.player import VlcPlayer
from tests.support.daemons.playing import Stagehand
from tests.support.desktop.screen import own_display, private_display

pytestmark = pytest.mark.real

CLIP = str(Path(__file__).parents[3] / "media" / "clip.mp4")


_PLAY = """
import asyncio, os, signal, sys, tempfile
from pathlib import Path
from hangd.client.desktop.window import FilmWindow
from hangd.engine.player_messages import Load, PictureChanged, PlayerDied, Resume, Sampled
from hangd.client.desktop.x11 import thread
from hangd.player.vlc.output import screen
from hangd.player.vlc.player import VlcPlayer
from tests.support.daemons.playing import Stagehand

async def main(path, server):
    thread._ANSWER_SECONDS, screen._ANSWER_SECONDS = 30.0, 40.0  # a display on a busy machine is slow, not silent
    window = FilmWindow(Path(tempfile.mkdtemp()) / "window.json")
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=("--aout=dummy", *sys.argv[3:]), window=window))
    for generation in (1, 2):
        await hand.load(path, generation=generation)
        hand.do(Resume())
        assert (await hand.next(Sampled, unless=(PlayerDied,))).position > 0
        if server:
            os.kill(server, signal.SIGKILL)
            await hand.next(PictureChanged, unless=(PlayerDied,))
            server = 0
    print(*dict.fromkeys(event.message for event in hand.events if isinstance(event, PictureChanged)), sep="\\n")
    await hand.player.close()
    window.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def _play(environment: dict[str, str], *options: str, server: int = 0) -> list[str]:
    """Play two films in a process of its own; return what was said of the picture. ``server`` is killed in between."""
    kept = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "TERM")}
    done = subprocess.run(
        [sys.executable, "-c", _PLAY, CLIP, str(server), *options],
        env={**kept, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    assert "\x1b" not in done.stdout + done.stderr
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


@pytest.mark.parametrize("terminal", [{}, {"TERM": "xterm"}], ids=["no terminal", "xterm"])
def test_a_display_that_does_not_answer_costs_the_picture_only(terminal: dict[str, str]) -> None:
    assert _play({"DISPLAY": ":4999", **terminal}) == [
        "no picture here: the display :4999 (DISPLAY) cannot be opened",
    ]


def test_without_a_display_the_player_says_so() -> None:
    (told,) = _play({})
    assert told.startswith("no picture here: there is no display (DISPLAY and WAYLAND_DISPLAY are not set); ")


def test_a_wayland_display_that_is_gone_is_named(tmp_path: Path) -> None:
    told = _play({"WAYLAND_DISPLAY": str(tmp_path / "wayland-7"), "TERM": "xterm"})
    assert told == [f"no picture here: the display {tmp_path}/wayland-7 (WAYLAND_DISPLAY) cannot be opened"]


def test_an_output_that_the_user_chose_is_not_judged() -> None:
    assert _play({}, "--vout=dummy") == []


def test_a_display_that_goes_away_while_a_film_plays_costs_the_picture_of_the_next_one_too() -> None:
    with own_display() as (display, server):
        assert _play({"DISPLAY": display, "TERM": "xterm"}, "--vout=xcb_x11", server=server.pid) == [
            f"no picture here: the display {display} (DISPLAY) is gone",
            f"no picture here: the display {display} (DISPLAY) cannot be opened",
        ]


_STOP = """
import asyncio, os, signal, sys, tempfile
from pathlib import Path
from hangd.client.desktop.window import FilmWindow
from hangd.engine.player_messages import Load, LoadFailed, PictureChanged, PlayerDied, Resume, Sampled, Settled
from hangd.player.vlc.player import VlcPlayer
from tests.support.daemons.playing import Stagehand

async def main(path, server, when):
    stop = lambda: os.kill(server, signal.SIGSTOP)
    if when == "before":
        stop()
    window = FilmWindow(Path(tempfile.mkdtemp()) / "window.json")
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=("--aout=dummy",), call_seconds=2.0, window=window))
    if when == "before":
        hand.do(Load(path, 1))
        print((await hand.next(PictureChanged, unless=(LoadFailed,))).message)
        await hand.next(Settled, unless=(PlayerDied, LoadFailed))
        hand.do(Resume())
        await hand.next(Sampled, unless=(PlayerDied,))
    else:
        await hand.load(path)
        stop()
        hand.do(Load(path, 2))
        print((await hand.next((PlayerDied, PictureChanged), unless=(LoadFailed, Settled))).message)
    await hand.player.close()
    window.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
"""


def _stop(when: str) -> tuple[str, str]:
    """Stop the X server before a film or while it is open. Return the display, and what is told.

    In a process of its own: a thread that hangs in libVLC stays as long as its process does.
    """
    with own_display() as (display, server):
        done = subprocess.run(
            [sys.executable, "-c", _STOP, CLIP, str(server.pid), when],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "DISPLAY": display},
            capture_output=True,
            text=True,
            timeout=240,
        )
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    return display, done.stdout.strip()


def test_a_display_that_stops_answering_costs_the_picture_only() -> None:
    display, told = _stop("before")
    assert told == f"no picture here: the display {display} (DISPLAY) does not answer"


def test_a_display_that_stops_answering_while_a_film_is_open_keeps_nobody_waiting() -> None:
    """Either VLC waits for the display, and is found dead and replaced, or the next film finds the display silent."""
    display, told = _stop("while it is open")
    assert told in ("libVLC does not answer", f"no picture here: the display {display} (DISPLAY) does not answer")


def test_a_display_that_can_be_opened_has_a_picture() -> None:
    with private_display() as display:
        assert _play({"DISPLAY": display}) == []


async def test_a_picture_that_does_not_fit_on_the_disk_is_not_taken(tmp_path: Path) -> None:
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=("--vout=dummy", "--aout=dummy")))
    try:
        await hand.load(CLIP)
        (tmp_path / f".hang-{os.getpid()}.part").symlink_to("/dev/full")
        hand.do(TakePicture(str(tmp_path / "taken.png")))
        failed = await hand.next(CommandFailed, unless=(PictureTaken,))
        assert failed.message == f"{tmp_path}/taken.png cannot be written whole: the disk may be full"
        assert os.listdir(tmp_path) == []
    finally:
        await hand.player.close()
