"""The cases that are measured. Each puts the rig through some steps and returns rows of the table in
docs/benchmarks.md, with their goals.

Pictures count from half a second after the first moving picture on, because goals must be reached by then. Sound is
compared over the same time.
"""

import contextlib
import math
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from msgspec import Struct

from tests.bench.skew.cost import Usage, between, plain_players, used_by
from tests.bench.skew.rig import Judge, Rig
from tests.support.desktop.skew import Distance
from tests.support.figures import percentile

__all__ = ["CASES", "FAR", "SPECIAL", "Case", "Row", "Trials"]

FAR: Final = "one viewer at 100 +- 30 ms each way"
_REACHED: Final = 0.5
"""Seconds after the first moving picture at which a goal has to be reached."""
_SOUND: Final = 0.010
_STEP: Final = 3.0
_TRIALS: Final = 5
_BEGIN: Final = 2.0
"""Position from which a minute is played, and for which the processor time is compared, in seconds."""
_MINUTE: Final = 60.0
_CHANGING_SPEED: Final = 1.5
"""Seconds after a change of speed that are not counted: VLC first shows what it decoded before the change."""
_BACK: Final = 0.010
"""Viewers closer than this (seconds) count as in step again, in rows that measure how soon they are."""

_SPELL: Final = 5
"""Number of pictures in a row; most of them have to be closer than ``_BACK``."""


class Row(Struct):
    """One line of the table. Times are seconds; ``apart`` is (time, seconds by which the second viewer was later)."""

    case: str
    clip: str
    goal: str
    met: bool
    p95: float | None = None
    worst: float | None = None
    note: str = ""
    apart: list[tuple[float, float]] = []
    heard: list[tuple[float, float]] = []


class Trials:
    """Collects the results of several trials of one step."""

    def __init__(self, rig: Judge) -> None:
        self._rig = rig
        self.apart: list[Distance] = []
        self._spells: list[tuple[float, float]] = []

    def watch(self, since: float, seconds: float = _STEP, settling: float = _REACHED) -> None:
        """Wait until ``seconds`` after the first moving picture, and count the pictures from ``settling`` on."""
        self._rig.rest(1.0)
        first = self._rig.first_moving(since)
        self._rig.rest(first + seconds - time.monotonic())
        self.apart += self._rig.apart(first + settling, first + seconds)
        self._spells.append((first + settling, first + seconds))

    def row(self, case: str, limit: float, *, frame: bool = False, note: str = "") -> Row:
        """Return the row. With ``frame``, no picture may be more than one frame apart either."""
        p95 = percentile(distance.apart for distance in self.apart)
        worst = percentile((distance.apart for distance in self.apart), 1.0)
        apart = [(distance.at, distance.apart) for distance in self.apart]
        clip, goal = self._rig.clip, f"p95 {limit * 1000:g} ms"
        met = p95 <= limit and (not frame or worst <= 1 / clip.rate)
        return Row(
            case, clip.name, f"{goal}, worst 1 frame" if frame else goal, met, p95, worst, note=note, apart=apart
        )

    def sound_rows(self, case: str) -> list[Row]:
        """Return the row for the sound; none without PulseAudio. Sounds that could not be compared count against it."""
        if self._rig.sound is None:
            return []
        found = [heard for begin, end in self._spells for heard in self._rig.heard(begin + 0.25, end - 0.5)]
        heard = [(some.at, some.apart) for some in found if some.apart is not None]
        unheard = len(found) - len(heard)
        p95, worst = percentile(apart for _, apart in heard), percentile((apart for _, apart in heard), 1.0)
        met = p95 <= _SOUND and unheard <= len(heard) / 20
        note = f"{unheard} of {len(found)} not to be compared" if unheard else ""
        goal = f"p95 {_SOUND * 1000:g} ms"
        return [Row(f"sound: {case}", self._rig.clip.name, goal, met, p95, worst, note, heard=heard)]


# ---- together ------------------------------------------------------------------------------------------------------


def same_machine(rig: Rig) -> list[Row]:
    """Start, seek, pause and play, a minute of playback, and its cost in processor time and memory."""
    rig.link.set(out=0, back=0, jitter=0)
    rig.together()
    starts, seeks, resumes, minute = (Trials(rig) for _ in range(4))
    for trial in range(_TRIALS):
        _restart(rig, 2 + 3 * trial)
        starts.watch(rig.do(trial % 2, "play"))
        seeks.watch(rig.do((trial + 1) % 2, "seek", "+20"))
        rig.do(trial % 2, "pause")
        rig.rest(0.7)
        resumes.watch(rig.do(trial % 2, "play"))
    _restart(rig, _BEGIN)
    began = rig.do(0, "play")
    rig.rest(_STEP)
    before = [used_by(viewer.pid()) for viewer in rig.people]
    minute.watch(began, seconds=_STEP + _MINUTE, settling=_STEP)
    after = [used_by(viewer.pid()) for viewer in rig.people]
    return [
        starts.row("start", 0.005, frame=True),
        seeks.row("seek while playing", 0.005, frame=True),
        resumes.row("pause and play", 0.005, frame=True),
        minute.row("60 s on", 0.005, frame=True),
        *starts.sound_rows("start"),
        *seeks.sound_rows("seek while playing"),
        *resumes.sound_rows("pause and play"),
        _cost(rig, before, after),
    ]


def _restart(rig: Rig, position: float) -> None:
    rig.do(0, "pause")
    rig.do(0, "seek", f"{position:g}")
    rig.rest(1.0)


def _cost(rig: Rig, before: Sequence[Usage], after: Sequence[Usage]) -> Row:
    """Compare the viewers' cost with that of plain players with the same film, screens and options."""
    ours = between(before, after)
    environments = [viewer.environment for viewer in rig.people]
    plain = plain_players(rig.clip.path, environments, position=_BEGIN, settling=_STEP, seconds=_MINUTE / 2)
    beyond, more = ours.share - plain.share, ours.memory - plain.memory
    return Row(
        "cost beyond VLC's own",
        rig.clip.name,
        "2 % of a core, 60 MiB",
        beyond <= 0.02 and more <= 60 << 20,
        note=f"{beyond * 100:+.1f} % ({ours.share * 100:.1f} against {plain.share * 100:.1f}), {more / 2**20:+.0f} MiB",
    )


def far(name: str, limit: float, out: float, back: float, jitter: float, rig: Rig) -> list[Row]:
    """One viewer has a bad link."""
    rig.link.set(out=out, back=back, jitter=jitter)
    rig.together()
    trials = Trials(rig)
    for trial in range(2):
        _restart(rig, 2 + 3 * trial)
        trials.watch(rig.do(trial % 2, "play"))
        trials.watch(rig.do((trial + 1) % 2, "seek", "+20"))
        rig.do(trial % 2, "pause")
        rig.rest(1.0)
        trials.watch(rig.do(trial % 2, "play"), seconds=12)
    rig.link.set(out=0, back=0, jitter=0)
    return [trials.row(name, limit)]


def speed(rig: Rig) -> list[Row]:
    """A minute at speed 1.5, then speed 1 again."""
    rig.together()
    rig.do(0, "play")
    rig.rest(2)
    faster, back = Trials(rig), Trials(rig)
    faster.watch(rig.do(0, "speed", "1.5"), seconds=61.5, settling=_CHANGING_SPEED)
    back.watch(rig.do(1, "speed", "1"), seconds=6, settling=_CHANGING_SPEED)
    return [faster.row("speed 1.5 for 60 s", 0.008), back.row("speed 1 again", 0.008)]


def correction(rig: Rig) -> list[Row]:
    """One viewer's video offset is set to 25 ms and back to 0: two corrections, after which everything is as before."""
    rig.together()
    config = rig.people[1].folder / "home" / ".config" / "hang" / "config.toml"
    rig.do(0, "play")
    rig.rest(4)
    trials = Trials(rig)
    for _ in range(2):
        for offset in (25, 0):
            config.parent.mkdir(parents=True, exist_ok=True)
            config.write_text(f"[client]\nvideo_offset_ms = {offset}\n")
            os.kill(rig.people[1].pid(), signal.SIGHUP)
            rig.rest(9)
        trials.watch(time.monotonic(), settling=0)
    config.unlink()
    made = rig.people[1].log.count("ms off: trim")
    row = trials.row("after a correction", 0.010, note=f"{made} trims")
    row.met = row.met and made >= 2
    return [row, *trials.sound_rows("after a correction")]


# ---- coming back ---------------------------------------------------------------------------------------------------


def joiner(rig: Rig) -> list[Row]:
    """A member joins a room that is playing."""
    rig.together()
    rig.do(0, "play")
    took = []
    for _ in range(3):
        rig.people[1].ctl("leave")
        rig.people[1].close()
        rig.rest(1.0)
        began = time.monotonic()
        rig.join()
        rig.rest(4.0)
        first = next(seen.at for seen in rig.seen(1, began, time.monotonic()))
        took.append(_together_from(rig, first, first + 3) - first)
    worst = max(took)
    return [_back_row(rig, "joiner: first picture to together", worst, 1.0, 0, note=f"of {len(took)}")]


def stopped(rig: Rig) -> list[Row]:
    """A viewer's process is stopped (SIGSTOP) for 5 s."""
    rig.together()
    rig.do(0, "play")
    rig.rest(4)
    pid = rig.people[1].pid()
    began = time.monotonic()
    os.kill(pid, signal.SIGSTOP)
    rig.rest(5)
    os.kill(pid, signal.SIGCONT)
    return [_back(rig, "a viewer stopped for 5 s", began)]


def server_killed(rig: Rig) -> list[Row]:
    """The server is killed and restarted."""
    rig.together()
    rig.do(0, "play")
    rig.rest(4)
    began = time.monotonic()
    rig.server.kill()
    rig.rest(3)
    rig.server.restart()
    return [_back(rig, "server killed and restarted", began, both=True)]


def cut(rig: Rig) -> list[Row]:
    """One viewer's link is cut for 20 s, and the other viewer seeks in that time."""
    rig.together()
    rig.do(0, "play")
    rig.rest(4)
    began = time.monotonic()
    rig.link.cut(20)
    rig.rest(5)
    rig.do(0, "seek", "+10")
    rig.rest(began + 20 - time.monotonic())
    return [_back(rig, "link cut for 20 s", began + 7)]


def _back(rig: Rig, case: str, disturbed_from: float, *, both: bool = False) -> Row:
    returned = time.monotonic()
    rig.rest(6)
    took = _together_from(rig, returned, returned + 5) - returned
    row = _back_row(rig, case, took, 1.5, _unevenness(rig, disturbed_from, returned + 5))
    states = [viewer.get("server/state") for viewer in rig.people]
    if states != ["connected", "connected"] or rig.people[1].get("room/id") != rig.people[0].get("room/id"):
        row.met, row.note = False, f"{row.note}; connections: {states}"
    return row


def _together_from(rig: Rig, begin: float, end: float) -> float:
    """Return from when on the viewers were in step until ``end``. A single late picture does not count."""
    since, near = math.inf, deque([True] * _SPELL, _SPELL)
    for distance in reversed(rig.apart(begin, end)):
        near.append(abs(distance.apart) <= _BACK)
        if sum(near) <= _SPELL // 2:
            break
        if near[-1]:
            since = distance.at
    return since


def _unevenness(rig: Rig, begin: float, end: float) -> float:
    """Return by how much the first viewer's pictures deviated from a line: whether it was disturbed."""
    lines = [seen.at - seen.number / float(rig.clip.rate) for seen in rig.seen(0, begin, end)]
    return percentile(line - sorted(lines)[len(lines) // 2] for line in lines)


def _back_row(rig: Rig, case: str, took: float, limit: float, uneven: float, note: str = "") -> Row:
    words = f"{took:.2f} s" if took < math.inf else "never"
    if uneven:
        words += f", the other's pictures p95 {uneven * 1000:.1f} ms off their line"
    return Row(
        case,
        rig.clip.name,
        f"{limit:g} s, nobody else disturbed" if uneven else f"{limit:g} s",
        took <= limit and uneven <= 0.010,
        note=f"{words} {note}".strip(),
    )


def slow_file(rig: Rig) -> list[Row]:
    """A film whose key frames are far apart, so that a seek takes long, and a viewer that falls behind."""
    rig.together()
    rig.do(0, "play")
    rig.rest(4)
    pid = rig.people[1].pid()
    os.kill(pid, signal.SIGSTOP)
    rig.rest(5)
    os.kill(pid, signal.SIGCONT)
    returned = time.monotonic()
    rig.rest(31)
    trials = Trials(rig)
    trials.apart = rig.apart(returned + 26, returned + 31)
    resyncs = _corrections(rig.people[1].log).count("resync")
    row = trials.row("behind, with a key frame every 10 s", 0.010, note=f"{resyncs} resyncs")
    # The policy allows the first resync at once, and the next ones 5, 10 and 20 s after the one before.
    row.goal += ", at most 3 resyncs in 30 s"
    row.met = row.met and 1 <= resyncs <= 3
    return [row]


def busy(rig: Rig) -> list[Row]:
    """All cores are busy with other processes of normal priority."""
    rig.together()
    frame = 1 / float(rig.clip.rate)
    with contextlib.ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            hog = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(hog.kill)
        began = rig.do(0, "play")
        rig.rest(2)
        begin, claims = time.monotonic(), []
        while time.monotonic() < began + 22:
            claims.append([viewer.get("sync/error") or 0.0 for viewer in rig.people])
            rig.rest(0.5)
        end = time.monotonic()
    trials = Trials(rig)
    trials.apart = rig.apart(begin, end)
    row = trials.row("both cores busy", frame)
    row.goal = "p95 one frame, or said to be more"
    said = percentile(claim[0] - claim[1] for claim in claims)
    row.met = row.p95 is not None and (row.p95 <= frame or said >= row.p95 / 2)
    row.note = f"{len(trials.apart)} pictures seen at both; status said p95 {said * 1000:.1f} ms"
    return [row]


# ---- undisturbed ---------------------------------------------------------------------------------------------------


def undisturbed(rig: Rig, minutes: float = 10) -> list[Row]:
    """Ten minutes of playback in which nobody does anything."""
    rig.together()
    began = rig.do(0, "play")
    rig.rest(5)
    before = [_corrections(viewer.log) for viewer in rig.people]
    trials = Trials(rig)
    trials.watch(began, seconds=60 * minutes + 5, settling=5)
    made = [_corrections(viewer.log)[len(had) :] for viewer, had in zip(rig.people, before, strict=True)]
    row = trials.row(f"{minutes:g} min undisturbed", 0.005, note=", ".join(f"{len(some)} trims" for some in made))
    row.goal += ", at most 3 trims, nothing else"
    row.met = row.met and all(len(some) <= 3 and set(some) <= {"trim"} for some in made)
    return [row]


def _corrections(log: str) -> list[str]:
    return [line.rpartition(": ")[2].split()[0] for line in log.splitlines() if " ms off: " in line]


Case = Callable[[Rig], list[Row]]

CASES: Final[dict[str, Case]] = {
    "same": same_machine,
    "correction": correction,
    "far": partial(far, FAR, 0.015, 0.100, 0.100, 0.030),
    "lopsided": partial(far, "40 ms out, 10 ms back", 0.020, 0.040, 0.010, 0.002),
    "speed": speed,
    "joiner": joiner,
    "stopped": stopped,
    "server": server_killed,
    "cut": cut,
    "busy": busy,
}
"""The cases that are measured with each film."""

SPECIAL: Final[dict[str, tuple[str, Case]]] = {
    "slow-file": ("sparse", slow_file),
    "undisturbed": ("long", undisturbed),
}
"""The cases that need a film of their own: its name, and the case."""
