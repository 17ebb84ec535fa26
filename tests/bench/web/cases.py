"""What is measured of two viewers in one room. Pictures count from a second and a half after the first that moves."""

from collections.abc import Callable
from typing import Final

from tests.bench.skew.cases import Trials
from tests.bench.web.report import Row, apart_row
from tests.bench.web.rig import WebRig

__all__ = ["CASES", "Case"]

Case = Callable[[WebRig, str], list[Row]]

_REACHED: Final = 1.5
"""Seconds after the first moving picture at which a goal has to be reached."""
_STEP: Final = 5.0
_TRIALS: Final = 4
_NEAR: Final = 0.010
_FAR: Final = 0.015
_RESTED: Final = 1.5
"""Seconds after a pause at which both have to show the same picture."""


class _Pauses:
    """The pictures that both showed in pauses."""

    def __init__(self) -> None:
        self.found: list[tuple[int | None, int | None]] = []

    def look(self, rig: WebRig) -> None:
        rig.rest(_RESTED)
        self.found.append(rig.numbers())

    def row(self, pair: str) -> Row:
        same = sum(one is not None and one == other for one, other in self.found)
        others = [f"{one} and {other}" for one, other in self.found if one != other]
        note = f"{same} of {len(self.found)}" + (f"; {', '.join(others)}" if others else "")
        return Row("in pauses", pair, "the same picture", same == len(self.found), note=note)


def near(rig: WebRig, pair: str) -> list[Row]:
    """Start, seek, pause and play, on one machine."""
    rig.link.set(out=0, back=0, jitter=0)
    return _steps(rig, pair, "", _NEAR, 0.005)


def far(rig: WebRig, pair: str) -> list[Row]:
    """The same; the second viewer is 100 +- 30 ms away in each direction."""
    rig.link.set(out=0.100, back=0.100, jitter=0.030)
    rows = _steps(rig, pair, ", 100 +- 30 ms away", _FAR, None)
    rig.link.set(out=0, back=0, jitter=0)
    return rows


def _steps(rig: WebRig, pair: str, where: str, p95: float, mean: float | None) -> list[Row]:
    rig.together()
    starts, seeks, resumes, pauses = Trials(rig), Trials(rig), Trials(rig), _Pauses()
    for trial in range(_TRIALS):
        this, that = rig.viewers[trial % 2], rig.viewers[(trial + 1) % 2]
        rig.viewers[0].seek(2.0 + 3 * trial)
        rig.rest(1.0)
        starts.watch(rig.do(this.play), seconds=_STEP, settling=_REACHED)
        seeks.watch(rig.do(lambda who=that: who.seek_by(20)), seconds=_STEP, settling=_REACHED)  # type: ignore[misc]
        rig.do(this.pause)
        pauses.look(rig)
        resumes.watch(rig.do(this.play), seconds=_STEP, settling=_REACHED)
        rig.do(that.pause)
        pauses.look(rig)
    rows = [
        apart_row(f"{name}{where}", pair, [distance.apart for distance in trials.apart], p95=p95, mean=mean)
        for name, trials in (("start", starts), ("seek", seeks), ("pause and play", resumes))
    ]
    heard = [*_sound(starts, pair, f"sound: start{where}"), *_sound(seeks, pair, f"sound: seek{where}")]
    return [*rows, pauses.row(pair), *heard]


def _sound(trials: Trials, pair: str, case: str) -> list[Row]:
    return [Row(case, pair, "", None, [apart for _, apart in row.heard], row.note) for row in trials.sound_rows(case)]


def corrected(rig: WebRig, pair: str) -> list[Row]:
    """The second viewer stands still for 50 to 150 ms, and has to come back."""
    rig.link.set(out=0, back=0, jitter=0)
    rig.together()
    rig.do(rig.viewers[0].play)
    rig.rest(4)
    trials = Trials(rig)
    for seconds in (0.05, 0.1, 0.15):
        began = rig.do(lambda: rig.viewers[1].freeze(seconds))  # noqa: B023
        rig.rest(5)
        trials.watch(began + 5, seconds=4, settling=0)
    apart = [distance.apart for distance in trials.apart]
    return [apart_row("5 s after it stood still for 50 to 150 ms", pair, apart, p95=_NEAR)]


CASES: Final[dict[str, Case]] = {"near": near, "far": far, "corrected": corrected}
