"""Untold: the members of whose players the others have not been told the last report yet.

Reports come every two seconds from each member while a film plays, and all at once when a room starts or stops. If each
were told to everybody, a room of N members would cost N squared messages. So several are told in one message, which
holds so many reports at most: what a member is told of the others does not grow with the room.

Positions are told when somebody reports, which is often; nobody is woken for that alone, unless no report comes. In a
room that is at rest nobody moves, so they are told less often: a room that is paused all night costs little.

``state.RoomData`` has one, and ``room.Room`` tells what is due.
"""

from itertools import chain, islice
from math import inf
from typing import Final

from msgspec import Struct, field

REPORTS_MOST: Final = 20
"""Reports in one message, and in a second while no member's player changes its state. In a room of 100 each member's
position is told every 5 s, in time for clients that take a member for silent after 8 s."""

_POSITION_SECONDS: Final = 1.0
_RESTING_SECONDS: Final = 3.0
"""Between two messages, if only positions are different, while the film plays and while it does not. In a large room
they come as often in both cases: else some would be told too seldom."""

_WAIT_SECONDS: Final = 1.0
"""For which positions wait for the next report, with which they are told."""

_STATES_AT_ONCE: Final = 20
_STATE_SECONDS: Final = 0.4
"""Between two messages, if a player's state is different: nothing in rooms of at most so many members. In larger ones
all start and stop together, and 50 reports a second are told at most."""


class Untold(Struct):
    states: dict[str, None] = field(default_factory=dict)
    """The ids of the members whose players do something else than the others were told, first come first."""
    positions: dict[str, None] = field(default_factory=dict)
    """The ids of the others of which only the position and its errors are different."""
    told_at: float = float("-inf")

    def add(self, client_id: str, *, changed: bool) -> None:
        """Add a member that has reported. ``changed``: more than its position is different."""
        if changed:
            self.positions.pop(client_id, None)
            self.states[client_id] = None
        elif client_id not in self.states:
            self.positions[client_id] = None

    def discard(self, client_id: str) -> None:
        """Take out a member that has gone, or of which the others are told everything now."""
        self.states.pop(client_id, None)
        self.positions.pop(client_id, None)

    def due(self, members: int, *, resting: bool) -> float:
        """Return from when on `take` is to be called, as soon as something happens. Infinity: there is nothing to tell.

        Args:
            members: of the room.
            resting: whether the film stands.
        """
        if self.states:
            return self.told_at + (0.0 if members <= _STATES_AT_ONCE else _STATE_SECONDS)
        if not self.positions:
            return inf
        rests = resting and len(self.positions) < REPORTS_MOST
        return self.told_at + (_RESTING_SECONDS if rests else _POSITION_SECONDS)

    def deadline(self, members: int, *, resting: bool) -> float:
        """Return when `take` is to be called although nothing happens."""
        due = self.due(members, resting=resting)
        return due if self.states else due + _WAIT_SECONDS

    def take(self, now: float) -> list[str]:
        """Take out the members that the others are told of now."""
        ids = list(islice(chain(self.states, self.positions), REPORTS_MOST))
        for client_id in ids:
            self.discard(client_id)
        self.told_at = now
        return ids
