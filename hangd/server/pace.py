"""Pace: how fast connections and requests are taken up, since each is work for the processor.

What comes faster waits for its time: a school in which a class opens the page gets it, only later. Where that would be
longer than a client has patience, what comes is refused at once. Nothing is kept of what waits but a debt.

Each network has a pace, and so has the server as a whole: else whoever has many networks could keep the processor from
the rooms. It has one for the networks of which a client is connected and one for the others, so that a crowd of
strangers does not hold up those who come back.
"""

from typing import Final, Literal

from hangd.engine.room.connection.buckets import Buckets
from hangd.engine.room.connection.limits import Rate
from hangd.engine.room.connection.ratelimit import Budget

_WAIT_MAX: Final = 10.0
"""Seconds that something may wait."""

NETWORKS: Final = 10.0
"""So many networks at their full pace are as fast as the server lets all networks of one kind be."""


class TooFast(Exception):
    """What comes is refused, and is not counted.

    ``of``: whose pace it is that would make it wait for too long.
    """

    def __init__(self, of: Literal["network", "server"]) -> None:
        super().__init__(f"faster than the pace of the {of}")
        self.of = of


class Pace:
    """``per_second``, ``at_once`` for each network; for all of one kind `NETWORKS` times as many, ``all_at_once``."""

    def __init__(self, per_second: float, at_once: float, all_at_once: float) -> None:
        self._networks = Buckets(Rate(per_second, at_once), Rate.budget)
        self._all = Rate(per_second * NETWORKS, all_at_once)
        self._kinds: dict[bool, Budget] = {}
        """Of the networks that have a client here, and of the others."""

    def wait(self, network: str, now: float, *, has_client: bool = False) -> float:
        """Count one. Return for how many seconds it has to wait.

        Args:
            network: "" for a Unix socket's clients, who need not wait.
            now: in seconds.
            has_client: whether a client of this network is connected.

        Raises:
            TooFast: for too long.
        """
        if not network:
            return 0.0
        kind = self._kinds.get(has_client)
        if kind is None:
            kind = self._kinds[has_client] = self._all.budget(now)
        own = self._networks.at(network, now)
        if own.wait(now) >= _WAIT_MAX:
            raise TooFast("network")
        if kind.wait(now) >= _WAIT_MAX:
            raise TooFast("server")
        own.spend(1.0)
        kind.spend(1.0)
        return max(own.wait(now), kind.wait(now))
