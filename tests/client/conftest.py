"""What tests of the daemon share."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What is to be closed at the end, in reverse order."""
    async with AsyncExitStack() as opened:
        yield opened
