"""All events: what each is called, what it tells, and when it comes. mpv's first, then hang's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["EVENTS", "Event"]


@dataclass(frozen=True)
class Event:
    name: str
    about: str
    """When it comes, in one line, for people."""
    fields: str = ""
    """What it carries; with ``?`` what may be missing."""
    own: bool = False
    """hang's, and not mpv's."""


_ROWS: Final = (
    Event("start-file", "a film is about to be opened", "playlist_entry_id"),
    Event("file-loaded", "the film is open, its length and tracks are known"),
    Event("seek", "the picture goes elsewhere, by whoever's wish"),
    Event("playback-restart", "the picture stands or plays again, after opening or a seek"),
    Event("end-file", "the film is over: eof, stop, quit, error", "reason playlist_entry_id file_error?"),
    Event("idle", "nothing is loaded any more"),
    Event("property-change", "a property that is observed has another value, or none", "id? name data?"),
    Event("client-message", "another client sent script-message", "args"),
    Event("log-message", "a line of the daemon's log, where they were requested", "prefix level text"),
    Event("event-queue-overflow", "this client read too slowly: events were dropped"),
    Event("shutdown", "the daemon ends"),
    Event("room-joined", "you are in a room", "room_id", own=True),
    Event("room-left", "you are in no room any more", "room_id reason", own=True),
    Event("member-joined", "somebody came", "member", own=True),
    Event("member-left", "somebody went", "client_id name reason", own=True),
    Event("member-changed", "somebody's name, role or readiness is another", "member", own=True),
    Event("said", "somebody said something", "client_id name text", own=True),
    Event(
        "sync-corrected",
        "the picture was off, and is brought back",
        "action rate? seconds? error bound reason",
        own=True,
    ),
    Event("media-mismatch", "the file is not the room's film", "room_id? file_hash? file?", own=True),
    Event("server-state", "the connection to the server is another", "state reason?", own=True),
)

EVENTS: Final[Mapping[str, Event]] = {row.name: row for row in _ROWS}
