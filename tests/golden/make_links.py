"""Golden stories of the link and the pings: what they are told and do, for other implementations. See docs/traces.md.

``python -m tests.golden.make_links`` writes them again to tests/golden/link. Do this after an intended change of
``hangd.engine.link``, and review the difference. The docstring of a story is its title in the file.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from hangd.engine.link.link import Dialed, DialFailed, Link, LinkInput, Lost, Unwanted, Wanted, Welcomed
from hangd.engine.link.pings import PingInput, PingSchedule, Ponged, Started, StateAsked, StateCame, Stopped

__all__ = ["LINKS", "STORIES", "make", "write"]

LINKS: Final = Path(__file__).parent / "link"

_URL: Final = "wss://hang.example/ws"
_OTHER: Final = "ws://192.0.2.7:3005/ws"


class Header(Struct, frozen=True, tag="link-story"):
    """The first line of a file."""

    machine: Literal["link", "pings"]
    title: str
    format: int = 1


class Step(Struct, frozen=True, tag="step", omit_defaults=True):
    """One input and its effects, and the deadline after it. ``input`` None: the time has come to call `expire`."""

    now: float
    input: dict[str, Any] | None
    effects: list[dict[str, Any]]
    deadline: float | None
    jitter: float | None = None
    """Of a link: the random number that was passed."""


def _named(struct: Struct) -> dict[str, Any]:
    """Return a struct as a JSON object with its class name as ``type``, because these structs have no tags."""
    named: dict[str, Any] = {"type": type(struct).__name__, **msgspec.to_builtins(struct)}
    return named


class _Recording:
    """A machine whose steps are recorded."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.steps: list[Step] = []

    def _note(self, input: Struct | None, effects: list[Any], jitter: float | None = None) -> None:
        told = None if input is None else _named(input)
        self.steps.append(Step(self.now, told, list(map(_named, effects)), self.machine.deadline(), jitter))
        self.machine.check()

    @property
    def machine(self) -> Link | PingSchedule:
        raise NotImplementedError

    def expire(self, now: float) -> list[Any]:
        """Let the time be ``now``."""
        self.now = now
        effects: list[Any] = list(self.machine.expire(now))
        self._note(None, effects)
        return effects

    def expire_when_due(self) -> list[Any]:
        """Wait until the machine's deadline. A millisecond before it nothing may happen."""
        due = self.machine.deadline()
        assert due is not None
        assert self.expire(due - 0.001) == []
        return self.expire(due)


class RecordedLink(_Recording):
    def __init__(self) -> None:
        super().__init__()
        self.link = Link()

    @property
    def machine(self) -> Link:
        return self.link

    def tell(self, *inputs: LinkInput, after: float = 0.1, jitter: float = 1.0) -> None:
        """Give inputs, each ``after`` seconds after what was before it."""
        for input in inputs:
            self.now += after
            self._note(input, list(self.link.handle(input, self.now, jitter)), jitter)

    @property
    def attempt(self) -> int:
        return self.link.attempt

    def come_up(self) -> None:
        self.tell(Wanted(_URL))
        self.tell(Dialed(self.attempt), Welcomed(self.attempt))


class RecordedPings(_Recording):
    def __init__(self) -> None:
        super().__init__()
        self.pings = PingSchedule()

    @property
    def machine(self) -> PingSchedule:
        return self.pings

    def tell(self, *inputs: PingInput, after: float = 0.01) -> None:
        for input in inputs:
            self.now += after
            self._note(input, list(self.pings.handle(input, self.now)))

    def pass_time(self, seconds: float, *, answered: bool) -> None:
        """Send the pings that are due in this time."""
        until = self.now + seconds
        while (due := self.pings.deadline()) is not None and due < until:
            if self.expire_when_due() and answered and self.pings.deadline() is not None:
                self.tell(Ponged())


# ---- the link -------------------------------------------------------------------------------------------------------


def _comes_up(link: RecordedLink) -> None:
    """A link is wanted, comes up, and is not wanted any more: it hangs up."""
    link.come_up()
    link.tell(Unwanted())


def _backs_off(link: RecordedLink) -> None:
    """The server cannot be reached for five minutes: the delays grow, to 1 s and then to 15 s, and begin anew twice."""
    link.tell(Wanted(_URL))
    began, chance = link.now, Random(1)
    while link.now < began + 300.0:
        link.tell(DialFailed(link.attempt, "refused"), jitter=chance.random())
        link.expire_when_due()
    link.tell(Wanted(_URL))
    for _ in range(6):
        link.tell(DialFailed(link.attempt, "refused"))
        link.expire_when_due()
    link.tell(Dialed(link.attempt), Welcomed(link.attempt))
    link.tell(Lost(link.attempt, 1006, "the connection broke off"), after=200.0)
    link.expire_when_due()
    for _ in range(6):
        link.tell(DialFailed(link.attempt, "refused"))
        link.expire_when_due()


def _wrong_certificate(link: RecordedLink) -> None:
    """Failures that do not pass quickly name the least delay: delays are from that to twice as long."""
    link.tell(Wanted(_URL))
    for jitter, retry_after in ((0.0, 60.0), (0.5, 60.0), (1.0, 0.125), (1.0, None)):
        link.tell(DialFailed(link.attempt, "the certificate has expired", retry_after), jitter=jitter)
        link.expire_when_due()
    link.tell(DialFailed(link.attempt, "the certificate has expired", 60.0))
    link.tell(Wanted(_URL))


def _goodbye(link: RecordedLink) -> None:
    """A server that restarts says for how long: the delay is from that to twice as long."""
    for jitter, retry_after in ((0.0, 2.0), (0.5, 5.0), (1.0, 0.25), (0.25, None)):
        link.come_up()
        link.tell(Lost(link.attempt, 4001, "the server restarts", retry_after), jitter=jitter)
        link.expire_when_due()


def _final(link: RecordedLink) -> None:
    """Close codes 4500-4999 end the link and leave their reason; the others around them do not."""
    for code in (4499, 4500, 4501, 4504, 4999, 5000):
        link.come_up()
        link.tell(Lost(link.attempt, code, f"closed with {code}", None))
    link.tell(Wanted(_URL))
    link.tell(Dialed(link.attempt))
    link.tell(Lost(link.attempt, 4502, "banned", 3.0))


def _idle(link: RecordedLink) -> None:
    """4003 ends a link that is up, without a reason, until it is wanted again. One that greets still dials again."""
    link.come_up()
    link.tell(Lost(link.attempt, 4003, "idle", None), after=600.0)
    link.tell(Lost(link.attempt, 1006, "late", None))
    link.tell(Wanted(_URL))
    link.tell(Dialed(link.attempt))
    link.tell(Lost(link.attempt, 4003, "idle", None))
    link.expire_when_due()


def _changes_its_mind(link: RecordedLink) -> None:
    """In each state the link is not wanted any more, and in each state another server is wanted."""
    for wish in (Unwanted(), Wanted(_OTHER)):
        link.tell(wish)
        link.tell(Wanted(_URL))
        link.tell(wish)
        link.tell(Wanted(_URL))
        link.tell(DialFailed(link.attempt, "refused"))
        link.tell(wish)
        link.tell(Wanted(_URL))
        link.tell(Dialed(link.attempt))
        link.tell(wish)
        link.come_up()
        link.tell(wish)


def _too_late(link: RecordedLink) -> None:
    """What belongs to an attempt that was given up, and what does not belong into a state, is ignored."""

    def all_answers(attempt: int) -> None:
        link.tell(Dialed(attempt), DialFailed(attempt, "x"), Welcomed(attempt), Lost(attempt, 1006, "x"), after=0.0)

    all_answers(0)
    link.tell(Wanted(_URL))
    link.tell(Wanted(_URL))
    all_answers(1)
    link.tell(Welcomed(2), Lost(2, 1006, "x"), Dialed(2), Dialed(2), DialFailed(2, "x"))
    all_answers(1)
    link.tell(Welcomed(2), Welcomed(2), Dialed(2))
    all_answers(3)
    link.tell(Lost(2, 1006, "gone"))
    all_answers(2)
    link.expire(link.now)
    link.tell(Unwanted())
    all_answers(2)
    link.expire(link.now + 10.0)


def _at_random(link: RecordedLink) -> None:
    """Inputs in no order."""
    chance = Random(2)
    for _ in range(400):
        attempt = link.attempt if chance.random() < 0.8 else chance.randrange(5)
        inputs: tuple[LinkInput | None, ...] = (
            *(Dialed(attempt), Welcomed(attempt), Dialed(attempt), Welcomed(attempt)),
            *(DialFailed(attempt, chance.choice("ab")), Wanted(_URL), Unwanted(), None),
            Lost(attempt, chance.choice((1006, 4001, 4500)), "lost", chance.choice((None, 0.0, 3.0))),
        )
        input = chance.choice(inputs)
        if input is None:
            link.expire(link.now + chance.choice((0.1, 1.0, 20.0)))
        else:
            link.tell(input, after=chance.choice((0.0, 0.5, 30.0)), jitter=chance.random())


# ---- the pings ------------------------------------------------------------------------------------------------------


def _pings(pings: RecordedPings) -> None:
    """A burst of 32 pings, then one every 2 s, then one every 8 s, until the connection ends."""
    pings.tell(Started())
    pings.pass_time(60.0, answered=True)
    pings.tell(Stopped(), Ponged())
    pings.expire(pings.now + 60.0)


def _given_up(pings: RecordedPings) -> None:
    """The server falls silent, late and in the burst: after three pings and 5 s the connection is given up."""
    pings.tell(Started())
    pings.pass_time(45.0, answered=True)
    pings.pass_time(60.0, answered=False)
    pings.tell(Ponged())
    pings.tell(Started())
    pings.pass_time(60.0, answered=False)


def _one_answer(pings: RecordedPings) -> None:
    """An answer to any ping keeps the connection, and so does a suspend after a single ping."""
    pings.tell(Started())
    pings.pass_time(45.0, answered=True)
    pings.expire_when_due()
    pings.expire_when_due()
    pings.tell(Ponged())
    pings.expire(pings.now + 100.0)
    pings.tell(Ponged())
    pings.expire_when_due()
    pings.expire(pings.now + 60.0)
    pings.tell(Started())
    pings.pass_time(3.0, answered=True)


def _slow(pings: RecordedPings) -> None:
    """A state takes long: the first connection is given up, the second has the time for it, the third is dead."""
    pings.tell(Started(), StateAsked())
    pings.pass_time(30.0, answered=False)
    pings.tell(Stopped(), Started(), StateAsked(), StateAsked())
    pings.pass_time(40.0, answered=False)
    pings.tell(StateCame(), Ponged())
    pings.pass_time(10.0, answered=True)
    pings.pass_time(30.0, answered=False)
    pings.tell(Started(), StateAsked(), StateCame(), StateCame())
    pings.tell(StateAsked())
    pings.pass_time(30.0, answered=False)
    pings.tell(Started(), StateAsked())
    pings.pass_time(100.0, answered=False)


def _pings_at_random(pings: RecordedPings) -> None:
    """Inputs in no order."""
    chance = Random(3)
    for _ in range(300):
        deed = chance.choice(("expire", "expire", "due", "due", Ponged(), Ponged(), Started(), Stopped()))
        if not isinstance(deed, str):
            pings.tell(deed, after=chance.choice((0.0, 0.02, 3.0)))
        elif deed == "due" and pings.pings.deadline() is not None:
            pings.expire(max(pings.now, pings.pings.deadline() or 0.0))
        else:
            pings.expire(pings.now + chance.choice((0.0, 0.05, 2.0, 10.0)))


_LINK_STORIES: Final[dict[str, Callable[[RecordedLink], None]]] = {
    "comes-up": _comes_up,
    "backs-off": _backs_off,
    "wrong-certificate": _wrong_certificate,
    "goodbye": _goodbye,
    "final": _final,
    "idle": _idle,
    "changes-its-mind": _changes_its_mind,
    "too-late": _too_late,
    "at-random": _at_random,
}
_PING_STORIES: Final[dict[str, Callable[[RecordedPings], None]]] = {
    "pings": _pings,
    "pings-given-up": _given_up,
    "pings-one-answer": _one_answer,
    "pings-slow": _slow,
    "pings-at-random": _pings_at_random,
}
STORIES: Final = (*_LINK_STORIES, *_PING_STORIES)


def make(name: str) -> list[bytes]:
    """Return the lines of one story."""
    recording: RecordedLink | RecordedPings
    if name in _LINK_STORIES:
        recording, title = RecordedLink(), _LINK_STORIES[name].__doc__
        _LINK_STORIES[name](recording)
        header = Header("link", title or "")
    else:
        recording, title = RecordedPings(), _PING_STORIES[name].__doc__
        _PING_STORIES[name](recording)
        header = Header("pings", title or "")
    return [msgspec.json.encode(line) + b"\n" for line in (header, *recording.steps)]


def write() -> None:
    """Write all stories, and delete those that are not told any more."""
    LINKS.mkdir(exist_ok=True)
    for old in LINKS.glob("*.jsonl"):
        old.unlink()
    for name in STORIES:
        (LINKS / f"{name}.jsonl").write_bytes(b"".join(make(name)))


if __name__ == "__main__":
    write()
