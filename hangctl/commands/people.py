"""Who is in the room, what they say to each other, and what they may do."""

import math
from typing import Any

import click

from hangctl.client import Refused
from hangctl.completing import member_names
from hangctl.options import FILE, Settings, verb
from hangctl.output import draw, emit, emit_json, escape, interactive, milliseconds, plain

__all__ = [
    "HEADINGS",
    "ban",
    "describe",
    "kick",
    "measured",
    "members",
    "off_by",
    "policy",
    "ready",
    "role",
    "rooms",
    "row",
    "say",
]

_MEASURED = ("playing", "paused", "ended")
"""In which states there is a picture whose place can be told."""

HEADINGS = ("", "name", "role", "state", "off by", "round trip", "")


@verb("members", reads=True)
@click.pass_obj
def members(settings: Settings) -> None:
    """List the room's members, one a line."""
    with settings.connect() as connection:
        found = _of_room(connection.read("room/members", "room/id"), "room/members")
    if interactive() and not settings.json:
        draw(HEADINGS, [row(member) for member in found])
        return
    for member in found:
        if settings.json:
            emit_json(measured(member))
        else:
            emit(describe(member))


@verb("say")
@click.argument("text", nargs=-1, required=True)
@click.pass_obj
def say(settings: Settings, text: tuple[str, ...]) -> None:
    """Say TEXT to everyone in the room."""
    with settings.connect() as connection:
        connection.ask(["room-say", " ".join(text)], doing="say that")


# Everything after the first word is text, also what looks like an option.
say.allow_interspersed_args = False


@verb("ready")
@click.argument("answer", default="yes", type=click.Choice(["yes", "no"]))
@click.pass_obj
def ready(settings: Settings, answer: str) -> None:
    """Tell the others that you are ready, or not."""
    with settings.connect() as connection:
        connection.ask(["room-ready", answer], doing=f"say {answer} to being ready")


@verb("kick")
@click.argument("member", shell_complete=member_names)
@click.option("--reason", metavar="TEXT", help="What the member is told.")
@click.pass_obj
def kick(settings: Settings, member: str, reason: str | None) -> None:
    """Send a MEMBER (name or id) out of the room."""
    _remove(settings, member, reason, ban=False)


@verb("ban")
@click.argument("member", shell_complete=member_names)
@click.option("--reason", metavar="TEXT", help="What the member is told.")
@click.pass_obj
def ban(settings: Settings, member: str, reason: str | None) -> None:
    """Send a MEMBER out, and let it in no more."""
    _remove(settings, member, reason, ban=True)


@verb("role")
@click.argument("member", shell_complete=member_names)
@click.argument("role", type=click.Choice(["host", "controller", "viewer"]))
@click.pass_obj
def role(settings: Settings, member: str, role: str) -> None:
    """Make MEMBER host, controller or viewer."""
    with settings.connect() as connection:
        connection.ask(["room-role", member, role], doing=f"make '{member}' {role}")


@verb("policy", reads=True)
@click.argument(
    "key", required=False, type=click.Choice(["control", "match", "wait", "capacity", "locked", "password"])
)
@click.argument("value", required=False)
@click.option("--password-file", metavar="FILE", type=FILE, help="Read the new password from FILE.")
@click.pass_obj
def policy(settings: Settings, key: str | None, value: str | None, password_file: str | None) -> None:
    """Print the room's rules, or set one of them.

    These are: control everyone|host|controllers, match hash|duration|none, wait everyone|nobody, capacity NUMBER,
    locked yes|no, password. "policy password" asks for a new one or reads it from a file; "policy password none" takes
    it away.
    """
    if key is None:
        _print_policy(settings)
        return
    if key == "password":
        from hangctl.commands.room import read_password

        if value not in (None, "none"):
            raise click.UsageError("a password does not stand on a command line, where others can read it")
        value = "" if value == "none" else read_password(password_file is None, password_file, confirm=True)
    elif value is None:
        raise click.UsageError(f"what is {key} to be?")
    with settings.connect() as connection:
        connection.ask(["room-set", key, value], doing=f"set the room's {key}")


@verb("rooms", reads=True)
@click.pass_obj
def rooms(settings: Settings) -> None:
    """List the rooms, where the server publishes them."""
    with settings.connect() as connection:
        found = connection.ask(["room-list"], doing="list the rooms")[0]
    if interactive() and not settings.json:
        draw(
            ("room", "name", "members", "film", ""),
            [
                (room["room_id"], room.get("name"), room["members"], room.get("media"), ", ".join(_doors(room)))
                for room in found or []
            ],
        )
        return
    for room in found or []:
        if settings.json:
            emit_json(room)
            continue
        count = room["members"]
        words = [
            room["room_id"],
            f"{count} member" + ("" if count == 1 else "s"),
            room.get("name"),
            room.get("media"),
            *_doors(room),
        ]
        emit(escape("  ".join(word for word in words if word)))


def _doors(room: dict[str, Any]) -> list[str]:
    """Return what keeps people out of a room."""
    return [word for word, shut in (("locked", room.get("locked")), ("password", room.get("has_password"))) if shut]


def row(member: dict[str, Any]) -> tuple[str | None, ...]:
    """Arrange one member under ``HEADINGS``."""
    return (
        "*" if member.get("self") else None,
        member.get("name"),
        member.get("role"),
        member.get("state"),
        _drift(member),
        None if (rtt := member.get("rtt")) is None else milliseconds(rtt),
        ", ".join(_marks(member)),
    )


def describe(member: dict[str, Any]) -> str:
    """Write one member as one line: a star for oneself, name, role, state, distance from the timeline, what is odd."""
    rtt = member.get("rtt")
    known = [_drift(member), "" if rtt is None else f"rtt {milliseconds(rtt)}", *_marks(member)]
    words = [
        f"{'*' if member.get('self') else ' '} {escape(str(member.get('name'))):<16}",
        f"{member.get('role', ''):<10}",
        f"{member.get('state', ''):<9}",
        ", ".join(filter(None, known)),
    ]
    return " ".join(words).rstrip()


def measured(member: dict[str, Any]) -> dict[str, Any]:
    """Return a member for programs, with what was measured of it in any case: None is what is not known."""
    return {"error": None, "clock_error": None, **member}


def off_by(error: float | None, bound: float | None) -> str:
    """Write a distance from the room's timeline and how well it is known: "+2 ms, known to 4 ms"; "" for none.

    Both are seconds. The bound is rounded up: less would be a promise that nobody made.
    """
    if error is None:
        return ""
    off = milliseconds(error, signed=True)
    return off if bound is None else f"{off}, known to {math.ceil(round(bound * 1000, 6))} ms"


def _drift(member: dict[str, Any]) -> str:
    return off_by(member.get("error"), member.get("clock_error")) if member.get("state") in _MEASURED else ""


def _marks(member: dict[str, Any]) -> list[str]:
    marks = (("ready", member.get("ready")), ("file not yet checked", member.get("verifying")))
    return [mark for mark, shown in marks if shown]


def _print_policy(settings: Settings) -> None:
    with settings.connect() as connection:
        found = _of_room(connection.read("room/policy", "room/id"), "room/policy")
    if settings.json:
        emit_json(found)
        return
    for key, value in found.items():
        emit(escape(f"{key} {plain(value)}"))


def _of_room(values: dict[str, Any], name: str) -> Any:
    if values["room/id"] is None:
        raise Refused("property unavailable", "NotInRoom", "not in a room", "tell")
    return values[name]


def _remove(settings: Settings, member: str, reason: str | None, *, ban: bool) -> None:
    request = {"_name": "room-kick", "member": member, "ban": "yes" if ban else "no"}
    if reason is not None:
        request["reason"] = reason
    with settings.connect() as connection:
        connection.ask(request, doing=f"{'ban' if ban else 'remove'} '{member}'")
