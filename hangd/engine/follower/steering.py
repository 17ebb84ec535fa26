"""Steering: compares the picture with the timeline, and returns the next command on the way from the one to the other.

It gives no command while the player is still working on the last one (LOADING, SEEKING, PAUSING). A start is made at
the time that the timeline names; a late player seeks ahead first. `Follower` calls it after every input.
"""

from msgspec.structs import replace

from hangd.engine.follower.clock import ClockFilter
from hangd.engine.follower.drift import DriftController, Hold, Resync, Trim
from hangd.engine.follower.effects import AnnounceCorrection, AnnounceSeek, FollowerEffect
from hangd.engine.follower.pending_input import PendingInput
from hangd.engine.follower.picture import Motion, Picture
from hangd.engine.follower.state import FollowerPolicy, FollowerState
from hangd.engine.player_messages import PauseFor
from hangd.engine.timeline import is_running, position_at, time_of


class Steering:
    """See the module's docstring. Its state is the follower's."""

    def __init__(
        self,
        policy: FollowerPolicy,
        state: FollowerState,
        clock: ClockFilter,
        picture: Picture,
        drift: DriftController,
        pending_input: PendingInput,
    ) -> None:
        self._policy = policy
        self._state = state
        self._clock = clock
        self._picture = picture
        self._drift = drift
        self._pending_input = pending_input

    def error_at(self, position: float, at: float) -> float | None:
        """Return the error of a picture that was at ``position`` at the local time ``at``; None if it is unknown.

        By its own timeline a player has no error, because the timeline is adjusted to the picture.
        """
        state = self._state
        timeline = state.timeline
        if not is_running(timeline):
            return None
        if not state.follows:
            state.timeline = replace(timeline, position=position, at=at)
            return None
        server = self._clock.to_server(at)
        if state.clock.best is None or server < timeline.at:
            return None
        return position - state.video_offset - position_at(timeline, server)

    def correct(self, error: float, at: float, now: float) -> list[FollowerEffect]:
        """Make the correction that the drift controller finds necessary, if any."""
        self._state.error = error
        correction = self._drift.observe(error, at, self._state.timeline.rate)
        match correction:
            case None:
                return []
            case Trim():  # `steer` sets the rate, now and after each sample.
                return [AnnounceCorrection(correction)]
            case Hold(seconds=seconds):
                return [AnnounceCorrection(correction), PauseFor(seconds)]
            case Resync():
                return [AnnounceCorrection(correction), *self._seek_ahead(now)]

    def steer(self, now: float) -> list[FollowerEffect]:
        """Return the next command on the way from the picture to the timeline; none if it is on its way."""
        state, picture = self._state, self._picture
        timeline, follows = state.timeline, state.follows
        if state.pending_input.wanted is not None:
            return []
        # Without a clock nobody knows where a running room is. (As `clock.locked`; a property is slow at every sample.)
        if follows and state.clock.best is None and is_running(timeline):
            return []
        match state.picture.motion:
            case Motion.RUNNING if is_running(timeline):  # Tested first, because it is so at every sample.
                return picture.set_rate(self._drift.rate or timeline.rate)
            case Motion.EMPTY:
                # After a Stop the path is still known: the file is loaded again when the timeline moves.
                moved = timeline.playing or timeline.position > 0
                return self.load(state.picture.path, now) if state.picture.path is not None and moved else []
            case Motion.LOADING | Motion.SEEKING | Motion.PAUSING:
                return []
            case Motion.STARTING if is_running(timeline) and state.picture.resume_at is not None:
                return []
            case Motion.STARTING | Motion.SETTLED if is_running(timeline):
                return self._start(now)
            case Motion.ENDED if is_running(timeline):
                # A picture may end a little before the duration of its file: then nothing is left to show.
                ended = picture.is_at_end(self.timeline_position(now), self._policy.end_tolerance)
                return [] if ended else self._seek_ahead(now)
            case Motion.ENDED if picture.is_at_end(timeline.position):
                return []
            # In a room every member seeks to the frame of a pause, also the one that paused: VLC's picture may have
            # stopped a frame or more beside the one that it named.
            case Motion.SETTLED if picture.is_settled_at(timeline.position, by_seek=follows):
                if follows or timeline.gate is None:
                    return []
                position = picture.position(now)
                state.timeline = replace(timeline, rev=timeline.rev + 1, position=position, at=now, gate=None)
                return self._start(now)
            case _:
                return self._seek(timeline.position, now)

    def _start(self, now: float) -> list[FollowerEffect]:
        """Resume a settled picture when the room is at its position, or seek if that is too far off."""
        state = self._state
        if not state.follows:
            return self._picture.resume(None, now, state.timeline.rate)
        server = self._clock.to_server(now)
        if self._picture.is_at_end(position_at(state.timeline, server)):
            return []
        start = time_of(state.timeline, self._picture.position(now) - state.video_offset)
        late = server - start
        if -self._policy.wait_max <= late <= 0:
            state.start_bias.begin()  # Only starts on time tell how exact starts are.
        elif not 0 < late < self._policy.late_start_max and (late < 0 or state.seeks < self._policy.late_seeks_max):
            return self._seek_ahead(now)
        # The time may have just passed: a player that is able to then continues as if it had started in time.
        at = self._clock.to_local(start) + state.start_bias.bias / state.timeline.rate
        return self._picture.resume(at, now, state.timeline.rate)

    def seek_if_far(self, now: float) -> list[FollowerEffect]:
        """Seek if the running picture is so far from the timeline that it cannot have drifted there."""
        state = self._state
        if state.picture.motion is not Motion.RUNNING or not is_running(state.timeline) or not self._clock.locked:
            return []
        distance = abs(self._picture.position(now) - state.video_offset - self.timeline_position(now))
        return self._seek_ahead(now) if distance > self._policy.seek_threshold else []

    def _seek_ahead(self, now: float) -> list[FollowerEffect]:
        """Seek to where the timeline will be when the seek is done."""
        done = now + self._picture.seek_cost + self._policy.seek_margin
        return self._seek(self.timeline_position(done) + self._state.video_offset, now)

    def _seek(self, position: float, now: float) -> list[FollowerEffect]:
        position = self._picture.clamp(position)
        self._state.seeks += 1
        return [AnnounceSeek(position), *self._picture.seek(position, now)]

    def load(self, path: str, now: float) -> list[FollowerEffect]:
        self._state.seeks, self._state.error = 0, None
        self._pending_input.clear_wanted()
        return self._picture.load(path, self.timeline_position(now))

    def timeline_position(self, now: float) -> float:
        """Return the timeline's position at the local time ``now``, limited to where a player can settle."""
        state, timeline = self._state, self._state.timeline
        # Without a clock the start of the motion is the best guess. `steer` waits for the clock, and then corrects it.
        if state.follows and is_running(timeline) and not self._clock.locked:
            return self._picture.clamp(timeline.position)
        return self._picture.clamp(position_at(timeline, self._clock.to_server(now) if state.follows else now))
