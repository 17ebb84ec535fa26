"""Sources: the parts of a server that keep numbers, for `hangd.server.metrics.collector`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hangd.rooms.counters import Counters
from hangd.rooms.hub import Hub
from hangd.server.acceptor import HubAcceptor
from hangd.server.passwords import PasswordThreads
from hangd.store.thread import StoreThread

if TYPE_CHECKING:
    from hangd.rooms.clustered.numbers import Now


@dataclass(frozen=True, kw_only=True)
class Sources:
    counters: Counters
    hub: Hub
    acceptor: HubAcceptor
    store: StoreThread
    passwords: PasswordThreads
    why_not_ready: Callable[[], str | None]
    most_clients: int
    most_rooms: int
    most_waiting: int
    """Bytes that may wait for slow clients."""
    most_queued: int
    """Bytes that queues may take."""
    cluster: "Callable[[], Now] | None" = None
    """What is to be known of a node of a cluster. None: the server is alone."""
    only_in_memory: bool
    """Whether the server keeps nothing although it should, because its file could not be made."""
