"""Two viewers with VLC and one with the page, each with a screen: their server is killed, and their pictures go on."""

import itertools
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.bench.web.viewers import HangdViewer, PageViewer
from tests.support.browsers.browser import CHROMIUM, chromium_tab
from tests.support.daemons.party import CLIP, Person, person, room_server, wait_for
from tests.support.desktop.framebuffer import virtual_screen
from tests.support.desktop.skew import Watch, course, distances, summary, watching

pytestmark = [
    pytest.mark.real,
    pytest.mark.timed,
    pytest.mark.skipif(shutil.which("Xvfb") is None or shutil.which(CHROMIUM) is None, reason="no Xvfb or Chromium"),
]

RATE: Final = 30
FRAME: Final = 1 / RATE
NEAR: Final = 0.060
"""Seconds between the page and VLC on a busy machine, as in tests/web/test_together.py. On a quiet one: 0.005."""
NAMES: Final = ("ada", "bob", "page")
LONGEST: Final = 0.5
"""Seconds for which a screen may show the same picture on a busy machine: a player that stops does so for longer."""
STILL_FOR: Final = 1.0
"""Seconds without a server, beside the time that its start takes."""


def connected(viewer: Person) -> bool:
    return bool(viewer.get("server/state") == "connected" and viewer.get("room/id"))


def nobody_away(viewer: Person) -> bool:
    members = viewer.status()["members"]
    return len(members) == len(NAMES) and all(member["state"] == "playing" for member in members)


def show(name: str, watch: Watch, begin: float, end: float) -> str:
    """Assert that a screen showed one picture after the other, each in its time. Returns a line about it."""
    seen = course(watch, begin, end, frame=FRAME)
    assert seen.longest < LONGEST, f"{name}: the picture stood still for {seen.longest:.2f} s"
    assert seen.back == [], f"{name}: went back to these pictures: {seen.back}"
    assert seen.off < LONGEST, f"{name}: {seen.off:.2f} s off its line"
    return (
        f"{name}: {seen.pictures} pictures, the longest for {seen.longest * 1000:.0f} ms, "
        f"at most {seen.off * 1000:.0f} ms off"
    )


def test_pictures_go_on_and_stay_together(tmp_path: Path) -> None:
    with ExitStack() as stack:
        screens = [stack.enter_context(virtual_screen()) for _ in NAMES]
        server = stack.enter_context(room_server("--data-dir", str(tmp_path / "data")))
        ada, bob = (
            stack.enter_context(person(name, tmp_path, display=screen.display))
            for name, screen in zip(NAMES[:2], screens[:2], strict=True)
        )
        page = PageViewer(stack.enter_context(chromium_tab(screens[2].display)), "page")
        watches = stack.enter_context(watching(*screens))
        room = HangdViewer(ada).create(CLIP, server.port)
        HangdViewer(bob).join(room, CLIP, server.port)
        page.join(room, CLIP, server.port)
        wait_for(lambda: all(watch.number is not None for watch in watches), "a picture on each screen")
        time.sleep(2.0)  # the burst of pings on connecting
        ada.ctl("seek", "2")
        ada.ctl("play")
        time.sleep(5.0)

        before = time.monotonic()
        time.sleep(1.0)
        server.kill()
        killed = time.monotonic()
        time.sleep(STILL_FOR)
        server.restart()
        for viewer in (ada, bob):
            wait_for(lambda viewer=viewer: connected(viewer), "the way back")  # type: ignore[misc]
        wait_for(lambda: page.state(".link.phase"), "the page's way back")
        wait_for(lambda: page.state(".link.phase") == "up", "the page's way back")
        wait_for(lambda: nobody_away(ada), "everybody's return, as the room sees it")
        back = time.monotonic()
        time.sleep(4.0)

        shown = [show(name, watch, before, back + 4.0) for name, watch in zip(NAMES, watches, strict=True)]
        print(f"\nback {back - killed:.2f} s after the kill", *shown, sep="\n")
        for (name, one), (other_name, other) in itertools.combinations(zip(NAMES, watches, strict=True), 2):
            found = summary(distances(one, other, back + 2.0, back + 4.0))
            assert found is not None and found.frames >= 10, f"{name} and {other_name}: too few pictures"
            print(
                f"{name} and {other_name} 2 s after: {found.median * 1000:+.1f} ms, worst {found.worst * 1000:.1f} ms"
            )
            assert abs(found.median) <= (NEAR if "page" in (name, other_name) else FRAME), (
                f"{name}, {other_name}: {found}"
            )
