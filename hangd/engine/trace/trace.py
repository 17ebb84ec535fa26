"""The lines of a trace: what they contain, how they are written and read. docs/traces.md describes the format.

The first line is a `Header`. If the recording began after the follower was made, a `Snapshot` of its state follows. All
other lines are `Step`s. `Anonymizer` is applied to steps and snapshots before they are written.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hangd.engine.follower.effects import FollowerEffect
from hangd.engine.follower.inputs import FileOpened, FollowerInput, PlayerSaid
from hangd.engine.follower.state import FollowerState, Policies
from hangd.engine.player_messages import Load, PlayerEvent, Sampled

FORMAT: Final = 3
"""Version of the format. It increases with each change that an older reader would misunderstand."""

_FILMS_KEPT: Final = 1000
"""Files whose names are remembered. Chosen: more than anybody opens in the half hour that a recorder keeps.

A file that is opened again after that many others counts as a new film.
"""

_TEXTS: Final[dict[str, Any]] = {"tracks": (), "about": None, "message": "", "films": ()}
"""The fields of events that tell what is watched, and what a trace has instead of their values."""


class Header(Struct, frozen=True, tag="trace", omit_defaults=True):
    """The first line. ``hangd`` is the program's version, ``date`` the time of writing (UTC, ISO 8601)."""

    format: int
    hangd: str
    policies: Policies
    player: str | None = None
    date: str | None = None
    title: str | None = None
    """A description for people."""


class Snapshot(Struct, frozen=True, tag="snapshot"):
    """The state of the follower before the first step. Without this line it was a new follower."""

    state: FollowerState


class Step(Struct, frozen=True, tag="step", omit_defaults=True):
    """One input at the local time ``now``, and the effects that the follower returned.

    ``raised``: the name of the exception that it raised instead.
    """

    now: float
    input: FollowerInput
    effects: list[FollowerEffect]
    raised: str | None = None


Line = Header | Snapshot | Step

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


class NotATrace(Exception):
    """These lines are not a trace, or not one that this version can read. ``number`` is that of the wrong line."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"line {number}: {why}")
        self.number = number


def encode(line: Line) -> bytes:
    """Return a line as JSON, with its newline."""
    return _encoder.encode(line) + b"\n"


def decode(line: bytes) -> Line:
    """Parse one line. Raises msgspec.DecodeError: it is not JSON, or not a line of a trace."""
    return _decoder.decode(line)


def read(lines: Iterable[bytes]) -> Iterator[tuple[int, Line]]:
    """Yield each line that is not blank, with its number, counted from 1.

    Raises:
        NotATrace: at the first line that is wrong.
    """
    previous: Line | None = None
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            line = decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotATrace(number, str(error)) from error
        match line:
            case Header() if previous is not None:
                raise NotATrace(number, "a second header")
            case Header(format=format) if format != FORMAT:
                raise NotATrace(number, f"format {format}; this hangd reads format {FORMAT}")
            case Snapshot() | Step() if previous is None:
                raise NotATrace(number, "a trace begins with its header")
            case Snapshot() if not isinstance(previous, Header):
                raise NotATrace(number, "a snapshot comes before the steps")
        previous = line
        yield number, line
    if previous is None:
        raise NotATrace(1, "there is nothing in it")


class Anonymizer:
    """Removes from inputs, effects and states what identifies a film; no follower uses it.

    Files are called "film-1", "film-2", ... in the order in which they were opened. The names of their tracks and the
    player's messages are left out. A follower does not compare paths or read names, so a replay is not affected.
    """

    def __init__(self) -> None:
        # By the hash of the path, because a path may be as long as a line on the control socket. The oldest one first.
        self._films: dict[int, str] = {}
        self._count = 0

    def film(self, path: str) -> str:
        """Return the name of the film at this path."""
        key = hash(path)
        name = self._films.pop(key, None)
        if name is None:
            self._count += 1
            name = f"film-{self._count}"
        self._films[key] = name
        if len(self._films) > _FILMS_KEPT:
            del self._films[next(iter(self._films))]
        return name

    def input(self, input: FollowerInput) -> FollowerInput:
        match input:
            case PlayerSaid(event=Sampled()):  # Tested first, because nearly all inputs are samples.
                return input
            case PlayerSaid(event=event):
                return PlayerSaid(_without_texts(event))
            case FileOpened(path=path):
                return replace(input, path=self.film(path))
            case _:
                return input

    def effects(self, effects: list[FollowerEffect]) -> list[FollowerEffect]:
        return [
            replace(effect, path=self.film(effect.path)) if isinstance(effect, Load) else effect for effect in effects
        ]

    def state(self, state: FollowerState) -> FollowerState:
        path = state.picture.path
        return state if path is None else replace(state, picture=replace(state.picture, path=self.film(path)))


def _without_texts(event: PlayerEvent) -> PlayerEvent:
    return replace(event, **{name: none for name, none in _TEXTS.items() if name in event.__struct_fields__})
