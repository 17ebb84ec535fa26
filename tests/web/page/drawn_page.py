"""The page on a scripted session (tests/web/browser/fake_session.js), served under the server's own rules."""

import asyncio
import contextlib
import functools
import http.server
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

from playwright.async_api import Browser, ConsoleMessage, Error, Page

ROOT: Final = Path(__file__).parents[3]
AXE: Final = ROOT / "tests/web/node_modules/axe-core/axe.min.js"
PATIENCE: Final = 30.0
"""Seconds within which what has to come has come, on a busy machine."""
GATES: Final = {"password": "Password of the server", "account": "Account name"}
"""What a server may want first, and the label of a field in which only that is asked for."""
_PAGE: Final = "/tests/web/browser/page.html"
_SERVED: Final = ("/hangd/web/", "/tests/web/browser/", "/tests/media/")
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'",
    "Cache-Control": "max-age=600",
}


class _Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith(_SERVED):
            super().do_GET()
        else:
            self.send_error(404)

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def served() -> Iterator[int]:
    """Serve the page and its scripted session; yield the port."""
    handler = functools.partial(_Handler, directory=str(ROOT))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class DrawnPage:
    """A page in a browser, on a scripted session.

    Whatever the page complains about on the console is collected in ``complaints``: a mistake in it, or something that
    its content security policy does not allow.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", self._failed)
        page.on("console", self._heard)

    def leave(self) -> None:
        """Listen no longer to what the page complains about."""
        self.page.remove_listener("pageerror", self._failed)
        self.page.remove_listener("console", self._heard)

    def _failed(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    async def run(self, script: str, argument: object = None) -> Any:
        """Run a function of the page's ``session`` and ``fake``, and return what it returns."""
        return await self.page.evaluate(script, argument)

    async def enter(self, *, film: bool = True) -> None:
        """Go into the scripted room, with a copy of its film or without."""
        await self.run(
            """async (film) => {
                session.setName("Ada");
                await session.join("friday");
                if (film) {
                    video.poster = "scene.svg";
                    session.set({copy: {...session.state.copy, phase: "open", info: session.state.room.file},
                                 playing: {...session.state.playing, motion: "paused", duration: 6130}});
                }
                session.hear("bob", "Bob", "Evening everyone! Popcorn is ready.");
                session.hear("me", "Ada", "Two minutes, I am still looking for my headphones.");
                session.notice("joined", "Cem Şahin has joined", "cem");
                session.hear("noa", "נועה", "שלום! אני רק מצטרפת לצ׳אט");
            }""",
            film,
        )
        await self.page.wait_for_selector("hang-room .said", state="attached")

    async def trust(self) -> None:
        """Let the server have accounts and invites, and the room two invites and two who are banned."""
        await self.run(
            """() => {
                session.set({features: ["web", "accounts", "register", "invites"]});
                const invite = (id, by, more) => ({id, role: "viewer", by, expires_in: 80000, uses: null, ...more});
                const ban = (id, name, more) => ({id, name, by: "Ada", reason: null, network_until: null, ...more});
                session.told = {
                    GetInvites: {invites: [invite("a", "Ada", {uses: 3}), invite("b", "נועה", {role: "controller"})]},
                    CreateInvite: {invite: invite("c", "Ada", {}), token: "eyJhbGciOiJFZERTQSJ9.eyJyb29tIjoi.c2ln_-A"},
                    CreatePairCode: {code: "BCDFGHJK", expires_in: 300},
                    GetBans: {bans: [ban("x", "Mallory", {kinds: ["account", "device"], reason: "told the end"}),
                                     ban("y", "Guest", {kinds: ["device", "network"], network_until: 80000})]},
                    Unban: {bans: [ban("y", "Guest", {kinds: ["device", "network"]})]},
                };
            }"""
        )

    async def until(self, condition: str) -> None:
        """Wait until a function of the page returns what is true. Playwright's own waiting needs ``eval`` there."""
        deadline = time.monotonic() + PATIENCE
        while not await self.run(condition):
            assert time.monotonic() < deadline, f"it never came that {condition}"
            await asyncio.sleep(0.05)

    async def draw(self) -> None:
        """Let the page draw its state now, not with the next picture: what it then does not show, it never will."""
        await self.run("() => document.querySelector('hang-page').show(session.state)")

    async def asked(self) -> list[list[Any]]:
        """Return what the page asked of its session, and forget it."""
        asked: list[list[Any]] = await self.run("() => session.asked.splice(0)")
        return asked

    async def open(self, what: str) -> None:
        """Open a dialog of the room, in place of one that is open."""
        await self.run(
            """what => {
                document.querySelector("dialog")?.setAttribute("data-before", "");
                document.querySelector("hang-room").parts.actions.open(what);
            }""",
            what,
        )
        await self.page.wait_for_selector("dialog[open]:not([data-before])")

    async def focused(self) -> str:
        """Return the words of what has the keyboard."""
        words: str = await self.run(
            """() => {
                const one = document.activeElement;
                return one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.textContent;
            }"""
        )
        return words.strip()


_kept: WeakKeyDictionary[Browser, dict[bool, Page]] = WeakKeyDictionary()
"""A page of each browser, by whether it is touched. Loading in a new one takes three times as long."""


@contextlib.asynccontextmanager
async def drawn_page(
    browser: Browser,
    url: str,
    *,
    width: int = 1280,
    height: int = 760,
    has_touch: bool = False,
    color_scheme: Literal["dark", "light"] | None = None,
    reduced_motion: Literal["reduce"] | None = None,
) -> AsyncIterator[DrawnPage]:
    """Open the page, in which nothing is left of what was done in it before.

    It ends with an error if the page complained, or asked for a text that there is none of.
    """
    kept = _kept.setdefault(browser, {})
    if has_touch not in kept:
        kept[has_touch] = await (await browser.new_context(has_touch=has_touch)).new_page()
    drawn = DrawnPage(kept[has_touch])
    try:
        await drawn.page.set_viewport_size({"width": width, "height": height})
        await drawn.page.emulate_media(color_scheme=color_scheme or "null", reduced_motion=reduced_motion or "null")
        await drawn.page.goto(url)
        await drawn.page.wait_for_selector("hang-start, hang-room")
        yield drawn
        missing = await drawn.run("() => [...missing]")
        assert not (missing or drawn.complaints), f"no text: {missing}; complaints: {drawn.complaints}"
        await drawn.run("() => { localStorage.clear(); sessionStorage.clear(); }")
        await drawn.page.goto("about:blank")
        drawn.leave()
    except BaseException:
        del kept[has_touch]
        await drawn.page.context.close()
        raise


def page_url(port: int, room: str = "", host: str = "127.0.0.1") -> str:
    """Return the URL of the page, as a link to a room if there is one."""
    return f"http://{host}:{port}{_PAGE}{'#' if room else ''}{room}"
