"""Subcommands for the room: create, join, leave, media, policy and rooms."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from hangctl.client import Connection, ControlError, Refused
from hangctl.options import FILE, Settings, subcommand
from hangctl.output import draw, dumps, emit, emit_json, escape, interactive, missing_text, note, plain

if TYPE_CHECKING:
    from hangctl.files import LocalFile

_password = click.option("--password", "ask_password", is_flag=True, help="Ask for the room's password.")
_password_file = click.option(
    "--password-file",
    metavar="FILE",
    type=FILE,
    envvar="HANG_PASSWORD_FILE",
    help="Read the room's password from FILE.",
)
_server = click.option("--server", metavar="URL", help="The room server: HOST, HOST:PORT, ws://HOST:PORT/ws or wss://.")


@subcommand("create")
@click.argument("file", type=FILE)
@click.option("--name", metavar="NAME", help="A name by which others may join the room.")
@_password
@_password_file
@click.option("--control", type=click.Choice(["everyone", "controllers", "host"]), help="Who may play, pause and seek.")
@click.option("--host-only", is_flag=True, help="The same as --control host.")
@click.option("--match", type=click.Choice(["hash", "duration", "none"]), help="Which files are the room's film.")
@click.option("--wait", type=click.Choice(["everyone", "nobody"]), help="For whom a seek waits.")
@click.option("--start", metavar="anyone|ready|N", help="Who must be ready before the film starts.")
@_server
@click.option("--qr", is_flag=True, help="Draw the invite as a QR code, for phones.")
@click.pass_obj
def create(
    settings: Settings,
    file: str,
    name: str | None,
    ask_password: bool,
    password_file: str | None,
    control: str | None,
    host_only: bool,
    match: str | None,
    wait: str | None,
    start: str | None,
    server: str | None,
    qr: bool,
) -> None:
    """Open a room to watch FILE in, and print its id.

    The others can join at once. A large FILE is read meanwhile, so that their copies can be compared with it; on a
    terminal its progress is shown, and Ctrl-C ends only that. Starts a daemon if there is none.
    """
    if host_only and control not in (None, "host"):
        raise click.UsageError(f"--host-only and --control {control} are different rules")
    if start is not None and not re.fullmatch("anyone|ready|0*[1-9][0-9]{0,8}", start):
        raise click.BadParameter(f"'{start}' is none of anyone, ready, and a number of members", param_hint="--start")
    (film,) = settings.files(file)
    password = _read_password(settings, ask_password, password_file, confirm=True)
    policy = {"control": "host" if host_only else control, "match": match, "wait": wait, "start": start}
    arguments = {"file": film.path, "name": name, "password": password, **policy}
    from shlex import quote

    try:
        room = _enter(settings, "room-create", arguments, film, server, action=f"open a room with '{file}'")
    except Refused as error:
        if error.code == "NameTaken" and error.hint:
            error.hint = error.hint.replace("NAME", quote(name or ""), 1)
        raise
    emit(str(room["room_id"]))
    _tell_of_picture(room)
    invite, link = str(room.get("invite") or room["room_id"]), room.get("link")
    if qr:
        from hangctl.qr import draw_qr

        draw_qr(str(link or invite), sys.stderr)  # stdout has the room's id alone
    if interactive():
        note(f"invite: {invite}")
        if link:
            note(f"in a browser: {link}")
        if room.get("invite_local"):
            note("note: the invite works on this machine only, for that is where its server is")
        note(f"the others join with: hangctl join {'' if password is None else '--password '}{quote(invite)} FILE")
        note("then: hangctl play")
    if room.get("verifying") and sys.stderr.isatty():
        from hangctl.progress import show_hashing

        with settings.connect() as connection:
            show_hashing(connection, film)


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

    ROOM is its id, its name, an invite (hang://HOST:PORT/ROOM or hangs://HOST:PORT/ROOM), or the link to its page
    (https://HOST/#ROOM). Without FILE, your copy is
    looked for: the file that is loaded, the playlist, the folders of --media-dir. If there is none, you are in the room
    without the film. Starts a daemon if there is none.
    """
    name, server_of_invite = parse_room(room)
    film = None if file is None else settings.files(file)[0]
    password = _read_password(settings, ask_password, password_file, confirm=False)
    arguments = {"room": name, "file": None if film is None else film.path, "password": password}
    joined = _enter(settings, "room-join", arguments, film, server or server_of_invite, action=f"join '{name}'")
    if interactive():
        note(f"joined {joined.get('name') or joined['room_id']}" + (" as its host" if joined.get("host") else ""))
        if joined.get("verifying"):
            note("your copy of the film is being checked meanwhile")
        if joined.get("file"):
            note(f"your copy of the film: {joined['file']}")
        _tell_of_start(settings)
    _tell_of_picture(joined)
    if joined.get("missing"):
        note(missing_text(joined["missing"]))
    elif joined.get("searching"):
        note("your copy of the film is being looked for: `hangctl status` tells whether it is found")


def _tell_of_picture(room: dict[str, Any]) -> None:
    """Tell a person that the film is played without a picture, and why."""
    if room.get("no_picture"):
        note(escape(str(room["no_picture"])))


def _tell_of_start(settings: Settings) -> None:
    """Tell a member that has come into a room which waits until members are ready."""
    with settings.connect() as connection:
        values = connection.get_properties("room/policy", "room/timeline")
    rule = (values["room/policy"] or {}).get("start", "anyone")
    if rule != "anyone" and not (values["room/timeline"] or {}).get("playing"):
        who = "all members are" if rule == "ready" else f"{rule} members are"
        note(f"the film starts when {who} ready: `hangctl ready` says that you are")


@subcommand("leave")
@click.pass_obj
def leave(settings: Settings) -> None:
    """Leave the room."""
    settings.request(["room-leave"], action="leave")


@subcommand("media")
@click.argument("file", type=FILE)
@click.pass_obj
def media(settings: Settings, file: str) -> None:
    """Open FILE as your own copy of the room's film, or move the room on to it.

    FILE is your copy if it is the film that the room shows. Where the room compares durations, another encoding of the
    same length is your copy too; where it compares nothing, every FILE is. Any other FILE becomes the room's film.
    """
    answer = settings.request(["room-media", settings.path(file)], action=f"open '{file}'")
    if sys.stderr.isatty():
        moved = f"note: the room has moved on to {answer.get('film') or file}"
        note(moved if answer["moved"] else "opened here, as your copy of the room's film")


_RULES = {
    "control": ("everyone", "controllers", "host"),
    "match": ("hash", "duration", "none"),
    "wait": ("everyone", "nobody"),
    "start": ("anyone", "ready", "NUMBER"),
    "stall": ("go-on", "pause"),
    "leave": ("go-on", "pause"),
    "loop": ("off", "film", "queue"),
    "capacity": ("NUMBER",),
    "locked": ("yes", "no"),
    "password": ("none",),
}
"""The room's rules, and what each of them may be."""


def _rule_values(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    values = _RULES.get(context.params.get("key") or "", ())
    return [value for value in values if value.startswith(incomplete) and value != "NUMBER"]


@subcommand("policy", reads=True)
@click.argument("key", metavar="[KEY]", required=False, type=click.Choice(list(_RULES)))
@click.argument("value", required=False, shell_complete=_rule_values)
@click.option("--password-file", metavar="FILE", type=FILE, help="Read the new password from FILE.")
@click.pass_obj
def policy(settings: Settings, key: str | None, value: str | None, password_file: str | None) -> None:
    """Print the room's rules, or one of them, or set it.

    \b
    control everyone|controllers|host   who may play, pause and seek
    match hash|duration|none            which copies of the film may join
    wait everyone|nobody                whether all wait while somebody's player stalls
    start anyone|ready|NUMBER           whether play waits until all, or so many, are ready
    stall go-on|pause                   whether a player that stalls pauses the room
    leave go-on|pause                   whether a member that leaves pauses the room
    loop off|film|queue                 what is repeated at its end
    capacity NUMBER                     how many members may be in the room
    locked yes|no                       whether nobody else may join
    password                            ask for a new one; "password none" removes it
    """
    if key is None or (value is None and key != "password"):
        from hangctl.commands.members import read_in_room

        rules = read_in_room(settings, "room/policy")
        if key is not None:
            emit_json(rules[key]) if settings.json else emit(escape(plain(rules[key])))
            return
        emit(dumps(rules) if settings.json else "\n".join(escape(f"{name} {plain(rules[name])}") for name in rules))
        return
    if key == "password":
        if value not in (None, "none"):
            raise click.UsageError("a password does not stand on a command line, where others can read it")
        value = "" if value == "none" else _read_password(settings, password_file is None, password_file, confirm=True)
    settings.request(["room-set", key, value], action=f"set the rule '{key}'")


@subcommand("rooms", reads=True)
@_server
@click.pass_obj
def rooms(settings: Settings, server: str | None) -> None:
    """List the server's rooms, if it publishes them."""
    with settings.connect() as connection, _connected(connection, server, action="list the rooms"):
        found = connection.request(["room-list"], action="list the rooms")[0] or []
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
    from hangd.urls import parse_invite

    try:
        return parse_invite(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="ROOM") from None


def _read_password(settings: Settings, ask: bool, file: str | None, *, confirm: bool) -> str | None:
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
    from hangctl.files import first_line

    reading = f"read the password in '{file}'"
    try:
        password = first_line(file, settings.answer_timeout(), reading).decode()
    except UnicodeError:
        raise ControlError(f"cannot {reading}: it is no UTF-8 text") from None
    if not password:
        raise ControlError(f"cannot {reading}: its first line is empty")
    return password


def show_motd(event: dict[str, Any]) -> None:
    """Show the server's message of the day, if this event is one."""
    if event.get("event") == "motd":
        for line in str(event.get("text")).splitlines():
            note(line)


def _enter(
    settings: Settings,
    command: str,
    arguments: dict[str, str | None],
    film: "LocalFile | None",
    server: str | None,
    *,
    action: str,
) -> dict[str, Any]:
    """Start a daemon if there is none, connect it to ``server`` if given, and enter a room. Returns the answer."""
    from hangctl.autostart import ensure_daemon

    with ensure_daemon(settings) as connection, _connected(connection, server, action=action):
        # mpv calls the command's name "name". Here it is "_name", because room-create has an argument "name".
        request = {"_name": command} | {key: value for key, value in arguments.items() if value is not None}
        if film is None:
            answer = connection.request(request, action=action, on_event=show_motd)[0]
        else:
            from hangctl.progress import request_with_hashing

            answer = request_with_hashing(connection, request, film=film, action=action, on_event=show_motd)
    room: dict[str, Any] = answer
    return room


@contextmanager
def _connected(connection: Connection, server: str | None, *, action: str) -> Iterator[None]:
    """Connect the daemon to this server, if one is given. A server that is not reached gets a hint about --server."""
    try:
        if server is not None:
            connection.request(["server-connect", server], action=action, on_event=show_motd)
        yield
    except Refused as error:
        if error.code in ("NoServer", "NotConnected"):
            if server is None:
                error.hint = "`hangctl get server/url` tells which server is tried; name another with --server"
            elif error.code == "NoServer":
                error.hint = f"is a server running at {server}, and can this machine reach it?"
            else:  # Something has answered, and the reason says what is wrong with it.
                error.hint = None
        raise
