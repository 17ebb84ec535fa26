"""FairTurns: who tells this server more than its share waits, and the others do not.

What is said on a quiet server is handled in the very call that read it. That is bounded in two ways:

- A room that took more processor time than its share of late is busy: what its members send waits.
- In one turn of the event loop a few milliseconds are spent so, in all. What is read beyond that waits, however quiet
  its room is: requests of hundreds of quiet rooms at once are as much work as those of a busy one.

What waits is handled a few milliseconds in a turn of the event loop, which serves all other sockets in between.
Networks take turns, a slice each, and one that begins to wait has its first slice before those that have waited on.
Within a network its rooms take turns, and its peers that are in none; within a room its members do, a message each. A
room belongs to the network from which it was made. The order of one member's messages stays, and the end of its
connection comes after them; pings are answered at once, for clocks depend on that. Of each member a few messages wait.
Then it is not read from until they are handled: nothing is dropped, and the kernel lets its program wait.
"""

import asyncio
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from hangd.protocol.codec import ClientFrame
from hangd.rooms.edge.peer import Peer

_log = logging.getLogger(__name__)

SLICE: Final = 0.002
"""Seconds of processor time that a room, a network, or all that does not wait may take at once. A command in a room of
a hundred takes 0.1 ms, and the state of a room with a full queue 0.5 ms."""
_SLICES: Final = 3
"""That networks with waiting messages take in one turn of the event loop."""
_NEW_SLICES: Final = 2
"""Of these, for networks that begin to wait."""
_SHARE: Final = 0.5
"""Of the processor: what a room may take on average before its members have to wait."""
_OWED_MAX: Final = 0.01
WAITING_MAX: Final = 8
"""Messages of a member that wait before it is not read from any more."""


class Lane:
    """Of one room: what it has taken of late, and its members whose messages wait.

    A peer that is in no room waits in a lane of its own.
    """

    __slots__ = ("_even_at", "peers", "waits")

    def __init__(self) -> None:
        self.peers: deque[Peer] = deque()
        self.waits = False
        """Whether `FairTurns` has it among those in which somebody waits."""
        self._even_at = 0.0
        """When its share is as much as it has taken."""

    def taken(self, now: float) -> float:
        """Return the seconds that the room has taken above its share."""
        return (self._even_at - now) * _SHARE if self._even_at > now else 0.0

    def charge(self, seconds: float, now: float) -> None:
        """Count time that the room has taken. It does not pay for long: others have had their turns meanwhile."""
        taken = self.taken(now) + seconds
        self._even_at = now + (taken if taken < _OWED_MAX else _OWED_MAX) / _SHARE


class FairTurns:
    """``handle`` handles a message of a peer, or the end of its connection (None), raises nothing, and calls `charge`.

    Args:
        slice: seconds that may be taken at once. Infinite: nothing waits.
        clock: of the processor. Where others use that too, the time that they have would end the slice of whoever
            happens to have it, after one message.
    """

    def __init__(
        self,
        handle: Callable[[Peer, ClientFrame | None], None],
        slice: float = SLICE,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._handle = handle
        self._slice = slice
        self._clock = clock
        self._networks: OrderedDict[str, deque[Lane]] = OrderedDict()
        """The lanes in which somebody waits, by network. The first network has the next turn."""
        self._new: OrderedDict[str, deque[Lane]] = OrderedDict()
        """The same of networks that have not had a turn since somebody waits there."""
        self._at_once = 0.0
        """Seconds that were taken since `_serve` ran."""
        self._next: asyncio.Handle | None = None

    def has_to_wait(self, lane: Lane | None, peer: Peer, now: float) -> bool:
        """Tell whether a message of this peer has to wait. ``lane``: its room's. None: it is in no room."""
        if peer.waiting or self._at_once > self._slice:
            return True
        return lane is not None and (lane.waits or lane.taken(now) >= self._slice)

    def wait(self, lane: Lane | None, network: str, peer: Peer, frame: ClientFrame | None) -> None:
        """Let this message wait, behind those of its peer that do. If there are enough of them, stop reading.

        Args:
            network: with which other lanes of it share their turns.
        """
        if not peer.waiting:
            lane = lane or Lane()
            lane.peers.append(peer)
            if not lane.waits:
                lane.waits = True
                lanes = self._networks.get(network)
                if lanes is None:
                    lanes = self._new.setdefault(network, deque())
                lanes.append(lane)
        peer.waiting.append(frame)
        if len(peer.waiting) >= WAITING_MAX:
            peer.pause_reading()
        self._serve_soon()

    def charge(self, lane: Lane | None, seconds: float, now: float) -> None:
        """Count time that a message took, of a room or of a peer that is in none."""
        if lane is not None:
            lane.charge(seconds, now)
        self._at_once += seconds
        # The turn of the event loop is over when `_serve` runs. What quiet turns took adds up to a slice at times: then
        # what comes next in the same turn waits for the next one, and nothing has to run after each turn.
        if self._at_once > self._slice:
            self._serve_soon()

    def stop(self) -> None:
        if self._next is not None:
            self._next.cancel()

    def _serve_soon(self) -> None:
        if self._next is None:
            self._next = asyncio.get_running_loop().call_soon(self._serve)

    def _serve(self) -> None:
        self._next = None
        if not self._networks and not self._new:  # Quiet turns have added up to a slice.
            self._at_once = 0.0
            return
        until = self._clock() + _SLICES * self._slice
        for _ in range(_NEW_SLICES):
            self._serve_first(self._new, until)
        while self._networks or self._new:
            self._serve_first(
                self._networks or self._new, until
            )  # In each turn one of the first kind, if there is one.
            if self._clock() >= until:
                break
        self._at_once = 0.0
        if self._networks or self._new:
            self._serve_soon()

    def _serve_first(self, networks: OrderedDict[str, deque[Lane]], until: float) -> None:
        """Give the first of these networks, if there is one, its slice, and put it behind all others."""
        if networks:
            network, lanes = next(iter(networks.items()))
            self._serve_network(lanes, min(until, self._clock() + self._slice))
            del networks[network]
            if lanes:
                self._networks[network] = lanes

    def _serve_network(self, lanes: deque[Lane], until: float) -> None:
        while lanes:
            lane = lanes[0]
            self._serve_lane(lane, until)
            if lane.peers:
                lanes.rotate(-1)
            else:
                lane.waits = False
                lanes.popleft()
            if self._clock() >= until:
                break

    def _serve_lane(self, lane: Lane, until: float) -> None:
        while lane.peers:
            peer = lane.peers.popleft()
            if not peer.waiting:  # It was closed.
                continue
            frame = peer.waiting.pop(0)
            if peer.waiting:
                lane.peers.append(peer)
            self._handle(peer, frame)
            if not peer.waiting:
                peer.resume_reading()
            if self._clock() >= until:
                break
