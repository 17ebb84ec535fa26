"""Follower: makes one player stand and move as a timeline says, and the viewer's hand reach the room.

Theory of operation. There is a *timeline*, what should be, and a `Picture`, what is. ``_steer`` is the one place that
compares the two and gives the next command; it is called after every input, and gives none while the player still works
on the last one (LOADING, SEEKING, PAUSING). So whatever arrives in whatever order, the player is always on its way to
where the timeline is now.

*Starts are scheduled.* The room names a future moment and everyone resumes at it. Who is late (a joiner, a slow seek)
seeks to where the room will be after the time that a seek has been seen to take here, and resumes as the room passes.

*The viewer's hand.* A pause takes effect at once, and the frame that it stopped on goes to the room; until the room
has answered the timeline does not pull (`hangd.engine.follower.pending_input`). What the player does unasked, a
pause, a start or a frame step that no command of ours explains, is the viewer's hand as well. Everything else is
asked for, and happens when the room says so.

*Alone* the timeline is the follower's own (`hangd.engine.follower.local_timeline`): the same requests, answered here,
on the local clock, and the player is the clock that the timeline follows. Entering a room and leaving one is a change
of timeline, nothing else.
"""

from msgspec import Struct
from msgspec.structs import replace

from hangd.engine.follower import local_timeline as alone
from hangd.engine.follower.clock import ClockFilter
from hangd.engine.follower.drift import Correction, DriftController, Hold, Resync, Trim
from hangd.engine.follower.effects import AnnounceCorrection, AnnounceSeek, FollowerEffect, SendReport, SendRequest
from hangd.engine.follower.learned import LearnedTimings, StartBias
from hangd.engine.follower.pending_input import PendingInput
from hangd.engine.follower.picture import Motion, Picture
from hangd.engine.player_messages import Ended, PauseFor, PlayerEvent, Sampled, Settled, Started
from hangd.engine.timeline import earliest, is_newer, is_running, position_at, time_of
from hangd.protocol.messages import Pause, Play, Report, Seek, Speed, Stop, SyncCommand
from hangd.protocol.model import ReportedState, Timeline

__all__ = ["Follower", "FollowerPolicy"]


class FollowerPolicy(Struct, frozen=True):
    """Seconds, but for the one count."""

    near: float = 0.040
    """A start that is so late is made at once and left to the drift controller; a later one seeks first."""
    far_ahead: float = 2.0
    """Who stands ahead of a running room waits for it up to this long, and else goes back to it."""
    jump: float = 0.5
    """A running picture that a new timeline puts so far off seeks at once: that is a seek, not drift."""
    seeks_in_a_row: int = 2
    """After so many seeks that came too late a start is made at once, however late: the file is slow, not we."""
    seek_margin: float = 0.05
    end_slack: float = 1.0
    """A picture may end so much before its file's duration says."""
    report_every: float = 2.0


class Follower:
    """See the module's docstring. ``now`` is the local monotonic clock; `clock` converts it to the server's."""

    def __init__(
        self,
        policy: FollowerPolicy | None = None,
        drift: DriftController | None = None,
        clock: ClockFilter | None = None,
        picture: Picture | None = None,
        hand: PendingInput | None = None,
    ) -> None:
        self.policy = policy or FollowerPolicy()
        self.clock = clock or ClockFilter()
        self.picture = picture or Picture()
        self.video_offset = 0.0
        """Seconds by which this screen shows later than the player thinks: the player is kept so far ahead."""
        self.timeline = alone.resting(0.0)
        self.in_room = False
        self._drift = drift or DriftController()
        self._hand = hand or PendingInput()
        self._starts = StartBias()
        self._error: float | None = None
        self._pending: Timeline | None = None
        self._astray = False
        """The machine was away: as soon as there is a clock, look whether the picture has to be sought."""
        self._seeks = 0
        self._reported: tuple[ReportedState, int] | None = None
        self._report_due: float | None = None
        self._commands = 0

    # ---- what the daemon tells ------------------------------------------------------------------------------------

    def load(self, path: str, now: float, start: float = 0.0, entry: int = 0) -> list[FollowerEffect]:
        """Play this file (absolute path): the room's, or alone from ``start``, paused."""
        if not self.in_room:
            self.timeline = alone.resting(now, start, rate=self.timeline.rate)
        self.picture.duration = None
        self.picture.entry = entry
        return [*self._load(path, now), *self._after(now)]

    def unload(self, now: float) -> list[FollowerEffect]:
        """Nothing is to be played any more."""
        self._hand.lower()
        return [*self.picture.forget(), *self._after(now)]

    def follow(
        self, timeline: Timeline, now: float, *, entering: bool = False, stop: bool = False
    ) -> list[FollowerEffect]:
        """The room says where its media stands.

        ``entering``: this is another room, or ours after an absence. ``stop``: the players let go of their files,
        until the room moves again.
        """
        if entering:
            self.in_room, self._reported = True, None  # what was reported before, this connection's room has forgotten
        elif not self.in_room or not is_newer(timeline, self._pending or self.timeline):
            return []
        if self.picture.motion is not Motion.PAUSING:
            self._hand.lower()
        if not entering and self.clock.locked and is_running(timeline) and is_running(self.timeline):
            if self.timeline.at <= self.clock.to_server(now) < timeline.at:
                # A change of speed that is still to come: until then the room moves as it did.
                self._pending = timeline
                return []
        unloading = self.picture.unload() if stop else []
        return [*unloading, *self._adopt(timeline, now), *self._after(now)]

    def leave(self, now: float) -> list[FollowerEffect]:
        """Out of the room: alone from here on, going on as it goes."""
        if not self.in_room:
            return []
        self.in_room, self._pending, self._hand.asked = False, None, None
        self._hand.lower()
        running = self.picture.motion in (Motion.RUNNING, Motion.STARTING)
        self.timeline = alone.resting(now, self.picture.position(now), playing=running, rate=self.timeline.rate)
        return self._after(now)

    def refused(self, now: float) -> list[FollowerEffect]:
        """The room refused what the viewer's hand asked for: the timeline pulls again."""
        self._hand.lower()
        self._hand.asked = None
        return self._after(now)

    def clock_changed(self, now: float) -> list[FollowerEffect]:
        """A ping came back: what waited for a clock can begin."""
        effects: list[FollowerEffect] = []
        if self._astray and self.in_room and self.clock.locked:
            self._astray = False
            effects = self._jump(now)
        return [*effects, *self._after(now)]

    def woke(self, now: float) -> list[FollowerEffect]:
        """The machine, or this process, was away for seconds. Local time may have stood still: the clock begins anew.

        Where the picture is, nobody knows until its next sample: the drift controller takes it from there.
        """
        self.clock.flush(now)
        self._drift.started(now)
        self._astray = True
        return self._after(now)

    def accustom(self, habits: LearnedTimings) -> None:
        """Begin with what was learned of such files another time."""
        self.picture.seek_cost = habits.seek_cost
        self._starts.know(habits.start_bias)

    # ---- the viewer's hand ----------------------------------------------------------------------------------------

    def ask_paused(self, paused: bool, now: float) -> list[FollowerEffect]:
        """The viewer wants a pause, now; or wants to go on."""
        if self.picture.motion is Motion.PAUSING and self._hand.wants is not None:
            # The picture has yet to stand, and then the last word counts: a pause that is taken back is nothing.
            self._hand.wants = "paused" if paused else "playing"
            return self._after(now)
        # The room hears a seek that it has not answered first: to name the old place would undo it.
        goal = self._target(now) if self._hand.sought is None else self._hand.sought
        if not paused:
            standing = self._hand.wants == "paused" and self._hand.sought is None
            timestamp = self.picture.clamped(self.picture.position(now)) if standing else goal
            return [*self._ask(Play(timestamp=timestamp), now), *self._after(now)]
        if self.picture.motion in (Motion.RUNNING, Motion.STARTING):
            self._hand.raise_for("paused", self.timeline.rev, now)
            return [*self.picture.pause(), *self._after(now)]
        return [*self._ask(Pause(timestamp=goal), now), *self._after(now)]

    def ask_seek(self, position: float, now: float) -> list[FollowerEffect]:
        """The viewer wants to be at ``position`` (seconds, clamped to the media)."""
        position = self.picture.clamped(position)
        if self._hand.holds_back(position, now):
            return []
        return [*self._ask_seek(position, now), *self._after(now)]

    def ask_speed(self, rate: float, now: float) -> list[FollowerEffect]:
        return [*self._ask(Speed(rate=rate), now), *self._after(now)]

    def ask_stop(self, now: float) -> list[FollowerEffect]:
        return [*self._ask(Stop(), now), *self._after(now)]

    # ---- the player's facts ---------------------------------------------------------------------------------------

    def handle(self, event: PlayerEvent, now: float) -> list[FollowerEffect]:
        """Take one event of the player's. Those of an older load are dropped."""
        before = self.picture.motion
        if not self.picture.absorb(event):
            return []
        effects: list[FollowerEffect] = []
        match event:
            case Sampled():  # first: nearly all are
                effects = self._sampled(event, now)
            case Settled(position=position):
                effects = self._settled(before, self.picture.clamped(position), now)
            case Started(position=position, at=at):
                effects = self._started(before, position, at, now)
            case Ended(position=position) if not self.in_room:
                self.timeline = alone.resting(now, self.picture.clamped(position), rate=self.timeline.rate)
        return effects + self._after(now)

    def _settled(self, before: Motion, position: float, now: float) -> list[FollowerEffect]:
        match before:
            case Motion.PAUSING if self._hand.wants == "playing":
                # Nobody has heard of the pause, and nobody needs to, unless the room has paused meanwhile.
                self._hand.lower()
                return [] if self.timeline.playing else self._ask(Play(timestamp=self._target(now)), now)
            case Motion.PAUSING | Motion.RUNNING | Motion.STARTING:
                # The viewer's hand, through us or past us. If the room moved on meanwhile, it means a pause there.
                moved_on = before is Motion.PAUSING and self._hand.rev != self.timeline.rev
                self._hand.raise_for("paused", self.timeline.rev, now)
                return self._ask(Pause(timestamp=self._target(now) if moved_on else position), now)
            case Motion.STANDING if not self.picture.stands_at(self.timeline.position):
                # A frame step: in a room that stands, everyone takes it.
                self._hand.raise_for("paused", self.timeline.rev, now)
                return self._ask(Seek(timestamp=position), now)
            case _:
                return []

    def _started(self, before: Motion, position: float, at: float, now: float) -> list[FollowerEffect]:
        self._seeks, self._error = 0, None
        self._drift.started(now)
        if before is Motion.STANDING:
            self._hand.raise_for("playing", self.timeline.rev, now)
            return self._ask(Play(timestamp=self.picture.clamped(position)), now)
        # A thread that was woken late started late by as much: that is known before the first sample.
        error = self._compare(position, at)
        late = 0.0 if error is None else -error - self._starts.bias
        if not self._drift.policy.act_fresh < late <= self.policy.near:
            return []
        self._starts.forget_start()
        return self._judge(-late, at, now)

    def _sampled(self, sample: Sampled, now: float) -> list[FollowerEffect]:
        error = self._compare(sample.position, sample.at)
        if error is None or self.picture.stalled:
            return []
        self._starts.observe(error)
        return self._judge(error, sample.at, now)

    def _compare(self, position: float, at: float) -> float | None:
        """Return how far ahead of the room the picture is; None: nobody can say. Alone the timeline follows it."""
        if not is_running(self.timeline):
            return None
        if not self.in_room:
            self.timeline = alone.at_player(self.timeline, position, at)
            return None
        server = self.clock.to_server(at)
        if not self.clock.locked or server < self.timeline.at:
            return None
        return position - self.video_offset - position_at(self.timeline, server)

    def _judge(self, error: float, at: float, now: float) -> list[FollowerEffect]:
        self._error = error
        correction = self._drift.observe(error, at, self.timeline.rate)
        return [] if correction is None else self._correct(correction, now)

    def _correct(self, correction: Correction, now: float) -> list[FollowerEffect]:
        match correction:
            case Trim():
                return [
                    AnnounceCorrection(correction)
                ]  # the rate follows from the controller's, sample by sample: `_steer`
            case Hold(seconds=seconds):
                return [AnnounceCorrection(correction), PauseFor(seconds)]
            case Resync():
                return [AnnounceCorrection(correction), *self._catch_up(now)]

    # ---- time -----------------------------------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """The local time at which to be woken, or None."""
        return earliest(
            self._drift.deadline(),
            self._hand.deadline(),
            self._report_due if self.in_room else None,
            None if self._pending is None else self.clock.to_local(self._pending.at),
        )

    def expire(self, now: float) -> list[FollowerEffect]:
        """Do what is due."""
        effects: list[FollowerEffect] = []
        if self._pending is not None and self.clock.to_local(self._pending.at) <= now:
            effects += self._adopt(self._pending, now)
        self._drift.expire(now)
        if (sought := self._hand.expire(now)) is not None:
            effects += self._ask_seek(sought, now)
        if self._report_due is not None and self._report_due <= now:
            self._reported = self._report_due = None
        return [*effects, *self._after(now)]

    # ---- what there is to read ------------------------------------------------------------------------------------

    def position(self, now: float) -> float | None:
        """Return where the picture is, in seconds; None where there is none."""
        return None if self.picture.motion is Motion.EMPTY else self.picture.position(now)

    def aim(self, now: float) -> float | None:
        """Return where the picture will be once what was asked is done: what a relative seek begins from."""
        return self.position(now) if self._hand.sought is None else self._hand.sought

    @property
    def error(self) -> float | None:
        """Seconds from the room's timeline, positive ahead: judged from samples, or from where the picture stands."""
        if not self.in_room:
            return None
        if self.picture.motion is Motion.STANDING and not is_running(self.timeline):
            goal = self.timeline.position
            return 0.0 if self.picture.stands_at(goal) else self.picture.position(0.0) - goal
        judged = self._drift.error
        error = self._error if judged is None else judged
        return error if self.picture.motion is Motion.RUNNING else None

    @property
    def paused(self) -> bool:
        """Whether what should be is a pause (a gate is none: the room goes on by itself)."""
        wants = self._hand.wants
        return wants == "paused" or (wants is None and not (self._pending or self.timeline).playing)

    @property
    def is_asking(self) -> bool:
        """Whether the viewer's hand has yet to be told: a pause that is not done, a seek that waits to be merged."""
        return self.picture.motion is Motion.PAUSING or self._hand.held is not None

    @property
    def rate(self) -> float:
        return (self._pending or self.timeline).rate

    @property
    def habits(self) -> LearnedTimings:
        """What has been learned of files like the one that is open."""
        return LearnedTimings(self.picture.seek_cost, self._starts.bias)

    def check(self) -> None:
        """Assert the invariants."""
        self.picture.check()
        assert self._drift.rate is None or self.picture.motion is Motion.RUNNING
        assert self._pending is None or (self.in_room and is_running(self._pending))
        self._hand.check()

    # ---- deciding -------------------------------------------------------------------------------------------------

    def _after(self, now: float) -> list[FollowerEffect]:
        effects = self._steer(now)
        if self.picture.motion is not Motion.RUNNING:
            self._drift.cancel()
        return effects + self._report(now)

    def _steer(self, now: float) -> list[FollowerEffect]:
        """Give the next command that leads from the picture to the timeline; none if it is on its way."""
        timeline, picture = self.timeline, self.picture
        if self._hand.wants is not None or (self.in_room and not self.clock.locked and is_running(timeline)):
            return []
        match picture.motion:
            case Motion.RUNNING if is_running(timeline):  # first: so it is at every sample
                return [*picture.set_rate(self._drift.rate or timeline.rate)]
            case Motion.EMPTY:
                # After a Stop the file is still known: a room that moves again has it opened again.
                moved = timeline.playing or timeline.position > 0
                return self._load(picture.path, now) if picture.path is not None and moved else []
            case Motion.LOADING | Motion.SEEKING | Motion.PAUSING:
                return []
            case Motion.STARTING if is_running(timeline) and picture.resume_at is not None:
                return []
            case Motion.STARTING | Motion.STANDING if is_running(timeline):
                return self._start(now)
            case Motion.ENDED if is_running(timeline):
                # The picture may end a little before the file's duration says so: nothing is left to show.
                return [] if picture.is_at_end(self._target(now), self.policy.end_slack) else self._catch_up(now)
            case Motion.ENDED if picture.is_at_end(timeline.position):
                return []
            case Motion.STANDING if self._is_there():
                return self._open_own_gate(now)
            case _:
                return self._seek(timeline.position, now)

    def _is_there(self) -> bool:
        """Whether the picture stands where a standing timeline wants it.

        In a room that takes a seek, of who paused too: VLC seeks up to four frames short, and all are to see the same.
        """
        goal = self.timeline.position
        return self.picture.was_sent_to(goal) if self.in_room else self.picture.stands_at(goal)

    def _adopt(self, timeline: Timeline, now: float) -> list[FollowerEffect]:
        self.timeline, self._pending, self._hand.asked = timeline, None, None
        self.picture.resume_at = None
        self._starts.forget_start()
        self._seeks = 0
        self._drift.started(now)
        return self._jump(now)

    def _jump(self, now: float) -> list[FollowerEffect]:
        """Seek at once where the running picture is so far off that it is no drift."""
        if self.picture.motion is not Motion.RUNNING or not is_running(self.timeline) or not self.clock.locked:
            return []
        jump = abs(self.picture.position(now) - self.video_offset - self._target(now))
        return self._catch_up(now) if jump > self.policy.jump else []

    def _start(self, now: float) -> list[FollowerEffect]:
        """From standing (or about to start): resume as the room passes, or seek to where that can be done."""
        if not self.in_room:
            return [*self.picture.resume(None, now, self.timeline.rate)]
        server = self.clock.to_server(now)
        if self.picture.is_at_end(position_at(self.timeline, server)):
            return []
        passing = time_of(self.timeline, self.picture.position(now) - self.video_offset)
        late = server - passing
        if -self.policy.far_ahead <= late <= 0:
            self._starts.started()
        elif not 0 < late < self.policy.near and (late < 0 or self._seeks < self.policy.seeks_in_a_row):
            return self._catch_up(now)
        # Where that has just passed: a player may be able to make good by how much it is late.
        at = self.clock.to_local(passing) + self._starts.bias / self.timeline.rate
        return [*self.picture.resume(at, now, self.timeline.rate)]

    def _catch_up(self, now: float) -> list[FollowerEffect]:
        """Seek to where the room will be by the time the picture stands there."""
        there = now + self.picture.seek_cost + self.policy.seek_margin
        return self._seek(self._target(there) + self.video_offset, now)

    def _seek(self, position: float, now: float) -> list[FollowerEffect]:
        position = self.picture.clamped(position)
        self._seeks += 1
        return [AnnounceSeek(position), *self.picture.seek(position, now)]

    def _open_own_gate(self, now: float) -> list[FollowerEffect]:
        if self.in_room or self.timeline.gate is None:
            return []
        self.timeline = alone.opened(self.timeline, self.picture.position(now), now)
        return self._start(now)

    def _load(self, path: str, now: float) -> list[FollowerEffect]:
        self._seeks, self._error = 0, None
        self._hand.lower()
        return [*self.picture.load(path, self._target(now))]

    # ---- asking and telling ---------------------------------------------------------------------------------------

    def _ask(self, command: SyncCommand, now: float) -> list[FollowerEffect]:
        if self.in_room:
            self._commands += 1
            return [SendRequest(replace(command, command_id=str(self._commands)))]
        self._hand.lower()
        at_end = isinstance(command, Play) and self.picture.is_at_end(command.timestamp)
        loaded = self.picture.motion is not Motion.EMPTY
        self.timeline = alone.applied(self.timeline, command, now, loaded=loaded, at_end=at_end)
        return [*self.picture.unload()] if isinstance(command, Stop) else []

    def _ask_seek(self, position: float, now: float) -> list[FollowerEffect]:
        if self.in_room:
            self._hand.asked = position
        return self._ask(Seek(timestamp=position), now)

    def _report(self, now: float) -> list[FollowerEffect]:
        state, rev = self.picture.reported_as, self.timeline.rev
        if self._reported == (state, rev) or not self.in_room or not self.clock.locked:
            return []
        self._reported, self._report_due = (state, rev), now + self.policy.report_every
        report = Report(
            state=state,
            position=self.position(now) or 0.0,
            at=self.clock.to_server(now),
            error=self.error or 0.0,
            clock_error=self.clock.bound(now),
            rev=rev,
        )
        return [SendReport(report)]

    def _target(self, now: float) -> float:
        """Where the timeline wants the picture at the local time ``now``, in seconds of media."""
        if self.in_room and is_running(self.timeline) and not self.clock.locked:
            return self.picture.clamped(self.timeline.position)
        return self.picture.clamped(position_at(self.timeline, self.clock.to_server(now) if self.in_room else now))
