"""The film's chapters. They count from 1, as people count; on the socket they count from 0."""

import re

import click

from hangctl.client import ControlError, Refused
from hangctl.options import Settings, verb, words
from hangctl.output import clock, emit, emit_json, escape

__all__ = ["chapter"]


@verb("chapter", waits=True, reads=True)
@click.argument(
    "place", default="list", metavar="[list|N|next|previous]", shell_complete=words("list", "next", "previous")
)
@click.pass_obj
def chapter(settings: Settings, place: str) -> None:
    """List the chapters, or go to one."""
    if place == "list":
        _list(settings)
    elif place in ("next", "previous"):
        settings.carry_out(["add", "chapter", 1 if place == "next" else -1], doing=f"go to the {place} chapter")
    elif re.fullmatch(r"0*[1-9]\d{0,8}", place, re.ASCII):
        _go(settings, int(place))
    else:
        raise click.BadParameter(f"'{place}' is none of list, a chapter's number, next, previous", param_hint="PLACE")


def _go(settings: Settings, number: int) -> None:
    try:
        settings.carry_out(["set_property", "chapter", number - 1], doing=f"go to chapter {number}")
    except Refused as error:
        if error.error != "unsupported format for accessing property":
            raise
        raise ControlError(f"cannot go to chapter {number}: there is none", "`hangctl chapter` lists them") from None


def _list(settings: Settings) -> None:
    with settings.connect() as connection:
        values = connection.read("chapter-list", "chapter", "path")
    if not values["path"]:
        raise ControlError("no file is loaded, so there are no chapters", "load one with `hangctl create FILE`")
    for index, one in enumerate(values["chapter-list"] or []):
        title, start, current = one.get("title"), one.get("time"), index == values["chapter"]
        if settings.json:
            emit_json({"number": index + 1, "time": start, "title": title, "current": current})
        else:
            emit(escape(f"{'*' if current else ' '} {index + 1} {clock(start)} {title or ''}".rstrip()))
