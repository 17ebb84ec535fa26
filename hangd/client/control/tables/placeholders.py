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
    "audio-device": ("auto", "audio output; the system chooses it"),
    "audio-pitch-correction": (True, "whether the pitch stays the same at other speeds"),
    "border": (True, "whether the window has a border; the system decides"),
    "brightness": (0, "brightness of the picture"),
    "cache": ("auto", "whether the player reads ahead; VLC decides"),
    "contrast": (0, "contrast of the picture"),
    "force-window": (False, "whether there is a window without a picture"),
    "gamma": (0, "gamma of the picture"),
    "hue": (0, "hue of the picture"),
    "idle": (True, "whether the daemon keeps running without a film"),
    "input-terminal": (False, "whether the daemon reads keys from a terminal"),
    "keep-open": (True, "whether the last film stays open at its end"),
    "keepaspect": (True, "whether the picture keeps its proportions"),
    "ontop": (False, "whether the window stays above others"),
    "osd-level": (1, "which information is drawn on the picture: only what a client asks for"),
    "panscan": (0.0, "part of the picture that is cut off to fill the screen"),
    "replaygain": (False, "whether the loudness of films is adjusted"),
    "saturation": (0, "saturation of the picture"),
    "screen": ("default", "screen on which the window opens; the system chooses it"),
    "secondary-sid": (False, "second subtitle track that is shown"),
    "sub-pos": (100, "vertical position of subtitles, in percent"),
    "sub-scale": (1.0, "size of subtitles, relative to VLC's"),
    "sub-speed": (1.0, "speed of subtitles, relative to the film"),
    "terminal": (False, "whether the daemon uses a terminal as mpv does"),
    "video-rotate": (0, "rotation of the picture, in degrees"),
    "video-zoom": (0.0, "enlargement of the picture, as a power of 2"),
    "volume-max": (130.0, "upper limit of the volume, in percent"),
    "ytdl": (False, "whether films are looked up on the web"),
}
"""Options of mpv with one value here: value and description. Clients may write that value and no other."""

_READ_ONLY: Final[Mapping[str, tuple[Any, str]]] = {
    "audio-device-list": ([{"name": "auto", "description": "Autoselect device"}], "available audio outputs"),
    "input-bindings": ([], "key bindings; hang has none"),
    "input-key-list": ([], "names of keys; hang has none"),
    "osd-dimensions": (
        {"w": 0, "h": 0, "par": 0.0, "aspect": 0.0, "mt": 0, "mb": 0, "ml": 0, "mr": 0},
        "size and margins of the area for text, all 0 because they are not known",
    ),
    "osd-height": (0, "height of the area for text; 0 because it is not known"),
    "osd-par": (0.0, "pixel aspect ratio of the area for text; 0 because it is not known"),
    "osd-width": (0, "width of the area for text; 0 because it is not known"),
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
        "audio-bitrate decoder-frame-drop-count estimated-vf-fps frame-drop-count hwdec hwdec-current video-bitrate",
    "VLC does not report which output it uses": "audio-out-params current-ao current-vo",
    "VLC does not report which demuxer has opened the file": "current-demuxer",
    "VLC plays the default edition and does not report others": "current-edition edition edition-list editions",
    "VLC does not report the text of subtitles": "secondary-sub-text sub-end sub-start sub-text sub-text-ass",
    "VLC has one volume of its own": "ao-mute ao-volume",
    "VLC does not report the state of its window": "display-height display-names display-width focused",
    "these describe mpv's own libraries, which hang does not use":
        "ffmpeg-version libass-version mpv-configuration",
})  # fmt: skip
"""Properties that never have a value here, each with its reason."""

REFUSED: Final = _names_to_reason({
    "control clients cannot run programs": "run subprocess",
    "control clients cannot write or load files":
        "ab-loop-dump-cache dump-cache load-config-file load-input-conf load-script screenshot-raw update-clipboard",
    "hang has no key bindings: bind keys in the desktop or the window manager":
        "begin-vo-dragging context-menu define-section disable-section enable-section keybind keydown keypress"
        " keyup mouse",
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
