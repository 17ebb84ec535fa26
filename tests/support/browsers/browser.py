"""Debian's Chromium on an X display, driven by Playwright: the real browser, with a window whose pictures can be read.

`chromium` is for asyncio. `chromium_tab` is for tests and benchmarks that are not: one page, which fills the display.
"""

import asyncio
import contextlib
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from playwright.async_api import Browser, Page, Request, async_playwright

__all__ = ["CHROMIUM", "ChromiumTab", "Tab", "chromium", "chromium_tab"]

_T = TypeVar("_T")

CHROMIUM: Final = "/usr/bin/chromium"
_ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--test-type", "--disable-background-networking")

_PATIENCE: Final = 60.0
"""Seconds to wait for the browser, on a busy machine."""


@contextlib.asynccontextmanager
async def chromium(
    display: str, *arguments: str, headless: bool = False, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Browser]:
    """Run Chromium on this X display with further arguments of its command line.

    Sound goes where ``PULSE_SERVER`` in the environment says, or nowhere. Pages that are not told otherwise may play
    only after a click, as everywhere. ``environment`` has variables beside those of this process.
    """
    variables: dict[str, str | float | bool] = {**os.environ, **(environment or {}), "DISPLAY": display}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            headless=headless,
            args=[*_ARGUMENTS, *arguments],
            env=variables,
        )
        browser.on("context", lambda context: context.set_default_timeout(1000 * _PATIENCE))
        try:
            yield browser
        finally:
            await browser.close()


class Tab(Protocol):
    """One page of a browser, driven from outside."""

    name: str

    def goto(self, url: str) -> None:
        """Load a page, and wait for its load event."""

    def evaluate(self, function: str, *arguments: Any) -> Any:
        """Call a JavaScript function in the page, wait for its promise, and return its value as JSON would."""

    def set_files(self, selector: str, *paths: Path) -> None:
        """Pick files in a file input, as a user does."""

    def press(self, key: str) -> None:
        """Press and release a key, named as in KeyboardEvent.key."""

    def click(self, selector: str) -> None:
        """Click on the middle of the first element that this selector finds."""

    def type(self, selector: str, text: str) -> None:
        """Write text into a field, in place of what was there."""

    def group(self) -> int:
        """Return the group of the browser's processes."""


class ChromiumTab:
    """A `Tab` of Chromium. Playwright runs on a thread of its own, so the caller needs no event loop."""

    name = "chromium"

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.page: Page
        self.profile = ""
        self.console: list[str] = []
        """What the page wrote to its console, and errors that nothing caught."""

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        future: Future[_T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(_PATIENCE)

    def watch(self, page: Page) -> None:
        self.page = page
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        page.on("requestfailed", self._failed)

    def _failed(self, request: Request) -> None:
        self.console.append(f"not loaded: {request.url}: {request.failure}")

    def goto(self, url: str) -> None:
        self.run(self._goto(url))

    async def _goto(self, url: str) -> None:
        await self.page.goto(url)

    def evaluate(self, function: str, *arguments: Any) -> Any:
        return self.run(self.page.evaluate(f"(words) => ({function})(...words)", list(arguments)))

    def set_files(self, selector: str, *paths: Path) -> None:
        self.run(self.page.locator(selector).first.set_input_files([*paths]))

    def press(self, key: str) -> None:
        self.run(self.page.keyboard.press(key))

    def click(self, selector: str) -> None:
        self.run(self.page.locator(selector).first.click())

    def type(self, selector: str, text: str) -> None:
        self.run(self.page.locator(selector).first.fill(text))

    def group(self) -> int:
        """Return the group of the browser's processes, by the folder of its profile."""
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if f"--user-data-dir={self.profile}".encode() in (process / "cmdline").read_bytes():
                    return os.getpgid(int(process.name))
        raise RuntimeError("Chromium does not run")

    def screenshot(self, path: Path) -> None:
        self.run(self.page.screenshot(path=path))


@contextlib.contextmanager
def chromium_tab(
    display: str,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    size: tuple[int, int] = (640, 360),
    window: tuple[int, int] | None = None,
) -> Iterator[ChromiumTab]:
    """Run Chromium with one page that fills the display, whose size this is. Its profile is new.

    ``window``: the page has a window of this size instead, without toolbars, at this place of a display with others.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=f"chromium {display}", daemon=True)
    thread.start()
    tab = ChromiumTab(loop)
    stack = contextlib.AsyncExitStack()
    left, top = window or (0, 0)
    # On a desktop of Wayland's the window is to be one of X11's, as the players' are.
    kind = ("--kiosk",) if window is None else ("--app=data:text/html,hang", "--ozone-platform=x11")
    words = (*kind, f"--window-position={left},{top}", f"--window-size={size[0]},{size[1]}", *arguments)
    variables: dict[str, str | float | bool] = {**os.environ, **(environment or {}), "DISPLAY": display}

    async def begin() -> None:
        playwright = await stack.enter_async_context(async_playwright())
        profile = stack.enter_context(tempfile.TemporaryDirectory(prefix="hang-chromium-", ignore_cleanup_errors=True))
        tab.profile = profile
        # Only the window that the browser opens by itself is a kiosk's: one of a new context would have a toolbar.
        context = await playwright.chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            headless=False,
            args=[*_ARGUMENTS, *words],
            env=variables,
            no_viewport=True,
        )
        stack.push_async_callback(context.close)
        tab.watch(context.pages[0])

    try:
        tab.run(begin())
        yield tab
    finally:
        try:
            tab.run(stack.aclose())
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
