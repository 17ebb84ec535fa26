"""A trace: what a follower was told and what it ordered, step by step, as lines of JSON. docs/traces.md has the format.

The first line is a `Header`; a `Memory` may follow, where the trace begins in the middle of a life; the rest are
`Step`s. Nothing in a trace tells who somebody is or what they watch: a `Disguise` is put on before a step is written.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hangd.engine.follower.effects import FollowerEffect
from hangd.engine.follower.inputs import FileOpened, FollowerInput, PlayerSaid
from hangd.engine.follower.memory import FollowerMemory, Policies
from hangd.engine.player_messages import (
    CommandFailed,
    Load,
    Loaded,
    LoadFailed,
    PlayerDied,
    PlayerEvent,
    Sampled,
    TracksChanged,
)

__all__ = ["FORMAT", "Disguise", "Header", "Line", "Memory", "NotATrace", "Step", "decode", "encode", "read"]

FORMAT: Final = 1
"""Counts up with each change after which an older reader would misunderstand."""


class Header(Struct, frozen=True, tag="trace", omit_defaults=True):
    """The first line. ``date`` is when the trace was written (UTC, ISO 8601); a ``title`` is for people."""

    format: int
    hangd: str
    policies: Policies
    player: str | None = None
    date: str | None = None
    title: str | None = None


class Memory(Struct, frozen=True, tag="memory"):
    """What the follower knew before the first step. Without this line it was a new one."""

    memory: FollowerMemory


class Step(Struct, frozen=True, tag="step", omit_defaults=True):
    """At the local time ``now`` this happened, and these were the orders, in their order.

    ``raised``: the follower failed instead, and with what.
    """

    now: float
    input: FollowerInput
    effects: list[FollowerEffect]
    raised: str | None = None


Line = Header | Memory | Step

_FILMS_KEPT: Final = 1000
"""Files whose names are remembered: more than anybody opens in the half hour that a book covers."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


class NotATrace(Exception):
    """This is no trace, or none that can be read here. ``str()`` says which line is wrong, and why."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"line {number}: {why}")
        self.number = number


def encode(line: Line) -> bytes:
    """Return one line, its newline with it."""
    return _encoder.encode(line) + b"\n"


def decode(line: bytes) -> Line:
    """Return what a line says. Raises msgspec.DecodeError (or its subclass ValidationError)."""
    return _decoder.decode(line)


def read(lines: Iterable[bytes]) -> Iterator[tuple[int, Line]]:
    """Yield each line that is not blank with its number, the first being 1. Raises NotATrace at the first wrong one."""
    begun = False
    stepped = False
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            line = decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotATrace(number, str(error)) from error
        match line:
            case Header() if begun:
                raise NotATrace(number, "a second header")
            case Header(format=format) if format != FORMAT:
                raise NotATrace(number, f"format {format}; this hangd reads format {FORMAT}")
            case Memory() | Step() if not begun:
                raise NotATrace(number, "a trace begins with its header")
            case Memory() if stepped:
                raise NotATrace(number, "a memory comes before the steps")
        begun, stepped = True, isinstance(line, Memory | Step)
        yield number, line
    if not begun:
        raise NotATrace(1, "there is nothing in it")


class Disguise:
    """Takes out of steps what a follower has no use for, and somebody else no business with.

    A file is called "film-1", "film-2", ... in the order in which they were opened; the names of its tracks and the
    player's words are left out. Played again, all is the same: a follower compares no paths and reads no words.

    Of each path only its hash is kept, since a path may be as long as a line on the control socket, and only of the
    newest thousand files: one that is opened again after that many others is a new film.
    """

    def __init__(self) -> None:
        self._films: OrderedDict[int, str] = OrderedDict()
        self._named = 0

    def film(self, path: str) -> str:
        key = hash(path)
        name = self._films.get(key)
        if name is None:
            self._named += 1
            name = self._films[key] = f"film-{self._named}"
            if len(self._films) > _FILMS_KEPT:
                self._films.popitem(last=False)
        else:
            self._films.move_to_end(key)
        return name

    def input(self, input: FollowerInput) -> FollowerInput:
        match input:
            case PlayerSaid(event=Sampled()):
                return input
            case PlayerSaid(event=event):
                return PlayerSaid(_wordless(event))
            case FileOpened(path=path):
                return replace(input, path=self.film(path))
            case _:
                return input

    def effects(self, effects: list[FollowerEffect]) -> list[FollowerEffect]:
        return [
            replace(effect, path=self.film(effect.path)) if isinstance(effect, Load) else effect for effect in effects
        ]

    def memory(self, memory: FollowerMemory) -> FollowerMemory:
        path = memory.picture.path
        return memory if path is None else replace(memory, picture=replace(memory.picture, path=self.film(path)))


def _wordless(event: PlayerEvent) -> PlayerEvent:
    match event:
        case Loaded():
            return replace(event, tracks=(), about=None)
        case TracksChanged():
            return replace(event, tracks=())
        case LoadFailed() | CommandFailed() | PlayerDied():
            return replace(event, message="")
        case _:
            return event
