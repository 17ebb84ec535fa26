"""Subcommands for the members of the room: members, say, ready, kick and role; and how a member is shown."""

import math
from typing import Any

import click

from hangctl.client import Refused
from hangctl.completers import member_names
from hangctl.options import SWITCH, Settings, subcommand, words
from hangctl.output import draw, dumps, duration_text, emit, escape, interactive, milliseconds

_STATES_WITH_ERROR = ("playing", "paused", "ended")
"""The states in which a member shows a picture, so that its error means something."""
UNKNOWN_ERROR = "not known"
"""The error of somebody who is paused, and whose player has not seen yet, or cannot see, which picture it shows."""

HEADINGS = ("", "name", "role", "state", "off by", "round trip", "")
"""The columns of ``member_row``."""


@subcommand("members", reads=True)
@click.pass_obj
def members(settings: Settings) -> None:
    """List the room's members, one a line."""
    found = read_in_room(settings, "room/members")
    if interactive() and not settings.json:
        draw(HEADINGS, map(member_row, found))
        return
    for member in found:
        emit(dumps(member_json(member)) if settings.json else member_line(member))


@subcommand("say")
@click.argument("text", nargs=-1, required=True)
@click.pass_obj
def say(settings: Settings, text: tuple[str, ...]) -> None:
    """Say TEXT to everyone in the room."""
    settings.request(["room-say", " ".join(text)], action="say that")


# Everything after the first word is text, even a word that looks like an option.
say.allow_interspersed_args = False


@subcommand("ready")
@click.argument("answer", default="yes", shell_complete=words("yes", "no"))
@click.argument("member", required=False, shell_complete=member_names)
@click.pass_obj
def ready(settings: Settings, answer: str, member: str | None) -> None:
    """Tell the others that you are ready, or not: ready, ready no.

    The host may say it for another MEMBER: ready yes bob.
    """
    answer = SWITCH.get(answer, answer)
    if answer not in ("yes", "no"):
        raise click.BadParameter(
            f"'{answer}' is neither yes nor no: write ready [yes|no] [MEMBER]", param_hint="ANSWER"
        )
    who = f"that '{member}' is" if member is not None else "that you are"
    settings.request(
        ["room-ready", answer, *([] if member is None else [member])],
        action=f"say {who} {'not ' if answer == 'no' else ''}ready",
    )


@subcommand("kick")
@click.argument("member", shell_complete=member_names)
@click.option("--reason", metavar="TEXT", help="Tell the member why.")
@click.pass_obj
def kick(settings: Settings, member: str, reason: str | None) -> None:
    """Remove a MEMBER (name or id) from the room. It may come back: `hangctl ban` keeps it out."""
    request = {"_name": "room-kick", "member": member, "ban": "no"} | ({} if reason is None else {"reason": reason})
    settings.request(request, action=f"remove '{member}'")


@subcommand("role")
@click.argument("member", shell_complete=member_names)
@click.argument("role", type=click.Choice(["host", "controller", "viewer"]))
@click.pass_obj
def role(settings: Settings, member: str, role: str) -> None:
    """Make MEMBER host, controller or viewer."""
    settings.request(["room-role", member, role], action=f"make '{member}' {role}")


def read_in_room(settings: Settings, name: str, *, action: str = "tell") -> Any:
    """Read a property of the room. Raises Refused with the code "NotInRoom" outside a room."""
    with settings.connect() as connection:
        values = connection.get_properties(name, "room/id")
    if values["room/id"] is None:
        details = {"code": "NotInRoom", "message": "not in a room"}
        raise Refused({"error": "property unavailable", "details": details}, action)
    return values[name]


def member_row(member: dict[str, Any]) -> tuple[str | None, ...]:
    """Return the cells of a member's row in a table with ``HEADINGS``."""
    return (
        "*" if member.get("self") else None,
        member.get("name"),
        role_text(member),
        member.get("state"),
        _member_error(member),
        _round_trip(member) or None,
        ", ".join(_remarks(member)),
    )


def member_line(member: dict[str, Any]) -> str:
    """Write one member as one line: a star for oneself, name, role, state, error, round trip time and remarks."""
    rtt = _round_trip(member)
    details = [_member_error(member), rtt and f"rtt {rtt}", *_remarks(member)]
    star, name = "*" if member.get("self") else " ", escape(str(member.get("name")))
    columns = f"{star} {name:<16} {role_text(member):<19} {member.get('state', ''):<9} "
    return (columns + ", ".join(filter(None, details))).rstrip()


def role_text(member: dict[str, Any]) -> str:
    """Return a member's role. A viewer may control the room where everyone may, so it says which of the two it is."""
    role = str(member.get("role", ""))
    return f"{role}, may control" if role == "viewer" and member.get("may_control") else role


def member_json(member: dict[str, Any]) -> dict[str, Any]:
    """Return a member as --json prints it: with ``error``, ``clock_error`` and ``age`` always, as None if unknown."""
    return {"error": None, "clock_error": None, "age": None, **member}


def error_text(error: float | None, bound: float | None) -> str:
    """Write an error and its bound, both in seconds, as "+2 ms, known to 4 ms"; "" if there is no error.

    The bound is rounded up, because a smaller number would not be an upper limit.
    """
    if error is None:
        return ""
    text = milliseconds(error, signed=True)
    return text if bound is None else f"{text}, known to {math.ceil(round(bound * 1000, 6))} ms"


def _member_error(member: dict[str, Any]) -> str:
    """Return how far the member is from the timeline, or since when that is not known any more."""
    if member.get("silent"):
        return f"last heard {duration_text(member['age'])} ago"
    if member.get("state") not in _STATES_WITH_ERROR or member.get("apart"):
        return ""
    if member.get("error") is None and member.get("state") == "paused":
        return UNKNOWN_ERROR
    return error_text(member.get("error"), member.get("clock_error"))


def _round_trip(member: dict[str, Any]) -> str:
    rtt = member.get("rtt")
    is_old = member.get("silent") or member.get("state") == "away"
    return "" if rtt is None or is_old else milliseconds(rtt)


def _remarks(member: dict[str, Any]) -> list[str]:
    remarks = (
        ("ready", member.get("ready")),
        ("has not got the film", member.get("film") is False),
        ("file not yet checked", member.get("verifying")),
        ("on its own", member.get("apart")),
        (f"account {escape(str(member.get('account')))}", member.get("account")),
    )
    return [remark for remark, applies in remarks if applies]
