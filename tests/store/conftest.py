"""Stores of each kind, as the fixtures `reopen` and `store` give them to the tests of the port."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hangd.store.base import Store
from hangd.store.opening import open_file, open_memory, open_postgres
from tests.support.servers.postgres import postgres, postgres_url

__all__ = ["KINDS", "postgres", "postgres_url", "reopen", "store"]

KINDS = ("memory", "file", "postgres")


@pytest.fixture(params=KINDS)
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Return a function that closes the store and opens it again. At first the store is empty.

    A store in memory stays open, and is the same one each time.
    """
    opened = list[Store]()
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""

    def reopened() -> Store:
        if opened and request.param == "memory":
            return opened[0]
        while opened:
            opened.pop().close()
        if request.param == "memory":
            opened.append(open_memory())
        elif request.param == "file":
            opened.append(open_file(tmp_path / "data" / "rooms.db"))
        else:
            opened.append(open_postgres(url))
        return opened[0]

    yield reopened
    while opened:
        opened.pop().close()


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Store:
    """An empty store."""
    return reopen()
