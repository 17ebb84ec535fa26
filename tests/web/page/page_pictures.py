"""Make the pictures of docs/web.md: `python -m tests.web.page.page_pictures`. Look at them before committing them."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser

from tests.support.browsers.browser import chromium
from tests.support.desktop.screen import private_display
from tests.web.page.drawn_page import DrawnPage, drawn_page, page_url, served

_FOLDER: Final = Path(__file__).parents[3] / "docs/images"

_PLAYS: Final = """() => {
    const {room, playing} = session.state;
    const errors = [0.002, -0.004];
    const members = room.members.map((one, at) =>
        at < 2 ? {...one, state: "playing", ready: true, error: errors[at]} : {...one, ready: at < 3});
    session.setRoom({members, timeline: {...room.timeline, playing: true, at: performance.now() / 1000}});
    session.set({playing: {...playing, paused: false, motion: "playing"}});
}"""
_SUBTITLE: Final = """() => {
    const {copies} = document.querySelector("hang-room").parts;
    const vtt = "WEBVTT\\n\\n00:00.000 --> 09:00.000\\nWe will be in Trieste by the morning.\\n";
    copies.tracks = [{label: "English", language: "en", vtt}];
    copies.choose(0);
}"""
_WAITS: Final = "() => session.setRoom({start: {by: 'bob', waiting_for: ['cem'], missing: 1, at: null}})"


async def main() -> None:
    with served() as port, private_display() as display:
        async with chromium(display) as browser:
            for theme in ("dark", "light"):
                await _start(browser, port, theme)
                await _wide(browser, port, theme)
                await _phone(browser, port, theme)
            await _side(browser, port)


async def _start(browser: Browser, port: int, theme: Any) -> None:
    async with drawn_page(browser, page_url(port, "friday"), width=960, height=640, color_scheme=theme) as drawn:
        await _save(drawn, f"web-start-{theme}")


async def _wide(browser: Browser, port: int, theme: Any) -> None:
    async with drawn_page(browser, page_url(port), width=1200, height=680, color_scheme=theme) as drawn:
        await drawn.enter()
        await drawn.run(_PLAYS if theme == "dark" else _WAITS)
        await drawn.run(_SUBTITLE)
        if theme == "light":
            await drawn.page.click("#tab-people")
        await drawn.page.mouse.move(300, 300)
        await _save(drawn, f"web-wide-{theme}")


async def _phone(browser: Browser, port: int, theme: Any) -> None:
    async with drawn_page(browser, page_url(port), width=390, height=780, color_scheme=theme, has_touch=True) as drawn:
        await drawn.enter(film=theme == "dark")
        if theme == "light":
            await drawn.page.click("#tab-queue")
        await _save(drawn, f"web-phone-{theme}")


async def _side(browser: Browser, port: int) -> None:
    async with drawn_page(browser, page_url(port), width=800, height=370, has_touch=True) as drawn:
        await drawn.enter()
        await drawn.run(_PLAYS)
        await _save(drawn, "web-phone-side")


async def _save(drawn: DrawnPage, name: str) -> None:
    await drawn.page.wait_for_timeout(600)  # what fades has faded
    path = _FOLDER / f"{name}.png"
    await drawn.page.screenshot(path=path)
    # 256 colours are enough, and a third of the size.
    words = ["convert", str(path), "-dither", "None", "-colors", "256", "-strip", f"PNG8:{path}"]
    await asyncio.to_thread(subprocess.run, words, check=True)


if __name__ == "__main__":
    asyncio.run(main())
