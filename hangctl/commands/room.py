"""Subcommands for the room: create, join, leave, media, policy and rooms."""

from typing import Any

import click

from hangctl.client import ControlError
from hangctl.options import FILE, Settings, absolute_path, subcommand
from hangctl.output import draw, dumps, emit, emit_json, escape, interactive, note, plain

_DEFAULT_PORT = 3005
_WEBSOCKET_SCHEMES = {"hang": "ws", "hangs": "wss"}
"""The scheme of the server's URL for each scheme of an invite."""

_password = click.option("--password", "ask_password", is_flag=True, help="Ask for the room's password.")
_password_file = click.option(
    "--password-file",
    metavar="FILE",
    type=FILE,
    envvar="HANG_PASSWORD_FILE",
    help="Read the room's password from FILE.",
)
_server = click.option("--server", metavar="URL", help="The room server: ws://HOST:PORT/ws, or wss://.")


@subcommand("create")
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

    Starts a daemon if there is none.
    """
    path = absolute_path(file)
    password = _read_password(ask_password, password_file, confirm=True)
    arguments = {"file": path, "name": name, "password": password, "control": "host" if host_only else None}
    room = _enter(settings, "room-create", arguments, path, server, action=f"open a room with '{file}'")
    emit(str(room["room_id"]))
    if interactive():
        invite = room.get("invite") or room["room_id"]
        note(f"invite: {invite}")
        note(f"the others join with: hangctl join {invite} FILE")
        note("then: hangctl play")


@subcommand("join")
@click.argument("room")
@click.argument("file", required=False, type=FILE)
@_password
@_password_file
@_server
@click.pass_obj
def join(
    settings: Settings, room: str, file: str | None, ask_password: bool, password_file: str | None, server: str | None
) -> None:
    """Join a room with your own copy of its film.

    ROOM is its id, its name, or an invite, hang://HOST[:PORT]/ROOM. Without FILE, the file that is loaded is used.
    Starts a daemon if there is none.
    """
    name, server_of_invite = parse_room(room)
    path = None if file is None else absolute_path(file)
    password = _read_password(ask_password, password_file, confirm=False)
    arguments = {"room": name, "file": path, "password": password}
    joined = _enter(settings, "room-join", arguments, path, server or server_of_invite, action=f"join '{name}'")
    if interactive():
        note(f"joined {joined.get('name') or joined['room_id']}" + (" as its host" if joined.get("host") else ""))
        if joined.get("verifying"):
            note("your copy of the film is being checked meanwhile")


@subcommand("leave")
@click.pass_obj
def leave(settings: Settings) -> None:
    """Leave the room."""
    settings.request(["room-leave"], action="leave")


@subcommand("media")
@click.argument("file", type=FILE)
@click.pass_obj
def media(settings: Settings, file: str) -> None:
    """Change the room's film to FILE.

    If the room has already changed to another film, FILE is your own copy of that film.
    """
    from hangctl.progress import request_with_hashing

    path = absolute_path(file)
    with settings.connect() as connection:
        request_with_hashing(connection, ["room-media", path], path=path, action=f"move on to '{file}'")


@subcommand("policy", reads=True)
@click.argument(
    "key", required=False, type=click.Choice(["control", "match", "wait", "capacity", "locked", "password"])
)
@click.argument("value", required=False)
@click.option("--password-file", metavar="FILE", type=FILE, help="Read the new password from FILE.")
@click.pass_obj
def policy(settings: Settings, key: str | None, value: str | None, password_file: str | None) -> None:
    """Print the room's rules, or set one of them.

    The rules are: control everyone|host|controllers, match hash|duration|none, wait everyone|nobody, capacity NUMBER,
    locked yes|no, password. "policy password" asks for a new password or reads it from a file; "policy password none"
    removes it.
    """
    if key is None:
        from hangctl.commands.members import read_in_room

        rules = read_in_room(settings, "room/policy")
        emit(dumps(rules) if settings.json else "\n".join(escape(f"{name} {plain(rules[name])}") for name in rules))
        return
    if key == "password":
        if value not in (None, "none"):
            raise click.UsageError("a password does not stand on a command line, where others can read it")
        value = "" if value == "none" else _read_password(password_file is None, password_file, confirm=True)
    elif value is None:
        raise click.UsageError(f"what is {key} to be?")
    settings.request(["room-set", key, value], action=f"set the room's {key}")


@subcommand("rooms", reads=True)
@click.pass_obj
def rooms(settings: Settings) -> None:
    """List the server's rooms, if it publishes them."""
    found = settings.request(["room-list"], action="list the rooms") or []
    if interactive() and not settings.json:
        columns = ("room_id", "name", "members", "media")
        rows = [(*map(room.get, columns), ", ".join(_restrictions(room))) for room in found]
        draw(("room", "name", "members", "film", ""), rows)
        return
    for room in found:
        if settings.json:
            emit_json(room)
            continue
        members = f"{room['members']} member{'' if room['members'] == 1 else 's'}"
        parts = [room["room_id"], members, room.get("name"), room.get("media"), *_restrictions(room)]
        emit(escape("  ".join(part for part in parts if part)))


def _restrictions(room: dict[str, Any]) -> list[str]:
    """Return what keeps people from joining a room."""
    restrictions = (("locked", room.get("locked")), ("password", room.get("has_password")))
    return [word for word, applies in restrictions if applies]


def parse_room(text: str) -> tuple[str, str | None]:
    """Return the id or name of the room in ``text``, and the server's URL if ``text`` is an invite.

    Raises:
        click.BadParameter: ``text`` is a URL but not an invite.
    """
    if "://" not in text:
        return text, None
    from urllib.parse import unquote, urlsplit

    try:
        parts = urlsplit(text)
        port = parts.port or _DEFAULT_PORT
    except ValueError:
        parts, port = urlsplit(""), 0
    room = unquote(parts.path.strip("/"))
    scheme = _WEBSOCKET_SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname or not room or "/" in room or parts.username is not None:
        raise click.BadParameter(f"'{text}' is no invite: hang://HOST[:PORT]/ROOM", param_hint="ROOM")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return room, f"{scheme}://{host}:{port}/ws"


def _read_password(ask: bool, file: str | None, *, confirm: bool) -> str | None:
    """Return the room's password from the terminal or from a file; None if neither is asked for.

    No subcommand takes a password as an argument, because every user of the machine can read command lines.
    """
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
    action: str,
) -> dict[str, Any]:
    """Start a daemon if there is none, connect it to ``server`` if given, and enter a room. Returns the answer."""
    from hangctl.autostart import ensure_daemon

    with ensure_daemon(settings) as connection:
        if server is not None:
            connection.request(["server-connect", server], action=action)
        # mpv calls the command's name "name". Here it is "_name", because room-create has an argument "name".
        request = {"_name": command} | {key: value for key, value in arguments.items() if value is not None}
        if path is None:
            answer = connection.request(request, action=action)[0]
        else:
            from hangctl.progress import request_with_hashing

            answer = request_with_hashing(connection, request, path=path, action=action)
    room: dict[str, Any] = answer
    return room
