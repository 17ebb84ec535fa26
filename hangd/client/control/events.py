"""The table of events: names, fields and descriptions, for the control socket and for the manual."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Event:
    name: str
    about: str = ""
    """When it is sent: a description for the manual, at most 100 characters. "": hang never sends it."""
    fields: str = ""
    """Names of the fields, divided by spaces; with ``?`` those that may be missing."""
    own: bool = False
    """The event is hang's, and unknown to mpv."""


_ROWS: Final = (
    Event("start-file", "hangd begins to open a file", "playlist_entry_id"),
    Event("file-loaded", "the file is open; its duration and tracks are known"),
    Event("seek", "a seek begins, also one that another member has requested"),
    Event("playback-restart", "a frame after a load or a seek is shown; in a pause, the exact one up to 1 s later"),
    Event("end-file", "playback of a file ends: eof, stop, quit or error", "reason playlist_entry_id file_error?"),
    Event("idle", "no file is loaded any more"),
    Event("property-change", "an observed property has a new value, or no value any more", "id? name data?"),
    Event("client-message", "a client has used script-message or script-message-to", "args"),
    Event("log-message", "the daemon writes a line to its log, after request_log_messages", "prefix level text"),
    Event("event-queue-overflow", "events were dropped, because this client did not read them in time"),
    Event("shutdown", "the daemon ends"),
    # mpv lets clients enable and disable these as well.
    *map(Event, "none tick video-reconfig audio-reconfig hook".split()),
    *map(Event, "get-property-reply set-property-reply command-reply".split()),
    Event("room-joined", "you have joined a room", "room_id", own=True),
    Event("room-left", "you are out of the room; detail is a sentence that says why, and what to do",
        "room_id name? reason detail", own=True),
    Event("member-joined", "a member has joined the room", "member", own=True),
    Event("member-left", "a member is out of the room; text says it, and why, to people", "client_id name reason text",
        own=True),
    Event("member-changed", "the name, role, state or readiness of a member has changed", "member", own=True),
    Event("acted", "a member, or the room by itself, did something; text says it to people",
        "client_id name self action position? rate? reason? about? text", own=True),
    Event("said", "a member has sent a chat message", "client_id name text", own=True),
    Event("motd", "what the server says to people: its message of the day, or that it is about to stop; each text once",
        "text", own=True),
    Event("sync-corrected", "a difference from the room's position is being corrected",
        "action rate? seconds? error bound reason", own=True),
    Event("media-mismatch", "your file is not the room's film", "room_id", own=True),
    Event("film-missing", "a member, or (self) this machine, has not got the film that the room shows",
        "client_id name self film", own=True),
    Event("no-picture", "the film is played here without a picture; text says why", "text", own=True),
    Event("sound-changed", "the sound is lost, played by another device, or back again; text says which", "text",
        own=True),
    Event("logged-out", "the server has ended your login; detail is a sentence that says why", "server account detail",
        own=True),
    Event("server-state", "the state of the connection to the server has changed", "state reason?", own=True),
)  # fmt: skip

EVENTS: Final[Mapping[str, Event]] = {row.name: row for row in _ROWS}
"""All events that clients can enable and disable.

As in mpv, disabling an event that is not queued has no effect: property-change, log-message, event-queue-overflow, and
answers.
"""
