"""Stories: the people who watch a film together, their networks, and what happens to them.

A story is data. It comes from hypothesis, from a random seed (`made_up`), or is written by hand. `tests.sim.telling`
simulates it, with the same result each time.
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
"""The largest difference in speed of a viewer's clock from true time, in seconds a second."""
RATES: Final = (0.5, 1.25, 1.5, 1.75, 2.0)

What = Literal["play", "pause", "seek", "speed", "cut", "sleep", "freeze", "join", "leave"]

_EVENTS: Final[tuple[What, ...]] = (
    *("pause", "pause", "pause", "seek", "seek"),
    *("speed", "cut", "sleep", "freeze", "join", "leave"),
)


class Person(Struct, frozen=True):
    """A viewer: the network, the clock, the player and the copy of the film."""

    way: Way = LAN
    offset: float = 0.0
    """Seconds by which its clock is ahead. Never negative, as if the clock counted from the start of the machine."""
    skew: float = 0.0
    """How much its clock is faster than true time, in seconds a second."""
    media_ppm: float = 0.0
    """How much its player is faster than its clock, in parts per million."""
    seek_cost: float = 0.08
    key_frames: float = 0.0
    sample_period: float = 0.41

    @property
    def is_slow(self) -> bool:
        """Whether its seeks may take longer than a room waits, or longer than the previous seek."""
        return self.seek_cost > 0.5 or self.key_frames > 0


class Deed(Struct, frozen=True):
    """``wait`` seconds after the previous deed, the viewer ``who`` does ``what``, or it happens to that viewer.

    ``who`` is an index into the present viewers, modulo their number. ``value`` is the position of a seek, the rate of
    a change of speed, or the seconds of an absence. For "join", ``person`` is the viewer that joins.
    """

    wait: float
    what: What
    who: int = 0
    value: float = 0.0
    person: Person | None = None


class Story(Struct, frozen=True):
    seed: int
    """The seed for the network's jitter and losses."""
    people: tuple[Person, ...]
    deeds: tuple[Deed, ...]
    peace: float = 60.0
    """Seconds without any deed at the end."""


def made_up(seed: int, seconds: float = 3600.0, *, sample_period: float = 0.41) -> Story:
    """Return a story of ``seconds`` for a room of two to six, with a deed about every two minutes."""
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
