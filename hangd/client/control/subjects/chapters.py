"""Chapters: the places that the film's file has names for."""

from collections.abc import Sequence
from typing import Any, Final

from hangd.client.control.language.kinds import Integer, Node
from hangd.client.control.subjects.seeking import mark_seek
from hangd.client.control.tables.property import Property, PropertyTable, loaded
from hangd.engine.player_messages import Chapter

__all__ = ["PROPERTIES"]

_PICTURE: Final = 0.05
"""Seconds: a chapter has begun with the picture in which it begins."""
_NEAR_BEGINNING: Final = 5.0
"""Seconds after which going back leads to the beginning of this chapter, and not to the one before: mpv's."""


def _chapters(properties: PropertyTable) -> Sequence[Chapter]:
    return () if properties.path is None else properties.viewer.description.chapters


def _current(properties: PropertyTable) -> int | None:
    """Return which chapter it is in; -1 before the first."""
    chapters, position = _chapters(properties), properties.viewer.position()
    if not chapters or position is None:
        return None
    return sum(chapter.start <= position + _PICTURE for chapter in chapters) - 1


def _go(properties: PropertyTable, number: int) -> None:
    chapters = _chapters(properties)
    if not -1 <= number < len(chapters):
        raise ValueError
    mark_seek(properties)
    properties.viewer.seek(chapters[number].start if number >= 0 else 0.0)


def _step(properties: PropertyTable, by: float) -> None:
    """Go on or back by so many chapters: beyond the last one to the end of the film."""
    chapters, current, position = _chapters(properties), _current(properties), properties.viewer.position()
    if current is None or position is None:
        return
    number = current + round(by)
    if by < 0 and current >= 0 and position - chapters[current].start > _NEAR_BEGINNING:
        number += 1
    if number < len(chapters):
        _go(properties, max(number, 0 if chapters[0].start <= 0 else -1))
    elif properties.viewer.duration is not None:
        mark_seek(properties)
        properties.viewer.seek(properties.viewer.duration)


def _title(properties: PropertyTable) -> str:
    chapters, number = _chapters(properties), _current(properties)
    assert number is not None, "there is a value to show"
    title = chapters[number].title if number >= 0 else ""
    return f"({number + 1}) {title}" if title else f"({number + 1}) of {len(chapters)}"


def _list(properties: PropertyTable) -> list[dict[str, Any]]:
    return [
        {**({"title": chapter.title} if chapter.title else {}), "time": chapter.start}
        for chapter in _chapters(properties)
    ]


def _metadata(properties: PropertyTable) -> dict[str, str] | None:
    number = _current(properties)
    if number is None or number < 0:
        return None
    title = _chapters(properties)[number].title
    return {"title": title} if title else {}


PROPERTIES: Final = (
    Property(
        "chapter",
        "which chapter it is in, from 0; writing it seeks",
        Integer(),
        _current,
        _go,
        moves=True,
        step=_step,
        pretty=_title,
    ),
    Property("chapters", "how many chapters the film has", Integer(), loaded(lambda c: len(c.description.chapters))),
    Property(
        "chapter-list",
        "the film's chapters: title and time",
        Node(),
        _list,
        may_lack=frozenset({"title"}),
        pretty=lambda p: p.read_text("chapter-list") if _chapters(p) else "No chapters.",
    ),
    Property(
        "chapter-metadata",
        "what the film's file says of this chapter",
        Node(),
        _metadata,
    ),
)
