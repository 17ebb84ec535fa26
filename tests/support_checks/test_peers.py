"""Syncplay does what the bench asks of it, as its viewers' screens show."""

import contextlib
from functools import partial
from pathlib import Path

import pytest

from tests.bench.skew.peers import Syncplay, available, versions
from tests.support.daemons.party import CLIP, wait_for
from tests.support.desktop.framebuffer import FrameBuffer, virtual_screen
from tests.support.network.badlink import BadLink

RATE = 30


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = available()
    assert said is not None and said.endswith("apt-get install --no-install-recommends syncplay syncplay-server mpv")


@pytest.mark.real
@pytest.mark.timed
@pytest.mark.skipif(available() is not None, reason=str(available()))
def test_both_viewers_follow_the_commands_of_one(tmp_path: Path) -> None:
    assert versions().startswith("Syncplay 1.")
    with contextlib.ExitStack() as stack:
        screens = [stack.enter_context(virtual_screen()) for _ in range(2)]
        displays = (screens[0].display, screens[1].display)
        far = partial(BadLink, out=0.02, back=0.02)
        peers = stack.enter_context(Syncplay(CLIP, displays, tmp_path / "peers", far=far))
        peers.start()
        wait_for(lambda: all(RATE / 2 < number(screen) < 20 * RATE for screen in screens), "both playing")
        peers.seek(30.0)
        wait_for(lambda: all(number(screen) > 30 * RATE for screen in screens), "both far on")
        peers.pause(by=1)
        wait_for(lambda: stand(screens), "both to stand")
        stood = number(screens[0])
        peers.play()
        wait_for(lambda: all(number(screen) > stood + RATE / 2 for screen in screens), "both playing on")


def number(screen: FrameBuffer) -> int:
    """Return the number of the picture on the screen; -1 if there is no picture yet."""
    seen = screen.read().number
    return -1 if seen is None else seen


def stand(screens: list[FrameBuffer]) -> bool:
    before = [number(screen) for screen in screens]
    with contextlib.suppress(AssertionError):
        wait_for(lambda: [number(screen) for screen in screens] != before, "a change", timeout=0.5)
        return False
    return True
