"""The witness checks that the viewers of a simulated world keep six promises.

It knows the truth: true time, and the real positions of the pictures. "Undisturbed" means that nothing has happened to
a viewer for its settling time.

1. *Together.* The picture of an undisturbed viewer is on the timeline, within the uncertainty of its network and the
   threshold of corrections; nine times out of ten it is much closer. In a pause all pictures show the same frame.
2. *On time.* A quarter of a second after a start, before corrections could help, every picture is on the timeline, and
   no viewer seeks after the start.
3. *Honest.* The error of a clock is within its bound, and the bound is not larger than the network explains. Usually it
   is less than half of an average round trip, because the clock can choose among samples.
4. *Calm.* An undisturbed viewer neither seeks nor pauses, and trims only as often as the speed of its clock requires. A
   disturbed viewer seeks a few times, but not in a loop.
5. *Limited.* The gaps between resyncs are at least those of `DriftPolicy`.
6. *In order.* The rev of the timeline only rises, only after a deed, and every viewer has the newest one.
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
"""Seconds of media. Drift up to 10 ms is not corrected, and samples are wrong by up to 1.5 ms."""
_TRIMS: Final = 3 / 600.0
"""Trims a second beyond those that the speed of a clock requires: three in ten minutes."""
_MOSTLY: Final = 0.012
_HAIR: Final = 0.0003
_UNFITTED: Final = 0.004
"""Seconds that two clocks may drift apart before the next ping, beyond what the clock filter allows for."""
_LOOKS: Final = 200
"""The smallest number of looks for a statement about most of them."""
_ONE_FRAME: Final = 0.0025
_SETTLING: Final = 12.0
_SETTLING_SLOWLY: Final = 40.0
"""Additional seconds for viewers whose seeks may end late: they need several resyncs, which are limited in rate."""
_AT_END: Final = FILM_SECONDS - 1.0
_SEEKS: Final = 3
"""The largest number of seeks and holds after one disturbance."""
_SEEKS_SLOWLY: Final = 10
"""The same for viewers whose seeks may end late: one to the room's position, and the resyncs that `DriftPolicy` allows
while they settle (after 0, 5, 15 and 35 s), twice each, as the first may come too late."""
_ON_TIME: Final = 0.25
_LAST: Final = 10
"""The number of newest effects that are searched. A start has fewer."""
_HASTE: Final = 3.0
"""Seconds for which a deed keeps the players busy. A start within that time need not find all of them ready."""
_REVS_A_DEED: Final = 3
"""The largest number of revs for one deed: a stop, and a gate that closes and opens."""


class _Watched(Struct):
    """What the witness knows of one viewer. Times are true time."""

    viewer: Viewer
    person: Person
    troubled_until: float
    """The end of the last disturbance that concerned only this viewer."""
    settled_from: float
    read: int = 0
    """The number of entries of its log that were read."""
    seeks: int = 0
    """The number of seeks and holds since the last disturbance."""
    trims: int = 0
    peace: float = 0.0
    """Seconds of undisturbed playback. ``trims`` is the number of trims in that time."""
    distances: list[float] = field(default_factory=list)
    """The distance from the timeline at each look in that time, in seconds at the film's rate."""
    claims: list[float] = field(default_factory=list)
    """The bound of its clock at each look."""


class Witness:
    """Checks the promises. Call ``look`` often, and ``happens_to`` or ``asked_for`` before each deed."""

    def __init__(self, world: World) -> None:
        self.broken: list[str] = []
        """The broken promises: when (seconds of the story), by which viewer, and how."""
        self._world = world
        self._watched: dict[str, _Watched] = {}
        self._timeline = world.timeline
        self._looked_at = world.now
        self._deeds = 0
        self._deed_at = float("-inf")
        self._in_haste = False
        self._policy = DriftPolicy()

    def expect(self, viewer: Viewer, person: Person) -> None:
        """Watch this viewer from now on."""
        now = self._world.now
        settled = now + _settling(person)
        self._watched[viewer.name] = _Watched(viewer, person, troubled_until=settled, settled_from=settled)

    def happens_to(self, viewer: Viewer, seconds: float) -> None:
        """Note that something is about to happen to this viewer only, for so many seconds."""
        watched = self._watched[viewer.name]
        self._disturb(watched, seconds)
        watched.troubled_until = watched.settled_from

    def asked_for(self) -> None:
        """Note that a viewer is about to ask for something that concerns the whole room."""
        now = self._world.now
        self._deeds += 1
        self._in_haste = now - self._deed_at < _HASTE
        self._deed_at = now
        self._disturb_all()

    def look(self) -> None:
        """Check the promises for the present moment."""
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
            if viewer.follower.state.timeline.rev != timeline.rev:
                self._break(watched, f"has rev {viewer.follower.state.timeline.rev} of {timeline.rev}")
            off = viewer.true_position() - should
            if should >= _AT_END:
                continue  # players end at slightly different positions
            if abs(off) > (_allowed(watched.person, timeline.rate) if running else _ONE_FRAME):
                self._break(watched, f"is {_ms(off)} off at {timeline.rate:g}x{'' if running else ', in a pause'}")
            if running:
                watched.peace += elapsed
                watched.distances.append(abs(off) / max(timeline.rate, 1.0))

    def sum_up(self) -> None:
        """Check the promises that only the whole story shows."""
        ends = 2  # the film may end and begin again
        if self._timeline.rev > _REVS_A_DEED * (self._deeds + ends):
            self.broken.append(f"{self._timeline.rev} revs for {self._deeds} deeds")
        for watched in self._watched.values():
            self._read_log(watched)
            # The film runs by the viewer's own clock, and each trim corrects about 10 ms.
            pace = abs(watched.person.media_ppm * 1e-6 + watched.person.skew)
            needed = watched.peace * pace / self._policy.threshold
            if watched.trims > 5 + _TRIMS * watched.peace + 2 * needed:
                self._break(watched, f"trimmed {watched.trims} times in {watched.peace:.0f} s of peace")
            self._check_rations(watched)
            self._check_distances(watched)

    # ---- disturbances ---------------------------------------------------------------------------------------------

    def _disturb(self, watched: _Watched, seconds: float = 0.0) -> None:
        self._read_log(watched)
        settled = self._world.now + seconds + _rationed(watched.viewer) + _settling(watched.person)
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
                    continue  # the room has reached the end of the film, and this viewer was slightly behind
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
        # The gaps are 5, 10 and 20 s, so the fourth resync is at least 35 s after the first.
        for ahead, least in ((1, gap), (3, 7 * gap)):
            for first, last in zip(resyncs, resyncs[ahead:], strict=False):
                if last - first < least:
                    self._break(watched, f"resynced {ahead + 1} times in {last - first:.1f} s")

    def _check_distances(self, watched: _Watched) -> None:
        distances, claims, way = sorted(watched.distances), sorted(watched.claims), watched.person.way
        if min(len(distances), len(claims)) < _LOOKS:
            return
        nine_in_ten = distances[len(distances) * 9 // 10]
        # A fitted difference in speed of 190 ppm, on a way with jitter, is wrong by so much for minutes.
        if nine_in_ten > _MOSTLY + abs(way.out - way.back) / 2 + 0.5 * way.jitter + _UNFITTED:
            self._break(watched, f"is {_ms(nine_in_ten)} off and more a tenth of the time")
        claim = claims[len(claims) // 2]
        if claim > (way.out + way.back) / 2 + _HAIR:
            self._break(watched, f"mostly says that its clock may be {_ms(claim)} off and more")

    def _break(self, watched: _Watched, how: str) -> None:
        self.broken.append(f"{self._world.elapsed:.2f} s: {watched.viewer.name} {how}")


def _settling(person: Person) -> float:
    """Return for how many seconds after a disturbance this viewer may be off the timeline."""
    way = person.way
    round_trip = way.out + way.back + 2 * way.jitter + (2 * way.resend if way.loss else 0.0)
    return _SETTLING + 4 * round_trip + (_SETTLING_SLOWLY if person.is_slow else 0.0)


def _rationed(viewer: Viewer) -> float:
    """Return for how many seconds this viewer may make no resync, because it has made some of late (promise 5)."""
    drift = viewer.follower.state.drift
    return 0.0 if drift.resynced_at is None else max(0.0, drift.resynced_at + drift.resync_interval - viewer.local)


def _allowed(person: Person, rate: float) -> float:
    """Return the largest error that its picture may have, in seconds of media."""
    # The jitter, and half of it again while the difference in speed between the clocks is not known: the best sample
    # may then be minutes old.
    unknown = abs(person.way.out - person.way.back) / 2 + 1.5 * person.way.jitter + 0.002
    return _NOT_WORTH_IT + unknown * max(rate, 1.0)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
