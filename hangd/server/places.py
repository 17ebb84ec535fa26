"""Places: the connections of one kind, by network (`network_of`), in the order in which they came or last asked.

Peers of a Unix socket have no address: their network is "", for which no limit holds.
"""

from hangd.rooms.edge.counts import SharedCount
from hangd.transport.base import Transport


class Places:
    """``most``: how many connections of this kind one network may have. Callers see to it by `is_full`.

    ``shared``: those of all servers of a cluster, which count together.
    """

    def __init__(self, most: int, shared: SharedCount | None = None) -> None:
        self.most = most
        self._shared = shared
        if shared is not None:
            shared.count = self.count
        self._networks: dict[str, dict[Transport, None]] = {}

    def is_full(self, network: str) -> bool:
        if network == "":
            return False
        if self._shared is None:
            return self.count(network) >= self.most
        self._shared.changed(network)  # Of who is refused now, the others may have fewer soon.
        return self.count(network) + self._shared.elsewhere(network) >= self.most

    def enter(self, transport: Transport, network: str) -> None:
        self._networks.setdefault(network, {})[transport] = None
        if self._shared is not None:
            self._shared.changed(network)

    def leave(self, transport: Transport, network: str) -> None:
        """Forget a connection of this network, if it is here."""
        here = self._networks.get(network, {})
        here.pop(transport, None)
        if not here:
            self._networks.pop(network, None)
        if self._shared is not None:
            self._shared.changed(network)

    def count(self, network: str) -> int:
        return len(self._networks.get(network, ()))

    def oldest(self, network: str) -> Transport | None:
        """Return the one of this network that came first. None: there is none."""
        return next(iter(self._networks.get(network, ())), None)

    @property
    def networks(self) -> set[str]:
        return set(self._networks)


def largest_of(*kinds: Places) -> str:
    """Return the network that has most connections of these kinds together; "" if there are none."""
    networks = set[str]().union(*(kind.networks for kind in kinds))
    return max(networks, key=lambda network: sum(kind.count(network) for kind in kinds), default="")
