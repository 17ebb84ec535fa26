"""Arithmetic on timelines: the position at a time, the time of a position, rates that players can play.

A `Timeline` (`hangd.protocol.model`) says: at server time ``at`` the media is at ``position``, and while ``playing`` it
moves on from there at ``rate`` seconds of media a second. It does not move before ``at``, because starts are scheduled,
nor with a gate. Rooms and followers both calculate with these functions, so that they agree.
"""

import math
from typing import Final

from msgspec.structs import replace

from hangd.protocol.model import RATE_MAX, RATE_MIN, SECONDS_MAX, Timeline

PERIOD_BASE: Final = 1000
"""VLC 3 stores a rate as the integer period ``int(1000 / rate)`` (INPUT_RATE_DEFAULT in its source)."""

_TRIM_RANGE: Final = 1.05
"""How far beyond a room's slowest and fastest rate a player may go, as a factor. Chosen: a trim needs 3 % at most."""


def rate_period(rate: float) -> int:
    """Return the integer n for which 1000/n is nearest to ``rate``, clamped to the rates of rooms and of trims."""
    clamped = min(max(rate, RATE_MIN / _TRIM_RANGE), RATE_MAX * _TRIM_RANGE)
    low = math.floor(PERIOD_BASE / clamped)
    return min((low, low + 1), key=lambda n: abs(PERIOD_BASE / n - clamped))


def playable_rate(rate: float) -> float:
    """Round ``rate`` to the nearest rate that a room may have and VLC 3 can play: 1000/n, n an integer in 500..4000."""
    return PERIOD_BASE / rate_period(min(max(rate, RATE_MIN), RATE_MAX))


def is_running(timeline: Timeline) -> bool:
    """Return whether the media moves, or will move once ``at`` has come: it plays, and no gate is closed."""
    return timeline.playing and timeline.gate is None


def position_at(timeline: Timeline, at: float) -> float:
    """Return the position in seconds at server time ``at``. It may lie past the end of the media.

    It is always one that messages can name: there are films without an end, or with an unknown one.
    """
    elapsed = at - timeline.at
    if elapsed <= 0.0 or not timeline.playing or timeline.gate is not None:
        return timeline.position
    return min(timeline.position + elapsed * timeline.rate, SECONDS_MAX)


def time_of(timeline: Timeline, position: float) -> float:
    """Return the server time at which a running timeline is at ``position``. It may lie in the past.

    Raises:
        ValueError: the timeline is not running.
    """
    if not is_running(timeline):
        raise ValueError("the timeline does not run")
    return timeline.at + (position - timeline.position) / timeline.rate


def rebase(timeline: Timeline, at: float) -> Timeline:
    """Return the same motion, stated for server time ``at`` or, if that is later, for the timeline's own ``at``."""
    at = max(at, timeline.at)
    return replace(timeline, position=position_at(timeline, at), at=at)


def earliest(*times: float | None) -> float | None:
    """Return the smallest of the times that are not None; None if all are None."""
    # Written out, because it runs after every input of a follower: `min` with a generator takes six times as long.
    least: float | None = None
    for time in times:
        if time is not None and (least is None or time < least):
            least = time
    return least


def is_newer(candidate: Timeline, than: Timeline | None) -> bool:
    """Return whether ``candidate`` replaces ``than``: its rev is higher, or its epoch differs (a restored room).

    A room's messages arrive in order over one connection, so an epoch that differs is always the later one.
    """
    return than is None or candidate.epoch != than.epoch or candidate.rev > than.rev
