"""Witness: holds a world's viewers to what was promised. It knows the truth: true time, and where the pictures are.

1. *Together.* Who was left in peace for its settling time is on the timeline, within what its network lets anybody
   know and what is not worth a correction, and stays there; nine times of ten much nearer. In a pause everybody stands
   on one frame.
2. *On time.* A start finds everyone in its place a quarter of a second later, before corrections could help, and
   nobody seeks then.
3. *Honest.* A clock is off by no more than it says, and says no more than its network explains: mostly not even the
   half of an average round trip, since it has its pick of samples.
4. *Calm.* Who is left in peace neither seeks nor pauses, and trims no more than its clock's pace needs. Who was
   disturbed seeks a few times, not in a loop.
5. *Rationed.* Resyncs keep the gaps that `DriftPolicy` sets.
6. *In order.* Revs rise, each for something that somebody did, and everybody has the last one.
"""

from typing import Final

from msgspec import Struct, field

from hangd.engine.follower.drift import DriftPolicy, Resync, Trim
from hangd.engine.follower.effects import AnnounceCorrection
from hangd.engine.player_messages import PauseFor, SeekTo
from hangd.engine.timeline import is_running, position_at
from hangd.protocol.model import Timeline
from tests.sim.story import Person
from tests.sim.world import FILM_SECONDS, Viewer, World

__all__ = ["Witness"]

_NOT_WORTH_IT: Final = 0.015
"""Seconds of media: drift is left alone up to 10 ms, and samples are off by 1.5."""
_TRIMS: Final = 3 / 600.0
"""A second, of those that no clock's pace needs: three in ten minutes."""
_MOSTLY: Final = 0.012
_HAIR: Final = 0.0003
_UNFITTED: Final = 0.004
"""Seconds that two clocks part until the next ping beyond what a filter allows for."""
_LOOKS: Final = 200
"""From so many on, what is so most of the time means something."""
_ONE_FRAME: Final = 0.0025
_SETTLING: Final = 12.0
_SETTLING_SLOWLY: Final = 40.0
"""Seconds more, where a seek may land late: it takes some resyncs, and these are rationed."""
_AT_END: Final = FILM_SECONDS - 1.0
_SEEKS: Final = 3
_SEEKS_SLOWLY: Final = 6
"""So often at most one seeks (or holds) for one disturbance."""
_ON_TIME: Final = 0.25
_LAST: Final = 10
"""More than a start's commands."""
_HASTE: Final = 3.0
"""Seconds that a deed keeps the players busy: what is asked for meanwhile need not find everyone ready."""
_REVS_A_DEED: Final = 3
"""A gate closes and opens, and a stop may come before it."""


class _Watched(Struct):
    """What the witness knows of one viewer. Moments are true time."""

    viewer: Viewer
    person: Person
    troubled_until: float
    """When what happened to it alone is over."""
    settled_from: float
    read: int = 0
    """How much of its log is known."""
    seeks: int = 0
    """Since it was last disturbed."""
    trims: int = 0
    peace: float = 0.0
    """Seconds of undisturbed play, in which there were so many trims."""
    distances: list[float] = field(default_factory=list)
    """From the timeline, at each look in that time, in seconds at the film's rate."""
    claims: list[float] = field(default_factory=list)
    """By how much its clock said that it may be off, at each look."""


class Witness:
    """See the module's docstring. Let it ``look`` often, and tell it of each deed before that is done."""

    def __init__(self, world: World) -> None:
        self.broken: list[str] = []
        """Which promises were not kept: when (seconds of the story), by whom, and how."""
        self._world = world
        self._watched: dict[str, _Watched] = {}
        self._timeline = world.timeline
        self._looked_at = world.now
        self._deeds = 0
        self._deed_at = float("-inf")
        self._in_haste = False
        self._policy = DriftPolicy()

    def expect(self, viewer: Viewer, person: Person) -> None:
        """Watch this one from now on."""
        now = self._world.now
        settled = now + _settling(person)
        self._watched[viewer.name] = _Watched(viewer, person, troubled_until=settled, settled_from=settled)

    def happens_to(self, viewer: Viewer, seconds: float) -> None:
        """Something is about to happen to this viewer, and to nobody else, for so long."""
        watched = self._watched[viewer.name]
        self._disturb(watched, seconds)
        watched.troubled_until = watched.settled_from

    def asked_for(self) -> None:
        """Somebody is about to have the whole room do something."""
        now = self._world.now
        self._deeds += 1
        self._in_haste = now - self._deed_at < _HASTE
        self._deed_at = now
        self._disturb_all()

    def look(self) -> None:
        """Compare what is with what was promised."""
        world = self._world
        now, timeline = world.now, world.timeline
        if timeline.rev != self._timeline.rev:
            self._turned(timeline)
        elapsed, self._looked_at = now - self._looked_at, now
        running, should = is_running(timeline), position_at(timeline, now)
        for name, viewer in world.viewers.items():
            watched = self._watched[name]
            self._read_log(watched)
            if viewer.asleep or not viewer.connected:
                continue
            self._look_at_clock(watched)
            if now < watched.settled_from:
                continue
            if viewer.follower.timeline.rev != timeline.rev:
                self._break(watched, f"has rev {viewer.follower.timeline.rev} of {timeline.rev}")
            off = viewer.true_position() - should
            if should >= _AT_END:
                continue  # players end where they end
            if abs(off) > (_allowed(watched.person, timeline.rate) if running else _ONE_FRAME):
                self._break(watched, f"is {_ms(off)} off at {timeline.rate:g}x{'' if running else ', in a pause'}")
            if running:
                watched.peace += elapsed
                watched.distances.append(abs(off) / max(timeline.rate, 1.0))

    def sum_up(self) -> None:
        """Judge what only the whole story shows."""
        ends = 2  # a film ends, and begins anew
        if self._timeline.rev > _REVS_A_DEED * (self._deeds + ends):
            self.broken.append(f"{self._timeline.rev} revs for {self._deeds} deeds")
        for watched in self._watched.values():
            self._read_log(watched)
            # A film runs by its viewer's own clock, and a trim makes up for 10 ms.
            pace = abs(watched.person.media_ppm * 1e-6 + watched.person.skew)
            needed = watched.peace * pace / self._policy.threshold
            if watched.trims > 5 + _TRIMS * watched.peace + 2 * needed:
                self._break(watched, f"trimmed {watched.trims} times in {watched.peace:.0f} s of peace")
            self._check_rations(watched)
            self._check_distances(watched)

    # ---- disturbances ---------------------------------------------------------------------------------------------

    def _disturb(self, watched: _Watched, seconds: float = 0.0) -> None:
        self._read_log(watched)
        settled = self._world.now + seconds + _settling(watched.person)
        watched.settled_from = max(watched.settled_from, settled)
        watched.seeks = 0

    def _disturb_all(self) -> None:
        for name in self._world.viewers:
            self._disturb(self._watched[name])

    def _turned(self, timeline: Timeline) -> None:
        before, self._timeline = self._timeline, timeline
        if timeline.rev < before.rev:
            self.broken.append(f"rev {timeline.rev} after {before.rev}")
        self._disturb_all()
        if is_running(timeline) and timeline.rate == before.rate and not self._in_haste:
            self._world.at(timeline.at + _ON_TIME, self._look_at_start, timeline)

    # ---- promises -------------------------------------------------------------------------------------------------

    def _look_at_start(self, timeline: Timeline) -> None:
        if self._world.timeline.rev != timeline.rev:
            return
        now = self._world.now
        for name, viewer in self._world.viewers.items():
            watched = self._watched[name]
            if now < watched.troubled_until or watched.person.is_slow or watched.person.way.loss:
                continue
            off = viewer.true_position() - position_at(timeline, now)
            if abs(off) > _allowed(watched.person, timeline.rate):
                self._break(watched, f"started {_ms(off)} off")
            sought = [moment for moment, effect in viewer.log[-_LAST:] if isinstance(effect, SeekTo)]
            if sought and sought[-1] > timeline.at:
                self._break(watched, "sought after a start that found it ready")

    def _look_at_clock(self, watched: _Watched) -> None:
        viewer, way = watched.viewer, watched.person.way
        clock = viewer.follower.clock
        if not clock.locked:
            return
        local = viewer.local
        off, bound = viewer.clock_error(local), clock.bound(local)
        if abs(off) > bound + _UNFITTED:
            self._break(watched, f"has a clock {_ms(off)} off that says {_ms(bound)}")
        watched.claims.append(bound)
        explained = (way.out + way.back) / 2 + way.jitter + (way.resend if way.loss else 0.0)
        if bound > 2 * explained + _UNFITTED:
            self._break(watched, f"says that its clock may be {_ms(bound)} off, on a way of {_ms(explained)}")

    def _read_log(self, watched: _Watched) -> None:
        log = watched.viewer.log
        if len(log) == watched.read:
            return
        for moment, effect in log[watched.read :]:
            in_peace = moment >= watched.settled_from
            if isinstance(effect, AnnounceCorrection) and isinstance(effect.correction, Trim):
                watched.trims += in_peace
            elif isinstance(effect, SeekTo | PauseFor):
                watched.seeks += 1
                if isinstance(effect, SeekTo) and effect.position >= _AT_END:
                    continue  # the room has come to the film's end, and this one was a little behind
                if in_peace:
                    self._break(watched, f"was left in peace, and did {effect}")
                elif watched.seeks > (_SEEKS_SLOWLY if watched.person.is_slow else _SEEKS):
                    self._break(watched, f"seeks again and again: {effect}")
        watched.read = len(log)

    def _check_rations(self, watched: _Watched) -> None:
        gap = self._policy.resync_interval * 0.99
        resyncs = [
            moment
            for moment, effect in watched.viewer.log
            if isinstance(effect, AnnounceCorrection) and isinstance(effect.correction, Resync)
        ]
        # They may come 5, 10 and 20 s after one another: the fourth 35 s after the first.
        for ahead, least in ((1, gap), (3, 7 * gap)):
            for first, last in zip(resyncs, resyncs[ahead:], strict=False):
                if last - first < least:
                    self._break(watched, f"resynced {ahead + 1} times in {last - first:.1f} s")

    def _check_distances(self, watched: _Watched) -> None:
        distances, claims, way = sorted(watched.distances), sorted(watched.claims), watched.person.way
        if min(len(distances), len(claims)) < _LOOKS:
            return
        nine_in_ten = distances[len(distances) * 9 // 10]
        if nine_in_ten > _MOSTLY + abs(way.out - way.back) / 2 + 0.5 * way.jitter:
            self._break(watched, f"is {_ms(nine_in_ten)} off and more a tenth of the time")
        claim = claims[len(claims) // 2]
        if claim > (way.out + way.back) / 2 + _HAIR:
            self._break(watched, f"mostly says that its clock may be {_ms(claim)} off and more")

    def _break(self, watched: _Watched, how: str) -> None:
        self.broken.append(f"{self._world.elapsed:.2f} s: {watched.viewer.name} {how}")


def _settling(person: Person) -> float:
    """Return for how many seconds after a disturbance this viewer may be anywhere."""
    way = person.way
    round_trip = way.out + way.back + 2 * way.jitter + (2 * way.resend if way.loss else 0.0)
    return _SETTLING + 4 * round_trip + (_SETTLING_SLOWLY if person.is_slow else 0.0)


def _allowed(person: Person, rate: float) -> float:
    """Return how far off its picture may be at most, in seconds of media."""
    # By the jitter, and by half as much again while the clocks' difference in speed is not known: a sample that is
    # minutes old may then be the best there is.
    unknown = abs(person.way.out - person.way.back) / 2 + 1.5 * person.way.jitter + 0.002
    return _NOT_WORTH_IT + unknown * max(rate, 1.0)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
