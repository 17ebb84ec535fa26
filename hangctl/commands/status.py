"""How things stand: once, or again whenever that changes."""

import time
from collections.abc import Callable
from typing import Any, NoReturn

import click

from hangctl.client import Connection
from hangctl.commands.people import describe, measured, off_by
from hangctl.following import follow, next_event
from hangctl.options import Settings, verb
from hangctl.output import clock, dumps, emit, escape, milliseconds, note, plain

__all__ = ["NEWS", "STANDING", "brief", "matters", "playback", "server", "status", "status_of", "text", "waybar"]

_PLAYBACK = (
    "pause",
    "idle-active",
    "eof-reached",
    "seeking",
    "time-pos",
    "duration",
    "speed",
    "volume",
    "mute",
    "path",
)
_HANG = (
    "media-title",
    "room",
    "sync/error",
    "sync/state",
    "server/url",
    "server/state",
    "server/rtt",
    "server/clock-error",
    "player/name",
)

STANDING = (*_PLAYBACK, *_HANG)
"""What has to be read to tell how things stand."""

NEWS = (
    "pause",
    "idle-active",
    "eof-reached",
    "seeking",
    "duration",
    "speed",
    "volume",
    "mute",
    "path",
    "room/id",
    "room/role",
    "sync/state",
    "server/state",
    "player/name",
)
"""What is told as soon as it changes. Positions and measurements move all the time: those are told once a second."""

Draw = Callable[[dict[str, Any]], str]
"""What makes a line, or some, of what ``STANDING`` names; of nothing where there is no daemon."""

_MEMBERS_NEWS = frozenset({"member-joined", "member-left", "member-changed"})
_MEASUREMENT_PERIOD = 1.0


@verb("status", reads=True)
@click.option("-f", "--format", "form", metavar="FORMAT", help="Print this, with ${PROPERTY} filled in as mpv does.")
@click.option("-F", "--follow", "following", is_flag=True, help="Print a line whenever something changes, for ever.")
@click.option("--waybar", "for_waybar", is_flag=True, help="Print what a custom module of Waybar reads.")
@click.pass_obj
def status(settings: Settings, form: str | None, following: bool, for_waybar: bool) -> None:
    """Tell how things stand.

    What plays and where it is, who is there, and how far from the room's timeline this machine is.
    """
    if sum((form is not None, settings.json, for_waybar)) > 1:
        raise click.UsageError("--format, --json and --waybar are different ways to say one thing")
    draw: Draw = brief if following else text
    if settings.json:
        draw = _as_json
    elif for_waybar:
        draw = _as_waybar
    if following:
        _follow(settings, form, draw)
    with settings.connect() as connection:
        emit(_look(connection, form, draw))


def _look(connection: Connection, form: str | None, draw: Draw) -> str:
    if form is not None:
        return escape(plain(connection.ask(["expand-text", form], doing="fill in the format")[0]))
    return draw(connection.read(*STANDING))


def _follow(settings: Settings, form: str | None, draw: Draw) -> NoReturn:
    """Print how things stand, for ever, also through the daemon's absence. Raises Refused at a format that is none."""
    last = None

    def tell(line: str) -> None:
        nonlocal last
        if line != last:
            emit(line)
        last = line

    def session(connection: Connection) -> None:
        connection.observe(*NEWS)
        while True:
            tell(_look(connection, form, draw))
            _wait_for_news(connection)

    def away(why: str) -> None:
        note(why)
        tell(draw({}) if form is None else "")

    follow(settings, session, away=away, needed=False)


def _wait_for_news(connection: Connection) -> None:
    """Return as soon as something changed that matters, else after a period in which measurements may have changed."""
    deadline = time.monotonic() + _MEASUREMENT_PERIOD
    while (event := next_event(connection, deadline - time.monotonic())) is not None:
        if matters(event):
            return


def matters(event: dict[str, Any]) -> bool:
    """Tell whether what ``STANDING`` names is no longer as it was."""
    return event["event"] == "property-change" or event["event"] in _MEMBERS_NEWS


def _as_json(values: dict[str, Any]) -> str:
    return dumps(status_of(values))


def _as_waybar(values: dict[str, Any]) -> str:
    return dumps(waybar(values))


def status_of(values: dict[str, Any]) -> dict[str, Any]:
    """Arrange properties as ``status --json`` prints them. The keys are always the same; None is what is not known."""
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
        "members": [] if room is None else [measured(member) for member in room.get("members", [])],
        "sync": {
            "error": values.get("sync/error"),
            "clock_error": values.get("server/clock-error"),
            "state": values.get("sync/state"),
        },
        "server": {
            "url": values.get("server/url"),
            "state": values.get("server/state"),
            "rtt": values.get("server/rtt"),
        },
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


def text(values: dict[str, Any]) -> str:
    """Draw properties for a person: some lines, and the members below them."""
    room = values.get("room")
    lines = [playback(values)]
    if room is None:
        lines.append("in no room")
    else:
        named = f"{room['name']} ({room['room_id']})" if room.get("name") else room["room_id"]
        lines.append(escape(f"room {named}, {room.get('role')}"))
        lines.append(server(values))
        if drift := _drift(values):
            lines.append(drift)
        lines.extend(describe(member) for member in room.get("members", []))
    return "\n".join(lines)


def brief(values: dict[str, Any]) -> str:
    """Draw properties as one line, for a status bar."""
    if not values:
        return "no daemon"
    error = values.get("sync/error") if values.get("room") is not None else None
    parts = [playback(values), _company(values), "" if error is None else milliseconds(error, signed=True)]
    return " ".join(part for part in parts if part)


def waybar(values: dict[str, Any]) -> dict[str, Any]:
    """Arrange properties as Waybar's custom modules read them (waybar-custom(5)), for its ``return-type: json``.

    Its texts are Pango's markup where the module does not say ``escape``, so they are escaped here: a film's title is
    text. An empty one hides the module. ``class`` is for style.css, ``alt`` for the module's format-icons.
    """
    state = _state(values)
    there = "" if state in ("no-daemon", "idle") else _place(values)
    words = [word for word in (there, _company(values)) if word]
    place, duration = values.get("time-pos"), values.get("duration")
    return {
        "text": _markup(" ".join(words)),
        "alt": state,
        "tooltip": _markup(text(values) if values else "no daemon"),
        "class": state,
        "percentage": round(min(1.0, max(0.0, place / duration)) * 100) if place and duration else 0,
    }


def _markup(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _company(values: dict[str, Any]) -> str:
    """Name the room and how many are there: "[friday: 2]"; "" in none."""
    if (room := values.get("room")) is None:
        return ""
    return escape(f"[{room.get('name') or room['room_id']}: {len(room.get('members', []))}]")


def playback(values: dict[str, Any]) -> str:
    """Tell whether it plays, and what."""
    state = _state(values)
    return state if state == "idle" else f"{state}  {_place(values)}"


def _place(values: dict[str, Any]) -> str:
    words = [f"{clock(values.get('time-pos'))} / {clock(values.get('duration'))}"]
    speed, volume = values.get("speed"), values.get("volume")
    if speed not in (None, 1):
        words.append(f"{speed:.3g}x")
    if values.get("mute"):
        words.append("muted")
    elif volume not in (None, 100):
        words.append(f"volume {plain(volume)} %")
    words.append(escape(str(values.get("media-title") or values.get("path") or "")))
    return "  ".join(words)


def server(values: dict[str, Any]) -> str:
    """Tell which server this is, and how far away."""
    rtt = values.get("server/rtt")
    told = escape(f"server {values.get('server/url')}, {values.get('server/state')}")
    return told if rtt is None else f"{told}, rtt {milliseconds(rtt)}"


def _drift(values: dict[str, Any]) -> str:
    drift = off_by(values.get("sync/error"), values.get("server/clock-error"))
    return f"drift {drift}" if drift else ""
