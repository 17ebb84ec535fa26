"""What is drawn of the controller: texts and places, made of what it shows and of where the pointer is.

Two frames that are equal look the same, so that nothing is drawn again while nothing changes.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from hangd.client.clock import clock
from hangd.client.desktop.controller.layout import CONTROLS, MARKS, Layout, ListLayout, Mark, Part, place_marks
from hangd.client.desktop.controller.state import Choice, Mood, Person, State

MARK_RADIUS: Final = 0.4 * MARKS
"""Units."""
_WORST_FIRST: Final[tuple[Mood, ...]] = ("late", "busy", "gone", "good")
"""Of the whole room: one who is away is worth knowing."""
_MARK: Final[tuple[Mood, ...]] = ("late", "busy", "good", "gone")
"""Of a mark that stands for several: it is grey if all of them are away."""
_HOUR: Final = 3600.0
_LEFT_TO_RIGHT: Final = "\u200e"
_ISOLATED: Final = ("\u2068", "\u2069")
"""Around a text whose direction does not change that of what stands beside it."""
_NAME_MAX: Final = 24
"""Letters of a name beside the pointer."""
_NAMED_MAX: Final = 5
"""Members that are named beside the pointer. The others are counted."""

_MAY_NOT: Final = "You may not control this room."


class DrawnMark(NamedTuple):
    x: int
    text: str
    mood: Mood


@dataclass(frozen=True)
class Frame:
    """The controller as it is drawn."""

    layout: Layout
    paused: bool
    elapsed: str
    total: str
    played: int | None
    """Place of the handle on the timeline; None: the film cannot be sought in."""
    chapters: tuple[int, ...]
    marks: tuple[DrawnMark, ...]
    volume: int
    """Place of the handle on the volume's line."""
    sound: bool
    loud: bool
    too_loud: bool
    """Beyond the end of its line."""
    fullscreen: bool
    title: str
    room: str | None
    people: int
    people_mood: Mood
    may_control: bool
    hovered: Part | None
    opened: Part | None
    """The part whose list is open."""


@dataclass(frozen=True)
class Row:
    """A row of an open list."""

    text: str
    right: str = ""
    """Beside the text, at the right edge."""
    mood: Mood | None = None
    chosen: bool = False


@dataclass(frozen=True)
class ListFrame:
    """An open list as it is drawn."""

    layout: ListLayout
    unit: float
    rows: tuple[Row, ...]
    """Those that are seen."""
    hovered: int | None
    """Number of the row below the pointer, among those that are seen."""


@dataclass(frozen=True)
class Tip:
    """What is said of the place below the pointer, beside the controller."""

    x: int
    unit: float
    lines: tuple[str, ...]


def wanted_parts(state: State) -> tuple[Part, ...]:
    """Return the parts that have something to show."""
    parts: list[Part] = ["timeline", "elapsed", "play", "mute", "volume", "title", "fullscreen"]
    if state.duration is not None:
        parts.append("total")
    if state.films > 1:
        parts += ["previous", "next"]
    if state.people:
        parts.append("people")
    if len(state.audio) > 2:  # None, and more than one.
        parts.append("audio")
    if state.subtitles:
        parts.append("subtitles")
    return tuple(parts)


def has_marks(state: State) -> bool:
    """Return whether others are there, whose places are shown above the timeline."""
    return len(state.people) > 1


def frame(
    state: State, layout: Layout, *, at: float | None, remaining: bool, hovered: Part | None, opened: Part | None
) -> Frame:
    """Return what is drawn.

    Args:
        at: where the handle is dragged to, in seconds; None: it is where the film is.
        remaining: whether the time that is left is shown in place of the film's duration.
    """
    position = state.position if at is None else at
    hours = max(state.duration or 0.0, position or 0.0) >= _HOUR
    total = "" if state.duration is None else clock(state.duration, hours=hours)
    if remaining and state.duration is not None:
        total = "-" + clock(state.duration - (position or 0.0), hours=hours)
    played = None
    if state.duration and position is not None:
        played = round(layout.x_of("timeline", position / state.duration))
    chapters = [chapter.start / state.duration for chapter in state.chapters] if state.duration else []
    return Frame(
        layout=layout,
        paused=state.paused or position is None,
        elapsed="" if position is None else clock(position, hours=hours),
        total=total,
        played=played,
        chapters=tuple(sorted({round(layout.x_of("timeline", share)) for share in chapters if 0 < share < 1})),
        marks=tuple(
            DrawnMark(round(mark.x), _mark_text(state, mark), _mood([state.people[n] for n in mark.people], _MARK))
            for mark in marks(state, layout)
        ),
        volume=round(layout.x_of("volume", state.volume / state.volume_max)) if "volume" in layout.parts else 0,
        sound=not state.mute and state.volume > 0,
        loud=state.volume > state.volume_max / 3,
        too_loud=state.volume > state.volume_max,
        fullscreen=state.fullscreen,
        title=state.title or ("No film is open" if position is None else ""),
        room=state.room,
        people=len(state.people),
        people_mood=_mood(state.people, _WORST_FIRST),
        may_control=state.may_control,
        hovered=hovered,
        opened=opened,
    )


def marks(state: State, layout: Layout) -> tuple[Mark, ...]:
    """Return the marks of the other members; one's own is the handle."""
    if not layout.marks or not state.duration:
        return ()
    shares = [
        None if person.is_self or person.position is None else person.position / state.duration
        for person in state.people
    ]
    return place_marks(layout, shares, MARK_RADIUS * layout.unit)


def mark_at(state: State, layout: Layout, x: float, y: float) -> Mark | None:
    """Return the mark that is here."""
    box = layout.parts["timeline"]
    if not box.y <= y < box.y + MARKS * layout.unit:
        return None
    return next((mark for mark in marks(state, layout) if abs(mark.x - x) <= MARK_RADIUS * layout.unit), None)


def _mark_text(state: State, mark: Mark) -> str:
    return initial(state.people[mark.people[0]].name) if len(mark.people) == 1 else str(len(mark.people))


def initial(name: str) -> str:
    """Return the first letter of a name, with the accents and vowel signs that belong to it."""
    letters = name[:1].upper()[:1]
    for letter in name[1:4]:
        if unicodedata.category(letter) not in ("Mn", "Mc"):
            break
        letters += letter
    return letters


def _mood(people: Sequence[Person], order: Sequence[Mood]) -> Mood:
    """Return the first mood in this order that one of them is in."""
    moods = {person.mood for person in people}
    return next((mood for mood in order if mood in moods), "good")


def timeline_tip(state: State, layout: Layout, x: float, y: float) -> Tip | None:
    """Return what is said of a place on the timeline: whose mark it is, or else its time and chapter."""
    mark = mark_at(state, layout, x, y)
    if mark is not None:
        named = [state.people[n] for n in mark.people[:_NAMED_MAX]]
        lines = [_named(person) for person in named]
        if len(mark.people) > len(named):
            lines.append(f"and {len(mark.people) - len(named)} more")
        return Tip(round(mark.x), layout.unit, tuple(lines))
    if state.duration is None:
        return None
    return time_tip(state, layout, layout.share_at("timeline", x) * state.duration)


def _named(person: Person) -> str:
    """Return a member's name and how it is, in this order in every script. A long name is cut: the rest is needed."""
    name = person.name if len(person.name) <= _NAME_MAX else person.name[: _NAME_MAX - 1] + "…"
    return f"{_LEFT_TO_RIGHT}{_ISOLATED[0]}{name}{_ISOLATED[1]}: {person.word}"


def time_tip(state: State, layout: Layout, seconds: float) -> Tip:
    """Return what is said of a time of the film."""
    duration = state.duration or 1.0
    lines = [clock(seconds, hours=duration >= _HOUR)]
    chapter = next((each for each in reversed(state.chapters) if each.start <= seconds), None)
    if chapter is not None and chapter.title:
        lines.append(chapter.title)
    if not state.may_control:
        lines.append(_MAY_NOT)
    return Tip(round(layout.x_of("timeline", seconds / duration)), layout.unit, tuple(lines))


_NAMES: Final[dict[Part, str]] = {
    "previous": "Previous film", "next": "Next film", "people": "Who is here", "audio": "Sound",
    "subtitles": "Subtitles", "total": "Total or remaining time",
}  # fmt: skip


def part_tip(state: State, layout: Layout, part: Part) -> Tip | None:
    """Return what is said of a button."""
    text = _NAMES.get(part)
    match part:
        case "play":
            text = "Play" if state.paused else "Pause"
        case "mute":
            text = "Sound on" if state.mute else "Sound off"
        case "volume":
            text = f"Volume: {state.volume:.0f} %"
        case "fullscreen":
            text = "Leave full screen" if state.fullscreen else "Full screen"
        case "title":
            text = state.title
    if part in CONTROLS and not state.may_control:
        text = _MAY_NOT
    return Tip(round(layout.parts[part].middle), layout.unit, (text,)) if text else None


def rows(state: State, part: Part) -> tuple[Row, ...]:
    """Return the rows of the list that a part opens. A title, which cannot be chosen, has no mood and no mark."""
    if part == "people":
        title = state.room or "Who is here"
        return (Row(title), *(_person_row(person) for person in state.people))
    choices: tuple[Choice, ...] = state.audio if part == "audio" else state.subtitles
    return tuple(Row(choice.label, chosen=choice.chosen) for choice in choices)


def _person_row(person: Person) -> Row:
    return Row(f"{person.name} (you)" if person.is_self else person.name, person.word, person.mood)
