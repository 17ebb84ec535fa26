"""A page of a server in real Chromium, watched for everything that a hostile room must not get out of it.

`WatchedPage` collects what the browser says against the page: violations of its content security policy, dialogs,
errors, and tasks that took long. `WRITTEN` are texts that people with bad intentions write.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, ConsoleMessage, Dialog, Page

from tests.support.daemons.party import CLIP

PATIENCE: Final = 60.0
"""Seconds within which what has to come has come, on a busy machine."""

RUN: Final = "window.ran=1"
WRITTEN: Final = (
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f'" onmouseover="{RUN}" x="',
    f"javascript:{RUN}",
    "{{constructor.constructor('window.ran=1')()}}",
    "${window.ran=1}",
    "{name} {at} {film}",  # the page's own texts have such places
    "__proto__",
    "\u202egnp.exe\u202c\u2066\u2067",
    "Z\u0351\u0343\u0365\u0357a\u0315\u034a\u0363l\u0300\u0341\u0342g\u0489\u0488o" + "\u0316\u0317\u0489" * 40,
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 20,
    "שלום עולם ",
    "\ufdfd" * 60,
    "w" * 500,
    "\u00a0\u3000\u2003x",
)
"""Texts that are 500 characters at most; `cut` makes names of them."""

_FIRST: Final = """() => {
  Object.assign(window, { violations: [], long: [] });
  document.addEventListener("securitypolicyviolation", (event) => violations.push(
    `${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`));
  new PerformanceObserver((list) => long.push(...list.getEntries().map((task) => task.duration)))
    .observe({ type: "longtask" });
  delete window.showOpenFilePicker;  // a dialog of the system cannot be driven
  delete window.showDirectoryPicker;
}"""

_LAYOUT: Final = """() => {
  // The room cuts off what is too wide, and so the page itself would not tell.
  const boxes = "html, body, hang-room, main, hang-stage, hang-panel, [role=tabpanel], .scroller, .lines, .queue-foot";
  const wide = [...document.querySelectorAll(boxes)]
    .filter((box) => box.clientWidth > 0)
    .filter((box) => box.scrollWidth > box.clientWidth || box.getBoundingClientRect().right > innerWidth)
    .map((box) => `${box.tagName}.${box.className} ${box.scrollWidth} ${box.clientWidth}`).join();
  const button = document.querySelector(".play");
  const box = button.getBoundingClientRect();
  const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    wide,
    hidden: !button.contains(at) && `${at?.tagName}.${at?.className}`,
    foreign: document.querySelectorAll("body img, body iframe, body script, body a[href^=javascript]").length,
  };
}"""

SESSION: Final = 'document.querySelector("hang-page").parts.session'


def film() -> dict[str, Any]:
    """Return how a client describes its copy of the clip."""
    content = CLIP.read_bytes()
    assert len(content) <= 3 << 20
    quick = hashlib.sha256(len(content).to_bytes(8, "big") + content).hexdigest()
    return {"size": len(content), "duration": 60.0, "quick_hash": quick}


def film_hash() -> str:
    return hashlib.sha256(CLIP.read_bytes()).hexdigest()


def cut(text: str, most: int, number: int) -> str:
    """Return a name of at most ``most`` characters that no other number has."""
    end = f" {number}"
    return (text.replace("/", "").strip()[: most - len(end)] + end).strip()


class WatchedPage:
    """See the module's docstring."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.console: list[str] = []
        """Errors and warnings on the console, and errors that nothing caught."""
        self.dialogs: list[str] = []
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        page.on("console", self._heard)
        page.on("dialog", self._asked)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.console.append(message.text)

    async def _asked(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        await dialog.dismiss()

    async def run(self, script: str, argument: object = None) -> Any:
        """Call a function in the page, in which ``session`` is the page's own."""
        return await self.page.evaluate(
            f"(given) => {{ const session = {SESSION}; return ({script})(given); }}", argument
        )

    async def until(self, condition: str) -> None:
        """Wait until a function of the page returns what is true. Playwright's own waiting needs ``eval`` there."""
        deadline = time.monotonic() + PATIENCE
        while not await self.run(condition):
            assert time.monotonic() < deadline, f"it never came that {condition}; {self.console}"
            await asyncio.sleep(0.05)

    async def enter(self, url: str, room: str, *, copy: Path | None = CLIP) -> None:
        """Open a link to a room as a friend does, and go in, with a copy of its film or without."""
        await self.page.goto(f"{url}#{room}")
        await self.page.wait_for_selector("hang-start")
        if copy is not None:
            async with self.page.expect_file_chooser() as chooser:
                await self.page.click(".pick")
            await (await chooser.value).set_files(copy)
            await self.page.wait_for_selector(".pick[data-phase=open]")
        await self.page.click(".join button[type=submit]")
        await self.page.wait_for_selector("hang-room")

    async def violations(self) -> list[str]:
        """Return what the page's content security policy has forbidden since the page was loaded."""
        found: list[str] = await self.page.evaluate("() => violations")
        return found

    async def long_tasks(self) -> list[float]:
        """Return the milliseconds of each task of more than 50 ms since the last call."""
        found: list[float] = await self.page.evaluate("() => long.splice(0)")
        return found

    async def heap_bytes(self) -> int:
        """Return the memory that the page's objects take after a collection."""
        session = await self.page.context.new_cdp_session(self.page)
        try:
            await session.send("HeapProfiler.collectGarbage")
            usage = await session.send("Runtime.getHeapUsage")
            return int(usage["usedSize"])
        finally:
            await session.detach()

    async def ran_nothing(self, allowed: Callable[[str], bool] = lambda _: False) -> None:
        """Check that no text became a program, and that the page complained of nothing but what is ``allowed``."""
        assert await self.page.evaluate("() => window.ran") is None
        assert await self.violations() == []
        assert self.dialogs == []
        complaints = [line for line in self.console if not allowed(line)]
        assert not complaints, complaints

    async def holds(self) -> None:
        """Check that the room can be used on a phone and on a desk: no scrolling sideways, buttons on top."""
        for width, height in ((320, 640), (1280, 720)):
            await self.page.set_viewport_size({"width": width, "height": height})
            for tab in ("people", "queue", "chat"):
                await self.page.click(f"#tab-{tab}")
                layout = await self.page.evaluate(_LAYOUT)
                assert layout == {"wide": "", "hidden": False, "foreign": 0}, f"{width} {tab}: {layout}"


@contextlib.asynccontextmanager
async def watched_page(browser: Browser, *, width: int = 1280, height: int = 720) -> AsyncIterator[WatchedPage]:
    """Provide a page of a browser context of its own."""
    context = await browser.new_context(viewport={"width": width, "height": height})
    try:
        await context.add_init_script(f"({_FIRST})()")
        yield WatchedPage(await context.new_page())
    finally:
        await context.close()
