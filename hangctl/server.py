"""Connect the daemon to a room server, and ask the user for the passwords that are wanted there."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from hangctl.asking import Asked
from hangctl.client import Connection, Refused
from hangctl.output import note

server_option = click.option(
    "--server", metavar="URL", help="The room server: HOST, HOST:PORT, ws://HOST:PORT/ws or wss://."
)

_Answer = TypeVar("_Answer")


def at_server(
    connection: Connection,
    server: str | None,
    work: Callable[[Asked], _Answer],
    *,
    action: str,
    naming: str = "name another with --server",
    password: str | None = None,
    for_room: bool = False,
) -> _Answer:
    """Connect the daemon to this server, if one is given, and do ``work``. Returns what that returns.

    Where the server wants its own password, or with ``for_room`` the room wants one, and a person is there, they are
    asked for it, and all is done again.

    Args:
        work: sends the requests. It is given the passwords that the person has typed so far.
        action: completes the error "cannot ...".
        naming: how the user names another server, for the hint where none is reached.
        password: the server's own password, where it need not be asked for.

    Raises:
        Refused: with a hint that is about the server where that is what is wrong.
    """
    asked = Asked(server, password, for_room=for_room)
    while True:
        try:
            _connect(connection, server, asked, action)
            return work(asked)
        except Refused as error:
            if error.code in ("NoServer", "NotConnected"):
                if server is None:
                    error.hint = f"`hangctl get server/url` tells which server is tried; {naming}"
                elif error.code == "NoServer":
                    error.hint = f"is a server running at {server}, and can this machine reach it?"
                else:  # Something has answered, and the reason says what is wrong with it.
                    error.hint = None
            asked.answer(error)


def _connect(connection: Connection, server: str | None, asked: Asked, action: str) -> None:
    if asked.server_password is None:
        if server is not None:
            connection.request(["server-connect", server], action=action, on_event=show_motd)
        return
    url = server or connection.get_properties("server/url")["server/url"]
    request = {"_name": "server-connect", "url": url, "password": asked.server_password}
    connection.request(request, action=action, on_event=show_motd)


def show_motd(event: dict[str, Any]) -> None:
    """Show the server's message of the day, if this event is one."""
    if event.get("event") == "motd":
        for line in str(event.get("text")).splitlines():
            note(line)
