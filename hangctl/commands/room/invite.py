"""The subcommand invite and its own subcommands: what to send to those who are to join, and how to take it back."""

import sys
from typing import Any

import click

from hangctl.client import Connection, ControlError, Refused
from hangctl.commands.room.members import read_in_room
from hangctl.completers import invite_ids
from hangctl.options import Settings, shared_options, subcommand
from hangctl.output import draw, duration_text, emit, emit_json, escape, interactive, remark

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SECONDS_MIN, _SECONDS_MAX = 60, 30 * 86400
_USES_MAX = 1000


def duration(text: str) -> int:
    """Return the seconds that a person wrote: 30m, 2h, 1h30m, 7d. Raises BadParameter."""
    import re

    if re.fullmatch(r"([0-9]{1,9}[smhd])+", text, re.ASCII) is None:
        raise click.BadParameter(f"'{text}' is no duration: write 30m, 2h or 7d")
    seconds = sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9]+)([smhd])", text))
    if not _SECONDS_MIN <= seconds <= _SECONDS_MAX:
        raise click.BadParameter(f"'{text}' is not from one minute to 30 days")
    return seconds


@click.group("invite", invoke_without_command=True)
@click.option("--signed", is_flag=True, help="Make an invite that lets in without the room's password.")
@click.option("--plain", is_flag=True, help="Print where the room is, and no more.")
@click.option("--expires", metavar="TIME", type=duration, help="How long it lets in: 30m, 2h, 7d. Default: a day.")
@click.option("--uses", metavar="N", type=click.IntRange(1, _USES_MAX), help="How many members it lets in.")
@click.option("--role", type=click.Choice(["viewer", "controller"]), help="What they are in the room.")
@click.option("--qr", is_flag=True, help="Draw it as a QR code, too.")
@click.option("--to", "names", metavar="NAME", multiple=True, help="Notify who gets invitations under this name.")
@click.pass_context
def invite(
    context: click.Context,
    signed: bool,
    plain: bool,
    expires: int | None,
    uses: int | None,
    role: str | None,
    qr: bool,
    names: tuple[str, ...],
) -> None:
    """Print the invite, and the link for browsers. A line each.

    A signed invite lets in whoever has it, without the room's password and where only the invited may come in, until it
    expires or is taken back. It is made if the room has a password or lets in only the invited, and with --signed,
    --expires, --uses or --role. Else the invite is plain: it says where the room is.

    The link is there if the server shows the page for browsers. The QR code is that of the link, else of the invite.
    With --to, the server sends a notification instead, if it does that; it does not tell whether there is anybody. The
    link in it is signed where a plain one would need the password or let nobody in.
    """
    settings = context.ensure_object(Settings)
    limits = {"expires": expires, "uses": uses, "role": role}
    given = {name: str(value) for name, value in limits.items() if value is not None}
    if context.invoked_subcommand is not None:
        if given or signed or plain or qr or names:
            raise click.UsageError(f"the options of an invite do not belong before '{context.invoked_subcommand}'")
        return
    if plain and (given or signed):
        raise click.UsageError("--plain makes no invite that is signed, or has limits or a role")
    if names:
        if qr or signed or plain or given:
            raise click.UsageError("--to excludes the other options: the daemon chooses the invite of a notification")
        settings.request(*(["room-invite", name] for name in names), action=f"invite {' and '.join(names)}")
        return
    if plain:
        found = read_in_room(settings, "room", action="make an invite")
    else:
        found = _invite(settings, given, signed=signed or bool(given))
    _print(settings, found, qr=qr)


invite.params.extend(shared_options(reads=True))


def _invite(settings: Settings, given: dict[str, str], *, signed: bool) -> dict[str, Any]:
    """Return the invite that is asked for, or else the one that lets people in."""
    room: dict[str, Any] = read_in_room(settings, "room", action="make an invite")
    rules = room.get("policy") or {}
    access, has_password = rules.get("access", "anyone"), bool(rules.get("has_password"))
    if rules.get("locked"):
        remark("note: the room is locked, so nobody new gets in: `hangctl policy locked no` unlocks it")
    if not signed and access != "invited" and not has_password:
        if access == "accounts":
            remark("note: this invite is for those who have an account at the server; --signed makes one for everybody")
        return room
    try:
        return sign(settings, **given)
    except Refused as error:
        if signed or access == "invited":
            raise
        # The plain one is of use too, together with the password.
        remark(f"note: this invite does not stand in for the room's password: {error.reason}")
        return room


def sign(settings: Settings, **limits: str) -> dict[str, Any]:
    """Make a signed invite to the room. Returns the daemon's answer. ``limits``: role, expires (seconds) and uses."""
    made: dict[str, Any] = settings.request({"_name": "room-create-invite", **limits}, action="make an invite")
    return made


def tell_of_signed(made: dict[str, Any]) -> None:
    """Tell a person what a signed invite is good for, and how it is taken back."""
    whom, uses = made.get("role", "viewer"), made.get("uses")
    count = f"whoever has it, as {whom}" if uses is None else f"{uses} member{'' if uses == 1 else 's'}, as {whom}"
    remark(f"this invite lets in {count}, without a password, for {duration_text(made['expires_in'])}")
    remark(f"`hangctl invite revoke {made['id']}` takes it back")


def _print(settings: Settings, found: dict[str, Any], *, qr: bool) -> None:
    shown = str(found.get("link") or found.get("invite"))
    if qr:
        from hangctl.qr import draw_qr

        draw_qr(shown, sys.stderr if settings.json else sys.stdout)
    if settings.json:
        keys = ("invite", "link", "invite_local", "id", "role", "expires_in", "uses")
        emit_json({name: found.get(name) for name in keys})
        return
    emit(escape(str(found["invite"])))
    if found.get("link"):
        emit(escape(str(found["link"])))
    if found.get("id") is not None:
        tell_of_signed(found)
    if found.get("invite_local"):
        remark("note: the invite works on this machine only, for that is where its server is")


@subcommand("list", reads=True)
@click.pass_obj
def list_(settings: Settings) -> None:
    """List the signed invites that are neither expired nor used up nor revoked.

    The host sees all of them, others those that they have made. Those that were made before the server's admin replaced
    the keys (`hangd user rotate-keys --forget`) are listed, too, although they let nobody in any more.
    """
    found = [
        {name: each.get(name) for name in ("id", "role", "by", "expires_in", "uses")}
        for each in settings.request(["room-invites"], action="list the invites") or []
    ]
    if settings.json:
        for each in found:
            emit_json(each)
    elif interactive() and found:
        rows = [
            (each["id"], each["role"], each["by"], duration_text(each["expires_in"]), each["uses"]) for each in found
        ]
        draw(("id", "role", "made by", "good for", "uses left"), rows)
    elif found:
        for each in found:
            left = "" if each["uses"] is None else f", {each['uses']} use{'' if each['uses'] == 1 else 's'} left"
            line = f"{each['id']}  {each['role']}  by {each['by']}  for {duration_text(each['expires_in'])}{left}"
            emit(escape(line))
    else:
        remark("there is no signed invite that lets in: `hangctl invite --signed` makes one")


@subcommand("revoke")
@click.argument("invites", metavar="[ID...]", nargs=-1, shell_complete=invite_ids)
@click.option("--mine", is_flag=True, help="All that you have made.")
@click.option("--all", "everybodys", is_flag=True, help="All that there are, whoever made them.")
@click.pass_obj
def revoke(settings: Settings, invites: tuple[str, ...], mine: bool, everybodys: bool) -> None:
    """Let nobody in any more by these signed invites. Who came in by them stays.

    ID is that of `hangctl invite list`, or the invite itself. Another member's invite is the host's to take back.
    """
    if (bool(invites), mine, everybodys).count(True) != 1:
        raise click.UsageError("name the invites, or give one of --mine and --all")
    if mine or everybodys:
        which = "mine" if mine else "all"
        settings.request({"_name": "room-revoke-invites", which: "yes"}, action="take the invites back")
        return
    with settings.connect() as connection:
        for each in invites:
            _revoke(connection, each)


def _revoke(connection: Connection, invite: str) -> None:
    id = _id(invite)
    try:
        connection.request({"_name": "room-revoke-invites", "id": id}, action=f"take the invite {id} back")
    except Refused as error:
        if error.code != "InvalidMessage":
            raise
        hint = "`hangctl invite list` lists those that still let in"
        raise ControlError(f"cannot take the invite {id} back: the room has no such invite", hint) from None


invite.add_command(list_)
invite.add_command(revoke)


def _id(text: str) -> str:
    """Return the id of an invite, which may be given by its link: then it is in the token. Raises BadParameter."""
    if "://" not in text:
        return text
    import base64
    import json

    from hangd.urls import parse_invite

    try:
        token = parse_invite(text).token
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="ID") from None
    if token is None:
        raise click.BadParameter("a plain invite cannot be taken back: it only says where the room is", param_hint="ID")
    try:
        payload = token.split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["jti"])
    except (IndexError, KeyError, TypeError, ValueError, RecursionError):
        raise click.BadParameter("the invite is damaged: it has no id", param_hint="ID") from None
