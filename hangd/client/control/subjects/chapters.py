"""Chapters: the named parts of the film, as its file lists them."""

from collections.abc import Sequence
from typing import Any, Final

from hangd.client.control.language.kinds import Integer, Node, Time
from hangd.client.control.subjects.playback import seek
from hangd.client.control.tables.property import Property, PropertyTable, loaded
from hangd.client.control.tables.tags import tag, tags_for_people
from hangd.engine.player_facts import Chapter

_FRAME: Final = 0.05
"""Seconds, a little more than a frame: a seek to a chapter's start may end on the frame before it."""
_RESTART_SECONDS: Final = 5.0
"""After this much of a chapter, a step back leads to its own start instead of the previous chapter's. As in mpv."""


def _chapters(properties: PropertyTable) -> Sequence[Chapter]:
    return () if properties.path is None else properties.viewer.description.chapters


def _current(properties: PropertyTable) -> int | None:
    """Return the number of the current chapter; -1 before the first."""
    chapters, position = _chapters(properties), properties.viewer.position()
    if not chapters or position is None:
        return None
    return sum(chapter.start <= position + _FRAME for chapter in chapters) - 1


def _go(properties: PropertyTable, number: int) -> None:
    chapters = _chapters(properties)
    if not -1 <= number < len(chapters):
        raise ValueError
    seek(properties, chapters[number].start if number >= 0 else 0.0)


def _step(properties: PropertyTable, by: float) -> None:
    """Go this many chapters forward or back. After the last chapter comes the end of the film."""
    chapters, current, position = _chapters(properties), _current(properties), properties.viewer.position()
    if current is None or position is None:
        return
    number = current + round(by)
    if by < 0 and current >= 0 and position - chapters[current].start > _RESTART_SECONDS:
        number += 1
    if number < len(chapters):
        _go(properties, max(number, 0 if chapters[0].start <= 0 else -1))
    elif properties.viewer.duration is not None:
        seek(properties, properties.viewer.duration)


def _title(properties: PropertyTable) -> str:
    chapters, number = _chapters(properties), _current(properties)
    assert number is not None, "pretty is called only where there is a value"
    title = chapters[number].title if number >= 0 else ""
    return f"({number + 1}) {title}" if title else f"({number + 1}) of {len(chapters)}"


def _list(properties: PropertyTable) -> list[dict[str, Any]]:
    chapters = _chapters(properties)
    return [{**({"title": each.title} if each.title else {}), "time": each.start} for each in chapters]


def _metadata(properties: PropertyTable) -> dict[str, str] | None:
    number = _current(properties)
    if number is None or number < 0:
        return None
    title = _chapters(properties)[number].title
    return {"TITLE": title} if title else {}


def _list_for_people(properties: PropertyTable) -> str:
    """Return a line for each chapter: a mark before the current one, its time, its number and its title."""
    current, time = _current(properties), Time().show
    return (
        "".join(
            f"{'>' if number == current else ' '} {time(each.start)} ({number + 1}) {each.title}".rstrip() + "\n"
            for number, each in enumerate(_chapters(properties))
        )
        or "No chapters."
    )


PROPERTIES: Final = (
    Property("chapter", "number of the current chapter, from 0; writing it seeks to the start of a chapter",
        Integer(), _current, _go, moves=True, moves_film=True, step=_step, pretty=_title),
    Property("chapters", "number of chapters", Integer(), loaded(lambda v: len(v.description.chapters))),
    Property("chapter-list", "chapters of the film, each with its title and its time in seconds",
        Node(), _list, may_lack=frozenset({"title"}),
        pretty=_list_for_people, kinds={"time": Time()}),
    Property("chapter-metadata", "tags of the current chapter, with the sub-paths that metadata has", Node(), _metadata,
        find=tag, pretty=lambda p: tags_for_people(_metadata(p) or {})),
)  # fmt: skip
