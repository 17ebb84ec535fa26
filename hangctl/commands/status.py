"""How things stand: once, or again whenever that changes."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import click

from hangctl.client import Connection, NoDaemon
from hangctl.commands.people import describe, measured, off_by
from hangctl.options import Settings, verb
from hangctl.output import clock, dumps, emit, escape, milliseconds, plain

__all__ = ["brief", "status", "status_of", "text"]

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

_NEWS = (
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

_MEMBERS_NEWS = frozenset({"member-joined", "member-left", "member-changed"})
_MEASUREMENT_PERIOD = 1.0
_LOOK_AGAIN = 0.5
"""Seconds between looks for a daemon that went away."""


@verb("status", reads=True)
@click.option("-f", "--format", "form", metavar="FORMAT", help="Print this, with ${PROPERTY} filled in as mpv does.")
@click.option("-F", "--follow", is_flag=True, help="Print a line whenever something changes, until interrupted.")
@click.pass_obj
def status(settings: Settings, form: str | None, follow: bool) -> None:
    """Tell how things stand.

    What plays and where it is, who is there, and how far from the room's timeline this machine is.
    """
    if form is not None and settings.json:
        raise click.UsageError("--format and --json are two ways to say one thing")
    if follow:
        _follow(settings, form)
        return
    with settings.connect() as connection:
        emit(_look(connection, settings, form, text))


def _look(connection: Connection, settings: Settings, form: str | None, draw: Callable[[dict[str, Any]], str]) -> str:
    if form is not None:
        return escape(plain(connection.ask(["expand-text", form], doing="fill in the format")[0]))
    values = connection.read(*_PLAYBACK, *_HANG)
    return dumps(status_of(values)) if settings.json else draw(values)


def _follow(settings: Settings, form: str | None) -> None:
    last = None
    for line in _lines(settings, form):
        if line != last:
            emit(line)
        last = line


def _lines(settings: Settings, form: str | None) -> Iterator[str]:
    """Yield how things stand, for ever, also through the daemon's absence. Raises Refused at a format that is none."""
    while True:
        try:
            with settings.connect() as connection:
                connection.observe(*_NEWS)
                while True:
                    yield _look(connection, settings, form, brief)
                    _wait_for_news(connection)
        except NoDaemon:
            yield dumps(status_of({})) if settings.json else "" if form is not None else "no daemon"
            time.sleep(_LOOK_AGAIN)


def _wait_for_news(connection: Connection) -> None:
    """Return as soon as something changed that matters, else after a period in which measurements may have changed."""
    deadline = time.monotonic() + _MEASUREMENT_PERIOD
    while (event := connection.next_event(deadline - time.monotonic())) is not None:
        if event["event"] == "property-change" or event["event"] in _MEMBERS_NEWS:
            return


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
    lines = [_playback(values)]
    if room is None:
        lines.append("in no room")
    else:
        named = f"{room['name']} ({room['room_id']})" if room.get("name") else room["room_id"]
        lines.append(escape(f"room {named}, {room.get('role')}"))
        lines.append(_server(values))
        if drift := _drift(values):
            lines.append(drift)
        lines.extend(describe(member) for member in room.get("members", []))
    return "\n".join(lines)


def brief(values: dict[str, Any]) -> str:
    """Draw properties as one line, for a status bar."""
    room = values.get("room")
    parts = [_playback(values)]
    if room is not None:
        count = len(room.get("members", []))
        parts.append(escape(f"[{room.get('name') or room['room_id']}: {count}]"))
        error = values.get("sync/error")
        parts.append("" if error is None else milliseconds(error, signed=True))
    return " ".join(part for part in parts if part)


def _playback(values: dict[str, Any]) -> str:
    state = _state(values)
    if state == "idle":
        return state
    words = [state, f"{clock(values.get('time-pos'))} / {clock(values.get('duration'))}"]
    speed, volume = values.get("speed"), values.get("volume")
    if speed not in (None, 1):
        words.append(f"{speed:.3g}x")
    if values.get("mute"):
        words.append("muted")
    elif volume not in (None, 100):
        words.append(f"volume {plain(volume)} %")
    words.append(escape(str(values.get("media-title") or values.get("path") or "")))
    return "  ".join(words)


def _server(values: dict[str, Any]) -> str:
    rtt = values.get("server/rtt")
    told = escape(f"server {values.get('server/url')}, {values.get('server/state')}")
    return told if rtt is None else f"{told}, rtt {milliseconds(rtt)}"


def _drift(values: dict[str, Any]) -> str:
    drift = off_by(values.get("sync/error"), values.get("server/clock-error"))
    return f"drift {drift}" if drift else ""
