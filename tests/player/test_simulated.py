"""SimulatedMachine on simulated time. What it has in common with VLC is tested in tests/contract."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.player_messages import (
    Ended,
    Load,
    PauseFor,
    PauseNow,
    PlayerCommand,
    PlayerEvent,
    Resume,
    Sampled,
    SeekTo,
    SetRate,
    Settled,
    Shown,
    Started,
    StepFrame,
)
from hangd.engine.timeline import playable_rate
from hangd.player.simulated import SimulatedMachine


class Run:
    """A machine and its clock."""

    def __init__(self, **habits: Any) -> None:
        self.machine = SimulatedMachine(**habits)
        self.now = 100.0

    def do(self, command: PlayerCommand) -> list[PlayerEvent]:
        return self.machine.handle(command, self.now)

    def passes(self, seconds: float) -> list[PlayerEvent]:
        """Let this time pass, waking the machine at its deadlines."""
        until, events = self.now + seconds, list[PlayerEvent]()
        while (due := self.machine.deadline()) is not None and due <= until:
            assert due >= self.now
            self.now = due
            events += self.machine.expire(due)
        self.now = until
        return events


def playing(**habits: float) -> Run:
    run = Run(**habits)
    run.do(Load(path="/film", generation=1))
    run.passes(1.0)
    run.do(Resume())
    run.passes(0.0)
    return run


def test_samples_are_uneven_and_late_but_never_early() -> None:
    run = playing(lateness=0.002)
    began = run.now
    samples = [event for event in run.passes(600) if isinstance(event, Sampled)]
    gaps = [after.at - before.at for before, after in itertools.pairwise(samples)]
    assert sum(gaps) / len(gaps) == pytest.approx(0.41, abs=0.01)
    assert 0.2 < min(gaps) < 0.3 and 0.5 < max(gaps) < 0.6
    lateness = [(sample.at - began) - sample.position for sample in samples]
    assert -1e-9 <= min(lateness) < 0.0005 and 0.0015 < max(lateness) <= 0.002 + 1e-9


def test_rates_are_playable_ones_and_count_from_the_last_block_read() -> None:
    run = playing()
    seen = [event for event in run.passes(10) if isinstance(event, Sampled)][-1]
    assert 0.05 < run.now - seen.at < 0.5
    run.do(SetRate(1.5))
    rate = playable_rate(1.5)
    at_once = run.machine.position(run.now)
    assert at_once == pytest.approx(seen.position + (run.now - seen.at) * rate, abs=0.002)
    run.passes(10)
    assert run.machine.position(run.now) - at_once == pytest.approx(10 * rate)


def test_skew_makes_the_media_faster_than_the_clock() -> None:
    run = playing(skew_ppm=200)
    run.passes(1000)
    assert run.machine.position(run.now) == pytest.approx(1000.2, abs=1e-6)


def test_pause_for_is_exact() -> None:
    run = playing()
    run.passes(5)
    run.do(PauseFor(0.123))
    assert not any(isinstance(event, Settled | Started) for event in run.passes(5))
    assert run.machine.position(run.now) == pytest.approx(10 - 0.123)


def test_a_seek_costs_more_the_farther_the_key_frame_lies_back() -> None:
    run = Run(load_cost=0.5, seek_cost=0.1, key_frames=10.0, preroll_speed=20.0)
    run.do(Load(path="/film", generation=1))
    run.passes(1.0)
    for position, cost in ((30.0, 0.1), (39.0, 0.1 + 9 / 20)):
        asked = run.now
        run.do(SeekTo(position))
        settled, shown = run.passes(2.0)
        assert isinstance(settled, Settled)
        assert shown == Shown(1, position)
        assert settled.position == position
        assert settled.at - asked == pytest.approx(cost)


def test_loads_and_seeks_take_the_time_that_was_set() -> None:
    run = Run(load_cost=0.5, seek_cost=0.2)
    run.do(Load(path="/film", generation=1, start=3.0))
    assert run.passes(0.49) == []
    assert run.passes(0.02) == [Settled(1, 3.0, 100.5), Shown(1, 3.0)]
    run.do(SeekTo(9.0))
    asked = run.now
    assert run.passes(1.0) == [Settled(1, 9.0, asked + 0.2), Shown(1, 9.0)]


def test_the_end_has_its_own_time_however_late_expire_is_called() -> None:
    run = playing(duration=10.0)
    began = run.now
    run.now += 1000
    events = run.machine.expire(run.now)
    assert events[-1] == Ended(1, 10.0, began + 10)
    assert run.machine.deadline() is None


_ACTS = st.one_of(
    st.builds(SeekTo, st.floats(-5, 70)),
    st.builds(Resume, st.none() | st.floats(90, 200)),
    st.builds(PauseFor, st.floats(0, 2)),
    st.builds(SetRate, st.floats(0.1, 4)),
    st.just(PauseNow()),
    st.builds(StepFrame, back=st.booleans()),
    st.floats(0, 5),
)


@given(st.lists(_ACTS, max_size=30))
def test_positions_stay_within_the_file_and_no_sample_comes_during_a_seek(acts: list[PlayerCommand | float]) -> None:
    run = Run(duration=60.0)
    run.do(Load(path="/film", generation=1))
    seeking = True
    for act in acts:
        if isinstance(act, float):
            events = run.passes(act)
        else:
            events = run.do(act)
            seeking = seeking or isinstance(act, SeekTo)
        for event in events:
            seeking = seeking and not isinstance(event, Settled)
            assert not (seeking and isinstance(event, Sampled))
            if isinstance(event, Sampled | Settled | Started | Ended):
                assert 0 <= event.position <= 60
        assert 0 <= run.machine.position(run.now) <= 60
        due = run.machine.deadline()
        assert due is None or due >= run.now - 1e-9
