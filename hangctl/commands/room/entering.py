"""Subcommands for the room: create, join, leave, media and rooms."""

import os
import re
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from hangctl.asking import Asked, read_password
from hangctl.client import Refused
from hangctl.commands.room.invite import sign, tell_of_signed
from hangctl.options import FILE, Settings, subcommand
from hangctl.output import draw, emit, emit_json, escape, interactive, missing_text, note
from hangctl.server import at_server, server_option, show_motd

if TYPE_CHECKING:
    from hangctl.files import LocalFile
    from hangd.urls import Invited

_password = click.option("--password", "ask_password", is_flag=True, help="Ask for the room's password.")
_password_file = click.option(
    "--password-file",
    metavar="FILE",
    type=FILE,
    envvar="HANG_PASSWORD_FILE",
    help="Read the room's password from FILE.",
)


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
@click.option("--access", type=click.Choice(["anyone", "accounts", "invited"]), help="Who may join.")
@click.option("--history", type=click.Choice(["yes", "no"]), help="Whether it is noted what was watched.")
@server_option
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
    access: str | None,
    history: str | None,
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
    password = read_password(settings, ask_password, password_file, confirm=True)
    policy = {"control": "host" if host_only else control, "match": match, "wait": wait, "start": start}
    arguments = {"file": film.path, "name": name, "password": password, "access": access, "history": history, **policy}
    from shlex import quote

    try:
        room = _enter(settings, "room-create", arguments, film, server, action=f"open a room with '{file}'")
    except Refused as error:
        if error.code == "NameTaken" and error.hint:
            error.hint = error.hint.replace("NAME", quote(name or ""), 1)
        raise
    emit(escape(str(room["room_id"])))
    _tell_of_picture(room)
    if access == "invited" and (qr or interactive()):
        room |= sign(settings)  # the plain one lets nobody in
    invite, link = str(room.get("invite") or room["room_id"]), room.get("link")
    if qr:
        from hangctl.qr import draw_qr

        draw_qr(str(link or invite), sys.stderr)  # stdout has the room's id alone
    if interactive():
        note(f"invite: {invite}")
        if link:
            note(f"in a browser: {link}")
        if room.get("id") is not None:
            tell_of_signed(room)
        if room.get("invite_local"):
            note("note: the invite works on this machine only, for that is where its server is")
        if room.get("id") is not None:  # a signed one is long, and stands above
            note("the others join with: hangctl join 'INVITE' FILE")
        else:
            asks = "" if password is None else "--password "
            note(f"the others join with: hangctl join {asks}{quote(invite)} FILE")
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
@server_option
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
    name, server_of_invite, token = parse_room(room)
    if ask_password and file is not None and not os.path.lexists(file):
        raise click.UsageError(f"there is no file '{file}', and --password takes no value: it asks for the password")
    film = None if file is None else settings.files(file)[0]
    password = read_password(settings, ask_password, password_file, confirm=False)
    path = None if film is None else film.path
    arguments = {"room": name, "file": path, "password": password, "invite": token}
    asks = password_file is None
    server = server or server_of_invite
    joined = _enter(settings, "room-join", arguments, film, server, action=f"join '{name}'", asks_room=asks)
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


@subcommand("rooms", reads=True)
@server_option
@click.pass_obj
def rooms(settings: Settings, server: str | None) -> None:
    """List the server's rooms, if it publishes them."""
    action = "list the rooms"
    with settings.connect() as connection:
        ask = partial(connection.request, ["room-list"], action=action)
        found = at_server(connection, server, lambda _: ask()[0], action=action) or []
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


def parse_room(text: str) -> "Invited":
    """Return what ``text`` says: a room's id or name, and of an invite the server's URL and the token.

    Raises:
        click.BadParameter: ``text`` is a URL but not an invite.
    """
    from hangd.urls import Invited, parse_invite

    if re.fullmatch(r"eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", text) is not None:
        raise click.BadParameter("that is the end of an invite: give all of it, from hang:// on", param_hint="ROOM")
    if "://" not in text and (end := re.fullmatch(r"(.+)[#&]invite=([A-Za-z0-9._-]+)", text)) is not None:
        return Invited(end[1], None, end[2])  # The server is the one that the daemon knows.
    try:
        return parse_invite(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="ROOM") from None


def _enter(
    settings: Settings,
    command: str,
    arguments: dict[str, str | None],
    film: "LocalFile | None",
    server: str | None,
    *,
    action: str,
    asks_room: bool = False,
) -> dict[str, Any]:
    """Start a daemon if there is none, connect it to ``server`` if given, and enter a room. Returns the answer.

    ``asks_room``: ask for the room's password if it has one, and a person is there.
    """
    from hangctl.autostart import ensure_daemon

    def enter(asked: Asked) -> Any:
        given = arguments if asked.room_password is None else arguments | {"password": asked.room_password}
        # mpv calls the command's name "name". Here it is "_name", because room-create has an argument "name".
        request = {"_name": command} | {key: value for key, value in given.items() if value is not None}
        if film is None:
            return connection.request(request, action=action, on_event=show_motd)[0]
        from hangctl.progress import request_with_hashing

        return request_with_hashing(connection, request, film=film, action=action, on_event=show_motd)

    with ensure_daemon(settings) as connection:
        room: dict[str, Any] = at_server(connection, server, enter, action=action, for_room=asks_room)
    return room
