"""Idling: connections in no room that ask for nothing are closed after a time, or when their places are needed.

Members of a room are never idle, and neither is a client that waits for the server's answer. But where everybody needs
an account, a member that has come back without one is put out of its room if it does not log in. Pings keep a
connection open, but no place: a daemon in no room sends them for as long as it is connected.

Where nobody is idle, one network's many clients give way to a newcomer of a network that has far fewer, so that a few
networks cannot fill a server: the one of them that has come last and is no host.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Set
from typing import Final

from hangd.engine.room.connection.session import State
from hangd.log import LimitLog
from hangd.protocol.errors import CLOSE_IDLE, RequestRefused
from hangd.protocol.messages import Goodbye
from hangd.rooms.edge.peer import Peer
from hangd.rooms.edge.turns import Turns
from hangd.tasks import DeadlineTimer

_log = logging.getLogger(__name__)

FIRST_TIMEOUT: Final = 30.0
"""Seconds from connecting to Hello, or to the first request of a basic client, which a person may type."""
_LOGIN_TIMEOUT: Final = 60.0
"""Seconds from connecting to logging in, for a member that has come back where an account is needed."""
_SWEEPS: Final = 10
"""The idle are looked for this often within the time that they are given: one timer for all."""
_FEW: Final = 20
"""Clients that a network may have in any case: a household, and a class that watches in one room."""
_TIMES: Final = 2
"""How many times as many clients a network has to have as the newcomer's, for one of its clients to give way."""
_GIVES_WAY: Final = RequestRefused(
    "ServerFull",
    "this server is full, and your network has more of its places than others: somebody from elsewhere has yours now",
    details={"limit": "clients", "of": "network"},
)


class Idling:
    """Args:
    peers: all that are connected, at any time.
    timeout: seconds for which one may be idle.
    is_host: tells whether a peer is the host of its room.
    put_out: removes from its room a peer that has not logged in, and closes it. It is called within a turn.
    """

    def __init__(
        self,
        peers: Set[Peer],
        turns: Turns,
        timeout: float,
        is_host: Callable[[Peer], bool],
        put_out: Callable[[Peer, float], None],
    ) -> None:
        self._limits = LimitLog(_log)
        self._is_host = is_host
        self._put_out = put_out
        self._peers = peers
        self._turns = turns
        self._timeouts = {State.NEW: min(FIRST_TIMEOUT, timeout), State.IDLE: timeout}
        self._period = self._timeouts[State.NEW] / _SWEEPS
        self._timer = DeadlineTimer(self._sweep)
        self._is_armed = False

    def arm(self, now: float) -> None:
        """Look for the idle from now on. Call it when a peer has come."""
        if not self._is_armed:
            self._is_armed = True
            self._timer.arm(now + self._period)

    def stop(self) -> None:
        self._timer.arm(None)

    def make_room(self, newcomer: Peer, now: float) -> bool:
        """Close a peer, if there is one that has to give way. Return whether there was."""
        idle = self._most_idle(newcomer)
        crowded = self._of_the_crowd(newcomer) if idle is None else None
        what = (
            "clients in no room are closed for new ones"
            if idle is not None
            else "clients of networks with many are closed for new ones of others"
            if crowded is not None
            else "clients are refused"
        )
        self._limits.warn(what, "%s: %d are here, which is the most (--max-clients)", what, len(self._peers))
        with self._turns.turn(now, None):
            if idle is not None:
                self._close(idle, "the server is full, and this client is in no room")
            elif crowded is not None:
                self._turns.turn_away(crowded, _GIVES_WAY)
        return idle is not None or crowded is not None

    def _most_idle(self, newcomer: Peer) -> Peer | None:
        """Return the peer that has been idle for longest, of the network that has most idle ones. None: there is no
        idle one, or that is the newcomer's network. It would be one idle peer for another."""
        idle = defaultdict[str, list[Peer]](list)
        for peer in self._peers:
            if peer.session.state in self._timeouts:
                idle[peer.visitor.network].append(peer)
        longest = {network: min(peers, key=_idle_since) for network, peers in idle.items()}
        network = max(idle, key=lambda network: (len(idle[network]), -_idle_since(longest[network])), default=None)
        return None if network is None or network == newcomer.visitor.network else longest[network]

    def _of_the_crowd(self, newcomer: Peer) -> Peer | None:
        """Return the newest peer of the network that has most, a host last. None: no network has so many more than the
        newcomer's. A Unix socket's clients have no network, and many or few of them can be anybody's."""
        networks = defaultdict[str, list[Peer]](list)
        for peer in self._peers:
            networks[peer.visitor.network].append(peer)
        own = len(networks.pop(newcomer.visitor.network, ())) + 1
        networks.pop("", None)
        crowd = max(networks.values(), key=len, default=[])
        if len(crowd) <= max(_FEW, _TIMES * own):
            return None
        return max(crowd, key=lambda peer: (not self._is_host(peer), peer.session.since))

    def _sweep(self, now: float) -> None:
        self._is_armed = False
        overdue = [peer for peer in self._peers if self._is_overdue(peer, now)]
        with self._turns.turn(now, None):
            for peer in overdue:
                self._close(peer)
        for peer in [peer for peer in self._peers if self._is_strange(peer, now)]:
            with self._turns.turn(now, None):
                self._put_out(peer, now)
        if self._peers:
            self.arm(now)

    def _is_overdue(self, peer: Peer, now: float) -> bool:
        timeout = self._timeouts.get(peer.session.state)
        return timeout is not None and now - peer.session.idle_since >= timeout

    def _is_strange(self, peer: Peer, now: float) -> bool:
        return peer.session.lacks_account and now - peer.session.since >= _LOGIN_TIMEOUT

    def _close(self, peer: Peer, why: str = "nothing was asked for") -> None:
        if peer.session.full:
            self._turns.send(peer, Goodbye("idle"))
        self._turns.close(peer, CLOSE_IDLE, why)


def _idle_since(peer: Peer) -> float:
    return peer.session.idle_since
