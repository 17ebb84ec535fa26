"""Subcommands for those who are kept out of the room: ban, unban and bans."""

import sys
from contextlib import suppress
from typing import Any

import click

from hangctl.client import ControlError, Refused
from hangctl.completers import ban_names, member_names
from hangctl.options import Settings, subcommand
from hangctl.output import draw, duration_text, emit, emit_json, escape, interactive, note, remark

_FOR_GOOD = {"account": "its account", "device": "its device"}


@subcommand("ban")
@click.argument("member", shell_complete=member_names)
@click.option("--reason", metavar="TEXT", help="Tell the member why.")
@click.pass_obj
def ban(settings: Settings, member: str, reason: str | None) -> None:
    """Remove a MEMBER, and keep it out. MEMBER is its name or its id.

    It is known again by its account and by its installation of hang, for good; without an account also by its network,
    for 24 hours. Another machine on another network gets in, unless the rules keep out who is not known: `hangctl
    policy` with access, password or locked. `hangctl unban` lets it in again.
    """
    request = {"_name": "room-kick", "member": member, "ban": "yes"} | ({} if reason is None else {"reason": reason})
    with settings.connect() as connection:
        connection.request(request, action=f"ban '{member}'")
        if not sys.stderr.isatty():
            return
        with suppress(ControlError):  # It is banned, whatever can be told of that.
            bans = connection.request(["room-bans"], action="list the bans")[0]
            if bans:
                note(_told(bans[-1]))
            if connection.request(["room-invites"], action="list the invites")[0]:
                note("`hangctl invite revoke --all` closes the links that still let others in")


@subcommand("unban")
@click.argument("name", metavar="NAME|ID", shell_complete=ban_names)
@click.pass_obj
def unban(settings: Settings, name: str) -> None:
    """Let somebody in again who was banned. They are named by their name, or by the id in `hangctl bans`."""
    with settings.connect() as connection:
        try:
            lifted = connection.request(["room-unban", name], action=f"unban '{name}'")[0]
        except Refused as error:
            if error.code == "NotFound":
                error.hint = "`hangctl bans` lists who is banned"
            raise
        if not sys.stderr.isatty():
            return
        rules = connection.get_properties("room/policy")["room/policy"] or {}
    needs = ", with an invite: `hangctl invite` makes one" if rules.get("access") == "invited" else ""
    note(f"{(lifted or {}).get('name') or name} may come in again{needs}")


@subcommand("bans", reads=True)
@click.pass_obj
def bans(settings: Settings) -> None:
    """List who is banned from the room. One a line: id, name, by what they are known again, by whom, and why."""
    found = [_arranged(each) for each in settings.request(["room-bans"], action="list the bans") or []]
    if settings.json:
        for each in found:
            emit_json(each)
    elif interactive() and found:
        rows = [(each["id"], each["name"], _known_by(each), each["by"], each["reason"]) for each in found]
        draw(("id", "name", "known by", "banned by", "reason"), rows)
    elif found:
        for each in found:
            parts = [each["id"], each["name"], _known_by(each), f"by {each['by']}", each["reason"]]
            emit(escape("  ".join(part for part in parts if part)))
    else:
        remark("nobody is banned")


def _arranged(ban: dict[str, Any]) -> dict[str, Any]:
    """Return a ban as --json prints it: always with the same keys."""
    return {name: ban.get(name) for name in ("id", "name", "by", "kinds", "reason", "network_until")}


def _known_by(ban: dict[str, Any]) -> str:
    """Return by what who is banned is known again: "account, device, network for 23 h"."""
    kinds = [kind for kind in ("account", "device") if kind in ban["kinds"]]
    if ban.get("network_until") is not None:
        kinds.append(f"network for {duration_text(ban['network_until'])}")
    return ", ".join(kinds)


def _told(ban: dict[str, Any]) -> str:
    """Tell a person what a new ban holds against, and what not."""
    holds = [word for kind, word in _FOR_GOOD.items() if kind in ban["kinds"]]
    known = " and ".join(holds) + " for good" if holds else ""
    if ban.get("network_until") is not None:
        known += f"{' and ' if known else ''}by its network for {duration_text(ban['network_until'])}"
    if not known:
        return f"{ban['name']} is removed, but nothing is known by which it could be kept out"
    start = "by " if holds else ""
    return f"{ban['name']} is known again {start}{known}; on another device and network it may come back"
