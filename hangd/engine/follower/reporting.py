"""Reporting: when the room is told what this player does, and what it is told.

It is told at once when the state of the player changes, when the room's timeline does, and when it has forgotten the
last report. Beyond that a report comes every two seconds while the film plays, because pictures drift, and seldom while
nothing moves: a room that is paused all night costs phones and the server little. A picture at rest that changes its
place all the same (a frame step) is told with the next report of the short interval. `Follower` asks after every input.
"""

from hangd.engine.follower.clock import ClockFilter
from hangd.engine.follower.effects import SendReport
from hangd.engine.follower.picture import Picture
from hangd.engine.follower.state import FollowerPolicy, FollowerState
from hangd.engine.timeline import position_at
from hangd.protocol.messages import Report
from hangd.protocol.model import ReportedState


class Reporting:
    """See the module's docstring. Its state is the follower's."""

    def __init__(self, policy: FollowerPolicy, state: FollowerState, clock: ClockFilter, picture: Picture) -> None:
        self._policy = policy
        self._state = state
        self._clock = clock
        self._picture = picture

    @property
    def is_wanted(self) -> bool:
        """Whether `report` has to be called: the room may have to be told something, or when next has to be judged."""
        if not self._state.in_room or not self._clock.locked:
            return False
        reported, rev = self._now()
        return reported in ("paused", "ended", "idle") or self._state.reported != (reported, rev)

    def report(self, position: float, error: float | None, now: float) -> list[SendReport]:
        """Return a report if the room has not got one of this state and rev. Otherwise judge when the next one is due.

        Args:
            position: of the picture, in seconds.
            error: of the picture, in seconds, as far as the player follows the room; None: unknown.
            now: local time.
        """
        state, room = self._state, self._state.on_own.room
        reported, rev = self._now()
        is_told = state.reported == (reported, rev)
        if not is_told:
            state.reported, state.reported_at, state.reported_position = (reported, rev), now, position
        rests = self._rests(reported) and position == state.reported_position
        state.report_due = state.reported_at + (self._policy.rest_interval if rests else self._policy.report_interval)
        if is_told:
            return []
        at = self._clock.to_server(now)
        if room is not None:
            error = position - position_at(room, at)
        return [SendReport(Report(reported, position, at, error, self._clock.bound(now), rev, apart=room is not None))]

    def _now(self) -> tuple[ReportedState, int]:
        """Return the state of the player, and the rev of the room's timeline."""
        state = self._state
        return self._picture.reported_state, (state.on_own.room or state.timeline).rev

    def _rests(self, reported: ReportedState) -> bool:
        """Tell whether nothing moves of what a report tells. From who is apart, the room moves away."""
        timeline = self._state.timeline
        if self._state.on_own.room is not None:
            return False
        return reported == "idle" or (
            reported in ("paused", "ended") and not timeline.playing and timeline.gate is None
        )
