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
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tests.support.daemons.party import CLIP, Person, person, room_server, wait_for
from tests.support.desktop.framebuffer import virtual_screen
from tests.support.desktop.screen import Screen
from tests.support.desktop.skew import Eye, Watch, distances, summary, watching

__all__ = ["FRAME", "Demo", "Row", "main", "screens", "side_by_side"]

FRAME: Final = 1 / 30
"""Seconds for each picture of the clip."""
_TOGETHER: Final = 1.5 * FRAME
"""The demonstration fails if the median is larger. The median, because a busy machine delays single pictures; the
printed results are far better."""

_STEP_SECONDS: Final = 4.0
_SETTLING: Final = 0.5
"""Seconds after a command that are not counted, because starts are scheduled a little later."""

_CHANGING_SPEED: Final = 1.5
"""The same for a change of speed: VLC first shows the pictures that it decoded before, at the old rate."""

_STANDS: Final = 1.5
"""Seconds after a pause after which all show the same picture, on a machine with time for them..."""
_STANDS_MAX: Final = 10.0
"""...and on a busy one."""


class Row(NamedTuple):
    """One step of the demonstration, and when it was."""

    what: str
    note: str
    begin: float
    end: float
    settling: float
    """Seconds from the beginning that are not counted."""
    standing: Mapping[str, int | None] | None = None
    """The pictures in a pause; None: the film played."""


class Demo:
    """Two viewers who give commands, the watches on the screens by whose they are, and the steps."""

    def __init__(self, console: Console, viewers: tuple[Person, Person], watches: Mapping[str, Watch]) -> None:
        self.console = console
        self.viewers = viewers
        self.watches = watches
        self.rows: list[Row] = []

    def step(self, what: str, *command: str, by: int = 0, settling: float = _SETTLING) -> None:
        """Run hangctl for one viewer, watch the pictures for some seconds, and add a row."""
        viewer = self.viewers[by]
        self.console.print(f"[bold]{viewer.name}[/]: hangctl {' '.join(command)}")
        before = time.monotonic()
        viewer.ctl(*command)
        took = time.monotonic() - before
        self.goes_on(what, f"{took * 1000:.0f} ms", settling=settling)

    def goes_on(
        self,
        what: str,
        note: str,
        *,
        seconds: float = _STEP_SECONDS,
        settling: float = 0.0,
        since: float | None = None,
    ) -> None:
        """Watch the pictures for some seconds while the film plays, and add a row. It counts from ``since``, or now."""
        begin = time.monotonic() if since is None else since
        self._follow(seconds)
        self.rows.append(Row(what, note, begin, time.monotonic(), settling))

    def stand(self, what: str, *command: str, by: int = 0) -> None:
        """Let one viewer pause, wait until all show the same picture, and add a row with the pictures."""
        self.console.print(f"[bold]{self.viewers[by].name}[/]: hangctl {' '.join(command)}")
        begin = time.monotonic()
        self.viewers[by].ctl(*command)
        self._follow(_STANDS)
        while len({*self._numbers().values()}) > 1 and time.monotonic() < begin + _STANDS_MAX:
            time.sleep(0.1)
        self.rows.append(Row(what, "", begin, time.monotonic(), 0.0, self._numbers()))

    def _numbers(self) -> dict[str, int | None]:
        return {name: watch.number for name, watch in self.watches.items()}

    def _follow(self, seconds: float) -> None:
        """Print the numbers of the pictures on the screens for so many seconds."""
        with Live(console=self.console, refresh_per_second=8, transient=not self.console.is_terminal) as live:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                line = "   ".join(
                    f"{name} shows picture {'-' if number is None else number:>4}"
                    for name, number in self._numbers().items()
                )
                live.update(Text(f"  {line}"))
                time.sleep(0.1)
        if not self.console.is_terminal:
            self.console.print(f"  {line}")

    def table(
        self,
        title: str,
        one: str,
        other: str,
        *,
        settling: float = 0.0,
        note: tuple[str, Callable[[Row], str]] = ("hangctl took", lambda row: row.note),
    ) -> tuple[Table, bool]:
        """Return a table of how far apart the pictures of two were, and whether they were together.

        ``settling``: seconds after a command that are not counted, if they are more than the step has itself; ``note``:
        the head of the last column, and what is in it.
        """
        head, told = note
        table = Table(title=title, title_justify="left")
        for name in ("", "pictures", "median", "95 %", "worst", head):
            table.add_column(name, justify="left" if not name else "right")
        together = True
        for row in self.rows:
            if row.standing is not None:
                numbers = row.standing[one], row.standing[other]
                same = numbers[0] is not None and numbers[0] == numbers[1]
                together = together and same
                words = f"picture {numbers[0]}, both" if same else f"pictures {numbers[0]} and {numbers[1]}"
                moved = [
                    seen[-1].at for name in (one, other) if (seen := self.watches[name].between(row.begin, row.end))
                ]
                if same and (took := max(moved, default=row.begin) - row.begin) > _STANDS:
                    words += f", after {took:.1f} s"
                table.add_row(row.what, "1" if same else "0", "", "", "", "\n".join(filter(None, (words, told(row)))))
                continue
            left_out = max(settling, row.settling) if row.settling else 0.0
            skew = summary(distances(self.watches[one], self.watches[other], row.begin + left_out, row.end))
            together = together and skew is not None and abs(skew.median) <= _TOGETHER
            sizes = () if skew is None else (abs(skew.median), skew.p95, skew.worst)
            figures = [f"{size * 1000:.1f} ms" for size in sizes] or ["-"] * 3
            table.add_row(row.what, str(0 if skew is None else skew.frames), *figures, told(row))
        return table, together


@contextlib.contextmanager
def screens(console: Console) -> Iterator[tuple[Eye, Eye] | str]:
    """Yield the name of the desktop, or two new virtual screens if there is no desktop."""
    desktop = os.environ.get("DISPLAY")
    if desktop:
        console.print(f"windows open on this desktop ({desktop})")
        yield desktop
        return
    console.print("no desktop here: the windows open on two screens of Xvfb's")
    with virtual_screen() as one, virtual_screen() as other:
        yield one, other


def side_by_side(stack: contextlib.ExitStack, desktop: str, viewers: tuple[Person, Person]) -> tuple[Eye, Eye]:
    """Place both windows on one desktop next to each other, because a covered picture cannot be read."""
    one, other = (stack.enter_context(Screen(desktop, viewer.pid())) for viewer in viewers)
    wait_for(lambda: one.has_window() and other.has_window(), "both windows")
    one.place(0, 40)
    other.place(660, 40)
    return one, other


def main() -> int:
    console = Console(highlight=False)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hang-demo-")))
        found = stack.enter_context(screens(console))
        names = (found, found) if isinstance(found, str) else tuple(screen.display for screen in found)
        server = stack.enter_context(room_server())
        ada = stack.enter_context(person("ada", folder, display=names[0]))
        bob = stack.enter_context(person("bob", folder, display=names[1]))
        console.print(f"server: {server.url}")
        room = ada.ctl("create", str(CLIP), "--server", server.url, "--name", "demo")
        console.print(f"[bold]ada[/]: hangctl create {CLIP.name}  ->  room {room}")
        bob.ctl("join", "demo", str(CLIP), "--server", server.url)
        console.print(f"[bold]bob[/]: hangctl join demo {CLIP.name}")
        eyes = side_by_side(stack, found, (ada, bob)) if isinstance(found, str) else found
        one, other = stack.enter_context(watching(*eyes))
        wait_for(lambda: one.number is not None and other.number is not None, "a picture on both screens")
        demo = Demo(console, (ada, bob), {ada.name: one, bob.name: other})
        demo.step("play", "play")
        demo.step("seek while playing", "seek", "+10", by=1)
        demo.step("speed 1.5", "speed", "1.5", settling=_CHANGING_SPEED)
        demo.step("speed 1", "speed", "1", by=1, settling=_CHANGING_SPEED)
        demo.stand("pause", "pause", by=1)
        demo.step("play again", "play")
        demo.stand("pause again", "pause")
        for viewer in (ada, bob):
            console.print(f"[bold]{viewer.name}[/]: hangctl status", viewer.ctl("status"), sep="\n")
        table, together = demo.table("How far apart the pictures were", ada.name, bob.name)
    console.print(table)
    console.print(f"{time.monotonic() - began:.0f} s; {'together' if together else 'NOT together'}")
    return 0 if together else 1


if __name__ == "__main__":
    sys.exit(main())
