"""The control socket itself: properties, events, and any line that it understands."""

import json
from typing import Any

import click

from hangctl.client import Connection, Refused
from hangctl.completing import property_names
from hangctl.following import events as happening
from hangctl.following import follow, observing
from hangctl.options import Settings, verb
from hangctl.output import emit, emit_json, escape, interactive, note, one_line, plain

__all__ = ["cycle", "events", "get", "ipc", "observe", "set_", "wait"]


@verb("get", reads=True)
@click.argument("property_name", metavar="PROPERTY", shell_complete=property_names)
@click.pass_obj
def get(settings: Settings, property_name: str) -> None:
    """Print a property.

    pause, time-pos, room/name, sync/error, ...; the property property-list names them all.
    """
    with settings.connect() as connection:
        value = connection.ask(["get_property", property_name], doing=f"get '{property_name}'")[0]
    if settings.json:
        emit_json(value)
    else:
        _print(plain(value))


@verb("set", waits=True, signed=True)
@click.argument("property_name", metavar="PROPERTY", shell_complete=property_names)
@click.argument("value")
@click.pass_obj
def set_(settings: Settings, property_name: str, value: str) -> None:
    """Set PROPERTY to VALUE."""
    settings.carry_out(["set_property", property_name, value], doing=f"set '{property_name}' to '{value}'")


@verb("cycle", waits=True)
@click.argument("property_name", metavar="PROPERTY", shell_complete=property_names)
@click.pass_obj
def cycle(settings: Settings, property_name: str) -> None:
    """Give PROPERTY its next value."""
    settings.carry_out(["cycle", property_name], doing=f"cycle '{property_name}'")


@verb("observe", reads=True)
@click.argument("properties", metavar="PROPERTY...", nargs=-1, required=True, shell_complete=property_names)
@click.pass_obj
def observe(settings: Settings, properties: tuple[str, ...]) -> None:
    """Print properties whenever they change.

    One NAME=VALUE a line, the present values first, until interrupted. When the daemon restarts, the present values
    come again.
    """

    def session(connection: Connection) -> None:
        for event in observing(connection, *properties):
            name, value = event["name"], event.get("data")
            if settings.json:
                emit_json({"name": name, "data": value})
            else:
                _print(one_line(f"{name}={'' if value is None else plain(value)}"))

    follow(settings, session, away=note)


@verb("events")
@click.argument("names", metavar="[EVENT]...", nargs=-1)
@click.pass_obj
def events(settings: Settings, names: tuple[str, ...]) -> None:
    """Print what happens, as JSON.

    One object a line, only these EVENTs where some are named, until interrupted; also when the daemon restarts.
    """

    def session(connection: Connection) -> None:
        if names:
            connection.ask(["disable_event", "all"], doing="listen")
            for name in names:
                connection.ask(["enable_event", name], doing=f"listen for '{name}'")
        for event in happening(connection):
            if not names or event["event"] in names:
                emit_json(event)

    follow(settings, session, away=note)


@verb("wait")
@click.argument("state", type=click.Choice(["joined", "playing", "paused", "ended", "synced"]))
@click.pass_obj
def wait(settings: Settings, state: str) -> None:
    """Wait until that is so.

    As long as it takes, or as long as --timeout says.
    """
    if settings.timeout is None:
        settings.timeout = 0
    with settings.connect() as connection:
        connection.ask(["hang-wait", state], doing=f"wait until {state}")


@verb("ipc")
@click.argument("request", metavar="JSON")
@click.pass_obj
def ipc(settings: Settings, request: str) -> None:
    """Send one line of mpv's JSON IPC.

    {"command": [...]}, or the list alone. Prints the reply.
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
        reply = connection.exchange(message)
    emit_json(reply)
    if reply.get("error") != "success":
        raise click.exceptions.Exit(Refused.of(reply, "").exit_code)


def _print(text: str) -> None:
    if interactive():
        emit(escape(text))
    else:
        emit(text, raw=True)
