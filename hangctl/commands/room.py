"""Coming and going: create, join, leave, and the film that the room watches."""

import os
from typing import Any

import click

from hangctl.client import ControlError
from hangctl.options import FILE, Settings, verb
from hangctl.output import emit, interactive, note

__all__ = ["create", "existing", "join", "leave", "media", "parse_room", "read_password"]

_PORT = 3005
_SCHEMES = {"hang": "ws", "hangs": "wss"}

_password = click.option("--password", "ask_password", is_flag=True, help="Ask for the room's password.")
_password_file = click.option(
    "--password-file",
    metavar="FILE",
    type=FILE,
    envvar="HANG_PASSWORD_FILE",
    help="Read the room's password from FILE.",
)
_server = click.option("--server", metavar="URL", help="The room server: ws://HOST:PORT/ws, or wss://.")


@verb("create")
@click.argument("file", type=FILE)
@click.option("--name", metavar="NAME", help="A name by which others may join the room.")
@_password
@_password_file
@click.option("--host-only", is_flag=True, help="Only the host may play, pause and seek.")
@_server
@click.pass_obj
def create(
    settings: Settings,
    file: str,
    name: str | None,
    ask_password: bool,
    password_file: str | None,
    host_only: bool,
    server: str | None,
) -> None:
    """Open a room to watch FILE in, and print its id.

    Starts a daemon where there is none.
    """
    path = existing(file)
    password = read_password(ask_password, password_file, confirm=True)
    arguments = {"file": path, "name": name, "password": password, "control": "host" if host_only else None}
    room = _enter(settings, "room-create", arguments, path, server, doing=f"open a room with '{file}'")
    emit(str(room["room_id"]))
    if interactive():
        invite = room.get("invite") or room["room_id"]
        note(f"invite: {invite}")
        note(f"the others join with: hangctl join {invite} FILE")
        note("then: hangctl play")


@verb("join")
@click.argument("room")
@click.argument("file", required=False, type=FILE)
@_password
@_password_file
@_server
@click.pass_obj
def join(
    settings: Settings,
    room: str,
    file: str | None,
    ask_password: bool,
    password_file: str | None,
    server: str | None,
) -> None:
    """Join a room with your own copy of its film.

    ROOM is its id, its name, or an invite, hang://HOST[:PORT]/ROOM. Without FILE it is the one that plays here.
    Starts a daemon where there is none.
    """
    named, inviting_server = parse_room(room)
    path = None if file is None else existing(file)
    password = read_password(ask_password, password_file, confirm=False)
    arguments = {"room": named, "file": path, "password": password}
    joined = _enter(settings, "room-join", arguments, path, server or inviting_server, doing=f"join '{named}'")
    if interactive():
        note(f"joined {joined.get('name') or joined['room_id']}" + (" as its host" if joined.get("host") else ""))
        if joined.get("verifying"):
            note("your copy of the film is being checked meanwhile")


@verb("leave")
@click.pass_obj
def leave(settings: Settings) -> None:
    """Leave the room."""
    with settings.connect() as connection:
        connection.ask(["room-leave"], doing="leave")


@verb("media")
@click.argument("file", type=FILE)
@click.pass_obj
def media(settings: Settings, file: str) -> None:
    """Move the room on to FILE.

    Where the room has moved on already, FILE is your own copy of what it plays now.
    """
    from hangctl.progress import ask_for_hashing

    path = existing(file)
    with settings.connect() as connection:
        ask_for_hashing(connection, ["room-media", path], path=path, doing=f"move on to '{file}'")


def parse_room(text: str) -> tuple[str, str | None]:
    """Return the room that ``text`` names, and the server's URL where it is an invite. Raises BadParameter."""
    if "://" not in text:
        return text, None
    from urllib.parse import unquote, urlsplit

    try:
        parts = urlsplit(text)
        port = parts.port or _PORT
    except ValueError:
        parts, port = urlsplit(""), 0
    room = unquote(parts.path.strip("/"))
    if parts.scheme not in _SCHEMES or not parts.hostname or not room or "/" in room or parts.username is not None:
        raise click.BadParameter(f"'{text}' is no invite: hang://HOST[:PORT]/ROOM", param_hint="ROOM")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return room, f"{_SCHEMES[parts.scheme]}://{host}:{port}/ws"


def existing(file: str) -> str:
    """Return ``file`` as an absolute path, seen from here and not from the daemon. Raises ControlError."""
    try:
        with open(file, "rb"):
            return os.path.abspath(file)
    except OSError as error:
        raise ControlError(f"cannot read '{file}': {(error.strerror or str(error)).lower()}") from None


def read_password(ask: bool, file: str | None, *, confirm: bool) -> str | None:
    """Return the room's password, from the terminal or from a file. It never stands on a command line."""
    if ask:
        import sys

        if not sys.stdin.isatty():
            raise click.UsageError("--password asks on a terminal, and there is none: use --password-file FILE")
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=confirm, err=True)
        return password
    if file is None:
        return None
    try:
        with open(file, encoding="utf-8") as stream:
            password = stream.readline().rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise ControlError(f"cannot read the password in '{file}': {error}") from None
    if not password:
        raise ControlError(f"cannot read the password in '{file}': its first line is empty")
    return password


def _enter(
    settings: Settings,
    command: str,
    arguments: dict[str, str | None],
    path: str | None,
    server: str | None,
    *,
    doing: str,
) -> dict[str, Any]:
    """Have a daemon, have it connected to ``server``, and make it enter a room. Returns what the reply says."""
    from hangctl.autostart import ensure_daemon

    with ensure_daemon(settings) as connection:
        if server is not None:
            connection.ask(["server-connect", server], doing=doing)
        # "_name" and not "name", which is an argument of room-create's.
        request = {"_name": command} | {key: value for key, value in arguments.items() if value is not None}
        if path is None:
            answer = connection.ask(request, doing=doing)[0]
        else:
            from hangctl.progress import ask_for_hashing

            answer = ask_for_hashing(connection, request, path=path, doing=doing)
    room: dict[str, Any] = answer
    return room
