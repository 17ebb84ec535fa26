"""Follower, as transcripts: what it is told, and the commands that come of it. The player is played by the test."""

from typing import Any

import pytest
from msgspec.structs import replace

from hangd.engine.follower.drift import Hold, Resync, Trim
from hangd.engine.follower.effects import AnnounceCorrection, AnnounceSeek, FollowerEffect, SendReport, SendRequest
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.picture import Motion
from hangd.engine.player_messages import (
    Ended,
    Load,
    Loaded,
    LoadFailed,
    PauseFor,
    PauseNow,
    Resume,
    Sampled,
    SeekTo,
    SetRate,
    Settled,
    Started,
    Unload,
)
from hangd.protocol.messages import Pause, Play, Report, Seek, Speed, SyncCommand
from hangd.protocol.model import Timeline

FILM = "/films/metropolis.mkv"
SERVER = 1000.0
"""What the server's clock is ahead of the local one."""


def timeline(
    rev: int, *, playing: bool = False, position: float = 0.0, rate: float = 1.0, at: float = 0.0, gate: bool = False
) -> Timeline:
    """A room's timeline; ``at`` is written in local time, to be read more easily."""
    return Timeline(
        epoch="e", rev=rev, playing=playing, position=position, rate=rate, at=at + SERVER,
        gate="seeking" if gate else None,
    )  # fmt: skip


def about(value: float) -> Any:
    """Return what equals ``value`` but for rounding; typed so that it fits into a command."""
    return pytest.approx(value)


class Stage:
    """A follower whose player says what the test says. Reports are kept apart: nearly every step makes one."""

    def __init__(self) -> None:
        self.follower = Follower()
        self.reports: list[Report] = []

    def _sift(self, effects: list[FollowerEffect]) -> list[FollowerEffect]:
        self.follower.check()
        self.reports += [effect.report for effect in effects if isinstance(effect, SendReport)]
        return [effect for effect in effects if not isinstance(effect, SendReport)]

    def load(self, now: float = 0.0, start: float = 0.0) -> list[FollowerEffect]:
        return self._sift(self.follower.load(FILM, now, start))

    def loaded(self, now: float = 0.0, duration: float = 100.0) -> list[FollowerEffect]:
        return self._sift(self.follower.handle(Loaded(self.generation, duration), now))

    def settled(self, position: float, now: float) -> list[FollowerEffect]:
        return self._sift(self.follower.handle(Settled(self.generation, position, now), now))

    def started(self, position: float, now: float) -> list[FollowerEffect]:
        return self._sift(self.follower.handle(Started(self.generation, position, now), now))

    def sampled(self, position: float, now: float, rate: float = 1.0) -> list[FollowerEffect]:
        return self._sift(self.follower.handle(Sampled(self.generation, position, now, rate), now))

    def ended(self, position: float, now: float) -> list[FollowerEffect]:
        return self._sift(self.follower.handle(Ended(self.generation, position, now), now))

    def enters(self, snapshot: Timeline, now: float) -> list[FollowerEffect]:
        """Enter a room whose clock is known exactly."""
        self.follower.clock.add(now, now + SERVER, now + SERVER, now)
        return self._sift(self.follower.follow(snapshot, now, entering=True))

    def hears(self, news: Timeline, now: float, *, stop: bool = False) -> list[FollowerEffect]:
        return self._sift(self.follower.follow(news, now, stop=stop))

    def wakes(self, now: float) -> list[FollowerEffect]:
        return self._sift(self.follower.expire(now))

    def pauses(self, now: float) -> list[FollowerEffect]:
        return self._sift(self.follower.ask_paused(True, now))

    def plays(self, now: float) -> list[FollowerEffect]:
        return self._sift(self.follower.ask_paused(False, now))

    def seeks(self, position: float, now: float) -> list[FollowerEffect]:
        return self._sift(self.follower.ask_seek(position, now))

    @property
    def generation(self) -> int:
        return self.follower.picture.generation

    @property
    def motion(self) -> Motion:
        return self.follower.picture.motion


def asked(effects: list[FollowerEffect]) -> SyncCommand:
    """Return the one command that the room is asked for."""
    (ask,) = [effect for effect in effects if isinstance(effect, SendRequest)]
    return ask.command


@pytest.fixture
def alone() -> Stage:
    """In no room, a film of 100 s open, standing at its beginning."""
    stage = Stage()
    assert stage.load() == [Load(FILM, 1, 0.0)]
    stage.loaded()
    assert stage.settled(0.0, 0.1) == []
    return stage


@pytest.fixture
def member(alone: Stage) -> Stage:
    """In a room that stands at 10 s, standing there."""
    assert alone.enters(timeline(1, position=10.0), 1.0) == [AnnounceSeek(10.0), SeekTo(10.0)]
    assert alone.settled(10.0, 1.2) == []
    return alone


@pytest.fixture
def playing(member: Stage) -> Stage:
    """In a room that plays since local time 2, from 10 s."""
    member.hears(timeline(2, playing=True, position=10.0, at=2.0), 1.9)
    member.started(10.0, 2.0)
    return member


class TestAlone:
    def test_play_and_pause(self, alone: Stage) -> None:
        assert alone.plays(1.0) == [SetRate(1.0), Resume(None)]
        alone.started(0.0, 1.0)
        assert alone.follower.position(3.0) == pytest.approx(2.0)
        assert alone.pauses(3.0) == [PauseNow()]
        assert alone.follower.paused
        assert alone.settled(2.0, 3.0) == []
        assert (alone.motion, alone.follower.timeline.position) == (Motion.STANDING, 2.0)

    def test_a_seek_while_playing_plays_on_from_there(self, alone: Stage) -> None:
        alone.plays(1.0)
        alone.started(0.0, 1.0)
        assert alone.seeks(50.0, 2.0) == [AnnounceSeek(50.0), SeekTo(50.0)]
        assert not alone.follower.paused
        assert alone.settled(50.0, 2.3) == [Resume(None)]

    def test_a_seek_while_paused_stays_paused(self, alone: Stage) -> None:
        assert alone.seeks(50.0, 2.0) == [AnnounceSeek(50.0), SeekTo(50.0)]
        assert alone.settled(50.0, 2.3) == []

    def test_the_timeline_follows_the_player_and_nothing_is_corrected(self, alone: Stage) -> None:
        alone.plays(1.0)
        alone.started(0.0, 1.0)
        for step in range(1, 50):
            assert alone.sampled(step * 0.3, 1.0 + step * 0.4) == []
        assert alone.follower.error is None

    def test_play_at_the_end_begins_anew(self, alone: Stage) -> None:
        alone.plays(1.0)
        alone.started(0.0, 1.0)
        assert alone.ended(100.0, 101.0) == []
        assert alone.follower.paused
        assert alone.plays(102.0) == [AnnounceSeek(0.0), SeekTo(0.0)]
        assert alone.settled(0.0, 102.3) == [Resume(None)]

    def test_stop_lets_go_of_the_file_and_play_opens_it_again(self, alone: Stage) -> None:
        assert alone._sift(alone.follower.ask_stop(1.0)) == [Unload()]
        assert alone.follower.position(1.0) is None
        assert alone.plays(2.0) == [Load(FILM, 2, 0.0)]
        alone.loaded(2.1)
        assert alone.settled(0.0, 2.2) == [SetRate(1.0), Resume(None)]

    def test_speed(self, alone: Stage) -> None:
        alone.plays(1.0)
        alone.started(0.0, 1.0)
        effects = alone._sift(alone.follower.ask_speed(1.5, 2.0))
        assert effects == [SetRate(1000 / 667)]
        assert alone.follower.rate == 1000 / 667

    def test_a_file_that_can_not_be_played_leaves_nothing_loaded(self) -> None:
        stage = Stage()
        stage.load()
        stage._sift(stage.follower.handle(LoadFailed(1, "empty", "it is empty"), 0.1))
        assert (stage.motion, stage.follower.picture.path) == (Motion.EMPTY, None)

    def test_events_of_an_older_load_are_dropped(self, alone: Stage) -> None:
        alone.load(5.0)
        assert alone.follower.handle(Ended(1, 3.0, 5.1), 5.1) == []
        assert alone.motion is Motion.LOADING


class TestStarts:
    def test_everyone_resumes_at_the_moment_that_the_room_names(self, member: Stage) -> None:
        effects = member.hears(timeline(2, playing=True, position=10.0, at=2.0), 1.9)
        assert effects == [SetRate(1.0), Resume(about(2.0))]

    def test_without_a_clock_nobody_starts(self, alone: Stage) -> None:
        alone.follower.follow(timeline(1), 1.0, entering=True)
        assert alone.hears(timeline(2, playing=True, at=2.0), 1.9) == []
        alone.follower.clock.add(2.5, 2.5 + SERVER, 2.5 + SERVER, 2.5)
        effects = alone._sift(alone.follower.clock_changed(2.5))
        assert effects == [AnnounceSeek(about(0.8)), SeekTo(about(0.8))]

    def test_who_is_a_little_late_starts_at_once(self, member: Stage) -> None:
        effects = member.hears(timeline(2, playing=True, position=10.0, at=2.0), 2.03)
        assert effects == [SetRate(1.0), Resume(about(2.0))]

    def test_a_thread_that_was_woken_late_is_no_reason_to_wait_for_a_sample(self, member: Stage) -> None:
        member.hears(timeline(2, playing=True, position=10.0, at=2.0), 1.9)
        corrected, rate = member.started(10.0, 2.008)
        assert isinstance(corrected, AnnounceCorrection) and isinstance(corrected.correction, Trim)
        assert corrected.correction.error == about(-0.008)
        assert isinstance(rate, SetRate) and 1.005 < rate.rate < 1.01

    @pytest.mark.parametrize("late", [-0.001, 0.0, 0.003, 0.060])
    def test_a_start_on_time_and_one_that_is_far_too_late_wait_for_a_sample(self, member: Stage, late: float) -> None:
        member.hears(timeline(2, playing=True, position=10.0, at=2.0), 1.9)
        assert member.started(10.0, 2.0 + late) == []

    def test_who_is_late_seeks_to_where_the_room_will_be_and_resumes_as_it_passes(self, member: Stage) -> None:
        effects = member.hears(timeline(2, playing=True, position=10.0, at=2.0), 7.0)
        goal = 10.0 + 5.0 + member.follower.picture.seek_cost + member.follower.policy.seek_margin
        assert effects == [AnnounceSeek(about(goal)), SeekTo(about(goal))]
        effects = member.settled(goal, 7.1)
        assert effects == [SetRate(1.0), Resume(about(2.0 + goal - 10.0))]

    def test_a_file_that_seeks_slowly_is_not_sought_for_ever(self, member: Stage) -> None:
        effects = member.hears(timeline(2, playing=True, position=10.0, at=2.0), 7.0)
        now = 7.0
        for _ in range(2):
            (seek,) = [effect for effect in effects if isinstance(effect, SeekTo)]
            now += 3.0  # far more than was expected
            effects = member.settled(seek.position, now)
        assert effects == [SetRate(1.0), Resume(about(2.0 + seek.position - 10.0))]

    def test_a_pause_calls_a_start_off(self, member: Stage) -> None:
        member.hears(timeline(2, playing=True, position=10.0, at=2.0), 1.9)
        assert member.hears(timeline(3, position=10.0), 1.95) == [AnnounceSeek(10.0), SeekTo(10.0)]

    def test_a_start_that_was_put_off_is_made_anew(self, member: Stage) -> None:
        member.hears(timeline(2, playing=True, position=10.0, at=2.0), 1.9)
        effects = member.hears(timeline(3, playing=True, position=10.0, at=2.4), 1.95)
        assert effects == [Resume(about(2.4))]

    def test_an_old_timeline_is_ignored(self, member: Stage) -> None:
        member.hears(timeline(5, position=20.0), 2.0)
        assert member.hears(timeline(4, position=90.0), 2.1) == []


class TestFollowing:
    def test_a_pause_goes_to_exactly_the_frame_that_it_names(self, playing: Stage) -> None:
        assert playing.hears(timeline(3, position=12.345), 4.4) == [AnnounceSeek(12.345), SeekTo(12.345)]
        assert playing.settled(12.345, 4.6) == []
        assert playing.follower.error == 0.0

    def test_a_player_that_names_the_frames_own_time_is_not_sought_again(self, playing: Stage) -> None:
        playing.hears(timeline(3, position=12.345), 4.4)
        assert playing.settled(12.333, 4.6) == []

    def test_a_gate_is_stood_at_and_reported(self, playing: Stage) -> None:
        assert playing.hears(timeline(3, playing=True, position=50.0, gate=True), 4.0) == [
            AnnounceSeek(50.0),
            SeekTo(50.0),
        ]
        assert playing.reports[-1].state == "seeking"
        assert playing.settled(50.0, 4.2) == []
        assert (playing.reports[-1].state, playing.reports[-1].rev, playing.reports[-1].position) == ("paused", 3, 50.0)
        assert playing.hears(timeline(4, playing=True, position=50.0, at=4.5), 4.3) == [Resume(about(4.5))]

    def test_a_new_speed_takes_effect_when_the_room_says(self, playing: Stage) -> None:
        assert playing.hears(timeline(3, playing=True, position=11.1, rate=1.25, at=3.1), 3.0) == []
        assert playing.follower.deadline() == pytest.approx(3.1)
        assert playing.wakes(3.1 + 1e-9) == [SetRate(1.25)]

    def test_a_jump_in_a_running_room_is_a_seek_not_drift(self, playing: Stage) -> None:
        effects = playing.hears(timeline(3, playing=True, position=80.0, at=4.0), 4.0)
        assert [type(effect) for effect in effects] == [AnnounceSeek, SeekTo]

    def test_stop_lets_go_of_the_file_until_the_room_moves(self, playing: Stage) -> None:
        assert playing.hears(timeline(3), 4.0, stop=True) == [Unload()]
        assert playing.reports[-1].state == "idle"
        assert playing.hears(timeline(4, position=30.0), 5.0) == [Load(FILM, 2, 30.0)]

    def test_the_end_of_the_file_is_stayed_at(self, playing: Stage) -> None:
        assert playing.ended(99.9, 91.9) == []
        assert playing.reports[-1].state == "ended"
        assert playing.hears(timeline(3, position=100.0), 92.0) == []
        effects = playing.hears(timeline(4, position=40.0), 95.0)
        assert effects == [AnnounceSeek(40.0), SeekTo(40.0)]

    def test_so_is_that_of_a_file_whose_length_nobody_knows(self, playing: Stage) -> None:
        playing.follower.picture.duration = None
        assert playing.ended(70.0, 62.0) == []
        assert playing.reports[-1].state == "ended"
        assert playing.sampled(70.0, 62.4) == []
        assert playing.hears(timeline(3, position=70.0), 63.0) == []
        effects = playing.hears(timeline(4, playing=True, position=40.0, at=65.0), 65.0)
        assert [type(effect) for effect in effects] == [AnnounceSeek, SeekTo], "whoever goes back takes everyone along"

    def test_another_film_is_opened_behind_a_gate_and_begins_with_the_others(self, playing: Stage) -> None:
        playing.ended(100.0, 92.0)
        playing.hears(timeline(3, playing=True, gate=True, at=92.1), 92.1)
        assert playing.load(92.2) == [Load(FILM, 2, 0.0)]
        playing.loaded(92.9, duration=50.0)
        assert playing.settled(0.0, 93.0) == []
        told = [(report.state, report.position, report.rev) for report in playing.reports[-2:]]
        assert told == [("buffering", 0.0, 3), ("paused", 0.0, 3)], "for that the room waits"
        effects = playing.hears(timeline(4, playing=True, at=93.5), 93.2)
        assert effects == [SetRate(1.0), Resume(about(93.5))]

    def test_leaving_goes_on_alone(self, playing: Stage) -> None:
        assert playing._sift(playing.follower.leave(4.0)) == []
        assert not playing.follower.paused
        assert playing.pauses(5.0) == [PauseNow()]
        assert playing.settled(13.0, 5.0) == []

    def test_reports_come_every_two_seconds(self, playing: Stage) -> None:
        before = len(playing.reports)
        now = 2.0
        while now < 22.0:
            now += 0.4
            playing.sampled(10.0 + now - 2.0, now)
            due = playing.follower.deadline()
            if due is not None and due <= now:
                playing.wakes(now)
        assert 8 <= len(playing.reports) - before <= 11


class TestBackAfterAnAbsence:
    """The link was cut, or the server was started again: the room may have another epoch, and is the same."""

    def test_who_plays_along_is_left_alone_and_tells_where_it_is(self, playing: Stage) -> None:
        playing.sampled(13.0, 5.0)
        told = len(playing.reports)
        assert playing.enters(replace(timeline(2, playing=True, position=10.0, at=2.0), epoch="new"), 6.0) == []
        assert playing.motion is Motion.RUNNING
        assert [(report.state, report.rev) for report in playing.reports[told:]] == [("playing", 2)]

    def test_who_stands_where_the_room_does_is_left_alone(self, member: Stage) -> None:
        assert member.enters(replace(timeline(1, position=10.0), epoch="new"), 6.0) == []
        assert member.motion is Motion.STANDING

    def test_another_clock_disturbs_nobody_whom_it_does_not_move(self, playing: Stage) -> None:
        """The server's machine was started again: its clock is another one, and is learned while the film goes on."""
        playing.sampled(13.0, 5.0)
        playing.follower.clock.flush()
        line = Timeline("new", 2, True, 10.0, 1.0, 2.0 - 77.0)
        assert playing._sift(playing.follower.follow(line, 6.0, entering=True)) == []
        playing.follower.clock.add(6.0, 6.0 - 77.0, 6.0 - 77.0, 6.0)
        assert playing._sift(playing.follower.clock_changed(6.0)) == []
        assert playing.sampled(14.0, 6.0) == []
        assert playing.motion is Motion.RUNNING


class TestCorrections:
    def drift(self, stage: Stage, error: float, start: float = 5.0) -> list[FollowerEffect]:
        """Let the picture be ``error`` seconds off, until something is done about it."""
        for step in range(6):
            now = start + 0.4 * step
            effects = stage.sampled(10.0 + now - 2.0 + error, now)
            if effects:
                return effects
        return []

    def test_none_while_in_sync(self, playing: Stage) -> None:
        assert self.drift(playing, 0.003) == []
        assert playing.follower.error == pytest.approx(0.003)

    def test_a_trim_ends_when_it_has_done_its_work(self, playing: Stage) -> None:
        corrected, rate = self.drift(playing, -0.03)
        assert isinstance(corrected, AnnounceCorrection) and isinstance(corrected.correction, Trim)
        assert rate == SetRate(corrected.correction.rate) and corrected.correction.rate > 1
        due = playing.follower.deadline()
        assert due is not None
        ends: list[FollowerEffect] = []
        while not ends:
            due = playing.follower.deadline()
            assert due is not None and due < 60
            ends = [effect for effect in playing.wakes(due) if isinstance(effect, SetRate)]
        assert ends == [SetRate(1.0)]

    def test_a_new_speed_does_not_wait_for_a_trim_to_end(self, playing: Stage) -> None:
        """Seen with real players: the old speed went on for a second more, and they were 0.7 s ahead."""
        self.drift(playing, -0.03)
        news = timeline(3, playing=True, position=14.0, rate=0.5, at=6.5)
        assert playing.hears(news, 6.4) == []
        assert playing.wakes(6.5 + 1e-9) == [SetRate(0.5)]

    def test_a_hold(self, playing: Stage) -> None:
        corrected, pause = self.drift(playing, 0.2)
        assert isinstance(corrected, AnnounceCorrection) and isinstance(corrected.correction, Hold)
        assert pause == PauseFor(about(0.2))

    def test_a_resync(self, playing: Stage) -> None:
        effects = self.drift(playing, -3.0)
        assert isinstance(effects[0], AnnounceCorrection) and isinstance(effects[0].correction, Resync)
        assert [type(effect) for effect in effects[1:]] == [AnnounceSeek, SeekTo]

    def test_an_offset_of_the_screen_keeps_the_player_ahead(self, playing: Stage) -> None:
        playing.follower.video_offset = 0.020
        assert self.drift(playing, 0.020) == []
        assert playing.follower.error == pytest.approx(0.0, abs=1e-9)


class TestHand:
    def test_a_pause_is_at_once_and_names_its_frame(self, playing: Stage) -> None:
        assert playing.pauses(5.0) == [PauseNow()]
        assert playing.follower.paused
        effects = playing.settled(13.01, 5.02)
        assert asked(effects) == Pause(timestamp=13.01, command_id="1")
        # It stands there, but a seek is what all the others see: on the same frame, it has to make one too.
        assert playing.hears(timeline(3, position=13.01), 5.1) == [AnnounceSeek(13.01), SeekTo(13.01)]
        assert playing.settled(13.01, 5.3) == []

    def test_until_the_room_has_answered_the_timeline_does_not_pull(self, playing: Stage) -> None:
        playing.pauses(5.0)
        playing.settled(13.0, 5.02)
        assert playing._sift(playing.follower.clock_changed(5.5)) == []

    def test_a_room_that_does_not_answer_pulls_again_after_a_while(self, playing: Stage) -> None:
        playing.pauses(5.0)
        playing.settled(13.0, 5.02)
        effects: list[FollowerEffect] = []
        while not effects:
            due = playing.follower.deadline()
            assert due is not None and due < 10
            effects = playing.wakes(due)
        assert [type(effect) for effect in effects] == [AnnounceSeek, SeekTo]
        assert not playing.follower.paused

    def test_a_room_that_refuses_pulls_at_once(self, playing: Stage) -> None:
        playing.pauses(5.0)
        playing.settled(13.0, 5.02)
        effects = playing._sift(playing.follower.refused(5.1))
        assert [type(effect) for effect in effects] == [AnnounceSeek, SeekTo]

    def test_pause_then_play_before_it_stands_is_nothing(self, playing: Stage) -> None:
        """Two commands of a script, or a key that bounces: the last word counts, and nobody else hears of it."""
        assert playing.pauses(5.0) == [PauseNow()]
        assert playing.plays(5.01) == []
        assert not playing.follower.paused
        effects = playing.settled(13.0, 5.02)
        assert [type(effect) for effect in effects] == [Resume]

    def test_pause_play_pause_before_it_stands_is_a_pause(self, playing: Stage) -> None:
        playing.pauses(5.0)
        playing.plays(5.005)
        assert playing.pauses(5.01) == []
        assert playing.follower.paused
        assert asked(playing.settled(13.0, 5.02)) == Pause(timestamp=13.0, command_id="1")

    def test_play_before_it_stands_asks_a_room_that_has_paused_meanwhile(self, playing: Stage) -> None:
        playing.pauses(5.0)
        playing.plays(5.005)
        playing.hears(timeline(3, position=13.0), 5.01)
        assert asked(playing.settled(13.0, 5.02)) == Play(timestamp=13.0, command_id="1")

    def test_alone_pause_then_play_before_it_stands_goes_on(self, alone: Stage) -> None:
        alone.plays(1.0)
        alone.started(0.0, 1.0)
        assert alone.pauses(5.0) == [PauseNow()]
        assert alone.plays(5.01) == []
        assert alone.settled(4.02, 5.02) == [Resume(None)]
        assert not alone.follower.paused

    def test_a_pause_while_the_room_moves_on_means_a_pause_there(self, playing: Stage) -> None:
        playing.pauses(5.0)
        playing.hears(timeline(3, playing=True, position=70.0, gate=True), 5.01)
        assert asked(playing.settled(13.0, 5.02)) == Pause(timestamp=70.0, command_id="1")

    def test_play_asks_the_room_and_waits(self, member: Stage) -> None:
        effects = member.plays(2.0)
        assert effects == [SendRequest(Play(timestamp=10.0, command_id="1"))]
        assert member.motion is Motion.STANDING

    def test_a_seek_asks_the_room(self, playing: Stage) -> None:
        assert playing.seeks(42.0, 3.0) == [SendRequest(Seek(timestamp=42.0, command_id="1"))]

    def test_a_seek_past_the_end_is_clamped(self, playing: Stage) -> None:
        command = asked(playing.seeks(4200.0, 3.0))
        assert isinstance(command, Seek) and 99 < command.timestamp < 100

    def test_many_seeks_at_once_are_the_first_and_the_last(self, playing: Stage) -> None:
        """A key held down: the first takes effect at once, the rest is one."""
        assert asked(playing.seeks(20.0, 3.0)) == Seek(timestamp=20.0, command_id="1")
        for step in range(5):
            assert playing.seeks(30.0 + step, 3.01 + step / 100) == []
        assert playing.follower.deadline() == pytest.approx(3.1)
        assert asked(playing.wakes(3.1)) == Seek(timestamp=34.0, command_id="2")

    def test_what_follows_a_seek_begins_from_where_it_goes(self, member: Stage) -> None:
        """A key pressed twice, or a script that seeks and plays: the room has not answered the first."""
        assert asked(member.seeks(20.0, 3.0)) == Seek(timestamp=20.0, command_id="1")
        assert member.follower.aim(3.01) == 20.0
        assert member.seeks(25.0, 3.02) == []
        assert member.follower.aim(3.03) == 25.0
        assert asked(member.plays(3.04)) == Play(timestamp=25.0, command_id="2")

    def test_a_seek_that_was_answered_or_refused_is_aimed_at_no_more(self, member: Stage) -> None:
        member.seeks(20.0, 3.0)
        member._sift(member.follower.refused(3.1))
        assert member.follower.aim(3.1) == 10.0
        member.seeks(30.0, 4.0)
        member.hears(timeline(2, position=40.0), 4.1)
        assert member.follower.aim(4.1) == 40.0

    def test_speed_asks_the_room(self, playing: Stage) -> None:
        effects = playing._sift(playing.follower.ask_speed(1.5, 3.0))
        assert effects == [SendRequest(Speed(rate=1.5, command_id="1"))]

    def test_a_pause_unasked_is_the_viewers(self, playing: Stage) -> None:
        """Something beside us paused the player: a key in its window, say."""
        assert asked(playing.settled(13.0, 5.0)) == Pause(timestamp=13.0, command_id="1")

    def test_a_start_unasked_is_the_viewers(self, member: Stage) -> None:
        assert asked(member.started(10.0, 2.0)) == Play(timestamp=10.0, command_id="1")
        assert not member.follower.paused

    def test_a_frame_step_takes_everyone_along(self, member: Stage) -> None:
        assert asked(member.settled(10.033, 2.0)) == Seek(timestamp=10.033, command_id="1")
        assert member.hears(timeline(2, position=10.033), 2.1) == [AnnounceSeek(10.033), SeekTo(10.033)]

    def test_the_echo_of_our_own_command_is_nothing(self, playing: Stage) -> None:
        playing.hears(timeline(3, position=20.0), 4.0)
        assert playing.settled(20.0, 4.2) == []
        playing.hears(timeline(4, playing=True, position=20.0, at=5.0), 4.9)
        assert playing.started(20.0, 5.0) == []

    def test_a_start_that_a_seek_has_overtaken_is_nothing(self, member: Stage) -> None:
        member.hears(timeline(2, playing=True, position=10.0, at=2.0), 1.9)
        member.hears(timeline(3, position=30.0), 2.0)
        assert member.started(10.0, 2.0) == []
        assert member.motion is Motion.SEEKING
