"""The subcommand invite: what to send to those who are to join."""

import sys

import click

from hangctl.commands.members import read_in_room
from hangctl.options import Settings, subcommand
from hangctl.output import emit, emit_json, remark


@subcommand("invite", reads=True)
@click.option("--qr", is_flag=True, help="Draw it as a QR code, too.")
@click.option("--to", "names", metavar="NAME", multiple=True, help="Notify who gets invitations under this name.")
@click.pass_obj
def invite(settings: Settings, qr: bool, names: tuple[str, ...]) -> None:
    """Print the invite to the room, and the link for browsers, a line each.

    The link is there if the server shows the page for browsers. The QR code is that of the link, else of the invite.
    With --to, the server sends a notification instead, if it does that; it does not tell whether there is anybody.
    """
    if names:
        if qr:
            raise click.UsageError("--qr and --to exclude each other")
        settings.request(*(["room-invite", name] for name in names), action=f"invite {' and '.join(names)}")
        return
    room = read_in_room(settings, "room")
    found = {name: room.get(name) for name in ("invite", "link", "invite_local")}
    if qr:
        from hangctl.qr import draw_qr

        draw_qr(str(found["link"] or found["invite"]), sys.stderr if settings.json else sys.stdout)
    if settings.json:
        emit_json(found)
        return
    emit(str(found["invite"]))
    if found["link"]:
        emit(str(found["link"]))
    if found["invite_local"]:
        remark("note: the invite works on this machine only, for that is where its server is")
