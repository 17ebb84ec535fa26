"""Numbers: what a node of a cluster has counted, for metrics."""

from collections import Counter

from msgspec import Struct, field

from hangd.cluster.base import Outcome
from hangd.histogram import Histogram

_SECONDS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class Counted(Struct):
    """What rises for as long as the process runs."""

    commits: Counter[Outcome] = field(default_factory=Counter)
    takeovers: int = 0
    """Rooms that had another owner before."""
    connections: int = 0
    """To Redis, of which all but the first were made because one had ended."""
    beats: Histogram = field(default_factory=lambda: Histogram(_SECONDS))
    """How long beats took through Redis and back."""


class Now(Struct, frozen=True):
    """How it is at one moment."""

    is_alive: bool
    beat_age: float | None
    """Seconds since the last beat left that has come back. None: none has."""
    clock_bound: float
    """How far this node may be from the cluster's time, in seconds. Infinity: it does not know it."""
    tells_time: bool
    """Whether the others ask this node for the time."""
    commits_waiting: int
    edge_links: int
    """Rooms in which clients of this node are, or want to be."""
    owner_links: int
    """Edges of the rooms that this node owns."""
    rooms: int
    """Rooms that it owns."""
    counted: Counted
