"""Stories: who watches a film together, over which networks, and what happens to them.

A story is data: made up by hypothesis, by a seed (`made_up`), or by hand; it can be told (`tests.sim.telling`) and told
again.
"""

import random
from typing import Final, Literal

from msgspec import Struct

from tests.sim.world import Way

__all__ = ["FAR", "HOME", "LAN", "LOPSIDED", "LOSSY", "Deed", "Person", "Story", "What", "made_up"]

LAN: Final = Way(0.0005, 0.0005, 0.0002)
HOME: Final = Way(0.010, 0.010, 0.004)
FAR: Final = Way(0.1, 0.1, 0.03)
LOPSIDED: Final = Way(0.04, 0.01, 0.002)
LOSSY: Final = Way(0.03, 0.03, 0.01, loss=0.01)

WAYS: Final = (LAN, LAN, HOME, HOME, FAR, LOPSIDED, LOSSY)
SKEW: Final = 200e-6
"""Seconds a second by which a viewer's clock is off at the most."""
RATES: Final = (0.5, 1.25, 1.5, 1.75, 2.0)

What = Literal["play", "pause", "seek", "speed", "cut", "sleep", "freeze", "join", "leave"]

_EVENTS: Final[tuple[What, ...]] = (
    *("pause", "pause", "pause", "seek", "seek"),
    *("speed", "cut", "sleep", "freeze", "join", "leave"),
)


class Person(Struct, frozen=True):
    """A viewer: its network, its clock, its player and its copy of the film."""

    way: Way = LAN
    offset: float = 0.0
    """Seconds by which its clock is ahead. It counts from when the machine was started, so it is never negative."""
    skew: float = 0.0
    """Seconds a second by which its clock runs fast."""
    media_ppm: float = 0.0
    """By how much its film runs faster than its clock."""
    seek_cost: float = 0.08
    key_frames: float = 0.0
    sample_period: float = 0.41

    @property
    def is_slow(self) -> bool:
        """Whether its seeks may take longer than a room waits for, or than the last one let it expect."""
        return self.seek_cost > 0.5 or self.key_frames > 0


class Deed(Struct, frozen=True):
    """``wait`` seconds after the one before, ``what`` is done by (or happens to) the viewer ``who``.

    ``who`` counts those that are in, and begins anew after the last. ``value``: to where to seek, how fast to play, or
    for how many seconds to be away. Who joins is ``person``.
    """

    wait: float
    what: What
    who: int = 0
    value: float = 0.0
    person: Person | None = None


class Story(Struct, frozen=True):
    seed: int
    """Of the network's jitter and losses."""
    people: tuple[Person, ...]
    deeds: tuple[Deed, ...]
    peace: float = 60.0
    """Seconds at the end in which nothing happens."""


def made_up(seed: int, seconds: float = 3600.0, *, sample_period: float = 0.41) -> Story:
    """Return a story of a room of two to six for so long, in which something happens every two minutes or so."""
    chance = random.Random(seed)
    people = tuple(_somebody(chance, sample_period) for _ in range(chance.randint(2, 6)))
    deeds = [Deed(1.0, "play")]
    passed = 0.0
    while passed < seconds - 120.0:
        wait = min(20.0 + chance.expovariate(1 / 100.0), 600.0)
        more = _something(chance, wait, sample_period)
        passed += sum(deed.wait for deed in more)
        deeds += more
    return Story(seed, people, tuple(deeds), peace=max(60.0, seconds - passed))


def _somebody(chance: random.Random, sample_period: float) -> Person:
    return Person(
        way=chance.choice(WAYS),
        offset=chance.uniform(0.0, 1e6),
        skew=chance.uniform(-SKEW, SKEW),
        media_ppm=200.0 if chance.random() < 0.1 else chance.uniform(-30.0, 30.0),
        seek_cost=chance.uniform(0.03, 0.2),
        key_frames=10.0 if chance.random() < 0.15 else 0.0,
        sample_period=sample_period,
    )


def _something(chance: random.Random, wait: float, sample_period: float) -> list[Deed]:
    who, then = chance.randrange(6), chance.randrange(6)
    match chance.choice(_EVENTS):
        case "pause":
            return [Deed(wait, "pause", who), Deed(chance.uniform(0.3, 120.0), "play", then)]
        case "seek":
            return [Deed(wait, "seek", who, chance.uniform(0.0, 5000.0))]
        case "speed":
            rate = chance.choice(RATES)
            return [Deed(wait, "speed", who, rate), Deed(chance.uniform(5.0, 120.0), "speed", then, 1.0)]
        case "cut":
            return [Deed(wait, "cut", who, chance.uniform(0.2, 40.0))]
        case "sleep":
            return [Deed(wait, "sleep", who, chance.uniform(2.0, 90.0))]
        case "freeze":
            return [Deed(wait, "freeze", who, chance.choice((0.02, 0.05, 0.2, 1.0, 5.0)))]
        case "join":
            return [Deed(wait, "join", person=_somebody(chance, sample_period))]
        case _:
            return [Deed(wait, "leave", who)]
