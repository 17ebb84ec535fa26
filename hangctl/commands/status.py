"""The subcommand status: what is playing, in which room, and how far from the timeline; once, or at every change."""

import time
from collections.abc import Callable
from typing import Any, NoReturn

import click

from hangctl.client import Connection
from hangctl.commands.film.playlist import arranged, shown_name
from hangctl.commands.room.members import UNKNOWN_ERROR, error_text, member_json, member_line, role_text
from hangctl.follow import follow, next_event
from hangctl.options import Settings, subcommand
from hangctl.output import (
    dumps,
    emit,
    escape,
    failure_text,
    hms,
    interactive,
    markup,
    milliseconds,
    missing_text,
    note,
    plain,
)

_CHANGES = (
    *("pause", "idle-active", "eof-reached", "seeking", "duration", "speed", "volume", "mute", "path"),
    *("sync/state", "server/state", "player/name", "media/missing", "media/error", "player/picture-problem"),
    "player/sound-problem",
)
PROPERTIES = (
    *_CHANGES,
    *("time-pos", "media-title", "playlist", "room", "room/left", "sync/error", "sync/away", "media/hash-progress"),
    *("server/url", "server/rtt", "server/clock-error", "server/account", "server/reason"),
)
"""The properties that make up a status."""

OBSERVED = (
    *_CHANGES,
    *("playlist-count", "playlist-pos", "room/id", "room/role", "room/start", "room/left"),
)
"""The properties whose change is shown at once. Positions and measurements change all the time, so they are read once
in ``_MEASUREMENT_PERIOD``."""

Format = Callable[[dict[str, Any]], str]
"""Turns the values of ``PROPERTIES`` into one or more lines. An empty dict means that there is no daemon."""

_MEMBER_EVENTS = frozenset({"member-joined", "member-left", "member-changed", "film-missing"})
_MEASUREMENT_PERIOD = 1.0
"""Seconds."""
_NEXT_SHOWN = 3
"""How many films of the playlist after the current one are named."""
_DAY = 24 * 3600.0


@subcommand("status", reads=True)
@click.option(
    "-f", "--format", "template", metavar="FORMAT", help="Print this, with ${PROPERTY} replaced by its value as in mpv."
)
@click.option(
    "-F", "--follow", "following", is_flag=True, help="Print a line whenever something changes or somebody acts."
)
@click.option("--waybar", "bar", flag_value="waybar", help="Print JSON for a custom module of Waybar.")
@click.option("--polybar", "bar", flag_value="polybar", help="Print a line for a script module of Polybar.")
@click.option("--tmux", "bar", flag_value="tmux", help="Print a line for the status line of tmux.")
@click.pass_obj
def status(settings: Settings, template: str | None, following: bool, bar: str | None) -> None:
    """Show what is playing.

    Prints the film and its position, the members, and how far this machine is from the room's timeline.
    """
    if sum((template is not None, settings.json, bar is not None)) > 1:
        raise click.UsageError("--format, --json and the names of bars are different ways to say one thing")
    layout: Format = status_line if following else status_text
    for_people = template is None and not settings.json and bar is None
    if settings.json:
        layout = _as_json
    elif bar is not None:
        layout = {"waybar": _as_waybar, "polybar": polybar, "tmux": tmux}[bar]
    if following:
        _follow(settings, template, layout, with_acts=for_people)
    with settings.connect() as connection:
        emit(_read(connection, template, layout))


def _read(
    connection: Connection,
    template: str | None,
    layout: Format,
    on_event: Callable[[dict[str, Any]], object] | None = None,
) -> str:
    """Read the status and return what is to be printed. Raises Refused if the daemon refuses the template."""
    if template is not None:
        return escape(plain(connection.request(["expand-text", template], action="fill in the format")[0]))
    return layout(connection.get_properties(*PROPERTIES, on_event=on_event))


def _follow(settings: Settings, template: str | None, layout: Format, *, with_acts: bool) -> NoReturn:
    """Print the status at every change until interrupted, also while there is no daemon. Raises as ``_read`` does.

    ``with_acts``: also print a line for whatever somebody does in the room, before the status that follows from it.
    """
    last = None

    def print_if_new(line: str) -> None:
        nonlocal last
        if line != last:
            emit(line)
        last = line

    def print_act(event: dict[str, Any]) -> None:
        nonlocal last
        if with_acts and event["event"] == "acted":
            emit(escape(str(event.get("text"))))
            # A status bar shows the last line, so the status follows, also if it is the same as before. A person who
            # looks at a terminal sees it above.
            last = last if interactive() else None

    def session(connection: Connection) -> None:
        connection.observe(*OBSERVED, on_event=print_act)
        while True:
            print_if_new(_read(connection, template, layout, print_act))
            deadline = time.monotonic() + _MEASUREMENT_PERIOD
            while (event := next_event(connection, deadline)) is not None and not changes_status(event):
                print_act(event)

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
        "playlist": arranged(values.get("playlist")),
        "missing": values.get("media/missing"),
        "error": values.get("media/error"),
        "picture_problem": values.get("player/picture-problem"),
        "sound_problem": values.get("player/sound-problem"),
        "room": None if room is None else {key: value for key, value in room.items() if key != "members"},
        "left": values.get("room/left"),
        "members": [] if room is None else [member_json(member) for member in room.get("members", [])],
        "sync": {
            "error": values.get("sync/error"),
            "clock_error": values.get("server/clock-error"),
            "state": values.get("sync/state"),
            "away": values.get("sync/away"),
        },
        "server": {name: values.get(f"server/{name}") for name in ("url", "state", "reason", "rtt", "account")},
        "player": values.get("player/name"),
    }


def _state(values: dict[str, Any]) -> str:
    """Return no-daemon, idle, waiting (until members are ready), ended, seeking, paused or playing."""
    if not values:
        return "no-daemon"
    if values.get("idle-active") or values.get("path") is None:
        return "idle"
    if (values.get("room") or {}).get("start") is not None:
        return "waiting"
    for name, state in (("eof-reached", "ended"), ("seeking", "seeking"), ("pause", "paused")):
        if values.get(name):
            return state
    return "playing"


def status_text(values: dict[str, Any]) -> str:
    """Write properties for a person, as several lines with the members at the end."""
    room = values.get("room")
    lines = [playback_line(values)]
    if (missing := values.get("media/missing")) is not None:
        lines.append(escape(missing_text(missing)))
    elif (failure := values.get("media/error")) is not None:
        lines.append(escape(failure_text(failure, in_room=room is not None)))
    for name in ("player/picture-problem", "player/sound-problem"):
        if (problem := values.get(name)) is not None:
            lines.append(escape(str(problem)))
    if (read := values.get("media/hash-progress")) is not None:
        lines.append(f"the file is being read, to be compared with the others': {int(100 * read)} %")
    lines += playlist_lines(values)
    if room is None:
        lines.append(absence_line(values))
        if put_off := refusal_line(values):
            lines.append(put_off)
        elif values.get("server/account") is not None:
            lines.append(server_line(values))
    else:
        name = f"{room['name']} ({room['room_id']})" if room.get("name") else room["room_id"]
        lines.append(escape(", ".join([f"room {name}", role_text(room), *_who_may_join(room)])))
        if start := start_line(room):
            lines.append(start)
        if remark := _own_way(values):
            lines.append(remark)
        lines.append(server_line(values))
        if drift := error_text(values.get("sync/error"), values.get("server/clock-error")):
            lines.append(f"drift {drift}")
        elif values.get("pause") and values.get("sync/state") in ("busy", "unknown"):
            lines.append(f"drift {UNKNOWN_ERROR}")
        lines.extend(member_line(member) for member in room.get("members", []))
    return "\n".join(lines)


def _who_may_join(room: dict[str, Any]) -> list[str]:
    """Return what keeps others from joining the room."""
    rules = room.get("policy") or {}
    access = {"accounts": "for those who have an account", "invited": "for the invited"}.get(str(rules.get("access")))
    return [word for word in (access, "locked" if rules.get("locked") else None) if word is not None]


def absence_line(values: dict[str, Any]) -> str:
    """Say that the viewer is in no room, and why, unless it left of its own accord."""
    left = values.get("room/left")
    if left is None or str(left.get("detail")).startswith("you have left"):
        return "in no room"
    at = float(left.get("at") or 0.0)
    layout = "%H:%M" if abs(time.time() - at) < _DAY else "%Y-%m-%d %H:%M"
    return escape(f"in no room since {time.strftime(layout, time.localtime(at))}: {left.get('detail')}")


def refusal_line(values: dict[str, Any]) -> str:
    """Say that the server does not let this machine in, and why; "" if that is not so, or `absence_line` says it."""
    reason, left = values.get("server/reason"), values.get("room/left") or {}
    if values.get("server/state") != "disconnected" or reason is None or str(reason) in str(left.get("detail")):
        return ""
    return escape(f"not connected to {values.get('server/url')}: {reason}; `hangctl connect` tries again")


def status_line(values: dict[str, Any]) -> str:
    """Write properties as one line, for a status bar."""
    if not values:
        return "no daemon"
    error = values.get("sync/error") if values.get("room") is not None else None
    missing = values.get("media/missing")
    lacking = "" if missing is None else escape(f"without the film {missing.get('name') or ''}".rstrip())
    drift = "" if error is None else milliseconds(error, signed=True)
    start = start_line(values.get("room") or {})
    parts = [playback_line(values), lacking, _room_label(values), start, drift]
    if values.get("sync/state") in ("away", "apart"):
        parts.append(values["sync/state"])
    return " ".join(filter(None, parts))


def waybar(values: dict[str, Any]) -> dict[str, Any]:
    """Arrange properties as a custom module of Waybar with ``return-type: json`` reads them, see waybar-custom(5).

    Waybar reads the texts as Pango markup unless the module sets ``escape``, so they are escaped here. An empty text
    hides the module. ``class`` is for style.css, ``alt`` for the module's format-icons.
    """
    state = _state(values)
    position, duration = values.get("time-pos"), values.get("duration")
    return {
        "text": markup(_bar_text(values, _film)),
        "alt": state,
        "tooltip": markup(status_text(values) if values else "no daemon"),
        "class": state,
        "percentage": round(min(1.0, max(0.0, position / duration)) * 100) if position and duration else 0,
    }


def polybar(values: dict[str, Any]) -> str:
    """Write properties as a line for a script module of Polybar. An empty line hides the module.

    Polybar reads ``%{...}`` as a tag, and some tags run a command when they are clicked. There is no other way to write
    these two characters, so a space is put between them.
    """
    return _bar_text(values, playback_line).replace("%{", "% {")


def tmux(values: dict[str, Any]) -> str:
    """Write properties as a line for ``#(...)`` in a status line of tmux, which reads one ``#`` of two as it is."""
    return _bar_text(values, playback_line).replace("#", "##")


def _bar_text(values: dict[str, Any], film: Format) -> str:
    """Return what ``film`` makes of the film, if one is loaded, and the room."""
    loaded = _state(values) not in ("no-daemon", "idle")
    return " ".join(filter(None, (film(values) if loaded else "", _room_label(values))))


def _room_label(values: dict[str, Any]) -> str:
    """Return the room's name and its number of members, "[friday: 2]"; outside rooms "", or "[out of friday: lost]"."""
    if (room := values.get("room")) is None:
        left = values.get("room/left")
        if left is None or left.get("reason") == "left":
            return ""
        return escape(f"[out of {left.get('name') or left.get('room_id')}: {left.get('reason')}]")
    return escape(f"[{room.get('name') or room['room_id']}: {len(room.get('members', []))}]")


def playback_line(values: dict[str, Any]) -> str:
    """Return the state and, if a film is loaded, its position, duration and title."""
    state = _state(values)
    return state if state == "idle" else f"{state}  {_film(values)}"


def playlist_lines(values: dict[str, Any]) -> list[str]:
    """Return a line with the current entry's number and the names of the next few, where there are several entries."""
    entries = arranged(values.get("playlist"))
    current = next((entry["number"] for entry in entries if entry["current"]), 0)
    if len(entries) < 2 and (current or not entries):
        return []
    following = [shown_name(entry) for entry in entries[current : current + _NEXT_SHOWN]]
    more = len(entries) - current - len(following)
    then = ", ".join([*following, *([f"{more} more"] if more else [])])
    if not current:
        return [escape(f"the playlist has {len(entries)} film{'s' if len(entries) > 1 else ''}: {then}")]
    place = f"film {current} of {len(entries)}"
    return [escape(f"{place}, then {then}" if then else f"{place}, the last one")]


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


def start_line(room: dict[str, Any]) -> str:
    """Return what the room waits for before it starts; "" if it does not wait."""
    if (start := room.get("start")) is not None:
        return escape(str(start.get("text")))
    return f"ready: {escape(str(room['awaits_play']))}" if "awaits_play" in room else ""


def _own_way(values: dict[str, Any]) -> str:
    """Return why this machine does not follow the room, as a line; "" if it does."""
    match values.get("sync/state"):
        case "away":
            return f"away: on your own for {hms(values.get('sync/away'))}"
        case "apart":
            return "paused by you while the room goes on: `hangctl play` takes you back"
    return ""


def server_line(values: dict[str, Any]) -> str:
    """Return the server's URL, the state of the connection, its round trip time, and who you are there."""
    rtt, state = values.get("server/rtt"), values.get("server/state")
    if values.get("sync/state") == "away" and state == "connected":
        # The connection stands, but nothing has come by it for some time: the round trip is that of before.
        rtt, state = None, "does not answer"
    parts = [f"server {values.get('server/url')}", str(state)]
    if rtt is not None:
        parts.append(f"rtt {milliseconds(rtt)}")
    if (account := values.get("server/account")) is not None:
        parts.append(f"account {account}")
    return escape(", ".join(parts))
