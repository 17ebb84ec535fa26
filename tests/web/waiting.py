"""Wait in a page for what will come."""

import asyncio
import time
from typing import Any, Final

from playwright.async_api import Page, Worker

from tests.support.daemons.party import PATIENCE

__all__ = ["until"]

_PAUSE: Final = 0.02


async def until(page: Page | Worker, condition: str, argument: object = None) -> Any:
    """Wait until a JavaScript function in the page returns what is true, and return that.

    Playwright's own ``wait_for_function`` needs ``eval`` from its second look on, which the page's policy forbids.
    """
    deadline = time.monotonic() + PATIENCE
    while not (value := await page.evaluate(condition, argument)):
        assert time.monotonic() < deadline, f"it never came that {condition} with {argument!r}"
        await asyncio.sleep(_PAUSE)
    return value
