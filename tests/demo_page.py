"""The page in `make demo-cluster`: Chromium with its own copy of the film, and what its picture does."""

import contextlib
import math
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.table import Table

from tests.bench.web.page_link import Loss, PageLink
from tests.bench.web.viewers import PageViewer
from tests.demo import FRAME, Demo, Row
from tests.support.browsers.browser import chromium_tab
from tests.support.daemons.party import CLIP, wait_for
from tests.support.desktop.framebuffer import virtual_screen
from tests.support.desktop.screen import Screen
from tests.support.desktop.skew import Eye, course
from tests.support.desktop.sound_server import sound_server

__all__ = ["PAGE", "DemoPage", "demo_page", "page_table", "returns"]

PAGE: Final = "page"
_BACK: Final = 10.0
"""Seconds after the loss of its node within which the page is to be in its place again."""
_SETTLING: Final = 1.5
"""Seconds after a command that are not counted, as in `make bench-web`."""
_WINDOW: Final = (0, 440)
"""Where its window is on a desktop: below the players'."""


class DemoPage:
    """The page, what reads its picture, and what it notes of its connection."""

    def __init__(self, viewer: PageViewer, eye: Eye, film: Path) -> None:
        self.viewer = viewer
        self.eye = eye
        self._film = film
        self._link: PageLink

    def create(self, port: int, name: str) -> str:
        """Load the page from this port, make a room, and return its id."""
        self.viewer.open(port)
        wait_for(lambda: self.viewer.state(".link.phase") == "up", "the page is connected")
        self.viewer.request("setName", PAGE)
        self._link = PageLink(self.viewer)
        return self.viewer.make(self._film, name=name)

    def wait(self) -> None:
        """Wait until the room has the film's hash, and all members have said that their players stand."""
        wait_for(lambda: self.viewer.state(".room.file_hash"), "the film's hash")
        wait_for(
            lambda: all(one["state"] == "paused" for one in self.viewer.state(".room.members")), "all players stand"
        )

    @property
    def node(self) -> str:
        """The name of the node to which it is connected."""
        return self._link.greeting

    def losses(self, demo: Demo) -> list[Loss]:
        """Return the losses of its connection since the first step."""
        return self._link.losses(demo.rows[0].begin)


def page_table(demo: Demo, beside: str, losses: Sequence[Loss]) -> tuple[Table, bool]:
    """Return the table of the page's pictures beside another viewer's, and whether they were together."""
    ends = [row.end for row in demo.rows]

    def note(row: Row) -> str:
        # What happened since the row before belongs to this one.
        since = max((end for end in ends if end < row.end), default=row.begin)
        words = [_words(loss) for loss in losses if since <= loss.at < row.end]
        if row.standing is None:
            left_out = _SETTLING if row.settling else 0.0
            seen = course(demo.watches[PAGE], row.begin + left_out, row.end, frame=FRAME)
            words.append(f"no picture stood for longer than {seen.longest * 1000:.0f} ms")
        return "\n".join(words)

    title = f"How far apart the pictures of the {PAGE} and {beside} were"
    return demo.table(title, beside, PAGE, settling=_SETTLING, note=(f"the {PAGE}", note))


def returns(losses: Sequence[Loss]) -> tuple[str, bool]:
    """Return in words how the page came back from the losses of its connection, and whether it did so as promised."""
    if not losses:
        return f"the {PAGE} never lost its connection", True
    slowest = max(map(_took, losses))
    words = (
        f"the {PAGE} lost its connection {len(losses)} times, and was back in its room after {slowest:.2f} s at most"
    )
    return f"{words}; promised are {_BACK:g} s", slowest <= _BACK and all(loss.in_its_place for loss in losses)


def _took(loss: Loss) -> float:
    """Return the seconds from the loss of the connection until the page was in a room again."""
    return math.inf if loss.back is None else loss.back.at - loss.at


def _words(loss: Loss) -> str:
    if loss.back is None:
        return f"lost {loss.before.greeting}, and was not back"
    place = "in its place" if loss.in_its_place else "as another member"
    return f"lost {loss.before.greeting}, {place} after {_took(loss):.2f} s at {loss.back.greeting}"


@contextlib.contextmanager
def demo_page(folder: Path, desktop: str | None) -> Iterator[DemoPage]:
    """Run the page on this desktop, in a window of its own; None: on a screen of Xvfb's, with PulseAudio beside it.

    Without an output for sound Chromium would start a film by a clock of its own, up to 10 ms off.
    """
    film = folder / PAGE / CLIP.name
    film.parent.mkdir()
    shutil.copyfile(CLIP, film)
    with contextlib.ExitStack() as stack:
        if desktop is None:
            screen = stack.enter_context(virtual_screen())
            # The folder's path has to be short: a socket is in it.
            sound = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hang-sound-")))
            outputs = {"PULSE_SERVER": stack.enter_context(sound_server(sound, "module-null-sink")).address}
            tab = stack.enter_context(chromium_tab(screen.display, environment=outputs))
            yield DemoPage(PageViewer(tab, PAGE), screen, film)
        else:
            tab = stack.enter_context(chromium_tab(desktop, window=_WINDOW))
            eye = stack.enter_context(Screen(desktop, tab.group()))
            yield DemoPage(PageViewer(tab, PAGE, keeps_window=True), eye, film)
