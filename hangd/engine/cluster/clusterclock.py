"""ClusterClock: one timescale for all nodes of a cluster.

Theory of operation. One node at a time, which a lease in Redis makes the reference, defines cluster time: it is its
local time plus an offset that does not change while it is the reference. The others ask it for the time as clients ask
their server (`ClockFilter`), only more often. When the reference is lost, the next one goes on with the offset that it
has just then, so its clients see no change; the others, which were as near to it as they ever are, go on as they were
until they have measured the new one, and then move slowly towards it.

So what a node tells moves by at most 0.5 ms a second beside the difference in speed of the clocks, and never runs
backwards. Before it is ``ready`` it tells nothing. Only if it proves to be far off (its machine was suspended, or all
nodes that knew the time have died) does it jump: then its ``clock_id`` changes, and clients learn the clock anew.

The reference's own machine may stand still, and its clock with it, for less time than its lease lasts: a virtual
machine that is moved to another host. Its clock has missed that time then, and nothing there tells it. But pings seem
to arrive sooner than any before by just this time, those of all nodes. (If the clock of one of these stood still, its
pings seem to arrive later; and pings that were late do not seem sooner than all before.) So a reference at which the
pings of most nodes arrive too soon gives up, and answers no more. The next one goes on, and the one that stood still
learns the time from it. A node that finds itself far from the reference's time does not believe the first answer,
which may have waited for the reference to go on. It measures the reference anew, and leaves it time to give up.

Processes of one boot read the same clock: the offset of the one is that of the other, and nobody asks.
"""

from collections import deque
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from hangd.engine.follower.clock import ClockFilter, ClockPolicy

_POLICY: Final = ClockPolicy(samples=128, skew_span=5.0)
"""The pings of half a minute. The difference in speed is taken into account after 5 s: pings are many and quick."""
_READY: Final = 16
"""Pings before the time is told: 0.8 s."""
_TRUSTED: Final = 8
"""Pings of another reference before it is followed: 0.4 s, in which the clocks drift apart by less than 0.1 ms."""
_JUMP: Final = 0.05
"""A larger error, in seconds, is not corrected slowly: that would take minutes."""
_SOONER: Final = 0.03
"""Seconds by which pings arrive sooner than any before if the reference's clock stood still. Less than _JUMP, so that
the reference gives up before others jump; more than clocks drift apart while the pings of before are remembered."""
_VOTES: Final = 1.0
"""Seconds in which every node that knows the reference pings it."""
_WAIT: Final = 10.0
"""A node that knows of a reference of long ago and cannot ask it begins another timescale after so many seconds."""
_BURST: Final = 32
_BURST_GAP: Final = 0.05
_GAP: Final = 0.25
"""Seconds between two pings after the burst.

A client asks its server again after 2 s, later after 8 s, and until the difference in speed is known, two clocks drift
apart by 1.6 ms in 8 s. Four nodes would be up to 1.3 ms apart, and 3.3 ms on a busy network; so they are 0.5 ms and
0.7 ms apart (40 simulated clusters of each kind for 143 s: ``tests/engine/cluster/test_clusterclock.py``).
"""
_UNANSWERED: Final = 64
"""Pings whose answers are awaited. One that comes after so many others tells nothing."""


class Reference(Struct, frozen=True):
    """Who defines the cluster's time, as it is kept in Redis, also after its death: its local time + ``offset``."""

    node: str
    boot: str | None
    """The boot id of its machine: processes of one boot have the same local clock. None: nobody tells it."""
    offset: float
    """Seconds; does not change while the node is the reference."""
    timescale: str
    """Random id of the timescale, which outlives its references."""
    bound: float = 0.0
    """How far it may have been from the last reference, in seconds."""
    stood_still: bool = False
    """Whether it has given up because its clock has missed some time, as have all of its machine."""


class ClockPing(Struct, frozen=True, array_like=True, tag="clock-ping"):
    """``t0``: local time of the node that asks."""

    t0: float


class ClockPong(Struct, frozen=True, array_like=True, tag="clock-pong"):
    """``t1`` and ``t2``: cluster times at which the ping arrived at the reference, and the pong was sent."""

    t0: float
    t1: float
    t2: float
    timescale: str


class AskTime(Struct, frozen=True):
    """Send the ping to this node, right away: ``t0`` is now."""

    node: str
    ping: ClockPing


class Jumped(Struct, frozen=True):
    """Cluster time as this node tells it has jumped by so many seconds: its clients need the new ``clock_id``."""

    by: float


ClockEffect = AskTime | Jumped


class _Asker(Struct):
    """A node that asks the reference."""

    ways: deque[float] = field(default_factory=lambda: deque(maxlen=_POLICY.samples))
    """How much later, by the reference's clock, its pings have arrived than they left, by its own."""
    later: int = 0
    """How many of the last ones were much later than the quickest."""
    asked_at: float = 0.0
    sooner_at: float | None = None
    """When one arrived that was too soon."""

    def take(self, t0: float, arrived: float) -> float:
        """Take a ping. Returns by how much it has arrived too soon, or 0."""
        way, self.asked_at, sooner = arrived - t0, arrived, 0.0
        least = min(self.ways, default=way)
        self.later = self.later + 1 if way - least > _SOONER else 0
        if least - way > _SOONER and len(self.ways) >= _READY:
            sooner, self.sooner_at = least - way, arrived
        if sooner or self.later >= _BURST:
            # One of the two clocks has stood still. What was before says nothing of what comes.
            self.ways.clear()
            self.later = 0
        self.ways.append(way)
        return sooner

    def vote(self, now: float) -> bool | None:
        """Return whether its pings arrive too soon since a moment ago. None: nobody can tell."""
        if now - self.asked_at > _VOTES:
            return None
        if self.sooner_at is not None and now - self.sooner_at <= _VOTES:
            return True
        return False if len(self.ways) >= _READY else None


class ClusterClock:
    """See the module's docstring. Local times are seconds of the machine's monotonic clock, the same in all processes.

    Args:
        boot: the boot id of the machine; None: nobody tells it.
        timescale: a random id, used if this node has to begin a timescale.
    """

    def __init__(self, node: str, boot: str | None, timescale: str) -> None:
        self.node = node
        self.boot = boot
        self.known: Reference | None = None
        """The reference."""
        self.timescale: str | None = None
        """The one that is told; None: not ready."""
        self.given_up: Reference | None = None
        """What is to be kept of this node, which was the reference, so that another one becomes it. Whoever does that
        sets it back to None."""
        self.jumps = 0
        self._own_timescale = timescale
        self._filter = ClockFilter(_POLICY)
        self._pongs = 0
        """Of this reference."""
        self._due: float | None = None
        """When to ask again; None: there is nobody to ask."""
        self._burst = 0
        """Pings of the burst that have not been sent yet."""
        self._doubts = False
        """Whether the reference is measured anew, because what is told is far from its time."""
        self._askers: dict[str, _Asker] = {}
        """Who asks this node, while it is the reference."""
        self._asked: list[float] = []
        """The ``t0`` of pings without an answer."""
        self._since: float | None = None
        """When the reference was first told of."""
        # What is told: the offset at a local time, and from there on.
        self._offset = 0.0
        self._offset_at = 0.0
        self._skew = 0.0
        self._bound = float("inf")
        self._last: tuple[float, float] | None = None
        """The latest conversion, local and cluster time."""

    @property
    def ready(self) -> bool:
        """Whether cluster time is known well enough to be told. It stays so."""
        return self.timescale is not None

    @property
    def leads(self) -> bool:
        """Whether this node is the reference."""
        return self.known is not None and self.known.node == self.node

    @property
    def clock_id(self) -> str:
        """Names the timescale that this node tells its clients. Another one: they have to learn the clock anew."""
        assert self.timescale is not None
        return f"{self.timescale}-{self.node}-{self.jumps}" if self.jumps else self.timescale

    def may_lead(self, reference: Reference | None, now: float) -> bool:
        """Return whether this node may become the reference.

        Args:
            reference: the last one, as it is kept in Redis; None: there has been none for long.
        """
        if reference is not None and reference.stood_still:
            # Nobody of that machine, nor who does not know the time.
            return self.ready and reference.node != self.node and not self._is_same(reference)
        if reference is None or self.ready or self._is_same(reference):
            return True
        return self._since is not None and now - self._since >= _WAIT

    def lead(self, reference: Reference | None, now: float) -> Reference:
        """Become the reference, or stay it. Returns what is to be kept in Redis, while this node leads and after it.

        Args:
            reference: the last one, as for `may_lead`.
        """
        if self.leads and self.known is not None:
            return self.known
        if self.ready:
            assert self.timescale is not None
            offset, timescale, bound = self._at(now), self.timescale, self.bound(now)
        elif reference is not None and self._is_same(reference):
            offset, timescale, bound = reference.offset, reference.timescale, 0.0
        else:
            offset, timescale, bound = 0.0, self._own_timescale, 0.0
        self._due, self.given_up = None, None
        self._askers.clear()
        self.known = Reference(self.node, self.boot, offset, timescale, bound)
        self.timescale = timescale
        self._set(offset, now, skew=0.0, bound=0.0)
        return self.known

    def reference(self, reference: Reference, now: float) -> list[ClockEffect]:
        """This node is the reference, now or still."""
        if reference == self.known or reference.node == self.node or reference.stood_still:
            return []
        self._freeze(now)
        self.known, self._since = reference, now
        self._measure(now, doubts=False)
        if not self._is_same(reference):
            return []
        self._due = None
        return self._adopt(reference.offset, 0.0, now)

    def answer(self, node: str, ping: ClockPing, arrived: float, now: float) -> ClockPong | None:
        """Answer another node's ping, which arrived at the local time ``arrived``.

        None: this is not the reference, or has given up just now (`given_up`).
        """
        if not self.leads or self.known is None:
            return None
        offset = self.known.offset
        missed = self._askers.setdefault(node, _Asker()).take(ping.t0, arrived)
        if missed and self._is_outvoted(arrived):
            self.given_up, self.known = replace(self.known, stood_still=True), None
            self._set(offset, now, skew=0.0, bound=missed)
            return None
        return ClockPong(ping.t0, arrived + offset, now + offset, self.known.timescale)

    def ponged(self, node: str, pong: ClockPong, arrived: float) -> list[ClockEffect]:
        """Take the answer to a ping. One of another node, timescale or time is ignored."""
        known = self.known
        if known is None or (node, pong.timescale) != (known.node, known.timescale) or pong.t0 not in self._asked:
            return []
        self._asked.remove(pong.t0)
        # What was told until now is told from the filter as it was.
        self._freeze(arrived)
        was_followed = self._is_followed
        self._filter.add(pong.t0, pong.t1, pong.t2, arrived)
        self._pongs += 1
        if not self._is_followed:
            return []
        measured, bound, told = self._filter.offset(arrived), self._filter.bound(arrived), self._at(arrived)
        # The offset is between these two, whatever the filter has found from earlier pings.
        least, most = pong.t2 - arrived, pong.t1 - pong.t0
        if was_followed and max(least - told, told - most, abs(measured - told) - bound) >= _JUMP:
            self._set(told, arrived, skew=self._skew, bound=abs(measured - told) + bound)
            self._measure(arrived, doubts=True)
            return []
        self._doubts = False
        return self._adopt(measured, bound, arrived)

    def to_cluster(self, local: float) -> float:
        """Convert a local time, of now or shortly before, to cluster time. Only when ``ready``."""
        cluster = local + self._at(local)
        if self._last is not None:
            # The offset of a moment ago may have been corrected since.
            last, told = self._last
            cluster = max(cluster, told) if local >= last else min(cluster, told)
            if local < last:
                return cluster
        self._last = local, cluster
        return cluster

    def to_local(self, cluster: float) -> float:
        """Convert a cluster time near now to a local time."""
        local = cluster - self._offset
        return cluster - self._at(max(local, self._offset_at))

    def bound(self, now: float) -> float:
        """Return the upper limit of the error of `to_cluster` in seconds; infinity before it is ready."""
        if not self.ready:
            return float("inf")
        if self.leads:
            return 0.0
        if self.known is not None and self._is_same(self.known):
            return abs(self._at(now) - self.known.offset)
        if self._is_followed:
            return self._filter.bound(now) + abs(self._filter.offset(now) - self._at(now))
        held = self._bound + (self.known.bound if self.known is not None else 0.0)
        return held + _POLICY.wander * max(0.0, now - self._offset_at)

    def deadline(self) -> float | None:
        return self._due

    def expire(self, now: float) -> list[ClockEffect]:
        """Ask the reference for its time, if that is due."""
        if self._due is None or now < self._due:
            return []
        assert self.known is not None
        self._burst = max(0, self._burst - 1)
        self._due = now + (_BURST_GAP if self._burst else _GAP)
        self._asked.append(now)
        del self._asked[:-_UNANSWERED]
        return [AskTime(self.known.node, ClockPing(now))]

    def check(self) -> None:
        """Assert the invariants."""
        assert len(self._asked) <= _UNANSWERED
        assert not (self.leads and self._due is not None)
        assert not self.leads or self.ready

    def _is_same(self, reference: Reference) -> bool:
        """Tell whether the clock of this machine is the reference's."""
        return self.boot is not None and reference.boot == self.boot

    @property
    def _is_followed(self) -> bool:
        """Whether enough is known of the reference's clock."""
        if self.known is None or self.leads:
            return False
        same = self.ready and self.timescale == self.known.timescale
        return self._pongs >= (_TRUSTED if same and not self._doubts else _READY)

    def _at(self, local: float) -> float:
        """Return the offset that is told at a local time: from the last one slowly towards the measured one."""
        elapsed = local - self._offset_at
        if elapsed <= 0.0:
            return self._offset
        known = self.known
        held = self._offset + self._skew * elapsed
        if known is None or self.timescale != known.timescale:
            return held
        if self.leads or self._is_same(known):
            target = known.offset
        elif self._is_followed:
            target = self._filter.offset(local)
        else:
            return held
        reach = _POLICY.slew * elapsed
        return min(max(target, held - reach), held + reach)

    def _is_outvoted(self, now: float) -> bool:
        """Tell whether the pings of most nodes arrive too soon."""
        votes = [vote for asker in self._askers.values() if (vote := asker.vote(now)) is not None]
        return 2 * sum(votes) > len(votes)

    def _measure(self, now: float, *, doubts: bool) -> None:
        """Measure the reference from the beginning. Answers to pings of before are ignored."""
        self._filter, self._pongs, self._doubts = ClockFilter(_POLICY), 0, doubts
        self._due, self._burst = now, _BURST
        self._asked.clear()

    def _freeze(self, now: float) -> None:
        """Go on from what is told now."""
        if not self.ready or now <= self._offset_at:
            return
        bound = self.bound(now)
        skew = self._filter.state.skew if self._is_followed else self._skew
        self._set(self._at(now), now, skew=skew, bound=bound)

    def _set(self, offset: float, now: float, *, skew: float, bound: float) -> None:
        self._offset, self._offset_at, self._skew, self._bound = offset, now, skew, bound

    def _adopt(self, measured: float, bound: float, now: float) -> list[ClockEffect]:
        """Take the reference's timescale, if it is another one, and jump, if what is told is surely far off."""
        known = self.known
        assert known is not None
        before, told = self.timescale, self._at(now)
        self.timescale = known.timescale
        if before == known.timescale and abs(measured - told) - bound < _JUMP:
            return []
        self._set(measured, now, skew=0.0, bound=0.0)
        self._last = None
        if before is None:
            return []
        if before == known.timescale:
            self.jumps += 1
        else:
            self.jumps = 0
        return [Jumped(measured - told)]
