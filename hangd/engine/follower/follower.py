"""Follower: keeps one player at the position of a timeline, and turns the viewer's actions into requests to the room.

Theory of operation. There is a *timeline*, which says where the media has to be, and a `Picture`, which says where it
is. ``_steer`` is the one place that compares the two and gives the next command. It runs after every input, and gives
no command while the player is still working on the last one (LOADING, SEEKING, PAUSING). So in whatever order inputs
arrive, the player is always on its way to what the timeline says now.

*Starts are scheduled.* The room names a future time, and every member resumes at it. A player that is late (a member
that joined, a slow seek) seeks to where the room will be when the seek is done, by the duration that seeks have had
here, and resumes when the room is at that position.

*The viewer's actions.* A pause takes effect at once, and the request to the room names the frame on which it stopped;
until the room has answered, the timeline does not control the player (`hangd.engine.follower.pending_input`). A pause,
a start or a frame step that no command of the follower explains was made by the viewer in the player's own window. All
else is requested, and takes effect when the room's timeline says so.

*In no room* the follower has a timeline of its own, in local time (`hangd.engine.follower.local_timeline`), and adjusts
it to the player. Entering or leaving a room only replaces the timeline.
"""

import copy
from typing import assert_never

from msgspec.structs import replace

from hangd.engine.follower import inputs, local_timeline
from hangd.engine.follower.clock import ClockFilter
from hangd.engine.follower.drift import DriftController, Hold, Resync, Trim
from hangd.engine.follower.effects import AnnounceCorrection, AnnounceSeek, FollowerEffect, SendReport, SendRequest
from hangd.engine.follower.pending_input import PendingInput
from hangd.engine.follower.picture import Motion, Picture
from hangd.engine.follower.state import FollowerState, Policies
from hangd.engine.player_messages import Ended, PauseFor, PlayerEvent, Sampled, Settled, Started
from hangd.engine.timeline import earliest, is_newer, is_running, position_at, time_of
from hangd.protocol.messages import Pause, Play, Report, Seek, Speed, Stop, SyncCommand
from hangd.protocol.model import Timeline


class Follower:
    """``now`` is the local monotonic time. ``state``: another follower's `snapshot`, to continue from there."""

    def __init__(self, policies: Policies | None = None, state: FollowerState | None = None) -> None:
        self.policies = policies or Policies()
        self.state = state or FollowerState()
        self._policy = self.policies.follower
        self.clock = ClockFilter(self.policies.clock, self.state.clock)
        self.picture = Picture(self.policies.picture, self.state.picture)
        self._drift = DriftController(self.policies.drift, self.state.drift)
        self._pending_input = PendingInput(self.policies.pending_input, self.state.pending_input)

    def handle(self, input: inputs.FollowerInput, now: float) -> list[FollowerEffect]:
        """Take one input and return the effects to carry out, in order. Raises nothing."""
        state = self.state
        effects: list[FollowerEffect] = []
        match input:
            case inputs.PlayerSaid(event=event):  # Tested first, because nearly all inputs are samples.
                before = state.picture.motion
                if not self.picture.update(event):
                    return []
                effects = self._player_said(event, before, now)
            case inputs.DeadlineReached():
                return self.expire(now)
            case inputs.Pinged(t0=t0, t1=t1, t2=t2, t3=t3):
                self.clock.add(t0, t1, t2, t3)
                if state.absence_unchecked and state.in_room and self.clock.locked:
                    state.absence_unchecked = False
                    effects = self._seek_if_far(now)
            case inputs.TimelineReceived():
                if not self._accept_timeline(input, now):
                    return []
                effects = [*(self.picture.unload() if input.stop else []), *self._set_timeline(input.timeline, now)]
            case inputs.FileOpened(path=path, start=start, entry=entry):
                if not state.in_room:
                    state.timeline = local_timeline.initial(now, start, rate=state.timeline.rate)
                state.picture.duration, state.picture.entry = None, entry
                effects = self._load(path, now)
            case inputs.FileClosed():
                self._pending_input.clear_wanted()
                effects = self.picture.close()
            case inputs.LeftRoom():
                if not state.in_room:
                    return []
                self._leave_room(now)
            case inputs.RoomRefused():  # The timeline controls the player again, so a pause is undone.
                self._pending_input.clear()
            case inputs.ClockFlushed():
                self.clock.flush()
                return []
            case inputs.AbsenceEnded():
                # The local clock may have stood still. Where the picture is, only the next sample can tell.
                self.clock.flush(now)
                self._drift.restart(now)
                state.absence_unchecked = True
            case inputs.PauseRequested(paused=paused):
                effects = self._pause_requested(paused, now)
            case inputs.SeekRequested(position=position):
                position = self.picture.clamp(position)
                if self._pending_input.merge(position, now):
                    return []
                effects = self._request_seek(position, now)
            case inputs.SpeedRequested(rate=rate):
                effects = self._request(Speed(rate=rate), now)
            case inputs.StopRequested():
                effects = self._request(Stop(), now)
            case inputs.TimingsRecalled(timings=timings):
                state.picture.seek_cost = timings.seek_cost
                state.start_bias.restore(timings.start_bias)
                return []
            case inputs.OffsetSet(seconds=seconds):
                state.video_offset = seconds
                return []
            case _:
                assert_never(input)
        effects += self._steer_and_report(now)
        return effects

    def deadline(self) -> float | None:
        """Return the local time at which to call `expire`, or None."""
        state = self.state
        return earliest(
            self._drift.deadline(),
            self._pending_input.deadline(),
            state.report_due if state.in_room else None,
            None if state.scheduled is None else self.clock.to_local(state.scheduled.at),
        )

    def expire(self, now: float) -> list[FollowerEffect]:
        """Do what is due by ``now``."""
        state = self.state
        effects: list[FollowerEffect] = []
        if state.scheduled is not None and self.clock.to_local(state.scheduled.at) <= now:
            effects += self._set_timeline(state.scheduled, now)
        self._drift.expire(now)
        if (position := self._pending_input.expire(now)) is not None:
            effects += self._request_seek(position, now)
        if state.report_due is not None and state.report_due <= now:
            state.reported = state.report_due = None  # `_report` makes one again, with the error of now.
        effects += self._steer_and_report(now)
        return effects

    def snapshot(self) -> FollowerState:
        """Return a copy of the state. Another follower with the same policies continues from it."""
        return copy.deepcopy(self.state)

    def check(self) -> None:
        """Assert the invariants."""
        state = self.state
        self.picture.check()
        self._pending_input.check()
        assert state.drift.trim is None or state.picture.motion is Motion.RUNNING
        assert state.scheduled is None or (state.in_room and is_running(state.scheduled))

    # ---- reading --------------------------------------------------------------------------------------------------

    @property
    def rate(self) -> float:
        """The speed, including a change that takes effect in a moment."""
        return (self.state.scheduled or self.state.timeline).rate

    @property
    def paused(self) -> bool:
        """Whether the media has to be paused. At a gate it has not: the room goes on by itself."""
        wanted = self.state.pending_input.wanted
        return wanted == "paused" or (wanted is None and not (self.state.scheduled or self.state.timeline).playing)

    def position(self, now: float) -> float | None:
        """Return the picture's position in seconds; None if no file is loaded."""
        return None if self.state.picture.motion is Motion.EMPTY else self.picture.position(now)

    def requested_position(self, now: float) -> float | None:
        """Return the position that a relative seek starts from: the one requested last, or else the picture's."""
        requested = self._pending_input.seek_position
        return self.position(now) if requested is None else requested

    @property
    def error(self) -> float | None:
        """The error in seconds, positive ahead, from samples or from where the picture is settled; None: unknown."""
        state = self.state
        if not state.in_room:
            return None
        if state.picture.motion is Motion.SETTLED and not is_running(state.timeline):
            position = state.timeline.position
            return 0.0 if self.picture.is_settled_at(position) else state.picture.position - position
        judged = self._drift.error
        error = state.error if judged is None else judged
        return error if state.picture.motion is Motion.RUNNING else None

    @property
    def has_unsent_request(self) -> bool:
        """Whether a request is still to come: for a pause that is not done yet, or for a seek that may be merged."""
        return self.state.picture.motion is Motion.PAUSING or self.state.pending_input.merged is not None

    # ---- the room and the clock -----------------------------------------------------------------------------------

    def _accept_timeline(self, received: inputs.TimelineReceived, now: float) -> bool:
        """Take in what a timeline answers or schedules. Return whether it also takes effect now."""
        state, timeline = self.state, received.timeline
        if received.entering:
            # Reports belong to a connection: the room has forgotten those of an earlier one.
            state.in_room, state.reported = True, None
        elif not state.in_room or not is_newer(timeline, state.scheduled or state.timeline):
            return False
        if state.picture.motion is not Motion.PAUSING:
            self._pending_input.clear_wanted()
        if received.entering or not self.clock.locked or not is_running(timeline) or not is_running(state.timeline):
            return True
        if state.timeline.at <= self.clock.to_server(now) < timeline.at:
            state.scheduled = timeline  # A change of speed. Until then the room moves as before.
            return False
        return True

    def _set_timeline(self, timeline: Timeline, now: float) -> list[FollowerEffect]:
        state = self.state
        state.timeline, state.scheduled, state.pending_input.requested = timeline, None, None
        # A scheduled Resume is for the old timeline: `_steer` gives another one.
        state.picture.resume_at = None
        state.seeks = 0
        state.start_bias.discard()
        self._drift.restart(now)
        return self._seek_if_far(now)

    def _leave_room(self, now: float) -> None:
        """Continue in no room, from where the picture is."""
        state = self.state
        state.in_room, state.scheduled = False, None
        self._pending_input.clear()
        playing = state.picture.motion in (Motion.RUNNING, Motion.STARTING)
        position = self.picture.position(now)
        state.timeline = local_timeline.initial(now, position, playing=playing, rate=state.timeline.rate)

    # ---- the viewer's requests ------------------------------------------------------------------------------------

    def _pause_requested(self, paused: bool, now: float) -> list[FollowerEffect]:
        picture, pending = self.state.picture, self.state.pending_input
        if picture.motion is Motion.PAUSING and pending.wanted is not None:
            # Decided when the picture has settled. A pause that is taken back before then is never requested.
            pending.wanted = "paused" if paused else "playing"
            return []
        # A seek that the room has not answered yet takes effect first. Another position would undo it.
        requested = self._pending_input.seek_position
        position = self._timeline_position(now) if requested is None else requested
        if not paused:
            # A pause that the room has not answered yet: the picture, not the timeline, knows where it goes on.
            if pending.wanted == "paused" and requested is None:
                position = self.picture.clamp(self.picture.position(now))
            return self._request(Play(timestamp=position), now)
        if picture.motion in (Motion.RUNNING, Motion.STARTING):
            self._pending_input.want("paused", self.state.timeline.rev, now)
            return self.picture.pause()
        return self._request(Pause(timestamp=position), now)

    def _request_seek(self, position: float, now: float) -> list[FollowerEffect]:
        if self.state.in_room:
            self.state.pending_input.requested = position
        return self._request(Seek(timestamp=position), now)

    def _request(self, command: SyncCommand, now: float) -> list[FollowerEffect]:
        """Send a request to the room; in no room, apply it."""
        state = self.state
        if state.in_room:
            state.requests += 1
            return [SendRequest(replace(command, command_id=str(state.requests)))]
        self._pending_input.clear_wanted()
        at_end = isinstance(command, Play) and self.picture.is_at_end(command.timestamp)
        loaded = state.picture.motion is not Motion.EMPTY
        state.timeline = local_timeline.applied(state.timeline, command, now, loaded=loaded, at_end=at_end)
        return self.picture.unload() if isinstance(command, Stop) else []

    # ---- the player's events --------------------------------------------------------------------------------------

    def _player_said(self, event: PlayerEvent, before: Motion, now: float) -> list[FollowerEffect]:
        """Take an event that the picture accepted; ``before`` is the motion before it."""
        state = self.state
        match event:
            case Sampled():
                error = self._error_at(event.position, event.at)
                if error is None or state.picture.stalled:
                    return []
                state.start_bias.observe(error)
                return self._correct(error, event.at, now)
            case Settled(position=position):
                return self._settled(before, self.picture.clamp(position), now)
            case Started(position=position, at=at):
                return self._started(before, position, at, now)
            # In a room it is the room that decides when the film has ended.
            case Ended(position=position) if not state.in_room:
                state.timeline = local_timeline.initial(now, self.picture.clamp(position), rate=state.timeline.rate)
        return []

    def _settled(self, before: Motion, position: float, now: float) -> list[FollowerEffect]:
        timeline, pending = self.state.timeline, self.state.pending_input
        match before:
            case Motion.PAUSING if pending.wanted == "playing":
                # The room was not told of the pause, and need not be, unless it has paused meanwhile.
                self._pending_input.clear_wanted()
                return [] if timeline.playing else self._request(Play(timestamp=self._timeline_position(now)), now)
            case Motion.PAUSING | Motion.RUNNING | Motion.STARTING:
                # The viewer paused, through the follower or in the player's window. If the room's timeline has changed
                # since, the viewer wants a pause there.
                changed = before is Motion.PAUSING and pending.wanted_at_rev != timeline.rev
                self._pending_input.want("paused", timeline.rev, now)
                return self._request(Pause(timestamp=self._timeline_position(now) if changed else position), now)
            case Motion.SETTLED if not self.picture.is_settled_at(timeline.position):
                # A frame step in the player's window. In a room that is paused all members take it.
                self._pending_input.want("paused", timeline.rev, now)
                return self._request(Seek(timestamp=position), now)
            case _:
                return []

    def _started(self, before: Motion, position: float, at: float, now: float) -> list[FollowerEffect]:
        state = self.state
        state.seeks, state.error = 0, None
        self._drift.restart(now)
        if before is Motion.SETTLED:
            # The viewer started the player in its window.
            self._pending_input.want("playing", state.timeline.rev, now)
            return self._request(Play(timestamp=self.picture.clamp(position)), now)
        # If the thread that resumes the player was late, the error is known before the first sample.
        error = self._error_at(position, at)
        late = 0.0 if error is None else -error - state.start_bias.bias
        if not self.policies.drift.threshold_fresh < late <= self._policy.late_start_max:
            return []
        state.start_bias.discard()
        return self._correct(-late, at, now)

    def _error_at(self, position: float, at: float) -> float | None:
        """Return the error of a picture that was at ``position`` at the local time ``at``; None if it is unknown.

        In no room there is no error, because the timeline is adjusted to the picture.
        """
        state = self.state
        timeline = state.timeline
        if not is_running(timeline):
            return None
        if not state.in_room:
            state.timeline = replace(timeline, position=position, at=at)
            return None
        server = self.clock.to_server(at)
        if state.clock.best is None or server < timeline.at:
            return None
        return position - state.video_offset - position_at(timeline, server)

    def _correct(self, error: float, at: float, now: float) -> list[FollowerEffect]:
        """Make the correction that the drift controller finds necessary, if any."""
        self.state.error = error
        correction = self._drift.observe(error, at, self.state.timeline.rate)
        match correction:
            case None:
                return []
            case Trim():  # `_steer` sets the rate, now and after each sample.
                return [AnnounceCorrection(correction)]
            case Hold(seconds=seconds):
                return [AnnounceCorrection(correction), PauseFor(seconds)]
            case Resync():
                return [AnnounceCorrection(correction), *self._seek_ahead(now)]

    # ---- steering -------------------------------------------------------------------------------------------------

    def _steer_and_report(self, now: float) -> list[FollowerEffect]:
        effects = self._steer(now)
        if self.state.picture.motion is not Motion.RUNNING:
            self._drift.cancel()
        effects += self._report(now)
        return effects

    def _steer(self, now: float) -> list[FollowerEffect]:
        """Return the next command on the way from the picture to the timeline; none if it is on its way."""
        state, picture = self.state, self.picture
        timeline = state.timeline
        if state.pending_input.wanted is not None:
            return []
        # Without a clock nobody knows where a running room is. (As `clock.locked`; a property is slow at every sample.)
        if state.in_room and state.clock.best is None and is_running(timeline):
            return []
        match state.picture.motion:
            case Motion.RUNNING if is_running(timeline):  # Tested first, because it is so at every sample.
                return picture.set_rate(self._drift.rate or timeline.rate)
            case Motion.EMPTY:
                # After a Stop the path is still known: the file is loaded again when the timeline moves.
                moved = timeline.playing or timeline.position > 0
                return self._load(state.picture.path, now) if state.picture.path is not None and moved else []
            case Motion.LOADING | Motion.SEEKING | Motion.PAUSING:
                return []
            case Motion.STARTING if is_running(timeline) and state.picture.resume_at is not None:
                return []
            case Motion.STARTING | Motion.SETTLED if is_running(timeline):
                return self._start(now)
            case Motion.ENDED if is_running(timeline):
                # A picture may end a little before the duration of its file: then nothing is left to show.
                ended = picture.is_at_end(self._timeline_position(now), self._policy.end_tolerance)
                return [] if ended else self._seek_ahead(now)
            case Motion.ENDED if picture.is_at_end(timeline.position):
                return []
            # In a room every member seeks to the frame of a pause, also the one that paused: VLC's seeks end up to four
            # frames early, and all members have to see the same frame.
            case Motion.SETTLED if picture.is_settled_at(timeline.position, by_seek=state.in_room):
                if state.in_room or timeline.gate is None:
                    return []
                position = picture.position(now)
                state.timeline = replace(timeline, rev=timeline.rev + 1, position=position, at=now, gate=None)
                return self._start(now)
            case _:
                return self._seek(timeline.position, now)

    def _start(self, now: float) -> list[FollowerEffect]:
        """Resume a settled picture when the room is at its position, or seek if that is too far off."""
        state = self.state
        if not state.in_room:
            return self.picture.resume(None, now, state.timeline.rate)
        server = self.clock.to_server(now)
        if self.picture.is_at_end(position_at(state.timeline, server)):
            return []
        start = time_of(state.timeline, self.picture.position(now) - state.video_offset)
        late = server - start
        if -self._policy.wait_max <= late <= 0:
            state.start_bias.begin()  # Only starts on time tell how exact starts are.
        elif not 0 < late < self._policy.late_start_max and (late < 0 or state.seeks < self._policy.late_seeks_max):
            return self._seek_ahead(now)
        # The time may have just passed: a player that is able to then continues as if it had started in time.
        at = self.clock.to_local(start) + state.start_bias.bias / state.timeline.rate
        return self.picture.resume(at, now, state.timeline.rate)

    def _seek_if_far(self, now: float) -> list[FollowerEffect]:
        """Seek if the running picture is so far from the timeline that it cannot have drifted there."""
        state = self.state
        if state.picture.motion is not Motion.RUNNING or not is_running(state.timeline) or not self.clock.locked:
            return []
        distance = abs(self.picture.position(now) - state.video_offset - self._timeline_position(now))
        return self._seek_ahead(now) if distance > self._policy.seek_threshold else []

    def _seek_ahead(self, now: float) -> list[FollowerEffect]:
        """Seek to where the timeline will be when the seek is done."""
        done = now + self.picture.seek_cost + self._policy.seek_margin
        return self._seek(self._timeline_position(done) + self.state.video_offset, now)

    def _seek(self, position: float, now: float) -> list[FollowerEffect]:
        position = self.picture.clamp(position)
        self.state.seeks += 1
        return [AnnounceSeek(position), *self.picture.seek(position, now)]

    def _load(self, path: str, now: float) -> list[FollowerEffect]:
        self.state.seeks, self.state.error = 0, None
        self._pending_input.clear_wanted()
        return self.picture.load(path, self._timeline_position(now))

    def _timeline_position(self, now: float) -> float:
        """Return the timeline's position at the local time ``now``, limited to where a player can settle."""
        state, timeline = self.state, self.state.timeline
        # Without a clock the start of the motion is the best guess. `_steer` waits for the clock, and then corrects it.
        if state.in_room and is_running(timeline) and not self.clock.locked:
            return self.picture.clamp(timeline.position)
        return self.picture.clamp(position_at(timeline, self.clock.to_server(now) if state.in_room else now))

    def _report(self, now: float) -> list[FollowerEffect]:
        """Return a report if the room has not got one of this state and rev."""
        state = self.state
        reported, rev = self.picture.reported_state, state.timeline.rev
        if state.reported == (reported, rev) or not state.in_room or not self.clock.locked:
            return []
        state.reported, state.report_due = (reported, rev), now + self._policy.report_interval
        position, at = self.position(now) or 0.0, self.clock.to_server(now)
        error, bound = self.error or 0.0, self.clock.bound(now)
        return [SendReport(Report(state=reported, position=position, at=at, error=error, clock_error=bound, rev=rev))]
