"""The page on a scripted session, for all tests of the page that need no room server."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.web.page.drawn_page import DrawnPage, drawn_page, page_url, served


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served() as port:
        yield port


@pytest_asyncio.fixture(loop_scope="session")
async def room(headless: Browser, port: int) -> AsyncIterator[DrawnPage]:
    """The page in a room. Nothing has been asked of its session."""
    async with drawn_page(headless, page_url(port)) as drawn:
        await drawn.enter()
        await drawn.asked()
        yield drawn
