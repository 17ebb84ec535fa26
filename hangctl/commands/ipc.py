"""Subcommands that give direct access to the control socket: get, set, cycle, observe, events, wait and ipc."""

import json
from typing import Any

import click

from hangctl import follow
from hangctl.client import HINTS, Connection, ControlError, NoDaemon, Refused, TimedOut
from hangctl.completers import property_names
from hangctl.options import Settings, subcommand
from hangctl.output import emit, emit_json, escape, interactive, note, one_line, plain

_LOOK_SECONDS = 2.0
"""How long a command that has timed out waits for the daemon to tell its state."""


@subcommand("get", reads=True)
@click.argument("property_name", metavar="PROPERTY", shell_complete=property_names)
@click.pass_obj
def get(settings: Settings, property_name: str) -> None:
    """Print a property.

    For example pause, time-pos, room/name or sync/error. The property property-list names all properties.
    """
    value = settings.request(["get_property", property_name], action=f"get '{property_name}'")
    if settings.json:
        emit_json(value)
    else:
        _print(plain(value))


@subcommand("set", waits=True, signed=True)
@click.argument("property_name", metavar="PROPERTY", shell_complete=property_names)
@click.argument("value")
@click.pass_obj
def set_(settings: Settings, property_name: str, value: str) -> None:
    """Set PROPERTY to VALUE."""
    action = f"set '{property_name}' to '{value}'"
    try:
        settings.perform(["set_property", property_name, value], action=action)
    except Refused as error:
        if error.code is not None or error.error != "unsupported format for accessing property":
            raise
        present = settings.request(["get_property", property_name], action=action)
        is_switch = isinstance(present, bool)
        right = "write yes or no" if is_switch else f"it cannot have this value; it is {plain(present)} now"
        raise ControlError(f"cannot {action}: {right}") from None


@subcommand("cycle", waits=True)
@click.argument("property_name", metavar="PROPERTY", shell_complete=property_names)
@click.pass_obj
def cycle(settings: Settings, property_name: str) -> None:
    """Give PROPERTY its next value."""
    action = f"cycle '{property_name}'"
    try:
        settings.perform(["cycle", property_name], action=action)
    except Refused as error:
        # mpv has one error for all that goes wrong with this command; reading the property tells more.
        if error.code is None:
            settings.request(["get_property", property_name], action=action)
        raise


@subcommand("observe", reads=True)
@click.argument("properties", metavar="PROPERTY...", nargs=-1, required=True, shell_complete=property_names)
@click.pass_obj
def observe(settings: Settings, properties: tuple[str, ...]) -> None:
    """Print properties whenever they change.

    Prints one NAME=VALUE a line, first the present values, until interrupted. When the daemon restarts, it prints the
    present values again.
    """

    def session(connection: Connection) -> None:
        for event in follow.observe(connection, *properties):
            name, value = event["name"], event.get("data")
            if settings.json:
                emit_json({"name": name, "data": value})
            else:
                _print(one_line(f"{name}={'' if value is None else plain(value)}"))

    follow.follow(settings, session, on_absence=note)


@subcommand("events")
@click.argument("names", metavar="[EVENT]...", nargs=-1)
@click.pass_obj
def events(settings: Settings, names: tuple[str, ...]) -> None:
    """Print events as JSON.

    Prints one object a line until interrupted, and goes on when the daemon restarts. If EVENTs are named, only these.
    """

    def session(connection: Connection) -> None:
        if names:
            connection.request(["disable_event", "all"], action="listen")
            for name in names:
                connection.request(["enable_event", name], action=f"listen for '{name}'")
        for event in follow.events(connection):
            if not names or event["event"] in names:
                emit_json(event)

    follow.follow(settings, session, on_absence=note)


@subcommand("wait")
@click.argument("state", type=click.Choice(["joined", "playing", "paused", "ended", "synced"]))
@click.pass_obj
def wait(settings: Settings, state: str) -> None:
    """Wait until the daemon is in a state.

    Waits without a limit unless --timeout is given.
    """
    if settings.timeout is None:
        settings.timeout = 0
    try:
        settings.request(["hang-wait", state], action=f"wait until {state}")
    except TimedOut as error:
        raise _did_not_come(settings, state) or error from None


def _did_not_come(settings: Settings, state: str) -> TimedOut | None:
    """Return the error for a state that did not come in time. None: the daemon does not answer, so it is not known."""
    waited = f"not {state} within {settings.timeout:g} s"
    settings.timeout = _LOOK_SECONDS
    try:
        with settings.connect() as connection:
            values = connection.get_properties("room/id", "server/state", "idle-active", "pause", "sync/state")
    except (TimedOut, NoDaemon):
        return None
    if state in ("joined", "synced") and values["room/id"] is None:
        why = "this machine is in no room" + (
            "" if values["server/state"] == "connected" else " and connected to no server"
        )
        return TimedOut(f"{waited}: {why}", HINTS["NotInRoom"])
    if state != "joined" and values["idle-active"]:
        in_room = values["room/id"] is not None
        hint = "`hangctl media FILE` opens your copy of the room's film" if in_room else HINTS["NoMedia"]
        return TimedOut(f"{waited}: nothing is loaded", hint)
    if state in ("playing", "ended") and values["pause"]:
        return TimedOut(f"{waited}: the film is paused", "`hangctl play` goes on")
    if state == "paused" and not values["pause"]:
        return TimedOut(f"{waited}: the film plays", "`hangctl pause` pauses it")
    return TimedOut(waited, "--timeout SECONDS waits longer; `hangctl status` shows the state")


@subcommand("ipc")
@click.argument("request", metavar="JSON")
@click.pass_obj
def ipc(settings: Settings, request: str) -> None:
    """Send one request of mpv's JSON IPC.

    JSON is {"command": [...]}, or only the list. Prints the answer.
    """
    try:
        message: Any = json.loads(request)
    except ValueError as error:
        raise click.BadParameter(f"this is no JSON: {error}", param_hint="JSON") from None
    if isinstance(message, list):
        message = {"command": message}
    if not isinstance(message, dict):
        raise click.BadParameter("a request is an object or a list", param_hint="JSON")
    with settings.connect() as connection:
        answer = connection.send_raw(message)
    emit_json(answer)
    if answer.get("error") != "success":
        raise click.exceptions.Exit(Refused(answer, "").exit_code)


def _print(text: str) -> None:
    """Print text escaped on a terminal, and unchanged to a program."""
    emit(escape(text) if interactive() else text, raw=not interactive())
