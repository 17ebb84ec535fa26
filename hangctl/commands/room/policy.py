"""The subcommand policy: the room's rules."""

import sys

import click

from hangctl.asking import read_password
from hangctl.commands.room.members import read_in_room
from hangctl.options import FILE, Settings, subcommand
from hangctl.output import dumps, emit, emit_json, escape, note, plain

_RULES = {
    "control": ("everyone", "controllers", "host"),
    "match": ("hash", "duration", "none"),
    "wait": ("everyone", "nobody"),
    "start": ("anyone", "ready", "NUMBER"),
    "stall": ("go-on", "pause"),
    "leave": ("go-on", "pause"),
    "loop": ("off", "film", "queue"),
    "capacity": ("NUMBER",),
    "access": ("anyone", "accounts", "invited"),
    "locked": ("yes", "no"),
    "password": ("none",),
    "history": ("yes", "no"),
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
    access anyone|accounts|invited      who may join: anyone, who has an account, or an invite
    locked yes|no                       whether nobody else may join
    password                            ask for a new one; "password none" removes it
    history yes|no                      whether it is noted what was watched, and by whom
    """
    if key is None or (value is None and key != "password"):
        rules = read_in_room(settings, "room/policy")
        if key is not None:
            emit_json(rules[key]) if settings.json else emit(escape(plain(rules[key])))
            return
        emit(dumps(rules) if settings.json else "\n".join(escape(f"{name} {plain(rules[name])}") for name in rules))
        return
    if key == "password":
        if value not in (None, "none"):
            raise click.UsageError(
                "a password does not stand on a command line, where others can read it: `hangctl policy password` asks"
                " for it"
            )
        value = "" if value == "none" else read_password(settings, password_file is None, password_file, confirm=True)
    settings.request(["room-set", key, value], action=f"set the rule '{key}'")
    if (key, value) == ("access", "invited") and sys.stderr.isatty():
        _tell_who_invites(settings)


def _tell_who_invites(settings: Settings) -> None:
    """Tell a person who may make invites to a room that is for the invited now."""
    control = read_in_room(settings, "room/policy")["control"]
    if control == "host":
        note("only the host may make invites: `hangctl invite`")
        return
    who = "every member" if control == "everyone" else "the host and the controllers"
    note(f"{who} may make invites, for that is who may control the room: `hangctl invite`")
    note("`hangctl policy control host` leaves both to the host")
