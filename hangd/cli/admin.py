"""``hangd admin``: look at a server that runs, and do what an administrator has to do."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from hangd.cli.stores import config_option, date, fail, say, say_rows, seconds_of, server_settings

if TYPE_CHECKING:
    from hangd.server.admin.requests import Answered, Request


def _place_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which server it is."""
    command = config_option(command)
    command = click.option("--admin-socket", metavar="PATH", help="The server's --admin-socket.")(command)
    return click.option("--data-dir", metavar="DIR", help="The server's --data-dir.")(command)


def _check_reason(context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    from hangd.server.admin.requests import REASON_MAX

    return _short(context, "reason", value, REASON_MAX)


def _check_greeting(context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    from hangd.protocol.model import MOTD_MAX

    return _short(context, "text", value, MOTD_MAX)


def _short(context: click.Context, what: str, value: str | None, most: int) -> str | None:
    if value is not None and len(value) > most:
        raise click.UsageError(f"the {what} may have {most} characters, not {len(value)}", context)
    return value


@click.group()
def admin() -> None:
    """Look at the server that runs here, and at who is there; put people out; stop it gently."""


@admin.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@_place_options
@click.pass_context
def rooms(context: click.Context, /, as_json: bool, **_options: object) -> None:
    """List the rooms."""
    from hangd.server.admin.requests import Rooms

    say_rows(_asked(context, Rooms()).rows or [], as_json=as_json, nothing="there are no rooms")


@admin.command()
@click.option("--room", metavar="ROOM", help="Only those in this room.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@_place_options
@click.pass_context
def clients(context: click.Context, /, room: str | None, as_json: bool, **_options: object) -> None:
    """List who is connected."""
    from hangd.server.admin.requests import Clients

    rows = _asked(context, Clients(room)).rows or []
    say_rows(rows if as_json else [*map(_shown, rows)], as_json=as_json, nothing="nobody is connected")


def _shown(client: dict[str, Any]) -> dict[str, Any]:
    """Return a client as people read it."""
    rtt = client["rtt"]
    return client | {"since": date(client["since"]), "rtt": None if rtt is None else f"{rtt * 1000:.1f} ms"}


@admin.command()
@click.argument("connection")
@click.option("--reason", callback=_check_reason, metavar="TEXT", help="What they are told.")
@_place_options
@click.pass_context
def kick(context: click.Context, /, connection: str, reason: str | None, **_options: object) -> None:
    """Put a client out, by its connection as `clients` and the log name it, such as c17. It may come again."""
    from hangd.server.admin.requests import Kick

    say(_asked(context, Kick(connection, reason)).said or "")


@admin.command()
@click.argument("room")
@click.option("--reason", callback=_check_reason, metavar="TEXT", help="What its members are told.")
@_place_options
@click.pass_context
def close(context: click.Context, /, room: str, reason: str | None, **_options: object) -> None:
    """Close a room: its members are put out, and it is forgotten."""
    from hangd.server.admin.requests import Close

    say(_asked(context, Close(room, reason)).said or "")


@admin.command()
@click.argument("text", required=False, callback=_check_greeting)
@click.option("--clear", is_flag=True, help="Greet nobody any more.")
@_place_options
@click.pass_context
def motd(context: click.Context, /, text: str | None, clear: bool, **_options: object) -> None:
    """Print the text that greets each client, or greet with TEXT from now on, until the server stops."""
    from hangd.server.admin.requests import Motd

    if text is not None and clear:
        raise click.UsageError("give either TEXT or --clear")
    for line in (_asked(context, Motd("" if clear else text)).said or "(nothing greets the clients)").splitlines():
        say(line)


@admin.command()
@click.option(
    "--within", "seconds", callback=seconds_of(), metavar="TIME", help="Stop after this time at the latest: 30m, 2h."
)
@click.option("--cancel", is_flag=True, help="Take clients in again.")
@_place_options
@click.pass_context
def drain(context: click.Context, /, seconds: float | None, cancel: bool, **_options: object) -> None:
    """Take nobody in any more, and stop the server when everybody has gone.

    Who is in a room stays, is told, and may come back after a break of the connection. Who is in no room is sent away.
    /readyz says that the server is not ready.
    """
    from hangd.server.admin.requests import Drain

    if seconds is not None and cancel:
        raise click.UsageError("give either --within or --cancel")
    say(_asked(context, Drain(seconds, cancel)).said or "")


def _asked(context: click.Context, request: "Request") -> "Answered":
    """Ask the server. If it does not answer, or does not do it, say why, and exit."""
    from hangd.server.admin.asking import NotAnswered, ask
    from hangd.server.storage import admin_socket

    try:
        answered = ask(admin_socket(server_settings(context)), request)
    except NotAnswered as problem:
        fail(context, str(problem))
    if answered.error is not None:
        fail(context, answered.error)
    return answered
