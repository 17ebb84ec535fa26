"""Follower: sequences of inputs, and the effects that each returns. The test takes the part of the player."""

from typing import Any

import pytest
from msgspec.structs import replace

from hangd.engine.follower.drift import Hold, Resync, Trim
from hangd.engine.follower.effects import AnnounceCorrection, AnnounceSeek, FollowerEffect, SendReport, SendRequest
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.inputs import (
    ClockFlushed,
    FileOpened,
    FollowerInput,
    LeftRoom,
    LinkLost,
    OffsetSet,
    PauseRequested,
    Pinged,
    PlayerSaid,
    RoomRefused,
    SeekRequested,
    SpeedRequested,
    StopRequested,
    TimelineReceived,
)
from hangd.engine.follower.picture import Motion
from hangd.engine.player_messages import (
    Ended,
    Load,
    Loaded,
    LoadFailed,
    OutputStale,
    PauseFor,
    PauseNow,
    Resume,
    Sampled,
    SeekTo,
    SetRate,
    Settled,
    Shown,
    Started,
    Unload,
)
from hangd.protocol.messages import Pause, Play, Report, Seek, Speed, SyncCommand
from hangd.protocol.model import Timeline

FILM = "/films/metropolis.mkv"
SERVER = 1000.0
"""Seconds by which the server's clock is ahead of the local one."""


def timeline(
    rev: int, *, playing: bool = False, position: float = 0.0, rate: float = 1.0, at: float = 0.0, gate: bool = False
) -> Timeline:
    """Return a room's timeline. ``at`` is a local time, so that tests are easier to read."""
    return Timeline(
        epoch="e", rev=rev, playing=playing, position=position, rate=rate, at=at + SERVER,
        gate="seeking" if gate else None,
    )  # fmt: skip


def about(value: float) -> Any:
    """Return an object that equals ``value`` up to rounding; untyped, so that it fits into a command."""
    return pytest.approx(value)


class Harness:
    """A follower whose player says what the test says. Reports are kept apart, because nearly every step makes one."""

    def __init__(self) -> None:
        self.follower = Follower()
        self.reports: list[Report] = []

    def handle(self, input: FollowerInput, now: float) -> list[FollowerEffect]:
        return self._without_reports(self.follower.handle(input, now))

    def expire(self, now: float) -> list[FollowerEffect]:
        return self._without_reports(self.follower.expire(now))

    def _without_reports(self, effects: list[FollowerEffect]) -> list[FollowerEffect]:
        self.follower.check()
        self.reports += [effect.report for effect in effects if isinstance(effect, SendReport)]
        return [effect for effect in effects if not isinstance(effect, SendReport)]

    def due(self, since: float, until: float) -> list[float]:
        """Do what is due from one time to another. Return the times of the reports that this makes."""
        told: list[float] = []
        while (due := self.follower.deadline()) is not None and due <= until:
            before = len(self.reports)
            self.expire(max(due, since))
            told += [max(due, since)] * (len(self.reports) - before)
        return told

    # ---- the player's events

    def loaded(self, now: float = 0.0, duration: float | None = 100.0) -> list[FollowerEffect]:
        return self.handle(PlayerSaid(Loaded(self.generation, duration)), now)

    def settled(self, position: float, now: float) -> list[FollowerEffect]:
        return self.handle(PlayerSaid(Settled(self.generation, position, now)), now)

    def shown(self, position: float | None, now: float) -> list[FollowerEffect]:
        return self.handle(PlayerSaid(Shown(self.generation, position)), now)

    def started(self, position: float, now: float) -> list[FollowerEffect]:
        return self.handle(PlayerSaid(Started(self.generation, position, now)), now)

    def sampled(self, position: float, now: float, rate: float = 1.0) -> list[FollowerEffect]:
        return self.handle(PlayerSaid(Sampled(self.generation, position, now, rate)), now)

    def ended(self, position: float, now: float) -> list[FollowerEffect]:
        return self.handle(PlayerSaid(Ended(self.generation, position, now)), now)

    # ---- the room

    def pinged(self, now: float, server: float = SERVER) -> list[FollowerEffect]:
        """Answer a ping that took no time. ``server``: how far the server's clock is ahead."""
        return self.handle(Pinged(now, now + server, now + server, now), now)

    def enter(self, snapshot: Timeline, now: float) -> list[FollowerEffect]:
        """Enter a room, or return to it, with the clock known exactly."""
        self.follower.clock.add(now, now + SERVER, now + SERVER, now)
        return self.handle(TimelineReceived(snapshot, entering=True), now)

    def receive(self, timeline: Timeline, now: float, *, stop: bool = False) -> list[FollowerEffect]:
        return self.handle(TimelineReceived(timeline, stop=stop), now)

    # ---- the viewer

    def load(self, now: float = 0.0, start: float = 0.0) -> list[FollowerEffect]:
        return self.handle(FileOpened(FILM, start), now)

    def pause(self, now: float) -> list[FollowerEffect]:
        return self.handle(PauseRequested(True), now)

    def play(self, now: float) -> list[FollowerEffect]:
        return self.handle(PauseRequested(False), now)

    def seek(self, position: float, now: float) -> list[FollowerEffect]:
        return self.handle(SeekRequested(position), now)

    @property
    def generation(self) -> int:
        return self.follower.picture.state.generation

    @property
    def motion(self) -> Motion:
        return self.follower.picture.state.motion


def request(effects: list[FollowerEffect]) -> SyncCommand:
    """Return the one command that is requested of the room."""
    (ask,) = [effect for effect in effects if isinstance(effect, SendRequest)]
    return ask.command


@pytest.fixture
def alone() -> Harness:
    """In no room, with a film of 100 s loaded, settled at its beginning."""
    harness = Harness()
    assert harness.load() == [Load(FILM, 1, 0.0)]
    harness.loaded()
    assert harness.settled(0.0, 0.1) == []
    return harness


@pytest.fixture
def member(alone: Harness) -> Harness:
    """In a room that is paused at 10 s, settled there."""
    assert alone.enter(timeline(1, position=10.0), 1.0) == [AnnounceSeek(10.0), SeekTo(10.0)]
    assert alone.settled(10.0, 1.2) == []
    return alone


@pytest.fixture
def playing(member: Harness) -> Harness:
    """In a room that plays from 10 s since local time 2."""
    member.receive(timeline(2, playing=True, position=10.0, at=2.0), 1.9)
    member.started(10.0, 2.0)
    return member


class TestInNoRoom:
    def test_it_stands_where_the_picture_of_a_pause_is(self, alone: Harness) -> None:
        alone.play(1.0)
        alone.started(0.0, 1.0)
        alone.pause(3.0)
        assert alone.settled(2.0, 3.0) == []
        assert alone.shown(2.083, 3.1) == []
        assert alone.follower.position(4.0) == 2.083
        alone.play(5.0)
        assert alone.follower.state.timeline.position == 2.083

    def test_after_a_seek_it_stands_at_the_target(self, alone: Harness) -> None:
        alone.seek(50.0, 1.0)
        alone.settled(50.0, 1.2)
        assert alone.shown(49.9, 1.3) == []
        assert alone.follower.position(2.0) == 50.0

    def test_play_and_pause(self, alone: Harness) -> None:
        assert alone.play(1.0) == [SetRate(1.0), Resume(None)]
        alone.started(0.0, 1.0)
        assert alone.follower.position(3.0) == pytest.approx(2.0)
        assert alone.pause(3.0) == [PauseNow()]
        assert alone.follower.paused
        assert alone.settled(2.0, 3.0) == []
        assert (alone.motion, alone.follower.state.timeline.position) == (Motion.SETTLED, 2.0)

    def test_a_seek_while_playing_plays_on_from_there(self, alone: Harness) -> None:
        alone.play(1.0)
        alone.started(0.0, 1.0)
        assert alone.seek(50.0, 2.0) == [AnnounceSeek(50.0), SeekTo(50.0)]
        assert not alone.follower.paused
        assert alone.settled(50.0, 2.3) == [Resume(None)]

    def test_a_seek_while_paused_stays_paused(self, alone: Harness) -> None:
        assert alone.seek(50.0, 2.0) == [AnnounceSeek(50.0), SeekTo(50.0)]
        assert alone.settled(50.0, 2.3) == []

    def test_a_film_that_needs_another_output_is_loaded_once_more_and_plays_on(self, alone: Harness) -> None:
        alone.play(1.0)
        alone.started(0.0, 1.0)
        assert alone.handle(PlayerSaid(OutputStale(1)), 5.0) == [Load(FILM, 2, 4.0)]
        assert not alone.follower.paused
        alone.loaded(5.2)
        assert Resume(None) in alone.settled(4.0, 5.3)

    def test_a_film_that_has_ended_is_not_loaded_for_another_output(self, alone: Harness) -> None:
        alone.play(1.0)
        alone.started(0.0, 1.0)
        alone.ended(100.0, 101.0)
        assert alone.handle(PlayerSaid(OutputStale(1)), 102.0) == []

    def test_the_timeline_is_adjusted_to_the_player_and_nothing_is_corrected(self, alone: Harness) -> None:
        alone.play(1.0)
        alone.started(0.0, 1.0)
        for step in range(1, 50):
            assert alone.sampled(step * 0.3, 1.0 + step * 0.4) == []
        assert alone.follower.error is None

    def test_play_at_the_end_starts_from_the_beginning(self, alone: Harness) -> None:
        alone.play(1.0)
        alone.started(0.0, 1.0)
        assert alone.ended(100.0, 101.0) == []
        assert alone.follower.paused
        assert alone.play(102.0) == [AnnounceSeek(0.0), SeekTo(0.0)]
        assert alone.settled(0.0, 102.3) == [Resume(None)]

    def test_stop_unloads_the_file_and_play_loads_it_again(self, alone: Harness) -> None:
        assert alone.handle(StopRequested(), 1.0) == [Unload()]
        assert alone.follower.position(1.0) is None
        assert alone.play(2.0) == [Load(FILM, 2, 0.0)]
        alone.loaded(2.1)
        assert alone.settled(0.0, 2.2) == [SetRate(1.0), Resume(None)]

    def test_speed(self, alone: Harness) -> None:
        alone.play(1.0)
        alone.started(0.0, 1.0)
        effects = alone.handle(SpeedRequested(1.5), 2.0)
        assert effects == [SetRate(1000 / 667)]
        assert alone.follower.rate == 1000 / 667

    def test_nothing_is_loaded_after_a_load_that_failed(self) -> None:
        harness = Harness()
        harness.load()
        harness.handle(PlayerSaid(LoadFailed(1, "empty", "it is empty")), 0.1)
        assert (harness.motion, harness.follower.picture.state.path) == (Motion.EMPTY, None)

    def test_events_of_an_older_load_are_dropped(self, alone: Harness) -> None:
        alone.load(5.0)
        assert alone.handle(PlayerSaid(Ended(1, 3.0, 5.1)), 5.1) == []
        assert alone.motion is Motion.LOADING


class TestStarts:
    def test_the_player_resumes_at_the_time_that_the_room_names(self, member: Harness) -> None:
        effects = member.receive(timeline(2, playing=True, position=10.0, at=2.0), 1.9)
        assert effects == [SetRate(1.0), Resume(about(2.0))]

    def test_the_start_waits_until_the_clock_offset_is_known(self, alone: Harness) -> None:
        alone.handle(TimelineReceived(timeline(1), entering=True), 1.0)
        assert alone.receive(timeline(2, playing=True, at=2.0), 1.9) == []
        effects = alone.pinged(2.5)
        assert effects == [AnnounceSeek(about(0.8)), SeekTo(about(0.8))]

    def test_a_start_that_is_a_little_late_is_made_at_once(self, member: Harness) -> None:
        effects = member.receive(timeline(2, playing=True, position=10.0, at=2.0), 2.03)
        assert effects == [SetRate(1.0), Resume(about(2.0))]

    def test_a_late_start_that_the_player_names_is_corrected_before_the_first_sample(self, member: Harness) -> None:
        member.receive(timeline(2, playing=True, position=10.0, at=2.0), 1.9)
        corrected, rate = member.started(10.0, 2.008)
        assert isinstance(corrected, AnnounceCorrection) and isinstance(corrected.correction, Trim)
        assert corrected.correction.error == about(-0.008)
        assert isinstance(rate, SetRate) and 1.005 < rate.rate < 1.01

    @pytest.mark.parametrize("late", [-0.001, 0.0, 0.003, 0.060])
    def test_a_start_on_time_or_far_too_late_is_not_corrected_before_the_first_sample(
        self, member: Harness, late: float
    ) -> None:
        member.receive(timeline(2, playing=True, position=10.0, at=2.0), 1.9)
        assert member.started(10.0, 2.0 + late) == []

    def test_a_late_player_seeks_ahead_of_the_room_and_resumes_when_the_room_is_there(self, member: Harness) -> None:
        effects = member.receive(timeline(2, playing=True, position=10.0, at=2.0), 7.0)
        target = 10.0 + 5.0 + member.follower.picture.seek_cost + member.follower.policies.follower.seek_margin
        assert effects == [AnnounceSeek(about(target)), SeekTo(about(target))]
        effects = member.settled(target, 7.1)
        assert effects == [SetRate(1.0), Resume(about(2.0 + target - 10.0))]

    def test_after_two_seeks_that_were_too_slow_the_start_is_made_late(self, member: Harness) -> None:
        effects = member.receive(timeline(2, playing=True, position=10.0, at=2.0), 7.0)
        now = 7.0
        for _ in range(2):
            (seek,) = [effect for effect in effects if isinstance(effect, SeekTo)]
            now += 3.0  # Far more than expected.
            effects = member.settled(seek.position, now)
        assert effects == [SetRate(1.0), Resume(about(2.0 + seek.position - 10.0))]

    def test_a_pause_cancels_a_start(self, member: Harness) -> None:
        member.receive(timeline(2, playing=True, position=10.0, at=2.0), 1.9)
        assert member.receive(timeline(3, position=10.0), 1.95) == [AnnounceSeek(10.0), SeekTo(10.0)]

    def test_a_postponed_start_is_made_at_its_new_time(self, member: Harness) -> None:
        member.receive(timeline(2, playing=True, position=10.0, at=2.0), 1.9)
        effects = member.receive(timeline(3, playing=True, position=10.0, at=2.4), 1.95)
        assert effects == [Resume(about(2.4))]

    def test_an_old_timeline_is_ignored(self, member: Harness) -> None:
        member.receive(timeline(5, position=20.0), 2.0)
        assert member.receive(timeline(4, position=90.0), 2.1) == []


class TestFollowing:
    def test_a_pause_seeks_to_the_frame_that_it_names(self, playing: Harness) -> None:
        assert playing.receive(timeline(3, position=12.345), 4.4) == [AnnounceSeek(12.345), SeekTo(12.345)]
        assert playing.settled(12.345, 4.6) == []
        assert playing.follower.error is None
        playing.shown(12.345, 4.7)
        assert playing.follower.error == 0.0

    def test_until_the_player_has_looked_no_error_is_reported(self, playing: Harness) -> None:
        playing.receive(timeline(3, position=12.345), 4.4)
        playing.settled(12.345, 4.6)
        assert playing.reports[-1].error is None
        playing.shown(12.345, 4.7)
        assert playing.reports[-1].error == 0.0

    def test_a_picture_other_than_the_one_of_the_pause_is_an_error(self, playing: Harness) -> None:
        playing.receive(timeline(3, position=12.345), 4.4)
        playing.settled(12.345, 4.6)
        playing.shown(11.928, 4.7)
        assert playing.reports[-1].error == pytest.approx(-0.417)

    def test_a_player_that_cannot_tell_what_it_shows_has_no_error(self, playing: Harness) -> None:
        playing.receive(timeline(3, position=12.345), 4.4)
        playing.settled(12.345, 4.6)
        playing.shown(None, 4.7)
        assert playing.follower.error is None
        assert playing.reports[-1].error is None

    def test_no_second_seek_if_the_player_names_the_time_of_the_frame_instead(self, playing: Harness) -> None:
        playing.receive(timeline(3, position=12.345), 4.4)
        assert playing.settled(12.333, 4.6) == []

    def test_at_a_gate_the_player_settles_and_reports_it(self, playing: Harness) -> None:
        assert playing.receive(timeline(3, playing=True, position=50.0, gate=True), 4.0) == [
            AnnounceSeek(50.0),
            SeekTo(50.0),
        ]
        assert playing.reports[-1].state == "seeking"
        assert playing.settled(50.0, 4.2) == []
        assert (playing.reports[-1].state, playing.reports[-1].rev, playing.reports[-1].position) == ("paused", 3, 50.0)
        assert playing.receive(timeline(4, playing=True, position=50.0, at=4.5), 4.3) == [Resume(about(4.5))]

    def test_a_new_speed_takes_effect_when_the_room_says(self, playing: Harness) -> None:
        assert playing.receive(timeline(3, playing=True, position=11.1, rate=1.25, at=3.1), 3.0) == []
        assert playing.follower.deadline() == pytest.approx(3.1)
        assert playing.expire(3.1 + 1e-9) == [SetRate(1.25)]

    def test_a_far_new_position_of_a_running_room_is_a_seek_not_drift(self, playing: Harness) -> None:
        effects = playing.receive(timeline(3, playing=True, position=80.0, at=4.0), 4.0)
        assert [type(effect) for effect in effects] == [AnnounceSeek, SeekTo]

    def test_stop_unloads_the_file_until_the_timeline_moves(self, playing: Harness) -> None:
        assert playing.receive(timeline(3), 4.0, stop=True) == [Unload()]
        assert playing.reports[-1].state == "idle"
        assert playing.receive(timeline(4, position=30.0), 5.0) == [Load(FILM, 2, 30.0)]

    def test_at_the_end_of_the_file_the_player_stays_there(self, playing: Harness) -> None:
        assert playing.ended(99.9, 91.9) == []
        assert playing.reports[-1].state == "ended"
        assert playing.receive(timeline(3, position=100.0), 92.0) == []
        effects = playing.receive(timeline(4, position=40.0), 95.0)
        assert effects == [AnnounceSeek(40.0), SeekTo(40.0)]

    def test_at_the_end_of_a_file_of_unknown_duration_the_player_stays_there(self, playing: Harness) -> None:
        playing.loaded(2.1, duration=None)
        assert playing.ended(70.0, 62.0) == []
        assert playing.reports[-1].state == "ended"
        assert playing.sampled(70.0, 62.4) == []
        assert playing.receive(timeline(3, position=70.0), 63.0) == []
        effects = playing.receive(timeline(4, playing=True, position=40.0, at=65.0), 65.0)
        assert [type(effect) for effect in effects] == [AnnounceSeek, SeekTo], (
            "a member that seeks back takes all others along"
        )

    def test_the_next_film_is_loaded_at_a_gate_and_starts_on_time(self, playing: Harness) -> None:
        playing.ended(100.0, 92.0)
        playing.receive(timeline(3, playing=True, gate=True, at=92.1), 92.1)
        assert playing.load(92.2) == [Load(FILM, 2, 0.0)]
        playing.loaded(92.9, duration=50.0)
        assert playing.settled(0.0, 93.0) == []
        reports = [(report.state, report.position, report.rev) for report in playing.reports[-2:]]
        assert reports == [("buffering", 0.0, 3), ("paused", 0.0, 3)], "the room waits for the second report"
        effects = playing.receive(timeline(4, playing=True, at=93.5), 93.2)
        assert effects == [SetRate(1.0), Resume(about(93.5))]

    def test_after_leaving_the_room_the_film_continues(self, playing: Harness) -> None:
        assert playing.handle(LeftRoom(), 4.0) == []
        assert not playing.follower.paused
        assert playing.pause(5.0) == [PauseNow()]
        assert playing.settled(13.0, 5.0) == []

    def test_reports_come_every_two_seconds(self, playing: Harness) -> None:
        before = len(playing.reports)
        now = 2.0
        while now < 22.0:
            now += 0.4
            playing.sampled(10.0 + now - 2.0, now)
            due = playing.follower.deadline()
            if due is not None and due <= now:
                playing.expire(now)
        assert 8 <= len(playing.reports) - before <= 11

    def test_at_rest_they_come_every_thirty_seconds(self, member: Harness) -> None:
        before = len(member.reports)
        assert member.due(1.2, 125.0) == pytest.approx([31.2, 61.2, 91.2, 121.2])
        assert {(report.state, report.position) for report in member.reports[before:]} == {("paused", 10.0)}

    def test_a_picture_that_moves_at_rest_is_told_all_the_same(self, member: Harness) -> None:
        """A frame step in the player's window: all members take it."""
        member.due(1.2, 10.0)
        assert member.settled(10.04, 10.0) == [SendRequest(Seek(timestamp=10.04, command_id="1"))]
        assert member.due(10.0, 10.1) == [10.0]
        assert member.reports[-1].position == 10.04
        member.handle(TimelineReceived(timeline(2, position=10.04), answer=True), 10.2)
        member.settled(10.04, 10.3)
        assert member.reports[-1].rev == 2
        assert member.due(10.3, 45.0) == pytest.approx([40.3])

    def test_a_room_that_plays_is_told_at_once_and_then_every_two_seconds(self, member: Harness) -> None:
        member.due(1.0, 10.0)
        before = len(member.reports)
        member.receive(timeline(2, playing=True, position=10.0, at=12.0), 10.0)
        assert [report.rev for report in member.reports[before:]] == [2]
        assert member.due(10.0, 12.5) == pytest.approx([12.0], abs=0.2)

    def test_another_run_of_the_room_is_told_at_once_of_a_player_at_rest(self, member: Harness) -> None:
        """A node has died, and another one owns the room: it knows no reports. The connection has not noticed."""
        member.due(1.0, 10.0)
        before = len(member.reports)
        member.receive(replace(timeline(1, position=10.0), epoch="new"), 10.0)
        assert [(report.state, report.rev) for report in member.reports[before:]] == [("paused", 1)]


class TestBackInTheRoom:
    """The connection was lost, or the server was restarted: the room may have another epoch, but it is the same."""

    def test_a_player_on_time_is_not_disturbed_and_reports(self, playing: Harness) -> None:
        playing.sampled(13.0, 5.0)
        before = len(playing.reports)
        assert playing.enter(replace(timeline(2, playing=True, position=10.0, at=2.0), epoch="new"), 6.0) == []
        assert playing.motion is Motion.RUNNING
        assert [(report.state, report.rev) for report in playing.reports[before:]] == [("playing", 2)]

    def test_a_player_settled_at_the_paused_rooms_position_is_not_disturbed(self, member: Harness) -> None:
        assert member.enter(replace(timeline(1, position=10.0), epoch="new"), 6.0) == []
        assert member.motion is Motion.SETTLED

    def test_another_server_clock_does_not_disturb_a_player_on_time(self, playing: Harness) -> None:
        """The server's machine was restarted and has another clock. Its offset is learned while the film plays."""
        playing.sampled(13.0, 5.0)
        playing.handle(ClockFlushed(), 6.0)
        line = Timeline("new", 2, True, 10.0, 1.0, 2.0 - 77.0)
        assert playing.handle(TimelineReceived(line, entering=True), 6.0) == []
        assert playing.pinged(6.0, server=-77.0) == []
        assert playing.sampled(14.0, 6.0) == []
        assert playing.motion is Motion.RUNNING


class TestCorrections:
    def drift(self, harness: Harness, error: float, start: float = 5.0) -> list[FollowerEffect]:
        """Send samples with this error in seconds until there is an effect; return it."""
        for step in range(6):
            now = start + 0.4 * step
            effects = harness.sampled(10.0 + now - 2.0 + error, now)
            if effects:
                return effects
        return []

    def test_no_correction_of_a_small_error(self, playing: Harness) -> None:
        assert self.drift(playing, 0.003) == []
        assert playing.follower.error == pytest.approx(0.003)

    def test_a_trim_ends_at_its_deadline(self, playing: Harness) -> None:
        corrected, rate = self.drift(playing, -0.03)
        assert isinstance(corrected, AnnounceCorrection) and isinstance(corrected.correction, Trim)
        assert rate == SetRate(corrected.correction.rate) and corrected.correction.rate > 1
        due = playing.follower.deadline()
        assert due is not None
        ends: list[FollowerEffect] = []
        while not ends:
            due = playing.follower.deadline()
            assert due is not None and due < 60
            ends = [effect for effect in playing.expire(due) if isinstance(effect, SetRate)]
        assert ends == [SetRate(1.0)]

    def test_a_new_speed_does_not_wait_for_a_trim_to_end(self, playing: Harness) -> None:
        """Seen with real players: they kept the old speed for a second more and were 0.7 s ahead."""
        self.drift(playing, -0.03)
        faster = timeline(3, playing=True, position=14.0, rate=0.5, at=6.5)
        assert playing.receive(faster, 6.4) == []
        assert playing.expire(6.5 + 1e-9) == [SetRate(0.5)]

    def test_a_hold(self, playing: Harness) -> None:
        corrected, pause = self.drift(playing, 0.2)
        assert isinstance(corrected, AnnounceCorrection) and isinstance(corrected.correction, Hold)
        assert pause == PauseFor(about(0.2))

    def test_a_resync(self, playing: Harness) -> None:
        effects = self.drift(playing, -3.0)
        assert isinstance(effects[0], AnnounceCorrection) and isinstance(effects[0].correction, Resync)
        assert [type(effect) for effect in effects[1:]] == [AnnounceSeek, SeekTo]

    def test_a_video_offset_keeps_the_player_ahead(self, playing: Harness) -> None:
        playing.handle(OffsetSet(0.020), 3.0)
        assert self.drift(playing, 0.020) == []
        assert playing.follower.error == pytest.approx(0.0, abs=1e-9)


class TestRequests:
    def test_a_pause_takes_effect_at_once_and_its_request_names_the_frame(self, playing: Harness) -> None:
        assert playing.pause(5.0) == [PauseNow()]
        assert playing.follower.paused
        effects = playing.settled(13.01, 5.02)
        assert request(effects) == Pause(timestamp=13.01, command_id="1")
        # All others seek to that frame. To see the same one, this player has to seek too.
        assert playing.receive(timeline(3, position=13.01), 5.1) == [AnnounceSeek(13.01), SeekTo(13.01)]
        assert playing.settled(13.01, 5.3) == []

    def test_until_the_room_has_answered_the_timeline_does_not_control_the_player(self, playing: Harness) -> None:
        playing.pause(5.0)
        playing.settled(13.0, 5.02)
        assert playing.pinged(5.5) == []

    def test_after_a_refusal_the_timeline_controls_the_player_at_once(self, playing: Harness) -> None:
        playing.pause(5.0)
        playing.settled(13.0, 5.02)
        effects = playing.handle(RoomRefused(), 5.1)
        assert [type(effect) for effect in effects] == [AnnounceSeek, SeekTo]

    def test_a_pause_that_is_taken_back_before_it_is_done_is_not_requested(self, playing: Harness) -> None:
        """For example two commands of a script, or a key that bounces."""
        assert playing.pause(5.0) == [PauseNow()]
        assert playing.play(5.01) == []
        assert not playing.follower.paused
        effects = playing.settled(13.0, 5.02)
        assert [type(effect) for effect in effects] == [Resume]

    def test_pause_play_pause_before_the_player_has_settled_is_one_pause(self, playing: Harness) -> None:
        playing.pause(5.0)
        playing.play(5.005)
        assert playing.pause(5.01) == []
        assert playing.follower.paused
        assert request(playing.settled(13.0, 5.02)) == Pause(timestamp=13.0, command_id="1")

    def test_a_pause_that_is_taken_back_requests_play_if_the_room_has_paused_meanwhile(self, playing: Harness) -> None:
        playing.pause(5.0)
        playing.play(5.005)
        playing.receive(timeline(3, position=13.0), 5.01)
        assert request(playing.settled(13.0, 5.02)) == Play(timestamp=13.0, command_id="1")

    def test_in_no_room_a_pause_that_is_taken_back_resumes(self, alone: Harness) -> None:
        alone.play(1.0)
        alone.started(0.0, 1.0)
        assert alone.pause(5.0) == [PauseNow()]
        assert alone.play(5.01) == []
        assert alone.settled(4.02, 5.02) == [Resume(None)]
        assert not alone.follower.paused

    def test_a_pause_during_a_seek_of_the_room_is_requested_at_the_new_position(self, playing: Harness) -> None:
        playing.pause(5.0)
        playing.receive(timeline(3, playing=True, position=70.0, gate=True), 5.01)
        assert request(playing.settled(13.0, 5.02)) == Pause(timestamp=70.0, command_id="1")

    def test_play_is_requested_and_the_player_waits(self, member: Harness) -> None:
        effects = member.play(2.0)
        assert effects == [SendRequest(Play(timestamp=10.0, command_id="1"))]
        assert member.motion is Motion.SETTLED

    def test_a_seek_is_requested(self, playing: Harness) -> None:
        assert playing.seek(42.0, 3.0) == [SendRequest(Seek(timestamp=42.0, command_id="1"))]

    def test_a_seek_past_the_end_is_clamped(self, playing: Harness) -> None:
        command = request(playing.seek(4200.0, 3.0))
        assert isinstance(command, Seek) and 99 < command.timestamp < 100

    def test_of_many_seeks_at_once_the_first_and_the_last_are_requested(self, playing: Harness) -> None:
        """For example by a key that is held down."""
        assert request(playing.seek(20.0, 3.0)) == Seek(timestamp=20.0, command_id="1")
        for step in range(5):
            assert playing.seek(30.0 + step, 3.01 + step / 100) == []
        assert playing.follower.deadline() == pytest.approx(3.1)
        assert request(playing.expire(3.1)) == Seek(timestamp=34.0, command_id="2")

    def test_what_follows_an_unanswered_seek_starts_from_the_requested_position(self, member: Harness) -> None:
        """For example a key that is pressed twice, or a script that seeks and plays."""
        assert request(member.seek(20.0, 3.0)) == Seek(timestamp=20.0, command_id="1")
        assert member.follower.requested_position(3.01) == 20.0
        assert member.seek(25.0, 3.02) == []
        assert member.follower.requested_position(3.03) == 25.0
        assert request(member.play(3.04)) == Play(timestamp=25.0, command_id="2")

    def test_a_seek_that_was_answered_or_refused_is_not_the_requested_position_any_more(self, member: Harness) -> None:
        member.seek(20.0, 3.0)
        member.handle(RoomRefused(), 3.1)
        assert member.follower.requested_position(3.1) == 10.0
        member.seek(30.0, 4.0)
        member.receive(timeline(2, position=40.0), 4.1)
        assert member.follower.requested_position(4.1) == 40.0

    def test_a_speed_is_requested(self, playing: Harness) -> None:
        effects = playing.handle(SpeedRequested(1.5), 3.0)
        assert effects == [SendRequest(Speed(rate=1.5, command_id="1"))]

    def test_a_pause_without_a_command_is_an_action_of_the_viewer(self, playing: Harness) -> None:
        """For example by a key in the player's window."""
        assert request(playing.settled(13.0, 5.0)) == Pause(timestamp=13.0, command_id="1")

    def test_a_start_without_a_command_is_an_action_of_the_viewer(self, member: Harness) -> None:
        assert request(member.started(10.0, 2.0)) == Play(timestamp=10.0, command_id="1")
        assert not member.follower.paused

    def test_a_frame_step_is_requested_as_a_seek(self, member: Harness) -> None:
        assert request(member.settled(10.033, 2.0)) == Seek(timestamp=10.033, command_id="1")
        assert member.receive(timeline(2, position=10.033), 2.1) == [AnnounceSeek(10.033), SeekTo(10.033)]

    def test_events_that_commands_explain_lead_to_no_request(self, playing: Harness) -> None:
        playing.receive(timeline(3, position=20.0), 4.0)
        assert playing.settled(20.0, 4.2) == []
        playing.receive(timeline(4, playing=True, position=20.0, at=5.0), 4.9)
        assert playing.started(20.0, 5.0) == []

    def test_a_start_from_before_a_seek_is_ignored(self, member: Harness) -> None:
        member.receive(timeline(2, playing=True, position=10.0, at=2.0), 1.9)
        member.receive(timeline(3, position=30.0), 2.0)
        assert member.started(10.0, 2.0) == []
        assert member.motion is Motion.SEEKING


class TestASilentRoom:
    """The link is up, but the room has not answered within a second."""

    def silent(self, harness: Harness, now: float = 7.0) -> list[FollowerEffect]:
        """Let time pass until the room is found silent; return the effects of that."""
        while (due := harness.follower.deadline()) is not None and due <= now:
            effects = harness.expire(due)
            if harness.follower.state.on_own.link == "silent":
                return effects
        raise AssertionError("it was not found silent")

    def test_a_pause_stays(self, playing: Harness) -> None:
        playing.pause(5.0)
        playing.settled(13.0, 5.02)
        assert self.silent(playing) == []
        assert playing.follower.paused
        assert playing.expire(60.0) == []
        assert playing.motion is Motion.SETTLED

    def test_a_start_is_made_without_it(self, member: Harness) -> None:
        assert request(member.play(2.0)) == Play(timestamp=10.0, command_id="1")
        assert self.silent(member) == [SetRate(1.0), Resume(None)]
        assert not member.follower.paused

    def test_a_seek_is_made_without_it_and_the_next_one_at_once(self, playing: Harness) -> None:
        playing.seek(42.0, 5.0)
        assert self.silent(playing) == [AnnounceSeek(42.0), SeekTo(42.0)]
        playing.settled(42.0, 6.2)
        playing.started(42.0, 6.2)
        effects = playing.seek(50.0, 6.5)
        assert effects == [SendRequest(Seek(timestamp=50.0, command_id="2")), AnnounceSeek(50.0), SeekTo(50.0)], (
            "the room is asked as well, for when it answers"
        )

    def test_a_speed_is_set_without_it(self, playing: Harness) -> None:
        playing.handle(SpeedRequested(1.25), 5.0)
        assert self.silent(playing) == [SetRate(1.25)]

    def test_several_requests_are_carried_out_in_their_order(self, member: Harness) -> None:
        member.seek(20.0, 2.0)
        member.play(2.5)
        assert self.silent(member) == [AnnounceSeek(20.0), SeekTo(20.0)]
        assert member.settled(20.0, 3.2) == [SetRate(1.0), Resume(None)]

    def test_when_it_answers_the_player_follows_it(self, playing: Harness) -> None:
        playing.pause(5.0)
        playing.settled(13.01, 5.02)
        self.silent(playing)
        answer = TimelineReceived(timeline(3, position=13.01), answer=True)
        assert playing.handle(answer, 9.0) == [AnnounceSeek(13.01), SeekTo(13.01)]
        assert playing.follower.state.follows

    def test_when_it_refuses_the_input_is_undone(self, playing: Harness) -> None:
        playing.pause(5.0)
        playing.settled(13.0, 5.02)
        self.silent(playing)
        effects = playing.handle(RoomRefused(), 9.0)
        assert [type(effect) for effect in effects] == [AnnounceSeek, SeekTo]
        assert not playing.follower.paused

    def test_an_answer_that_changes_nothing_ends_it(self, playing: Harness) -> None:
        playing.play(5.0)
        self.silent(playing)
        line = playing.follower.state.on_own.room
        assert line is not None
        playing.handle(TimelineReceived(line, answer=True), 6.5)
        assert playing.follower.state.follows

    def test_one_that_answers_a_later_ping_only_is_followed_again(self, playing: Harness) -> None:
        """For example a server that has lost the request: the player must not stay alone for good."""
        playing.pause(5.0)
        playing.settled(13.0, 5.02)
        self.silent(playing)
        playing.pinged(8.0)
        due = playing.follower.deadline()
        while due is not None and due < 10.0 and not playing.follower.state.follows:
            playing.expire(due)
            due = playing.follower.deadline()
        assert playing.follower.state.follows and not playing.follower.paused

    def test_when_the_link_breaks_then_the_pause_stays(self, playing: Harness) -> None:
        playing.pause(5.0)
        playing.settled(13.0, 5.02)
        self.silent(playing)
        assert playing.handle(LinkLost(), 11.0) == []
        assert playing.follower.state.on_own.since == pytest.approx(6.0), "it has been away since the silence"
        assert playing.enter(timeline(2, playing=True, position=10.0, at=2.0), 20.0) == []
        assert playing.follower.paused


class TestWithoutALink:
    def test_an_idle_viewer_stays_with_the_room(self, playing: Harness) -> None:
        assert playing.handle(LinkLost(), 4.0) == []
        assert playing.follower.state.follows
        assert playing.sampled(20.0, 12.0) == []

    def test_a_pause_that_has_no_answer_yet_stays(self, playing: Harness) -> None:
        playing.pause(5.0)
        playing.settled(13.0, 5.02)
        assert playing.handle(LinkLost(), 5.1) == []
        assert playing.follower.paused
        assert playing.expire(20.0) == []

    def test_a_pause_that_is_not_done_yet_is_done(self, playing: Harness) -> None:
        assert playing.pause(5.0) == [PauseNow()]
        assert playing.handle(LinkLost(), 5.01) == []
        assert playing.settled(13.01, 5.02) == []
        assert playing.follower.paused
        assert playing.follower.state.timeline.position == 13.01

    def test_the_player_obeys_at_once_and_asks_nobody(self, playing: Harness) -> None:
        playing.handle(LinkLost(), 4.0)
        assert playing.pause(5.0) == [PauseNow()]
        assert playing.settled(13.0, 5.02) == []
        assert playing.play(6.0) == [Resume(None)]
        playing.started(13.0, 6.0)
        assert playing.seek(40.0, 7.0) == [AnnounceSeek(40.0), SeekTo(40.0)]
        assert playing.settled(40.0, 7.2) == [Resume(None)]
        playing.started(40.0, 7.2)
        assert playing.handle(SpeedRequested(1.25), 8.0) == [SetRate(1.25)]
        assert playing.handle(StopRequested(), 9.0) == [Unload()]

    def test_the_seek_that_leads_away_from_the_room_is_over_when_it_is_made(self, playing: Harness) -> None:
        playing.handle(LinkLost(), 4.0)
        playing.seek(40.0, 5.0)
        playing.settled(40.0, 5.2)
        playing.started(40.0, 5.2)
        assert playing.follower.position(6.2) == pytest.approx(41.0)
        assert playing.pause(6.2) == [PauseNow()]
        assert playing.settled(41.0, 6.25) == []
        assert playing.play(7.0) == [Resume(None)]

    def test_back_in_the_room_the_player_goes_to_its_timeline(self, playing: Harness) -> None:
        playing.handle(LinkLost(), 4.0)
        playing.seek(40.0, 5.0)
        playing.settled(40.0, 5.2)
        playing.started(40.0, 5.2)
        effects = playing.enter(timeline(2, playing=True, position=10.0, at=2.0), 8.0)
        assert [type(effect) for effect in effects] == [AnnounceSeek, SeekTo]
        assert playing.follower.state.follows

    def test_back_in_a_paused_room_there_is_nothing_to_say(self, playing: Harness) -> None:
        playing.handle(LinkLost(), 4.0)
        playing.pause(5.0)
        playing.settled(13.0, 5.02)
        assert playing.enter(timeline(5, position=33.0), 8.0) == [AnnounceSeek(33.0), SeekTo(33.0)]
        assert playing.follower.state.follows


class TestApart:
    """The viewer paused during an absence, and the room plays."""

    @pytest.fixture
    def apart(self, playing: Harness) -> Harness:
        playing.handle(LinkLost(), 4.0)
        playing.pause(5.0)
        playing.settled(13.0, 5.02)
        assert playing.enter(timeline(2, playing=True, position=10.0, at=2.0), 8.0) == []
        return playing

    def test_the_player_stands_and_says_so(self, apart: Harness) -> None:
        report = apart.reports[-1]
        assert (report.state, report.apart, report.position, report.rev) == ("paused", True, 13.0, 2)
        assert report.error == pytest.approx(-3.0)

    def test_it_says_so_every_two_seconds(self, apart: Harness) -> None:
        """The room moves on, so it is not at rest."""
        assert 9 <= len(apart.due(8.0, 28.0)) <= 11

    def test_whatever_a_room_that_plays_does(self, apart: Harness) -> None:
        for rev, line in enumerate(
            (timeline(0, playing=True, position=20.0), timeline(0, playing=True, gate=True, position=50.0)), 3
        ):
            assert apart.receive(replace(line, rev=rev), 9.0) == []
            assert (apart.reports[-1].rev, apart.reports[-1].apart) == (rev, True)
        assert apart.follower.paused

    def test_play_goes_to_the_room_and_does_not_change_it(self, apart: Harness) -> None:
        assert [type(effect) for effect in apart.play(9.0)] == [AnnounceSeek, SeekTo]
        assert (apart.reports[-1].state, apart.reports[-1].apart) == ("seeking", False)
        assert apart.follower.state.follows

    def test_play_in_the_players_window_does_the_same(self, apart: Harness) -> None:
        assert [type(effect) for effect in apart.started(13.0, 9.0)] == [AnnounceSeek, SeekTo]
        assert apart.follower.state.follows

    def test_a_room_that_is_paused_is_followed_again_and_the_next_play_is_for_everybody(self, apart: Harness) -> None:
        assert apart.receive(timeline(3, position=20.0), 8.5) == [AnnounceSeek(20.0), SeekTo(20.0)]
        assert (apart.reports[-1].rev, apart.reports[-1].apart) == (3, False)
        apart.settled(20.0, 8.7)
        assert request(apart.play(9.0)) == Play(timestamp=20.0, command_id="1")

    def test_other_input_concerns_this_player_only(self, apart: Harness) -> None:
        assert apart.seek(40.0, 9.0) == [AnnounceSeek(40.0), SeekTo(40.0)]
        assert apart.settled(40.0, 9.2) == []
        assert apart.pause(9.5) == []
        assert apart.follower.on_own.left is not None

    def test_after_leaving_the_room_it_is_an_ordinary_pause(self, apart: Harness) -> None:
        assert apart.handle(LeftRoom(), 9.0) == []
        assert apart.play(10.0) == [Resume(None)]
