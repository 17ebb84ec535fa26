"""The ports to what the servers of a cluster count together. A server that is alone has none of it."""

from collections.abc import Callable
from typing import Protocol


class SharedCount(Protocol):
    """How many of something each network has, at this server and at the others.

    ``count``: returns how many it has here. Set it, then call `changed` when that has changed, or has mattered.
    """

    count: Callable[[str], int]

    def changed(self, network: str) -> None: ...

    def elsewhere(self, network: str) -> int:
        """Return how many the others had when they were last asked. Who has none here may not be known."""


class SharedBucket(Protocol):
    """How often something is allowed at all servers together, by key."""

    def count(self, key: str, times: int = 1) -> None:
        """It was done; or, if ``times`` is -1, once less."""

    def wait(self, key: str) -> float:
        """Return for how many seconds it is not allowed, as far as is known."""
