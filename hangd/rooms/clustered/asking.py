"""Ask the cluster for what has to be done: however long it cannot be reached, or for many things together."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

from hangd.cluster.base import ClusterFailed

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_AGAIN: Final = 1.0
"""Seconds between two attempts."""


async def until_done(ask: Callable[[], Awaitable[_T]], *, unless: Callable[[], bool] = lambda: False) -> _T | None:
    """Ask until there is an answer, and return that.

    ``unless``: looked at before each attempt. If it is true, nothing more is asked, and None is returned.
    """
    while not unless():
        try:
            return await ask()
        except ClusterFailed as failed:
            _log.debug("it is tried again: %s", failed)
        await asyncio.sleep(_AGAIN)
    return None


async def all_done(asked: Iterable[Awaitable[object]]) -> None:
    """Wait for all of these, which are on their way together. Raises the first failure, after all."""
    for outcome in await asyncio.gather(*asked, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
