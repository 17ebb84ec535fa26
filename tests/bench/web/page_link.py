"""What became of a page's connection, noted in the page itself: asking it all the time would delay its pictures."""

import math
import time
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from tests.bench.web.viewers import SESSION, PageViewer

__all__ = ["LinkChange", "Loss", "PageLink", "losses_of"]

_TRIPS: Final = 10


class LinkChange(Struct):
    """What the page's connection was from this local time on."""

    at: float
    phase: str
    greeting: str | None
    """The server's; the nodes of a test greet with their name."""
    client_id: str | None
    """By which the room knows this member; None: the page is in no room."""


class Loss(Struct):
    """The end of a connection, and the page's return to its room by another one."""

    before: LinkChange
    at: float
    back: LinkChange | None

    @property
    def in_its_place(self) -> bool:
        """Whether it came back as the member that it was."""
        return self.back is not None and self.back.client_id == self.before.client_id


class PageLink:
    """Notes what becomes of the connection of a page that is open, from now until the page is loaded anew."""

    def __init__(self, page: PageViewer) -> None:
        self._page = page
        page.tab.evaluate(_NOTES)

    @property
    def greeting(self) -> str:
        """With what the server greets to which the page is connected. Raises AssertionError if there is none."""
        last = self.changes()[-1]
        assert last.phase == "up" and last.greeting is not None, last
        return last.greeting

    def changes(self) -> list[LinkChange]:
        notes = msgspec.convert(self._page.tab.evaluate("() => window.linkNotes"), list[LinkChange])
        later = self._later()
        return [msgspec.structs.replace(note, at=note.at + later) for note in notes]

    def losses(self, begin: float, end: float = math.inf) -> list[Loss]:
        """Return the connections that ended between these local times."""
        return [loss for loss in losses_of(self.changes()) if begin <= loss.at < end]

    def _later(self) -> float:
        """Return what to add to the page's time to get this process's: of several questions the quickest answer."""
        trips: list[tuple[float, float]] = []
        for _ in range(_TRIPS):
            asked = time.monotonic()
            now = self._page.tab.evaluate("() => performance.now() / 1000")
            answered = time.monotonic()
            trips.append((answered - asked, (asked + answered) / 2 - now))
        return min(trips)[1]


def losses_of(changes: Iterable[LinkChange]) -> list[Loss]:
    """Return the ends of connections to a room, and the ways back, that these changes are."""
    found: list[Loss] = []
    before: LinkChange | None = None
    for change in changes:
        if change.phase == "up" and change.client_id is not None:
            if before is not None and before.greeting != change.greeting:
                # The page tells several changes as one: it has gone and come back meanwhile.
                found.append(Loss(before, change.at, None))
            if found and (found[-1].back is None or found[-1].back.client_id != change.client_id):
                # Who has to join again is shown as the old member until that has been answered.
                found[-1].back = change
            before = change
        elif before is not None:
            found.append(Loss(before, change.at, None))
            before = None
    return found


_NOTES: Final = f"""() => {{
    const notes = (window.linkNotes = []);
    const session = {SESSION};
    const note = () => {{
        const {{ link, motd, me }} = session.state;
        const last = notes.at(-1);
        if (last?.phase === link.phase && last.greeting === motd && last.client_id === me) return;
        notes.push({{ at: performance.now() / 1000, phase: link.phase, greeting: motd, client_id: me }});
    }};
    session.addEventListener("change", note);
    note();
}}"""
