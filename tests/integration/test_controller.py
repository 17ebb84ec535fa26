"""The controller in a real window: a drag of its timeline is one seek for the room, and it covers no subtitles."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest
from Xlib.xobject.drawable import Window

from hangd.client.desktop import canvas
from hangd.client.desktop.controller.layout import Layout, Part, arrange
from tests.support.daemons.party import BIN, TRACKS, person, room_server, wait_for
from tests.support.desktop.screen import Pixel, colours, connected_display

pytestmark = pytest.mark.real

WIDTH, HEIGHT = 640, 360
PARTS: Final[tuple[Part, ...]] = (
    "timeline", "elapsed", "total", "play", "mute", "volume", "title", "people", "audio", "subtitles", "fullscreen",
)  # fmt: skip
BACKGROUND: Final = [255 * part for part in canvas.BACKGROUND]


class Mouse:
    """The mouse of a display, over hang's window there, and what is seen of that window."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._window: Window = wait_for(self._find, "hang's window")

    def _find(self) -> Window | None:
        windows: list[Window] = [self._display.screen().root]
        while windows:
            window = windows.pop()
            if window.get_wm_class() == ("hang", "hang") and window.get_attributes().map_state == X.IsViewable:
                return window
            windows += window.query_tree().children
        return None

    @property
    def size(self) -> tuple[int, int]:
        geometry = self._window.get_geometry()
        return geometry.width, geometry.height

    def move(self, x: float, y: float) -> None:
        corner = self._window.translate_coords(self._display.screen().root, 0, 0)
        xtest.fake_input(self._display, X.MotionNotify, x=int(x) - corner.x, y=int(y) - corner.y)
        self._display.sync()

    def button(self, kind: int) -> None:
        xtest.fake_input(self._display, kind, 1)
        self._display.sync()

    def click(self, x: float, y: float) -> None:
        self.move(x, y)
        self.button(X.ButtonPress)
        self.button(X.ButtonRelease)

    def row(self, y: int) -> list[Pixel]:
        """Return the colours of a row of the window, as they are on the screen."""
        corner = self._window.translate_coords(self._display.screen().root, 0, 0)
        return colours(self._display, -corner.x, y - corner.y, self.size[0], 1)[0]

    def sees_controller(self, layout: Layout) -> bool:
        """Return whether the row below the controller's buttons is of its colour."""
        return self.background(layout.panel.y + layout.panel.height - 3) > 0.8 * layout.panel.width

    def background(self, y: int) -> int:
        """Return how many pixels of a row have the background colour of what hang draws."""
        return sum(all(abs(a - b) <= 1 for a, b in zip(pixel, BACKGROUND, strict=True)) for pixel in self.row(y))


@pytest.fixture
def display() -> Iterator[Display]:
    with connected_display(WIDTH, HEIGHT) as display:
        yield display


def place(layout: Layout, part: Part, share: float = 0.5) -> tuple[float, float]:
    box = layout.parts[part]
    return box.x + share * (box.width - 1), box.y + 0.8 * (box.height - 1)


def test_a_drag_of_the_timeline_is_one_seek_for_both_viewers(display: Display, tmp_path: Path) -> None:
    with (
        room_server() as server,
        person("ada", tmp_path, display=display.get_display_name()) as ada,
        person("bob", tmp_path) as bob,
    ):
        ada.ctl("create", TRACKS, "--server", server.url, "--name", "friday")
        bob.ctl("join", "friday", TRACKS, "--server", server.url)
        events = tmp_path / "events"
        with events.open("w") as file:
            listening = subprocess.Popen([BIN / "hangctl", "events", "acted"], env=bob.environment, stdout=file)

        def is_heard() -> bool:
            ada.ctl("play")
            return events.stat().st_size > 0

        wait_for(lambda: ada.ctl("pause") or is_heard(), "somebody who hears of every act")
        mouse = Mouse(display)
        layout = arrange(mouse.size, 1.0, PARTS, marks=True)
        mouse.move(100, 50)
        mouse.move(120, 60)
        wait_for(lambda: mouse.sees_controller(layout), "the controller")

        mouse.move(*place(layout, "timeline", 0.2))
        mouse.button(X.ButtonPress)
        for hundredth in range(20, 76):
            mouse.move(*place(layout, "timeline", hundredth / 100))
        x = layout.x_of("timeline", 0.75)
        mouse.move(x, 20)
        assert ada.get("time-pos") < 20, "nothing moves before the button is let go"
        mouse.button(X.ButtonRelease)
        wait_for(lambda: all(44 < (who.get("time-pos") or 0) < 60 for who in (ada, bob)), "the seek, for both")

        mouse.click(*place(layout, "play"))
        wait_for(lambda: ada.get("pause") and bob.get("pause"), "the pause, for both")
        wait_for(lambda: '"pause"' in events.read_text().splitlines()[-1], "the pause's event")
        listening.kill()
        listening.wait()
        acts = [json.loads(line) for line in events.read_text().splitlines()]
        assert [act["position"] for act in acts if act["action"] == "seek"] == [pytest.approx(45.0, abs=0.2)]

        mouse.click(*place(layout, "subtitles"))
        lowest_row = layout.panel.y - 24
        wait_for(
            lambda: mouse.background(layout.panel.y - 60) > 100, "the list of subtitles, which is higher than a tip"
        )
        mouse.click(place(layout, "subtitles")[0], lowest_row)
        wait_for(lambda: ada.get("sid") == 2, "the last subtitle track")
        mouse.move(100, 50)
        wait_for(lambda: not mouse.sees_controller(layout), "the controller's end")


def test_subtitles_stand_above_it(display: Display, tmp_path: Path) -> None:
    film = tmp_path / "black.mp4"
    # The window is larger than the film: VLC counts in pixels of the window then.
    source = f"color=black:size={WIDTH // 2}x{HEIGHT // 2}:rate=25:duration=20"
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", source, "-preset", "ultrafast", film], check=True
    )
    film.with_suffix(".srt").write_text(f"1\n00:00:00,000 --> 00:00:20,000\n{'█' * 20}\n", encoding="utf-8")
    with person("ada", tmp_path, display=display.get_display_name()) as ada:
        ada.start_daemon()
        ada.do("loadfile", str(film))
        wait_for(lambda: ada.run("set", "sid", "1").returncode == 0 and ada.get("sid") == 1, "the subtitles")
        ada.do("set_property", "fullscreen", True)
        ada.do("set_property", "pause", False)
        mouse = Mouse(display)
        wait_for(lambda: mouse.size == (WIDTH, HEIGHT), "a full screen")
        layout = arrange(mouse.size, 1.0, [part for part in PARTS if part not in ("people", "audio")], marks=False)

        def lowest() -> int:
            """Return the lowest row with a piece of the subtitle's white bar; 0: there is none."""
            return next((y for y in range(mouse.size[1] - 1, 0, -4) if mouse.row(y).count((255, 255, 255)) > 60), 0)

        wait_for(lambda: lowest() > layout.panel.y, "subtitles where the controller will be")
        ada.do("set_property", "pause", True)
        mouse.move(100, 50)
        mouse.move(120, 60)
        wait_for(lambda: mouse.sees_controller(layout) and 0 < lowest() <= layout.panel.y, "subtitles above it")
        assert ada.get("sub-pos") == 100
        wait_for(lambda: not mouse.sees_controller(layout) and lowest() > layout.panel.y, "subtitles where they were")
        before = lowest()
        ada.do("set_property", "sub-pos", 50)
        wait_for(lambda: before - 0.55 * HEIGHT < lowest() < before - 0.45 * HEIGHT, "subtitles half the height above")
