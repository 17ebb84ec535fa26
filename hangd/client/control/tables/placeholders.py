"""Names of mpv's that hang only answers: properties with one value or none, and commands that are always refused.

Clients ask for these names, so an answer like that of an unconfigured mpv, or a refusal with a reason, is better for
them than "property not found". This is data for the two tables and for the manual; nothing here reaches the player.
"""

from collections.abc import Mapping
from typing import Any, Final

from hangd.client.control.language.kinds import Double, Flag, Integer, Node, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.property import Property, PropertyTable

_OPTIONS: Final[Mapping[str, tuple[Any, str]]] = {
    "ab-loop-count": ("inf", "number of times that an A-B loop is repeated"),
    "audio-pitch-correction": (True, "whether the pitch stays the same at other speeds"),
    "border": (True, "whether the window has a border; the system decides"),
    "cache": ("auto", "whether the player reads ahead; VLC decides"),
    "force-window": (False, "whether there is a window without a picture"),
    "idle": (True, "whether the daemon keeps running without a film"),
    "input-terminal": (False, "whether the daemon reads keys from a terminal"),
    "keepaspect": (True, "whether the picture keeps its proportions"),
    "ontop": (False, "whether the window stays above others"),
    "osd-level": (1, "which information is drawn on the picture: only what a client asks for"),
    "panscan": (0.0, "part of the picture that is cut off to fill the screen"),
    "replaygain": (False, "whether the loudness of films is adjusted"),
    "screen": ("default", "screen on which the window opens; the system chooses it"),
    "secondary-sid": (False, "second subtitle track that is shown"),
    "sub-speed": (1.0, "speed of subtitles, relative to the film"),
    "terminal": (False, "whether the daemon uses a terminal as mpv does"),
    "video-zoom": (0.0, "enlargement of the picture, as a power of 2"),
    "volume-max": (130.0, "upper limit of the volume, in percent"),
    "ytdl": (False, "whether films are looked up on the web"),
}
"""Options of mpv with one value here: value and description. Clients may write that value and no other."""

_READ_ONLY: Final[Mapping[str, tuple[Any, str]]] = {
    "protocol-list": (["file"], "protocols by which films can be opened"),
}
"""Properties with one value that cannot be written: value and description."""

CONSTANTS: Final[Mapping[str, Any]] = {name: row[0] for name, row in (*_OPTIONS.items(), *_READ_ONLY.items())}
"""Values of all these, by name."""


def _names_to_reason(names_by_reason: Mapping[str, str]) -> Mapping[str, str]:
    return {name: reason for reason, names in names_by_reason.items() for name in names.split()}


UNAVAILABLE: Final = _names_to_reason({
    "VLC does not report how far it has read ahead":
        "cache-speed demuxer-cache-duration demuxer-cache-idle demuxer-cache-state demuxer-cache-time",
    "VLC does not report how it decodes":
        "audio-out-params decoder-frame-drop-count hwdec",
    "VLC plays the default edition and does not report others": "current-edition edition edition-list editions",
    "VLC does not report the text of subtitles": "secondary-sub-text sub-end sub-start sub-text sub-text-ass",
    "VLC has one volume of its own": "ao-mute ao-volume",
    "hang does not report the state of its window":
        "display-height display-names display-width focused osd-dimensions osd-height osd-par osd-width",
    "these describe mpv's own libraries, which hang does not use":
        "ffmpeg-version libass-version mpv-configuration",
})  # fmt: skip
"""Properties that never have a value here, each with its reason."""

REFUSED: Final = _names_to_reason({
    "control clients cannot run programs": "run subprocess",
    "control clients cannot write or load files":
        "ab-loop-dump-cache dump-cache load-config-file load-input-conf load-script screenshot-raw update-clipboard",
    "there are no sections of keys: keybind and the file of key bindings bind them":
        "define-section disable-section enable-section",
    "the window has no menu, is not moved by its picture, and its mouse is the viewer's":
        "begin-vo-dragging context-menu mouse",
    "VLC's filters cannot be changed during playback": "af af-command change-list vf vf-command",
    "only a line of text can be drawn on the picture": "osd-overlay overlay-add overlay-remove",
    "VLC does not report the times of subtitles": "sub-seek sub-step",
    "a film has only the video tracks of its file": "video-add video-reload video-remove",
    "hang does not save positions for later":
        "delete-watch-later-config quit-watch-later write-watch-later-config",
    "hang has no scripts and no profiles": "apply-profile script-binding",
    "VLC cannot do this during playback": "ab-loop-align-cache ao-reload drop-buffers",
})  # fmt: skip
"""Commands that are always refused, each with its reason."""


def _constant(name: str, value: Any, about: str, *, option: bool) -> Property:
    def write(properties: PropertyTable, wanted: Any) -> None:
        if wanted != value:
            raise CommandRefused.inaccessible("NotSupported", f"{name} cannot be changed here")

    kind = {bool: Flag, int: Integer, float: Double, str: Text}.get(type(value), Node)()
    return Property(name, about, kind, lambda _: value, write if option else None, option=option)


PROPERTIES: Final = (
    *(_constant(name, *row, option=True) for name, row in _OPTIONS.items()),
    *(_constant(name, *row, option=False) for name, row in _READ_ONLY.items()),
    *(Property(name, reason, Node(), lambda _: None) for name, reason in UNAVAILABLE.items()),
)
"""The rows of the property table for all of these."""
