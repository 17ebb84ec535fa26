"""Viewers in real Chromium: each opens a page of a real server in a browser context of its own, as a person would.

`Chromium` runs the browser on a thread of its own, so tests need no event loop. A `WebViewer` has the page of
the server with tests/web/browser/session.js in it, which is the session without the interface. (Only a script is
replaced: Chromium counts a page that did not come from the network as one from far away, and asks before it lets that
connect to this computer.)
"""

import asyncio
import base64
import contextlib
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, TypeVar

from playwright.async_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page

from hangd.tasks import Tasks
from tests.support.browsers.browser import chromium
from tests.support.daemons.party import PATIENCE, wait_for
from tests.web.waiting import until

_T = TypeVar("_T")

PLAIN_HOSTS: Final = "--host-resolver-rules=MAP *.test 127.0.0.1"
"""Hosts that the browser takes for some of a home network: plain http, and no secure context."""

_PAGES: Final = Path(__file__).parent / "browser"
_OUTSIDE: Final = "../../../hangd/web/"
"""Where the page's own modules are, as seen from `_PAGES`. In the browser the script is in their folder page."""


def plays_in_step(member: dict[str, Any]) -> bool:
    """Tell whether a member plays in step with its room, by its last report. On a busy machine one may be off."""
    error = member.get("error")
    return member["state"] == "playing" and error is not None and abs(error) < 0.1


class Chromium:
    """A browser on an X display. Contexts of it share nothing, as two people's browsers do."""

    def __init__(self, loop: asyncio.AbstractEventLoop, browser: Browser) -> None:
        self._loop = loop
        self._browser = browser

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        future: Future[_T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(2 * PATIENCE)

    @contextlib.contextmanager
    def viewer(self, server: str, name: str) -> Iterator["WebViewer"]:
        """Provide a viewer that has opened the page of the server at this http:// URL, which ends with a slash."""
        tab = self.run(Tab.new(self._browser))
        try:
            viewer = WebViewer(self, tab, server, name)
            viewer.open()
            yield viewer
        finally:
            self.run(tab.context.close())


class Tab:
    """A tab in a browser context of its own. tests/web/browser/session.js comes in place of the page's own main.js."""

    def __init__(self, context: BrowserContext, page: Page, devtools: CDPSession) -> None:
        self.context = context
        self.page = page
        self.console: list[str] = []
        self._devtools = devtools
        self._tasks = Tasks()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))

    @classmethod
    async def new(cls, browser: Browser) -> "Tab":
        context = await browser.new_context()
        page = await context.new_page()
        # Playwright's own way, `route`, holds each request of the page, and switches the browser's cache off.
        devtools = await context.new_cdp_session(page)
        tab = cls(context, page, devtools)
        devtools.on(
            "Fetch.requestPaused", lambda event: tab._tasks.start(tab._fulfil(event["requestId"]), name="script")
        )
        await devtools.send("Fetch.enable", {"patterns": [{"urlPattern": "*/page/main.js"}]})
        return tab

    async def _fulfil(self, request: str) -> None:
        script = (_PAGES / "session.js").read_text(encoding="utf-8").replace(_OUTSIDE, "../")
        headers = [{"name": "Content-Type", "value": "text/javascript"}]
        body = base64.b64encode(script.encode()).decode()
        answer = {"requestId": request, "responseCode": 200, "responseHeaders": headers, "body": body}
        await self._devtools.send("Fetch.fulfillRequest", answer)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.console.append(message.text)


@contextlib.contextmanager
def running_chromium(display: str, *arguments: str) -> Iterator[Chromium]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=f"chromium {display}", daemon=True)
    thread.start()
    stack = contextlib.AsyncExitStack()

    def run(work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(2 * PATIENCE)

    try:
        yield Chromium(loop, run(stack.enter_async_context(chromium(display, *arguments))))
    finally:
        run(stack.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class WebViewer:
    """One person with a page open."""

    def __init__(self, browser: Chromium, tab: Tab, server: str, name: str) -> None:
        self._browser = browser
        self.tab = tab
        self.context = tab.context
        self.page: Page = tab.page
        self.server = server
        self.name = name
        self.console: list[str] = []
        """What the page complained about: errors, warnings, and exceptions that nothing caught."""
        tab.console = self.console

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return self._browser.run(work)

    def open(self, room: str = "") -> None:
        """Open the page; `room`: with this room in its address."""
        self.run(self._open(room))

    async def _open(self, room: str) -> None:
        await self.page.goto(self.server + ("#" + room if room else ""))
        await self._ready()

    async def _ready(self) -> None:
        await until(self.page, "() => window.session !== undefined")
        await self.page.evaluate("name => session.setName(name)", self.name)

    def reload(self) -> None:
        """Load the page anew, as F5 does."""

        async def reload() -> None:
            await self.page.reload()
            await self._ready()

        self.run(reload())

    def tap(self) -> None:
        """Click into the page: from then on it may play sound."""
        self.run(self.page.click("button"))

    def evaluate(self, code: str, *arguments: Any) -> Any:
        """Call a JavaScript function in the page and return its value."""
        return self.run(self.page.evaluate(f"(words) => ({code})(...words)", list(arguments)))

    def do(self, method: str, *arguments: Any) -> Any:
        """Call a method of the session, wait for its outcome, and return it."""
        return self.evaluate("async (method, words) => session[method](...words)", method, list(arguments))

    def done(self, method: str, *arguments: Any) -> None:
        """Call a method of the session. Raises AssertionError if it is refused."""
        outcome = self.do(method, *arguments)
        assert outcome["ok"], (method, outcome)

    def pick(self, film: Path) -> Any:
        """Pick a film, and return the outcome once it stands ready or does not."""
        self.run(self.page.set_input_files("input", [film]))
        return self.evaluate("async () => session.openFile(input.files[0])")

    @property
    def state(self) -> Any:
        return self.evaluate("() => JSON.parse(JSON.stringify(session.state))")

    @property
    def room(self) -> Any:
        return self.state["room"]

    @property
    def own(self) -> Any:
        """This viewer's own member of the room."""
        state = self.state
        return next(each for each in state["room"]["members"] if each["client_id"] == state["me"])

    def member(self, name: str) -> Any:
        """Return the member of this name; None if there is none."""
        room = self.room
        return next((each for each in room["members"] if each["name"] == name), None) if room else None

    @property
    def notices(self) -> list[str]:
        """All sentences that the page would have shown."""
        texts: list[str] = self.evaluate("() => notices.map((notice) => notice.text)")
        return texts

    def hears(self, *parts: str) -> None:
        """Wait until the page would have shown a sentence with these parts."""
        self.wait(lambda _: any(all(part in text for part in parts) for text in self.notices), f"hears {parts}")

    def wait(self, condition: Callable[[Any], Any], what: str, timeout: float = PATIENCE) -> Any:
        """Wait until a condition on the state holds, and return its value."""
        try:
            return wait_for(lambda: condition(self.state), f"{self.name}: {what}", timeout)
        except AssertionError as error:
            state = json.dumps(self.state, indent=1)
            raise AssertionError(f"{error}\n{state}\n{self.notices}\n{self.console}") from None

    def plays(self) -> None:
        """Wait until the film plays, in step with the room as far as is known."""
        self.wait(lambda state: state["playing"]["motion"] == "playing" and not state["playing"]["paused"], "plays")

    def stands(self) -> None:
        """Wait until the film is paused."""
        self.wait(lambda state: state["playing"]["motion"] == "paused" and state["playing"]["paused"], "is paused")

    def position(self) -> float:
        position = self.evaluate("() => session.position()")
        assert position is not None
        return float(position)
