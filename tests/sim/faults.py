"""Faults that a test puts into the code on purpose, to show that the simulation finds them.

Each fault is a function that takes pytest's monkeypatch and breaks one thing in the state machines, for every viewer.
"""

from collections.abc import Callable
from typing import Any, Final

import pytest

from hangd.engine.follower.clock import ClockFilter
from hangd.engine.follower.drift import DriftController, Resync, Trim
from hangd.engine.follower.effects import FollowerEffect
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.inputs import AbsenceEnded, FollowerInput
from hangd.engine.follower.picture import Picture
from hangd.engine.player_messages import PlayerEvent, Sampled, Started
from hangd.engine.room.roster import Roster
from hangd.player.simulated import SimulatedMachine

__all__ = ["FAULTS", "Fault"]

Fault = Callable[[pytest.MonkeyPatch], None]


def _clock_off(patch: pytest.MonkeyPatch) -> None:
    right = ClockFilter.offset
    patch.setattr(ClockFilter, "offset", lambda self, now: right(self, now) + (0.05 if self.locked else 0.0))


def _stamps_swapped(patch: pytest.MonkeyPatch) -> None:
    right = ClockFilter.add
    patch.setattr(ClockFilter, "add", lambda self, t0, t1, t2, t3: right(self, t0, t2, t1, t3))


def _worst_sample_taken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ClockFilter, "_choose", lambda self: max(self.state.samples, key=lambda sample: sample.delay))


def _first_sample_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ClockFilter, "_choose", lambda self: self.state.samples[0])


def _skew_of_the_wrong_sign(patch: pytest.MonkeyPatch) -> None:
    right = ClockFilter._fit

    def fit(self: ClockFilter) -> None:
        self.state.skew = -self.state.skew
        right(self)
        self.state.skew = -self.state.skew

    patch.setattr(ClockFilter, "_fit", fit)


def _not_flushed_after_sleep(patch: pytest.MonkeyPatch) -> None:
    right = Follower.handle

    def handle(self: Follower, input: FollowerInput, now: float) -> list[FollowerEffect]:
        return self._steer_and_report(now) if isinstance(input, AbsenceEnded) else right(self, input, now)

    patch.setattr(Follower, "handle", handle)


def _late_start(patch: pytest.MonkeyPatch) -> None:
    right = Picture.resume

    def resume(self: Picture, at: float | None, now: float, rate: float) -> list[FollowerEffect]:
        return right(self, None if at is None else at + 0.05, now, rate)

    patch.setattr(Picture, "resume", resume)


def _no_corrections(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DriftController, "observe", lambda self, error, now, rate: None)


def _trims_of_the_wrong_sign(patch: pytest.MonkeyPatch) -> None:
    right = DriftController._trimmed_rate

    def trimmed(self: DriftController, error: float, rate: float, limit: float) -> float:
        return right(self, -error, rate, limit)

    patch.setattr(DriftController, "_trimmed_rate", trimmed)


def _trims_without_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DriftController, "_continue_trim", lambda self, trim, error, now, rate: None)
    patch.setattr(DriftController, "deadline", lambda self: None)
    patch.setattr(DriftController, "expire", lambda self, now: None)


def _single_samples_believed(patch: pytest.MonkeyPatch) -> None:
    right = DriftController.observe

    def observe(self: DriftController, error: float, now: float, rate: float) -> Any:
        self.state.fresh_until = now + 1.0
        return right(self, error, now, rate)

    patch.setattr(DriftController, "observe", observe)


def _resyncs_not_rationed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DriftController, "_resync", lambda self, error, now, reason: Resync(error=error, reason=reason))


def _lag_is_always_sought(patch: pytest.MonkeyPatch) -> None:
    right = DriftController._choose

    def choose(self: DriftController, error: float, now: float, rate: float, *, fresh: bool) -> Any:
        chosen = right(self, error, now, rate, fresh=fresh)
        if isinstance(chosen, Trim):
            self.cancel()
            return self._resync(error, now, chosen.reason)
        return chosen

    patch.setattr(DriftController, "_choose", choose)


def _seek_cost_not_counted_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Picture, "seek_cost", property(lambda self: -0.05))


def _lead_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Roster, "lead", lambda self: 0.0)


def _gate_not_waited_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Roster, "all_settled_at", lambda self, position, rev, loading: True)


def _samples_of_before_the_seek(patch: pytest.MonkeyPatch) -> None:
    right = SimulatedMachine._expire_one

    def expire_one(self: SimulatedMachine, due: float) -> list[PlayerEvent]:
        events = right(self, due)
        stale = [
            Sampled(event.generation, max(0.0, event.position - 20.0), event.at + 0.01, 1.0)
            for event in events
            if isinstance(event, Started)
        ]
        return [*events, *stale]

    patch.setattr(SimulatedMachine, "_expire_one", expire_one)


def _news_not_taken_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("hangd.engine.follower.follower.is_newer", lambda candidate, than: candidate.rev > than.rev + 1)


def _rates_a_little_wrong(patch: pytest.MonkeyPatch) -> None:
    right = SimulatedMachine._set_rate
    patch.setattr(SimulatedMachine, "_set_rate", lambda self, rate: right(self, 1 + (rate - 1) * 0.98))


FAULTS: Final[dict[str, Fault]] = {
    "clock-off": _clock_off,
    "stamps-swapped": _stamps_swapped,
    "worst-sample-taken": _worst_sample_taken,
    "first-sample-kept": _first_sample_kept,
    "skew-of-the-wrong-sign": _skew_of_the_wrong_sign,
    "not-flushed-after-sleep": _not_flushed_after_sleep,
    "late-start": _late_start,
    "no-corrections": _no_corrections,
    "trims-of-the-wrong-sign": _trims_of_the_wrong_sign,
    "trims-without-end": _trims_without_end,
    "single-samples-believed": _single_samples_believed,
    "resyncs-not-rationed": _resyncs_not_rationed,
    "lag-is-always-sought": _lag_is_always_sought,
    "seek-cost-not-counted-on": _seek_cost_not_counted_on,
    "lead-ignored": _lead_ignored,
    "gate-not-waited-for": _gate_not_waited_for,
    "samples-of-before-the-seek": _samples_of_before_the_seek,
    "news-not-taken-over": _news_not_taken_over,
    "rates-a-little-wrong": _rates_a_little_wrong,
}
