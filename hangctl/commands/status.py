"""The subcommand status: what is playing, in which room, and how far from the timeline; once, or at every change."""

import time
from collections.abc import Callable
from typing import Any, NoReturn

import click

from hangctl.client import Connection
from hangctl.commands.members import error_text, member_json, member_line
from hangctl.follow import follow, next_event
from hangctl.options import Settings, subcommand
from hangctl.output import dumps, emit, escape, hms, milliseconds, note, plain

_CHANGES = (
    *("pause", "idle-active", "eof-reached", "seeking", "duration", "speed", "volume", "mute", "path"),
    *("sync/state", "server/state", "player/name"),
)
PROPERTIES = (
    *_CHANGES,
    *("time-pos", "media-title", "room", "sync/error", "server/url", "server/rtt", "server/clock-error"),
)
"""The properties that make up a status."""

OBSERVED = (*_CHANGES, "room/id", "room/role")
"""The properties whose change is shown at once. Positions and measurements change all the time, so they are read once
in ``_MEASUREMENT_PERIOD``."""

Format = Callable[[dict[str, Any]], str]
"""Turns the values of ``PROPERTIES`` into one or more lines. An empty dict means that there is no daemon."""

_MEMBER_EVENTS = frozenset({"member-joined", "member-left", "member-changed"})
_MEASUREMENT_PERIOD = 1.0
"""Seconds."""


@subcommand("status", reads=True)
@click.option(
    "-f", "--format", "template", metavar="FORMAT", help="Print this, with ${PROPERTY} replaced by its value as in mpv."
)
@click.option("-F", "--follow", "following", is_flag=True, help="Print a line whenever something changes.")
@click.option("--waybar", "for_waybar", is_flag=True, help="Print JSON for a custom module of Waybar.")
@click.pass_obj
def status(settings: Settings, template: str | None, following: bool, for_waybar: bool) -> None:
    """Show what is playing.

    Prints the film and its position, the members, and how far this machine is from the room's timeline.
    """
    if sum((template is not None, settings.json, for_waybar)) > 1:
        raise click.UsageError("--format, --json and --waybar are different ways to say one thing")
    layout: Format = status_line if following else status_text
    if settings.json:
        layout = _as_json
    elif for_waybar:
        layout = _as_waybar
    if following:
        _follow(settings, template, layout)
    with settings.connect() as connection:
        emit(_read(connection, template, layout))


def _read(connection: Connection, template: str | None, layout: Format) -> str:
    """Read the status and return what is to be printed. Raises Refused if the daemon refuses the template."""
    if template is not None:
        return escape(plain(connection.request(["expand-text", template], action="fill in the format")[0]))
    return layout(connection.get_properties(*PROPERTIES))


def _follow(settings: Settings, template: str | None, layout: Format) -> NoReturn:
    """Print the status at every change until interrupted, also while there is no daemon. Raises as ``_read`` does."""
    last = None

    def print_if_new(line: str) -> None:
        nonlocal last
        if line != last:
            emit(line)
        last = line

    def session(connection: Connection) -> None:
        connection.observe(*OBSERVED)
        while True:
            print_if_new(_read(connection, template, layout))
            deadline = time.monotonic() + _MEASUREMENT_PERIOD
            while (event := next_event(connection, deadline)) is not None and not changes_status(event):
                pass

    def on_absence(reason: str) -> None:
        note(reason)
        print_if_new(layout({}) if template is None else "")

    follow(settings, session, on_absence=on_absence, required=False)


def changes_status(event: dict[str, Any]) -> bool:
    """Tell whether the values of ``PROPERTIES`` may have changed with this event."""
    return event["event"] == "property-change" or event["event"] in _MEMBER_EVENTS


def _as_json(values: dict[str, Any]) -> str:
    return dumps(status_json(values))


def _as_waybar(values: dict[str, Any]) -> str:
    return dumps(waybar(values))


def status_json(values: dict[str, Any]) -> dict[str, Any]:
    """Arrange properties as ``status --json`` prints them. The keys are always the same; None means unknown."""
    room = values.get("room")
    return {
        "state": _state(values),
        "position": values.get("time-pos"),
        "duration": values.get("duration"),
        "speed": values.get("speed"),
        "volume": values.get("volume"),
        "mute": values.get("mute"),
        "path": values.get("path"),
        "title": values.get("media-title"),
        "room": None if room is None else {key: value for key, value in room.items() if key != "members"},
        "members": [] if room is None else [member_json(member) for member in room.get("members", [])],
        "sync": {
            "error": values.get("sync/error"),
            "clock_error": values.get("server/clock-error"),
            "state": values.get("sync/state"),
        },
        "server": {name: values.get(f"server/{name}") for name in ("url", "state", "rtt")},
        "player": values.get("player/name"),
    }


def _state(values: dict[str, Any]) -> str:
    """Return no-daemon, idle, ended, seeking, paused or playing."""
    if not values:
        return "no-daemon"
    if values.get("idle-active") or values.get("path") is None:
        return "idle"
    for name, state in (("eof-reached", "ended"), ("seeking", "seeking"), ("pause", "paused")):
        if values.get(name):
            return state
    return "playing"


def status_text(values: dict[str, Any]) -> str:
    """Write properties for a person, as several lines with the members at the end."""
    room = values.get("room")
    lines = [playback_line(values)]
    if room is None:
        lines.append("in no room")
    else:
        name = f"{room['name']} ({room['room_id']})" if room.get("name") else room["room_id"]
        lines.append(escape(f"room {name}, {room.get('role')}"))
        lines.append(server_line(values))
        if drift := error_text(values.get("sync/error"), values.get("server/clock-error")):
            lines.append(f"drift {drift}")
        lines.extend(member_line(member) for member in room.get("members", []))
    return "\n".join(lines)


def status_line(values: dict[str, Any]) -> str:
    """Write properties as one line, for a status bar."""
    if not values:
        return "no daemon"
    error = values.get("sync/error") if values.get("room") is not None else None
    parts = [playback_line(values), _room_label(values), "" if error is None else milliseconds(error, signed=True)]
    return " ".join(filter(None, parts))


def waybar(values: dict[str, Any]) -> dict[str, Any]:
    """Arrange properties as a custom module of Waybar with ``return-type: json`` reads them, see waybar-custom(5).

    Waybar reads the texts as Pango markup unless the module sets ``escape``, so they are escaped here. An empty text
    hides the module. ``class`` is for style.css, ``alt`` for the module's format-icons.
    """
    state = _state(values)
    film = "" if state in ("no-daemon", "idle") else _film(values)
    position, duration = values.get("time-pos"), values.get("duration")
    return {
        "text": _markup(" ".join(part for part in (film, _room_label(values)) if part)),
        "alt": state,
        "tooltip": _markup(status_text(values) if values else "no daemon"),
        "class": state,
        "percentage": round(min(1.0, max(0.0, position / duration)) * 100) if position and duration else 0,
    }


def _markup(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _room_label(values: dict[str, Any]) -> str:
    """Return the room's name and its number of members, "[friday: 2]"; "" outside a room."""
    if (room := values.get("room")) is None:
        return ""
    return escape(f"[{room.get('name') or room['room_id']}: {len(room.get('members', []))}]")


def playback_line(values: dict[str, Any]) -> str:
    """Return the state and, if a film is loaded, its position, duration and title."""
    state = _state(values)
    return state if state == "idle" else f"{state}  {_film(values)}"


def _film(values: dict[str, Any]) -> str:
    parts = [f"{hms(values.get('time-pos'))} / {hms(values.get('duration'))}"]
    speed, volume = values.get("speed"), values.get("volume")
    if speed not in (None, 1):
        parts.append(f"{speed:.3g}x")
    if values.get("mute"):
        parts.append("muted")
    elif volume not in (None, 100):
        parts.append(f"volume {plain(volume)} %")
    parts.append(escape(str(values.get("media-title") or values.get("path") or "")))
    return "  ".join(parts)


def server_line(values: dict[str, Any]) -> str:
    """Return the server's URL, the state of the connection, and its round trip time."""
    rtt = values.get("server/rtt")
    line = escape(f"server {values.get('server/url')}, {values.get('server/state')}")
    return line if rtt is None else f"{line}, rtt {milliseconds(rtt)}"
