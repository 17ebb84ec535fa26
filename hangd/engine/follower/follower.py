"""Follower: keeps one player at the position of a timeline, and turns the viewer's actions into requests to the room.

Theory of operation. There is a *timeline*, which says where the media has to be, and a `Picture`, which says where it
is. `Steering` is the one place that compares the two and gives the next command. It runs after every input, and gives
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
it to the player. Entering or leaving a room only replaces the timeline. So does what the viewer does while the room
cannot be asked or does not answer (`hangd.engine.follower.on_own`).
"""

import copy
from typing import Literal, assert_never

from msgspec.structs import replace

from hangd.engine.follower import inputs, local_timeline
from hangd.engine.follower.clock import ClockFilter
from hangd.engine.follower.drift import DriftController
from hangd.engine.follower.effects import FollowerEffect, SendRequest
from hangd.engine.follower.on_own import OnOwn, OnOwnState
from hangd.engine.follower.pending_input import PendingInput
from hangd.engine.follower.picture import Motion, Picture
from hangd.engine.follower.reporting import Reporting
from hangd.engine.follower.state import FollowerState, Policies
from hangd.engine.follower.steering import Steering
from hangd.engine.player_messages import Ended, OutputStale, PlayerEvent, Sampled, Settled, Shown, Started
from hangd.engine.timeline import earliest, is_newer, is_running
from hangd.protocol.messages import Pause, Play, Seek, Speed, Stop, SyncCommand
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
        self.on_own = OnOwn(self.state.on_own)
        self._steering = Steering(self._policy, self.state, self.clock, self.picture, self._drift, self._pending_input)
        self._reporting = Reporting(self._policy, self.state, self.clock, self.picture)

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
                if state.absence_unchecked and state.follows and self.clock.locked:
                    state.absence_unchecked = False
                    effects = self._steering.seek_if_far(now)
                requested_at = state.on_own.requested_at
                if requested_at is not None and t0 > requested_at:
                    self._pending_input.await_answer(now)  # The server speaks, so it has to answer as well.
            case inputs.TimelineReceived():
                taken = self._timeline_received(input, now)
                if taken is None:
                    return []
                effects = taken
            case inputs.FileOpened(path=path, start=start, entry=entry):
                if not state.follows:
                    state.timeline = local_timeline.initial(now, start, rate=state.timeline.rate)
                if (path, entry) != (state.picture.path, state.picture.entry):
                    self._pending_input.forget_merged()
                state.picture.duration, state.picture.entry = None, entry
                effects = self._steering.load(path, now)
            case inputs.FileClosed():
                self._pending_input.clear_wanted()
                self._pending_input.forget_merged()
                effects = self.picture.close()
            case inputs.LeftRoom():
                if not state.in_room:
                    return []
                self._leave_room(now)
            case inputs.RoomRefused():  # The timeline controls the player again, so a pause is undone.
                self._pending_input.clear()
                if state.on_own.link == "silent" and state.on_own.room is not None:
                    self.on_own.reach()
                    effects = self._follow_again(state.on_own.room, now)
            case inputs.LinkLost():
                if not state.in_room or state.on_own.link == "down":
                    return []
                effects = self._lose_link("down", now)
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
        if self._pending_input.is_overdue(now):
            effects += self._answer_missing(now)
        self._drift.expire(now)
        if (position := self._pending_input.expire(now)) is not None:
            effects += self._request_seek(position, now)
        if state.report_due is not None and state.report_due <= now:
            state.reported = state.report_due = None  # `Reporting` makes one again, with the error of now.
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
        self.on_own.check()
        assert state.in_room or state.on_own == OnOwnState()
        assert state.scheduled is None or (state.follows and is_running(state.scheduled))

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
        """Return the picture's position in seconds, in no room the one that it is on its way to; None: no file."""
        if self.state.picture.motion is Motion.EMPTY:
            return None
        return self.picture.position(now) if self.state.follows else self.requested_position(now)

    def requested_position(self, now: float) -> float | None:
        """Return the position that a relative seek starts from: the one requested last, or else the picture's."""
        requested, motion = self._pending_input.seek_position, self.state.picture.motion
        if requested is not None:
            return requested
        if motion in (Motion.LOADING, Motion.SEEKING):  # The timeline may have moved on since that was commanded.
            return self._steering.timeline_position(now)
        return None if motion is Motion.EMPTY else self.picture.position(now)

    @property
    def error(self) -> float | None:
        """The error in seconds, positive ahead, from samples or from the picture shown at rest; None: unknown."""
        state = self.state
        if not state.follows:
            return None
        if state.picture.motion is Motion.SETTLED and not is_running(state.timeline):
            return self._error_at_rest()
        judged = self._drift.error
        error = state.error if judged is None else judged
        return error if state.picture.motion is Motion.RUNNING else None

    def _error_at_rest(self) -> float | None:
        picture, position = self.state.picture, self.state.timeline.position
        if picture.shown is None:
            return None
        if self.picture.is_settled_at(position):
            # The player may name the time of the frame instead of the target: that is no error.
            return picture.shown - picture.position
        return picture.shown - position

    @property
    def has_unsent_request(self) -> bool:
        """Whether a request is still to come: for a pause that is not done yet, or for a seek that may be merged."""
        return self.state.picture.motion is Motion.PAUSING or self.state.pending_input.merged is not None

    # ---- the room and the clock -----------------------------------------------------------------------------------

    def _timeline_received(self, received: inputs.TimelineReceived, now: float) -> list[FollowerEffect] | None:
        """Take in what a timeline answers, schedules or changes. Return what follows at once; None: nothing."""
        state, own, timeline = self.state, self.state.on_own, received.timeline
        known = own.room or state.scheduled or state.timeline
        newer = received.entering or is_newer(timeline, known)
        if not received.entering and not (state.in_room and (newer or received.answer)):
            return None
        reached = received.entering or own.link != "silent"
        stays = reached and self.on_own.stands(timeline if newer or own.room is None else own.room)
        if received.entering or timeline.epoch != known.epoch:
            # Reports belong to a connection, and to a run of the room: it has forgotten those of earlier ones.
            state.in_room, state.reported = True, None
        if received.entering or own.link == "silent":
            self.on_own.reach()
        self._pending_input.answered(keep_wanted=state.picture.motion is Motion.PAUSING)
        if stays:
            own.room = timeline if newer else own.room
            return []
        if own.room is not None:
            return self._follow_again(timeline if newer else own.room, now)
        if not newer:
            return []
        changes_speed = is_running(timeline) and is_running(state.timeline) and not received.entering
        if changes_speed and self.clock.locked and state.timeline.at <= self.clock.to_server(now) < timeline.at:
            state.scheduled = timeline  # Until then the room moves as before.
            return None
        return [*(self.picture.unload() if received.stop else []), *self._set_timeline(timeline, now)]

    def _set_timeline(self, timeline: Timeline, now: float) -> list[FollowerEffect]:
        state = self.state
        state.timeline, state.scheduled, state.pending_input.requested = timeline, None, None
        # A scheduled Resume is for the old timeline: `Steering` gives another one.
        state.picture.resume_at = None
        state.seeks = 0
        state.start_bias.discard()
        self._drift.restart(now)
        return self._steering.seek_if_far(now)

    def _leave_room(self, now: float) -> None:
        """Continue in no room, from where the picture is."""
        if self.state.follows:
            self._take_own_timeline(now)
        self.state.in_room = False
        self.on_own.forget()
        self._pending_input.clear()

    def _take_own_timeline(self, now: float) -> None:
        """Go by a timeline of its own, from where the picture is."""
        state, motion = self.state, self.state.picture.motion
        moves = motion in (Motion.RUNNING, Motion.STARTING)
        playing = moves or (motion in (Motion.LOADING, Motion.SEEKING) and not self.paused)
        position = self.picture.position(now)
        state.timeline = local_timeline.initial(now, position, playing=playing, rate=self.rate, waits=not moves)
        state.scheduled, state.pending_input.wanted_at_rev = None, state.timeline.rev

    # ---- the room that does not answer ----------------------------------------------------------------------------

    def _lose_link(self, link: Literal["silent", "down"], now: float) -> list[FollowerEffect]:
        """Note that the room cannot be asked, and do alone what it was asked for."""
        self.on_own.lose(link, now)
        pending = self._pending_input
        commands = pending.state.unanswered
        pending.answered(keep_wanted=self.state.picture.motion is Motion.PAUSING)
        pending.state.requested = None
        effects: list[FollowerEffect] = []
        if commands:
            self._go_on_own(now)
        for command in commands:
            effects += self._do_alone(command, now)
            effects += self._steering.steer(now)
        return effects

    def _answer_missing(self, now: float) -> list[FollowerEffect]:
        """Find the room silent, because it has not answered in time."""
        if self.state.on_own.room is not None and self.state.on_own.link == "silent":
            # It has answered a later ping, so it will not answer the request.
            self.on_own.reach()
            self._pending_input.clear()
            return self._follow_again(self.state.on_own.room, now)
        if self.state.pending_input.unanswered:
            return self._lose_link("silent", now)
        self._pending_input.clear_wanted()
        return []

    def _go_on_own(self, now: float) -> None:
        self.on_own.begin(self.state.scheduled or self.state.timeline)
        self._take_own_timeline(now)

    def _follow_again(self, room: Timeline, now: float) -> list[FollowerEffect]:
        self.on_own.end()
        self.state.reported = None
        return self._set_timeline(room, now)

    # ---- the viewer's requests ------------------------------------------------------------------------------------

    def _pause_requested(self, paused: bool, now: float) -> list[FollowerEffect]:
        picture, pending = self.state.picture, self.state.pending_input
        if picture.motion is Motion.PAUSING and pending.wanted is not None:
            # Decided when the picture has settled. A pause that is taken back before then is never requested.
            pending.wanted = "paused" if paused else "playing"
            return []
        if not paused and (room := self.on_own.left) is not None:
            return self._follow_again(room, now)
        # A seek that the room has not answered yet takes effect first. Another position would undo it.
        requested = self._pending_input.seek_position
        position = self._steering.timeline_position(now) if requested is None else requested
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
        effects = self._request(Seek(timestamp=position), now)
        if self.state.follows:  # else it is done already
            self.state.pending_input.requested = position
        return effects

    def _request(self, command: SyncCommand, now: float) -> list[FollowerEffect]:
        """Send a request to the room; do it alone in no room, and where the room does not answer or cannot be asked."""
        state, own = self.state, self.state.on_own
        if state.follows and own.link == "up":
            self._pending_input.asked(command, now)
            return [self._ask(command)]
        if state.follows:
            self._go_on_own(now)
        if own.link != "silent":
            return self._do_alone(command, now)
        own.requested_at = now
        return [self._ask(command), *self._do_alone(command, now)]

    def _ask(self, command: SyncCommand) -> SendRequest:
        self.state.requests += 1
        return SendRequest(replace(command, command_id=str(self.state.requests)))

    def _do_alone(self, command: SyncCommand, now: float) -> list[FollowerEffect]:
        state = self.state
        if state.in_room:
            self.on_own.obeyed(command)
        self._pending_input.clear_wanted()
        at_end = isinstance(command, Play) and self.picture.is_at_end(command.timestamp)
        state.timeline = local_timeline.applied(
            state.timeline,
            command,
            now,
            loaded=state.picture.path is not None,
            moves=state.picture.motion in (Motion.RUNNING, Motion.STARTING),
            at_end=at_end,
        )
        return self.picture.unload() if isinstance(command, Stop) else []

    # ---- the player's events --------------------------------------------------------------------------------------

    def _player_said(self, event: PlayerEvent, before: Motion, now: float) -> list[FollowerEffect]:
        """Take an event that the picture accepted; ``before`` is the motion before it."""
        state = self.state
        match event:
            case Sampled():
                error = self._steering.error_at(event.position, event.at)
                if error is None or state.picture.stalled:
                    return []
                state.start_bias.observe(error)
                return self._steering.correct(error, event.at, now)
            case Shown():
                self._shown(now)
            case Settled(position=position):
                return self._settled(before, self.picture.clamp(position), now)
            case Started(position=position, at=at):
                return self._started(before, position, at, now)
            # In a room it is the room that decides when the film has ended.
            case Ended(position=position) if not state.follows:
                state.timeline = local_timeline.initial(now, self.picture.clamp(position), rate=state.timeline.rate)
            case OutputStale() if state.picture.path is not None and before is not Motion.ENDED:
                return self._steering.load(state.picture.path, now)
        return []

    def _settled(self, before: Motion, position: float, now: float) -> list[FollowerEffect]:
        timeline, pending = self.state.timeline, self.state.pending_input
        match before:
            case Motion.PAUSING if pending.wanted == "playing":
                # The room was not told of the pause, and need not be, unless it has paused meanwhile.
                self._pending_input.clear_wanted()
                if timeline.playing:
                    return []
                return self._request(Play(timestamp=self._steering.timeline_position(now)), now)
            case Motion.PAUSING | Motion.RUNNING | Motion.STARTING:
                # The viewer paused, through the follower or in the player's window. If the room's timeline has changed
                # since, the viewer wants a pause there.
                changed = before is Motion.PAUSING and pending.wanted_at_rev != timeline.rev
                self._pending_input.want("paused", timeline.rev, now)
                position = self._steering.timeline_position(now) if changed else position
                return self._request(Pause(timestamp=position), now)
            case Motion.SETTLED if not self.picture.is_settled_at(timeline.position):
                # A frame step in the player's window. In a room that is paused all members take it.
                self._pending_input.want("paused", timeline.rev, now)
                return self._request(Seek(timestamp=position), now)
            case _:
                return []

    def _shown(self, now: float) -> None:
        """Take what the player has seen: where no seek led there, the film goes on from this picture."""
        state = self.state
        state.reported = None  # What the room was told of the error did not count with it.
        if not state.follows and state.picture.target is None:
            position = self.picture.clamp(state.picture.position)
            state.timeline = replace(state.timeline, position=position, at=now)

    def _started(self, before: Motion, position: float, at: float, now: float) -> list[FollowerEffect]:
        state = self.state
        state.seeks, state.error = 0, None
        self._drift.restart(now)
        if before is Motion.SETTLED:
            # The viewer started the player in its window.
            if (room := self.on_own.left) is not None:
                return self._follow_again(room, now)
            self._pending_input.want("playing", state.timeline.rev, now)
            return self._request(Play(timestamp=self.picture.clamp(position)), now)
        # If the thread that resumes the player was late, the error is known before the first sample.
        error = self._steering.error_at(position, at)
        late = 0.0 if error is None else -error - state.start_bias.bias
        if not self.policies.drift.threshold_fresh < late <= self._policy.late_start_max:
            return []
        state.start_bias.discard()
        return self._steering.correct(-late, at, now)

    # ---- steering -------------------------------------------------------------------------------------------------

    def _steer_and_report(self, now: float) -> list[FollowerEffect]:
        effects = self._steering.steer(now)
        if self.state.picture.motion is not Motion.RUNNING:
            self._drift.cancel()
        if self._reporting.is_wanted:
            effects += self._reporting.report(self.position(now) or 0.0, self.error, now)
        return effects
