"""Film: a `VideoPlayer` in a real browser, driven from Python: commands go in, events come out."""

import itertools
from typing import Any, Final

from playwright.async_api import Page

Event = dict[str, Any]


class Film:
    """The page of `film_page` in a browser, and how many of its player's events have been read."""

    def __init__(self, page: Page | None) -> None:
        self._page = page
        self._read = 0
        self._generations = itertools.count(1)

    @classmethod
    async def open(cls, page: Page, url: str) -> "Film":
        await page.goto(url)
        return cls(page)

    @property
    def page(self) -> Page:
        assert self._page is not None, "this browser is not driven by Playwright"
        return self._page

    async def call(self, function: str, argument: Any = None) -> Any:
        """Call a JavaScript function in the page, and return what it returns or resolves to."""
        return await self.page.evaluate(function, argument)

    async def do(self, *commands: Event) -> float:
        """Give commands, all in one task. Return the page's local time afterwards."""
        now: float = await self.call("(commands) => film.do(...commands)", list(commands))
        return now

    async def do_from(self, *commands: Event) -> int:
        """Give commands, all in one task. Return how many events there were before: no other comes between the two."""
        code = "(commands) => { const heard = film.events.length; film.do(...commands); return heard; }"
        heard: int = await self.call(code, list(commands))
        return heard

    async def now(self) -> float:
        now: float = await self.call("() => film.now()")
        return now

    async def next(self, kind: str, unless: tuple[str, ...] = (), seconds: float = 20) -> Event:
        """Return the next event of this kind that was not read yet.

        Raises:
            playwright.async_api.Error: an event of another kind came first, or none came in time.
        """
        arguments = [kind, self._read, list(unless), seconds]
        event: Event = await self.call("(a) => film.next(...a)", arguments)
        self._read = event["index"] + 1
        return event

    async def events(self) -> list[Event]:
        events: list[Event] = await self.call("() => film.events")
        return events

    async def notice(self, kind: str) -> None:
        """Wait until the player has dispatched this notice."""
        await self.call("(kind) => film.notice(kind)", kind)

    async def notices(self) -> list[str]:
        notices: list[str] = await self.call("() => film.notices")
        return notices

    async def media(self, name: str, known_as: str | None = None, size: int | None = None) -> str:
        """Let the page have a file of tests/media, or its first bytes. Return the path for `Load`."""
        path: str = await self.call(
            "(a) => film.open(...a)", [f"/media/{name}", known_as or name, size] if size else [f"/media/{name}"]
        )
        return path

    async def extra(self, name: str) -> str:
        """Let the page have a file that `film_page` was given. Return the path for `Load`."""
        path: str = await self.call("(a) => film.open(...a)", [f"/extra/{name}"])
        return path

    async def load(self, path: str, start: float = 0.0) -> Event:
        """Load a file, and return its Settled."""
        await self.do(load(path, next(self._generations), start))
        settled = await self.next("Settled", unless=("LoadFailed",))
        await self.next("Shown")
        return settled


def load(path: str, generation: int, start: float = 0.0) -> Event:
    return {"type": "Load", "path": path, "generation": generation, "start": start, "entry": 0}


def resume(at: float | None = None) -> Event:
    return {"type": "Resume", "at": at}


def pause_for(seconds: float) -> Event:
    return {"type": "PauseFor", "seconds": seconds}


def seek(position: float) -> Event:
    return {"type": "SeekTo", "position": position}


def rate(rate: float) -> Event:
    return {"type": "SetRate", "rate": rate}


def step(*, back: bool = False) -> Event:
    return {"type": "StepFrame", "back": back}


PAUSE: Final[Event] = {"type": "PauseNow"}
UNLOAD: Final[Event] = {"type": "Unload"}
