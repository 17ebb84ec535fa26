"""``make demo``: shows and measures two viewers in a room.

It starts a room server and two viewers with real players and the sample clip. They join a room, play, seek, change the
speed and pause. The pictures are read from the screens, and the distance between them is printed.

The windows open on the desktop if there is one (X11, or XWayland under Wayland), otherwise on two screens of Xvfb.
"""

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tests.support.framebuffer import virtual_screen
from tests.support.party import CLIP, Person, person, room_server, wait_for
from tests.support.screen import Screen
from tests.support.skew import Eye, Skew, Watch, skew_of, watching

__all__ = ["main"]

_FRAME: Final = 1 / 30
_TOGETHER: Final = 1.5 * _FRAME
"""The demonstration fails if the median is larger. The median, because a busy machine delays single pictures; the
printed results are far better."""

_STEP_SECONDS: Final = 4.0
_SETTLING: Final = 0.5
"""Seconds after a command that are not counted, because starts are scheduled a little later."""

_CHANGING_SPEED: Final = 1.5
"""The same for a change of speed: VLC first shows the pictures that it decoded before, at the old rate."""


class Demo:
    """Two viewers, the watches on their screens, and the rows of the result table."""

    def __init__(self, console: Console, viewers: tuple[Person, Person], watches: tuple[Watch, Watch]) -> None:
        self.console = console
        self.viewers = viewers
        self.watches = watches
        self.rows: list[tuple[str, Skew | None, str]] = []

    def step(self, what: str, *command: str, by: int = 0, settling: float = _SETTLING) -> None:
        """Run hangctl for one viewer, watch both pictures for some seconds, and add a row."""
        viewer = self.viewers[by]
        self.console.print(f"[bold]{viewer.name}[/]: hangctl {' '.join(command)}")
        before = time.monotonic()
        viewer.ctl(*command)
        done = time.monotonic()
        self._follow(_STEP_SECONDS)
        first, second = self.watches
        skew = skew_of(first, second, seconds=_STEP_SECONDS - settling, since=done + settling)
        self.rows.append((what, skew, f"{(done - before) * 1000:.0f} ms"))

    def stand(self, what: str, *command: str, by: int = 0) -> None:
        """Let one viewer pause, and check that both show the same picture."""
        self.console.print(f"[bold]{self.viewers[by].name}[/]: hangctl {' '.join(command)}")
        self.viewers[by].ctl(*command)
        self._follow(1.5)
        numbers = [watch.number for watch in self.watches]
        same = numbers[0] is not None and numbers[0] == numbers[1]
        distance = 0.0 if same else 1.0
        note = f"picture {numbers[0]}, both" if same else f"pictures {numbers[0]} and {numbers[1]}"
        self.rows.append((what, Skew(1, distance, distance, distance), note))

    def _follow(self, seconds: float) -> None:
        """Print the numbers of the pictures on both screens for so many seconds."""
        names = [viewer.name for viewer in self.viewers]
        with Live(console=self.console, refresh_per_second=8, transient=not self.console.is_terminal) as live:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                numbers = [watch.number for watch in self.watches]
                line = "   ".join(
                    f"{name} shows picture {'-' if number is None else number:>4}"
                    for name, number in zip(names, numbers, strict=True)
                )
                live.update(Text(f"  {line}"))
                time.sleep(0.1)
        if not self.console.is_terminal:
            self.console.print(f"  {line}")

    def table(self) -> tuple[Table, bool]:
        """Return the result table, and whether the viewers were together."""
        table = Table(title="How far apart the pictures were", title_justify="left")
        for name in ("", "pictures", "median", "95 %", "worst", "hangctl took"):
            table.add_column(name, justify="left" if not name else "right")
        together = True
        for what, skew, note in self.rows:
            if skew is None:
                together = False
                table.add_row(what, "0", "-", "-", "-", note)
                continue
            together = together and abs(skew.median) <= _TOGETHER
            figures = [f"{value * 1000:.1f} ms" for value in (abs(skew.median), skew.p95, skew.worst)]
            table.add_row(what, str(skew.frames), *(figures if skew.frames > 1 else ["", "", ""]), note)
        return table, together


@contextlib.contextmanager
def _screens(console: Console) -> Iterator[tuple[Eye, Eye] | str]:
    """Yield the name of the desktop, or two new virtual screens if there is no desktop."""
    desktop = os.environ.get("DISPLAY")
    if desktop:
        console.print(f"windows open on this desktop ({desktop})")
        yield desktop
        return
    console.print("no desktop here: the windows open on two screens of Xvfb's")
    with virtual_screen() as one, virtual_screen() as other:
        yield one, other


def _side_by_side(stack: contextlib.ExitStack, desktop: str, viewers: tuple[Person, Person]) -> tuple[Eye, Eye]:
    """Place both windows on one desktop next to each other, because a covered picture cannot be read."""
    one, other = (stack.enter_context(Screen(desktop, viewer.pid())) for viewer in viewers)
    one.place(0, 40)
    other.place(660, 40)
    return one, other


def main() -> int:
    console = Console(highlight=False)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hang-demo-")))
        screens = stack.enter_context(_screens(console))
        names = (screens, screens) if isinstance(screens, str) else tuple(screen.display for screen in screens)
        server = stack.enter_context(room_server())
        ada = stack.enter_context(person("ada", folder, display=names[0]))
        bob = stack.enter_context(person("bob", folder, display=names[1]))
        console.print(f"server: {server.url}")
        room = ada.ctl("create", str(CLIP), "--server", server.url, "--name", "demo")
        console.print(f"[bold]ada[/]: hangctl create {CLIP.name}  ->  room {room}")
        bob.ctl("join", "demo", str(CLIP), "--server", server.url)
        console.print(f"[bold]bob[/]: hangctl join demo {CLIP.name}")
        eyes = _side_by_side(stack, screens, (ada, bob)) if isinstance(screens, str) else screens
        one, other = stack.enter_context(watching(*eyes))
        wait_for(lambda: one.number is not None and other.number is not None, "a picture on both screens")
        demo = Demo(console, (ada, bob), (one, other))
        demo.step("play", "play")
        demo.step("seek while playing", "seek", "+10", by=1)
        demo.step("speed 1.5", "speed", "1.5", settling=_CHANGING_SPEED)
        demo.step("speed 1", "speed", "1", by=1, settling=_CHANGING_SPEED)
        demo.stand("pause", "pause", by=1)
        demo.step("play again", "play")
        demo.stand("pause again", "pause")
        for viewer in (ada, bob):
            console.print(f"[bold]{viewer.name}[/]: hangctl status", viewer.ctl("status"), sep="\n")
        table, together = demo.table()
    console.print(table)
    console.print(f"{time.monotonic() - began:.0f} s; {'together' if together else 'NOT together'}")
    return 0 if together else 1


if __name__ == "__main__":
    sys.exit(main())
