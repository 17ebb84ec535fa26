"""What the viewer's keys change, as a line and perhaps a bar: volume, speed, tracks; and where the film is."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from hangd.client.clock import clock

_LABELS: Final[Mapping[str, str]] = {
    "aid": "Audio",
    "sid": "Subtitles",
    "vid": "Video",
    "fullscreen": "Full screen",
    "ab-loop-a": "A-B loop, from",
    "ab-loop-b": "A-B loop, to",
    "loop-file": "Repeat film",
    "loop-playlist": "Repeat playlist",
    "sub-pos": "Subtitle position",
    "sub-scale": "Subtitle size",
    "sub-visibility": "Subtitles shown",
    "video-aspect-override": "Aspect",
    "video-rotate": "Turned by",
}
"""What properties are called, where that is not their name."""
_UNITS: Final[Mapping[str, str]] = {"volume": " %", "video-rotate": " degrees"}
_REPEATED: Final[Mapping[Any, str]] = {"inf": "yes", "force": "yes", False: "no"}
_PROPORTIONS: Final[Mapping[float, str]] = {16 / 9: "16:9", 4 / 3: "4:3", 2.35: "2.35:1"}
_AROUND_ZERO: Final = ("brightness", "contrast", "saturation", "gamma", "hue")
"""Properties from -100 to 100."""


class Bar(Struct, frozen=True):
    """A line, and how full the bar below it is."""

    text: str
    share: float | None = None
    """From 0 to 1; None: no bar."""
    too_much: bool = False
    """The bar is full, and the value is beyond that."""


def property_bar(name: str, for_people: str, value: Any, *, mute: bool = False) -> Bar:
    """Return what tells the value of a property. ``for_people``: the value as text; ``mute``: the sound is off."""
    label = _LABELS.get(name) or name.replace("sub-", "subtitle ", 1).replace("-", " ").capitalize()
    text = f"{label}: {_said(name, for_people, value)}{_UNITS.get(name, '')}"
    if not isinstance(value, int | float) or isinstance(value, bool):
        return Bar(text)
    if name == "volume":
        return Bar(f"{text} (mute)" if mute else text, 0.0 if mute else _within(value / 100), value > 100 and not mute)
    return Bar(text, _within((value + 100) / 200) if name in _AROUND_ZERO else None)


def _said(name: str, for_people: str, value: Any) -> str:
    """Return a value in plain words, where mpv's text for people is none."""
    match name, value:
        case (("loop-file" | "loop-playlist"), _):
            return _REPEATED.get(value, f"{value} times")
        case "sub-scale", int() | float():
            return f"{value * 100:.0f} %"
        case "sub-pos", int() | float():
            return f"{value:.0f} %"
        case "video-aspect-override", int() | float():
            known = (words for ratio, words in _PROPORTIONS.items() if abs(ratio - value) < 0.005)
            return next(known, f"{value:.2f}:1") if value > 0 else "as the film"
    return for_people


def progress_bar(position: float, duration: float | None) -> Bar:
    """Return what tells where the film is."""
    if not duration or duration < 0:
        return Bar(clock(position, hours=True))
    share = _within(position / duration)
    return Bar(f"{clock(position, hours=True)} / {clock(duration, hours=True)} ({int(share * 100)} %)", share)


def _within(share: float) -> float:
    return max(0.0, min(1.0, share))
