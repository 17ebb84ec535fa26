"""Golden traces that are told by hand (`tests.golden.hand`): what players, their files and clocks do rarely."""

from collections.abc import Callable
from typing import Final

from hangd.engine.follower.inputs import (
    AbsenceEnded,
    ClockFlushed,
    FileClosed,
    LeftRoom,
    OffsetSet,
    Pinged,
    TimingsRecalled,
)
from hangd.engine.follower.learned import LearnedTimings
from hangd.engine.follower.picture import Motion
from hangd.engine.player_messages import (
    DurationChanged,
    LoadFailed,
    OutputStale,
    PlayerDied,
    Sampled,
    Settled,
    Shown,
    VolumeChanged,
)
from tests.golden.hand import DURATION, SERVER, Hand

__all__ = ["BY_PLAYER"]


def _files(hand: Hand) -> None:
    """Films are opened, fail, end their player, and are closed; events of an older load are dropped."""
    hand.says(VolumeChanged(0, 100.0, False))
    hand.opens(start=10.0)
    hand.shows(10.02)
    hand.seeks(300.0)
    hand.settles()
    hand.seeks(-3.0)
    hand.seeks(20.0, after=0.05)
    hand.opens("/other", start=1.0)
    hand.seeks(30.0)
    hand.seeks(31.0, after=0.05)
    hand.opens("/other", entry=2)
    hand.seeks(32.0)
    hand.seeks(33.0, after=0.05)
    hand.opens("/other", entry=2)
    hand.wait(1.0)
    hand.says(Settled(hand.generation - 1, 1.0, hand.now))
    hand.says(VolumeChanged(hand.generation, 100.0, False))
    hand.says(DurationChanged(hand.generation, 40.0))
    hand.settles()
    hand.plays()
    hand.starts()
    hand.says(OutputStale(hand.generation))
    hand.catches_up()
    hand.says(LoadFailed(hand.generation, "vanished", "it is gone"))
    hand.says(Sampled(hand.generation, 1.0, hand.now, 1.0))
    hand.says(OutputStale(hand.generation))
    hand.opens()
    hand.plays()
    hand.starts()
    hand.says(PlayerDied(hand.generation, "hung", "it hangs"))
    hand.opens(duration=None)
    hand.plays()
    hand.starts()
    hand.says(Shown(hand.generation, 1.0))
    hand.ends(70.0)
    hand.says(OutputStale(hand.generation))
    hand.plays()
    hand.catches_up()
    hand.tell(FileClosed())
    hand.pauses()
    hand.pings()
    hand.enters()


def _starts_learned(hand: Hand) -> None:
    """Starts leave the picture 6 ms ahead: from the fifth on they are made later by that."""
    hand.tell(TimingsRecalled(LearnedTimings(0.4, 0.5)), TimingsRecalled(LearnedTimings(0.12, -0.0005)))
    hand.in_step()
    position = 1.0
    for error in (
        0.006,
        0.007,
        0.09,
        0.006,
        0.0055,
        0.006,
        0.0002,
        0.006,
        0.006,
        0.006,
        0.006,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
    ):
        position += 3.0
        hand.receives(hand.timeline(position))
        hand.settles()
        hand.receives(hand.timeline(position, playing=True, soon=0.3))
        hand.starts()
        hand.samples(error, count=2)


def _late_starts(hand: Hand) -> None:
    """Starts are late: a little, which a trim corrects; too much, so that the player seeks, but no third time."""
    hand.in_step()
    hand.receives(hand.timeline(10.0))
    hand.settles()
    hand.receives(hand.timeline(10.0, playing=True, soon=0.3))
    hand.starts(late=0.02)
    hand.samples(-0.02)
    hand.samples(-0.012)
    hand.samples(-0.0005)
    hand.receives(hand.timeline(20.0, playing=True, soon=0.3, gate="seeking"))
    hand.settles()
    hand.receives(hand.timeline(20.0, playing=True, soon=-0.1))
    hand.settles(after=0.9)
    hand.settles(after=0.9)
    hand.settles(after=0.9)
    hand.starts()
    hand.samples(-0.1, count=2)
    hand.receives(hand.timeline(30.0, playing=True, gate="seeking"))
    hand.settles()
    hand.receives(hand.timeline(25.0, playing=True))
    hand.settles(29.0)
    hand.catches_up()
    hand.receives(hand.timeline(40.0, playing=True, gate="buffering"))
    hand.settles()
    hand.receives(hand.timeline(40.0, playing=True, soon=-0.02))
    hand.starts()
    hand.samples(-0.02, count=2)
    hand.tell(OffsetSet(0.1))
    hand.receives(hand.timeline(DURATION - 0.02))
    hand.settles()
    hand.receives(hand.timeline(DURATION - 0.02, playing=True))


def _offset(hand: Hand) -> None:
    """The screen shows later than the player believes: the player is kept ahead of the room by as much."""
    hand.in_step()
    hand.tell(OffsetSet(0.2))
    hand.samples(0.2, count=4)
    hand.receives(hand.timeline(20.0))
    hand.settles()
    hand.receives(hand.timeline(20.0, playing=True, soon=0.5))
    hand.starts()
    hand.samples(0.2, count=4)
    hand.receives(hand.timeline(hand.expected(hand.now) + 0.4, playing=True))
    hand.samples(0.2, count=4)
    hand.receives(hand.timeline(hand.expected(hand.now) - 0.4, playing=True))
    hand.catches_up()
    hand.samples(0.2)
    hand.receives(hand.timeline(hand.expected(hand.now) + 0.8, playing=True))
    hand.catches_up()
    hand.tell(ClockFlushed())
    hand.receives(hand.timeline(50.0, playing=True))
    hand.pings()
    hand.samples(0.2, count=2)
    hand.pauses()
    hand.opens("/other")
    hand.catches_up()
    hand.tell(LeftRoom())
    hand.samples(0.3, count=3)


def _corrections(hand: Hand) -> None:
    """Large and small errors, ahead and behind, one after the other: trims, holds, and resyncs, which are rationed."""
    hand.in_step()
    hand.samples(0.006, count=3)
    hand.wait(2.0)
    hand.samples(-0.02, count=5)
    hand.wait(20.0)
    hand.samples(0.03, count=4)
    hand.samples(0.2)
    hand.wait(2.0)
    hand.samples(-0.08, count=4)
    hand.samples(-0.4)
    hand.catches_up()
    hand.samples(-1.0, count=3)
    hand.wait(3.0)
    hand.samples(-1.0, count=6)
    hand.catches_up()
    hand.wait(11.0)
    hand.samples(-1.0, count=4)
    hand.catches_up()
    hand.stalls(True)
    hand.samples(-1.0, count=4)
    hand.stalls(False)
    hand.receives(hand.timeline(10.0, playing=True, soon=0.5))
    hand.wait(1.0)
    hand.catches_up()
    hand.wait(45.0)
    hand.samples(3.0, count=5)
    hand.catches_up()
    hand.samples(0.0, count=2)


def _resyncs(hand: Hand) -> None:
    """The picture is a second behind again and again: each resync waits longer, up to a minute, until it was calm."""

    def resync() -> None:
        for _ in range(80):
            hand.samples(-1.0, after=1.0)
            if hand.follower.state.picture.motion is Motion.SEEKING:
                break
        hand.catches_up()
        hand.receives(hand.timeline(5.0, playing=True))
        hand.catches_up()

    hand.in_step(5.0)
    for _ in range(6):
        resync()
    hand.wait(30.0)
    resync()
    hand.wait(245.0)
    hand.receives(hand.timeline(5.0, playing=True))
    hand.catches_up()
    resync()
    resync()


def _clocks(hand: Hand) -> None:
    """Impossible pings, a server's clock that is set, and another one; clocks of different speeds; slow ways."""
    hand.in_step()
    now = hand.now
    hand.tell(Pinged(now + 1.0, now + SERVER, now + SERVER, now), after=0.0)
    hand.tell(Pinged(now, now + SERVER, now + SERVER - 1.0, now + 0.1), after=0.0)
    hand.tell(Pinged(now, now + SERVER, now + SERVER + 1.0, now + 0.1), after=0.1)
    hand.pings(30, out=0.02, back=0.005)
    hand.pings(10, out=0.001, back=0.030, every=2.0)
    hand.pings(10, out=0.030, back=0.001, every=2.0)
    hand.pings(3, server=SERVER + 1.0, out=0.001, back=0.001, every=2.0)
    hand.pings(3, server=SERVER - 1.0, out=0.001, back=0.001, every=2.0)
    for drift in (100e-6, 500e-6, -150e-6):
        for count in range(20):
            hand.pings(
                1, out=0.002 * (count % 3), back=0.001 * (count % 5), every=2.0, server=SERVER + drift * 2.0 * count
            )
    hand.samples(count=4)
    hand.tell(ClockFlushed())
    hand.samples(count=4)
    hand.pings()
    hand.tell(AbsenceEnded())
    hand.tell(Pinged(hand.now - 1.0, hand.now + SERVER, hand.now + SERVER, hand.now))
    hand.pings()


def _without_a_clock(hand: Hand) -> None:
    """The viewer enters a playing room before the server's clock is known: the player waits for that."""
    hand.enters(30.0, playing=True)
    hand.opens()
    hand.wait(0.5)
    hand.pings()
    hand.catches_up()
    hand.tell(ClockFlushed())
    hand.receives(hand.timeline(31.0, playing=True, rate=1.25))
    hand.samples(at=31.5)
    hand.pings()
    hand.samples(count=4)
    hand.receives(hand.timeline(33.0, playing=True, soon=0.5, rate=1.0))
    hand.samples(count=2, after=0.2)
    hand.due()
    hand.samples(count=2)
    hand.stalls(True)
    hand.receives(hand.timeline(80.0, playing=True))
    hand.stalls(True)


def _at_the_end(hand: Hand) -> None:
    """The film ends in a room: as expected, and long before the room is there; and somebody seeks back."""
    hand.in_step(DURATION - 3.0)
    hand.wait(2.0)
    hand.ends()
    hand.wait(2.0)
    hand.receives(hand.timeline(DURATION))
    hand.receives(hand.timeline(50.0))
    hand.settles()
    hand.receives(hand.timeline(50.0, playing=True, soon=0.2))
    hand.starts()
    hand.ends(52.0)
    hand.catches_up()
    hand.tell(LeftRoom())
    hand.ends()
    hand.plays()
    hand.catches_up()


BY_PLAYER: Final[dict[str, Callable[[Hand], None]]] = {
    "files": _files,
    "starts-learned": _starts_learned,
    "late-starts": _late_starts,
    "offset": _offset,
    "corrections": _corrections,
    "resyncs": _resyncs,
    "clocks": _clocks,
    "without-a-clock": _without_a_clock,
    "at-the-end": _at_the_end,
}
