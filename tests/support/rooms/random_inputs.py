"""A follower that is told anything at all, at random: also what no player and no server would say."""

from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from hangd.engine.follower.clock import ClockPolicy
from hangd.engine.follower.drift import DriftPolicy
from hangd.engine.follower.inputs import (
    AbsenceEnded,
    ClockFlushed,
    DeadlineReached,
    FileClosed,
    FileOpened,
    LeftRoom,
    LinkLost,
    OffsetSet,
    RoomRefused,
    StopRequested,
    TimingsRecalled,
)
from hangd.engine.follower.learned import LearnedTimings
from hangd.engine.follower.state import FollowerPolicy, Policies
from hangd.engine.player_messages import (
    DurationChanged,
    LoadFailed,
    OutputStale,
    PlayerDied,
    PlayerEvent,
    Sampled,
    Settled,
    Shown,
    Started,
)
from tests.golden.hand import SERVER, Hand

__all__ = ["told_at_random"]

_POLICIES = (
    Policies(),
    Policies(clock=ClockPolicy(samples=12, burst=4, skew_span=2.0)),
    Policies(
        follower=FollowerPolicy(late_start_max=0.1),
        drift=DriftPolicy(threshold=0.005, trim_ahead=0.15, read_ahead=0.0, sample_interval=2.0, ignore_after=0.3),
    ),
)


def told_at_random(seed: int, steps: int = 80) -> Hand:
    """Return a follower to which so many random deeds have happened. Half of them help it to where it wants to be."""
    chance = Random(seed)
    hand = Hand(chance.choice(_POLICIES))
    if chance.random() < 0.8:
        hand.in_step(chance.choice((0.0, 30.0, 99.0)))
    for _ in range(steps):
        _Deeds(hand, chance).any()
    return hand


class _Deeds:
    def __init__(self, hand: Hand, chance: Random) -> None:
        self.hand, self.chance = hand, chance
        self.after = chance.choice((0.0, 0.01, 0.1, 0.1, 0.4, 2.0))

    def any(self) -> None:
        """Let one thing happen."""
        likely: tuple[Callable[[], object], ...] = (
            self.hand.catches_up,
            self.hand.catches_up,
            self.sample_well,
            self.sample_well,
            self.sample_well,
            self.reach_deadline,
            self.receive,
            self.receive,
            self.ping,
            self.ping,
        )
        rare: tuple[Callable[[], object], ...] = (
            *self.by_viewer(),
            *self.by_player(),
            *self.by_room(),
            *self.by_machine(),
        )
        self.chance.choice(likely if self.chance.random() < 0.5 else rare)()

    def position(self) -> float:
        return self.chance.choice((0.0, 1.0, 50.0, 99.96, self.chance.uniform(0.0, 120.0)))

    def error(self) -> float:
        return self.chance.choice((-1, 1)) * 10 ** self.chance.uniform(-4, 1)

    def generation(self) -> int:
        return max(0, self.hand.generation - (self.chance.random() < 0.1))

    def at(self) -> float:
        return self.hand.now + self.after - self.chance.choice((0.0, 0.0, 0.05, 1.0))

    def says(self, event: PlayerEvent) -> None:
        self.hand.says(event, self.after)

    # ---- what happens

    def sample_well(self) -> None:
        error = self.error()
        self.hand.samples(error if abs(error) < 0.3 else 0.0, count=self.chance.choice((1, 4)))

    def reach_deadline(self) -> None:
        if self.hand.follower.deadline() is None or self.chance.random() < 0.2:
            self.hand.tell(DeadlineReached(), after=self.after)
        else:
            self.hand.due()

    def receive(self) -> None:
        hand, chance = self.hand, self.chance
        timeline = hand.timeline(
            self.position() if chance.random() < 0.4 else hand.expected(hand.now),
            playing=chance.random() < 0.7,
            soon=chance.choice((-3.0, -0.02, 0.0, 0.1, 0.5, 3.0)),
            rate=chance.choice((1.0, 1.0, 1.25, 2.0, 0.25)),
            gate=chance.choice((None, None, None, "seeking", "buffering")),
            epoch=chance.choice(("e", "e", "e", "e", "f")),
        )
        if chance.random() < 0.1:
            timeline = replace(timeline, rev=chance.randrange(hand.rev + 1))
        hand.receives(
            timeline, entering=chance.random() < 0.2, stop=chance.random() < 0.05, answer=chance.random() < 0.4
        )

    def ping(self) -> None:
        chance = self.chance
        self.hand.pings(
            chance.choice((1, 1, 3, 12)),
            out=chance.choice((0.0, 0.001, chance.uniform(0.0, 0.3))),
            back=chance.choice((0.0, 0.001, chance.uniform(-0.01, 0.3))),
            every=chance.choice((0.05, 2.0)),
            server=SERVER + chance.choice((0.0, 0.0, 0.0, 1e-4, 0.01, -1.0)),
        )

    def by_viewer(self) -> tuple[Callable[[], object], ...]:
        hand = self.hand
        return (
            lambda: hand.pauses(self.after),
            lambda: hand.plays(self.after),
            lambda: hand.plays(self.after),
            lambda: hand.seeks(self.position(), self.after),
            lambda: hand.seeks(self.position(), 0.03),
            lambda: hand.speeds(self.chance.choice((0.25, 0.5, 1.0, 1.5, 2.0))),
            lambda: hand.tell(StopRequested(), after=self.after),
        )

    def by_player(self) -> tuple[Callable[[], object], ...]:
        hand, chance = self.hand, self.chance
        return (
            lambda: self.says(Settled(self.generation(), self.position(), self.at())),
            lambda: hand.settles(after=self.after),
            lambda: hand.shows(chance.choice((None, hand.follower.state.picture.position, self.position()))),
            lambda: self.says(Shown(self.generation(), self.position())),
            lambda: self.says(Started(self.generation(), self.position(), self.at())),
            lambda: hand.starts(late=chance.choice((0.0, 0.01, 0.03, 0.2))),
            lambda: self.says(Sampled(self.generation(), self.position(), self.at(), 1.0)),
            lambda: hand.samples(self.error(), count=4),
            lambda: hand.stalls(chance.random() < 0.5),
            lambda: hand.ends(self.position()),
            lambda: self.says(DurationChanged(self.generation(), chance.choice((0.02, 40.0, 100.0, 120.0)))),
            lambda: self.says(LoadFailed(self.generation(), "vanished", "")),
            lambda: self.says(PlayerDied(self.generation(), "hung", "")),
            lambda: self.says(OutputStale(self.generation())),
        )

    def by_room(self) -> tuple[Callable[[], object], ...]:
        hand = self.hand
        return (
            lambda: hand.enters(self.position(), playing=self.chance.random() < 0.7),
            lambda: hand.enters(self.position(), playing=self.chance.random() < 0.7),
            lambda: hand.tell(LeftRoom(), after=self.after),
            lambda: hand.tell(LinkLost(), after=self.after),
            lambda: hand.tell(LinkLost(), after=self.after),
            lambda: hand.tell(RoomRefused(), after=self.after),
        )

    def by_machine(self) -> tuple[Callable[[], object], ...]:
        hand, chance = self.hand, self.chance
        return (
            lambda: hand.opens(
                chance.choice(("a", "b")), duration=chance.choice((None, 40.0, 100.0)), entry=chance.randrange(2)
            ),
            lambda: hand.tell(FileOpened("a", self.position(), 1), after=self.after),
            lambda: hand.tell(FileClosed(), after=self.after),
            lambda: hand.tell(ClockFlushed(), after=self.after),
            lambda: hand.tell(AbsenceEnded(), after=self.after),
            lambda: hand.tell(OffsetSet(chance.choice((0.0, 0.05, -0.2))), after=self.after),
            lambda: hand.tell(
                TimingsRecalled(LearnedTimings(chance.uniform(0.0, 1.0), self.error())), after=self.after
            ),
        )
