"""A server at which everybody may register, and somebody who does."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hangd.server.settings import ServerSettings
from tests.support.servers.logins import Person
from tests.support.servers.server import running


@pytest.fixture
async def url(stack: AsyncExitStack) -> str:
    return await stack.enter_async_context(running(ServerSettings(register="open")))


@pytest.fixture
def ada(stack: AsyncExitStack, tmp_path: Path, url: str) -> Person:
    return Person(stack, tmp_path, "ada", url)
