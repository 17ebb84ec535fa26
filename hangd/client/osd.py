"""What events tell people, in a few words on the picture; and PictureText, which draws it with VLC's own text.

The film's window shows these words in a better way (`hangd.client.desktop.messages`). VLC's text, one short line, is
for when there is no such window. What this viewer did itself is not announced where it is seen.
"""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from hangd.client.control.port import ControlEvent, DesktopPort
from hangd.client.settings import OsdKind

_CORRECTION_SEEN: Final = 0.080
"""Seconds by which a picture has to jump or wait before a viewer is told that it did."""

_SECONDS: Final = 3.0
"""How long VLC's line stays: long enough to read ten words."""

PLAYBACK: Final = ("play", "pause", "seek", "speed", "stop")
"""The actions of the event ``acted`` by which the film plays otherwise than before."""
_KINDS: Final[dict[str, OsdKind]] = {
    **dict.fromkeys(PLAYBACK, "playback"),
    **dict.fromkeys(("wait", "countdown", "ready", "unready"), "ready"),
    **dict.fromkeys(("media", "queue"), "films"),
    **dict.fromkeys(("policy", "role"), "rules"),
}
"""The kind of each action of the event ``acted``."""
_NOT_SEEN: Final = ("role", "ready", "unready")
"""Actions of this viewer's own that nothing on the picture shows. Another member may have done them, too."""


class Announcement(Struct, frozen=True):
    """What an event tells people."""

    kind: OsdKind
    text: str
    topic: str = ""
    """Of two announcements with one topic only the later one is of interest. "": this one has none."""
    name: str = ""
    """Who says the text, if it is somebody's own words."""


def announcement(event: ControlEvent) -> Announcement | None:
    """Return what this event tells people; None: nothing that they would not see by themselves."""
    match event:
        case {"event": "acted", "action": action, "self": own, "client_id": who, "text": text}:
            kind = _KINDS.get(action)
            is_seen = own and action not in _NOT_SEEN
            return None if kind is None or is_seen else Announcement(kind, text, f"{kind} {who}")
        case {"event": "said", "name": name, "text": text}:
            return Announcement("chat", text, name=name)
        case {"event": "member-joined", "member": {"client_id": who, "name": name, "self": False}}:
            return Announcement("members", f"{name} has joined", f"members {who}")
        case {"event": "member-left", "client_id": who, "text": text}:
            return Announcement("members", text, f"members {who}")
        case {"event": "sound-changed", "text": text}:
            return Announcement("playback", text, "sound")
        case {"event": "sync-corrected", "action": "hold" | "resync" as action, "error": float(error)}:
            return _correction(action, error)
    return None


def _correction(action: str, error: float) -> Announcement | None:
    """``error``: by how many seconds the picture is ahead of the room."""
    if abs(error) < _CORRECTION_SEEN:
        return None
    did = "waited" if action == "hold" else "caught up" if error < 0 else "went back"
    return Announcement("corrections", f"{did} {abs(error):.1f} s, to where the room is", "corrections")


class PictureText:
    """Has announcements drawn: in the film's window, or where there is none, by VLC.

    Args:
        kinds: returns the kinds that are shown.
        desktop: returns what draws in the film's window.
        draw: lets VLC draw a line for so many seconds, if there is a picture.
    """

    def __init__(
        self,
        kinds: Callable[[], tuple[OsdKind, ...]],
        desktop: Callable[[], DesktopPort],
        draw: Callable[[str, float], None],
    ) -> None:
        self._kinds = kinds
        self._desktop = desktop
        self._draw = draw

    def heard(self, event: ControlEvent) -> None:
        """Take one event, and have drawn what it tells if that is of a kind that is shown."""
        if self._desktop().announce(event):
            return
        told = announcement(event)
        if told is not None and told.kind in self._kinds():
            self._draw(f"{told.name}: {told.text}" if told.name else told.text, _SECONDS)

    def show(self, text: str, seconds: float) -> None:
        """Have a sentence drawn that the viewer has to know, whatever the kinds are."""
        if not self._desktop().show_message(text, seconds):
            self._draw(text, seconds)
