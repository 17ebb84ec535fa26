"""The subcommand chapter. Chapters count from 1 in arguments and output; on the control socket they count from 0."""

import re

import click

from hangctl.client import ControlError, Refused
from hangctl.options import Settings, subcommand, words
from hangctl.output import dumps, emit, escape, hms


@subcommand("chapter", waits=True, reads=True)
@click.argument(
    "target", default="list", metavar="[list|N|next|previous]", shell_complete=words("list", "next", "previous")
)
@click.pass_obj
def chapter(settings: Settings, target: str) -> None:
    """List the chapters, or go to one."""
    if target == "list":
        _list(settings)
    elif target in ("next", "previous"):
        settings.perform(["add", "chapter", 1 if target == "next" else -1], action=f"go to the {target} chapter")
    elif re.fullmatch(r"0*[1-9]\d{0,8}", target, re.ASCII):
        _go_to(settings, int(target))
    else:
        raise click.BadParameter(
            f"'{target}' is none of list, a chapter's number, next, previous", param_hint="CHAPTER"
        )


def _go_to(settings: Settings, number: int) -> None:
    try:
        settings.perform(["set_property", "chapter", number - 1], action=f"go to chapter {number}")
    except Refused as error:
        # mpv's error for a chapter number that is too large. It tells a user nothing.
        if error.error != "unsupported format for accessing property":
            raise
        raise ControlError(f"cannot go to chapter {number}: there is none", "`hangctl chapter` lists them") from None


def _list(settings: Settings) -> None:
    with settings.connect() as connection:
        values = connection.get_properties("chapter-list", "chapter", "path")
    if not values["path"]:
        raise ControlError("no file is loaded, so there are no chapters", "load one with `hangctl create FILE`")
    for index, one in enumerate(values["chapter-list"] or []):
        title, start, current = one.get("title"), one.get("time"), index == values["chapter"]
        about = {"number": index + 1, "time": start, "title": title, "current": current}
        line = f"{'*' if current else ' '} {index + 1} {hms(start)} {title or ''}".rstrip()
        emit(dumps(about) if settings.json else escape(line))
