"""Arithmetic on timelines: where the media stands at a time, when it stands somewhere, how it goes on from there.

A `Timeline` (hangd.protocol.model) says: at server time ``at`` the media stands at ``position``, and while ``playing``
it then moves at ``rate`` media seconds a second. Before ``at`` it stands still at ``position``: starts are scheduled.
"""

import math
from typing import Final

from msgspec.structs import replace

from hangd.protocol.model import RATE_MAX, RATE_MIN, Timeline

__all__ = ["earliest", "is_newer", "is_running", "playable_rate", "position_at", "rate_period", "rebase", "time_of"]

_PERIOD_BASE: Final = 1000
"""VLC 3 keeps a rate as the integer period ``int(1000 / rate)`` (INPUT_RATE_DEFAULT)."""

_CATCHING_UP: Final = 1.05
"""A player can be so much faster than the fastest room, and slower than the slowest, to make up for an error."""


def rate_period(rate: float) -> int:
    """Return the whole n for which 1000/n lies nearest to ``rate``.

    ``rate`` is clamped first to what players are asked for: a room's rates and 5 % on either side.
    """
    clamped = min(max(rate, RATE_MIN / _CATCHING_UP), RATE_MAX * _CATCHING_UP)
    low = math.floor(_PERIOD_BASE / clamped)
    return min((low, low + 1), key=lambda n: abs(_PERIOD_BASE / n - clamped))


def playable_rate(rate: float) -> float:
    """Round ``rate`` to the nearest that a room can have and VLC 3 plays: 1000/n for a whole n from 500 to 4000."""
    return _PERIOD_BASE / rate_period(min(max(rate, RATE_MIN), RATE_MAX))


def is_running(timeline: Timeline) -> bool:
    """Tell whether the media moves (or will, once ``at`` has come): playing, and no gate holds it."""
    return timeline.playing and timeline.gate is None


def position_at(timeline: Timeline, at: float) -> float:
    """Return the media position in seconds at server time ``at``. The end of the file is the caller's to know."""
    elapsed = at - timeline.at
    if elapsed <= 0.0 or not timeline.playing or timeline.gate is not None:
        return timeline.position
    return timeline.position + elapsed * timeline.rate


def time_of(timeline: Timeline, position: float) -> float:
    """Return the server time at which a running timeline reaches ``position`` (maybe a past one).

    Raises:
        ValueError: the timeline is not running, so no time answers.
    """
    if not is_running(timeline):
        raise ValueError("a timeline that does not run reaches nothing")
    return timeline.at + (position - timeline.position) / timeline.rate


def rebase(timeline: Timeline, at: float) -> Timeline:
    """Return the same motion written from server time ``at`` on (never earlier than its own start)."""
    at = max(at, timeline.at)
    return replace(timeline, position=position_at(timeline, at), at=at)


def earliest(*moments: float | None) -> float | None:
    """Return the least of those that are not None; None where all are."""
    least: float | None = None
    for moment in moments:
        if moment is not None and (least is None or moment < least):
            least = moment
    return least


def is_newer(candidate: Timeline, than: Timeline | None) -> bool:
    """Tell whether ``candidate`` is to replace ``than``: a later rev, or another epoch (the room was made anew).

    A room's messages arrive in order over one connection, so an unknown epoch is always the later one.
    """
    return than is None or candidate.epoch != than.epoch or candidate.rev > than.rev
