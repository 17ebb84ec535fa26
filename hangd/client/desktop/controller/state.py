"""What the controller shows of the film and of the room, as plain values that are made of the daemon's properties."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from hangd.client.desktop.base import Read
from hangd.client.desktop.canvas import clean

Mood = Literal["good", "busy", "late", "gone"]
"""How a member is, as a colour: watches with the others, loads or looks for the film, is behind or ahead, is away."""

_LATE_SECONDS: Final = 0.3
"""A difference that people notice. Smaller ones are corrected while nobody sees it."""


class Chapter(NamedTuple):
    title: str
    start: float


class Choice(NamedTuple):
    """A track that can be chosen. ``number`` is 0 for no track."""

    number: int
    label: str
    chosen: bool


class Person(NamedTuple):
    """A member of the room. ``word``: how it is; ``position``: where its player is, in seconds, if that is known."""

    name: str
    word: str
    mood: Mood
    position: float | None = None
    is_self: bool = False


@dataclass(frozen=True)
class State:
    """What the controller shows."""

    paused: bool = True
    position: float | None = None
    """Seconds; None: no film is open."""
    duration: float | None = None
    title: str = ""
    chapters: tuple[Chapter, ...] = ()
    volume: float = 100.0
    """Per cent."""
    volume_max: float = 100.0
    """Where the volume's line is full. What is louder only keys and the wheel set: the sound may be distorted then."""
    mute: bool = False
    fullscreen: bool = False
    films: int = 0
    """Entries of the playlist."""
    audio: tuple[Choice, ...] = ()
    subtitles: tuple[Choice, ...] = ()
    """With the choice of none, as with `audio`. Empty: the film has no such tracks."""
    subtitles_shown: bool = False
    picture: tuple[int, int] | None = None
    """Width and height of the film's picture."""
    room: str | None = None
    """The room's name; "" for a room without one, None outside rooms."""
    people: tuple[Person, ...] = ()
    may_control: bool = True


def look(read: Read) -> State:
    """Read everything that the controller shows."""
    tracks = read("track-list") or ()
    subtitles = _choices(tracks, "sub", "No subtitles")
    position, duration = _seconds(read("time-pos")), _seconds(read("duration"))
    paused = bool(read("pause"))
    in_room = read("room/id") is not None
    members = (read("room/members") or ()) if in_room else ()
    ready_counts = in_room and paused and (read("room/policy") or {}).get("start", "anyone") != "anyone"
    return State(
        paused=paused,
        position=position,
        duration=duration or None,
        title=clean(read("media-title") or ""),
        chapters=tuple(
            Chapter(clean(chapter.get("title", "")), float(chapter["time"])) for chapter in read("chapter-list") or ()
        ),
        volume=float(read("volume") or 0.0),
        volume_max=min(100.0, float(read("volume-max") or 100.0)),
        mute=bool(read("mute")),
        fullscreen=bool(read("fullscreen")),
        films=int(read("playlist-count") or 0),
        audio=_choices(tracks, "audio", "No sound"),
        subtitles=subtitles,
        subtitles_shown=bool(subtitles) and not subtitles[0].chosen and bool(read("sub-visibility")),
        picture=_picture(read),
        room=clean(read("room/name") or "") if in_room else None,
        people=tuple(_person(member, position, ready_counts) for member in members),
        may_control=all(member["may_control"] for member in members if member["self"]),
    )


def _seconds(value: Any) -> float | None:
    return None if value is None else max(0.0, float(value))


def _picture(read: Read) -> tuple[int, int] | None:
    width, height = read("dwidth"), read("dheight")
    return (int(width), int(height)) if width and height else None


def _choices(tracks: Sequence[Mapping[str, Any]], kind: str, without: str) -> tuple[Choice, ...]:
    """Return the tracks of one kind (``type`` of ``track-list``), after the choice of none of them."""
    choices = [Choice(track["id"], _label(track), track["selected"]) for track in tracks if track["type"] == kind]
    if not choices:
        return ()
    return (Choice(0, without, not any(choice.chosen for choice in choices)), *choices)


def _label(track: Mapping[str, Any]) -> str:
    title, language = clean(track.get("title", "")), clean(track.get("lang", ""))
    described = f"{title} ({language})" if title and language else title or language
    return described or f"Track {track['id']}"


def _person(member: Mapping[str, Any], own_position: float | None, ready_counts: bool) -> Person:
    word, mood = _how(member, ready_counts)
    position = own_position if member["self"] else _position(member)
    return Person(clean(member["name"]), word, mood, position, member["self"])


def _position(member: Mapping[str, Any]) -> float | None:
    """Return where a member is by now. It told that a moment ago, and its film may have gone on since."""
    position = member.get("position")
    if position is None or not member["film"]:
        return None
    has_gone_on = member["state"] == "playing" and not member["silent"]
    return float(position) + (member.get("age", 0.0) if has_gone_on else 0.0)


def _how(member: Mapping[str, Any], ready_counts: bool) -> tuple[str, Mood]:
    """Return how a member is: in a word or two, and as a colour. What keeps the others waiting comes first."""
    state = member["state"]
    if state == "away":
        return "away", "gone"
    if member["silent"]:
        return "not heard of", "gone"
    if not member["film"]:
        return "has not got the film", "busy"
    if member["verifying"]:
        return "file not yet checked", "busy"
    if member["apart"]:
        return "on its own", "gone"
    if state in ("buffering", "seeking"):
        return "waiting" if state == "buffering" else "seeking", "busy"
    error = member.get("error")
    if error is not None and abs(error) >= _LATE_SECONDS and state in ("playing", "paused"):
        return f"{abs(error):.1f} s {'late' if error < 0 else 'ahead'}", "late"
    if ready_counts or (member["ready"] and state != "playing"):
        return ("ready", "good") if member["ready"] else ("not ready", "busy")
    if state == "idle":
        return "nothing open", "gone"
    return state, "good"
