"""Debian's Chromium on an X display, driven by Playwright: the real browser, with a window whose pictures can be read."""

import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from typing import Final

from playwright.async_api import Browser, async_playwright

CHROMIUM: Final = "/usr/bin/chromium"
_ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--test-type", "--disable-background-networking")


@contextlib.asynccontextmanager
async def chromium(display: str, *arguments: str, headless: bool = False) -> AsyncIterator[Browser]:
    """Run Chromium on this X display with further arguments of its command line.

    Sound goes where ``PULSE_SERVER`` in the environment says, or nowhere. Pages that are not told otherwise may play
    only after a click, as everywhere.
    """
    environment: dict[str, str | float | bool] = {**os.environ, "DISPLAY": display}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            headless=headless,
            args=_words(arguments),
            env=environment,
        )
        try:
            yield browser
        finally:
            await browser.close()


def _words(further: Sequence[str]) -> list[str]:
    return [*_ARGUMENTS, *further]
