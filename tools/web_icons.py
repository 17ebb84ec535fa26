"""Draw the icons of the web page's app from contrib/desktop/hang.svg: ``python -m tools.web_icons``.

Chromium draws them, as it does for the tests. The PNGs are committed: run this when the SVG has changed.
"""

import asyncio
from pathlib import Path
from typing import Final

from playwright.async_api import Browser

from tests.support.browsers.browser import chromium

_ROOT: Final = Path(__file__).parent.parent
_SOURCE: Final = _ROOT / "contrib/desktop/hang.svg"
_FOLDER: Final = _ROOT / "hangd/web/app/icons"

_HALL: Final = '<rect x="4" y="4" width="248" height="248" fill="url(#hall)"/>'
_CLIPPED: Final = '<g clip-path="url(#inside)">'
_WITHIN_REACH: Final = '<g transform="translate(25.6 50) scale(0.8)">'
"""Phones cut any shape out of a maskable icon, but keep the circle whose radius is 40 % of the width. The screen is
inside of it this way, and the friends still stand on the lower edge."""

_BADGE: Final = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">
  <path fill-rule="evenodd" d="M10 14 h76 a6 6 0 0 1 6 6 v46 a6 6 0 0 1 -6 6 h-76 a6 6 0 0 1 -6 -6 v-46
    a6 6 0 0 1 6 -6 z M38 28 v30 l26 -15 z M24 80 h48 v6 h-48 z" fill="#fff"/>
</svg>"""
"""For the status bar of Android, which takes the shape alone: a screen with the sign for "play"."""


def maskable(svg: str) -> str:
    """Return the picture without its rounded corners, filling the whole square."""
    if _HALL not in svg or _CLIPPED not in svg:
        raise ValueError(f"{_SOURCE} has changed: what is cut out of a maskable icon has to be decided anew")
    everywhere = '<rect width="256" height="256" fill="url(#hall)"/>'
    return svg.replace(_HALL, "").replace(_CLIPPED, everywhere + _WITHIN_REACH)


async def _draw(browser: Browser, svg: str, size: int, name: str) -> None:
    page = await browser.new_page(viewport={"width": size, "height": size})
    await page.set_content(
        f"<style>* {{ margin: 0 }} svg {{ display: block; width: {size}px; height: {size}px }}</style>{svg}"
    )
    await page.screenshot(path=_FOLDER / name, omit_background=True)
    await page.close()


async def main() -> None:
    svg = _SOURCE.read_text()
    _FOLDER.mkdir(exist_ok=True)
    async with chromium(":0", headless=True) as browser:
        await _draw(browser, svg, 192, "hang-192.png")
        await _draw(browser, svg, 512, "hang-512.png")
        await _draw(browser, maskable(svg), 512, "maskable-512.png")
        await _draw(browser, maskable(svg), 180, "apple-touch-180.png")
        await _draw(browser, _BADGE, 96, "badge-96.png")


if __name__ == "__main__":
    asyncio.run(main())
