"""The subcommand chapter. Chapters count from 1 in arguments and output; on the control socket they count from 0."""

import re
from typing import Any

import click

from hangctl.client import HINTS, Command, ControlError, Refused
from hangctl.options import Settings, subcommand, words
from hangctl.output import dumps, emit, escape, hms, remark


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
        _go(settings, ["add", "chapter", 1 if target == "next" else -1], f"go to the {target} chapter")
    elif re.fullmatch(r"0*[1-9]\d{0,8}", target, re.ASCII):
        _go(settings, ["set_property", "chapter", int(target) - 1], f"go to chapter {target}")
    else:
        raise click.BadParameter(
            f"'{target}' is none of list, a chapter's number from 1, next, previous", param_hint="CHAPTER"
        )


def _go(settings: Settings, command: Command, action: str) -> None:
    try:
        settings.perform(command, action=action)
    except Refused as error:
        if error.code is not None:
            raise
        # mpv's errors for a chapter number that is too large, and for a film without chapters, tell a user nothing.
        count = len(_chapters(settings)["chapter-list"] or [])
        there_are = f"there is {count} chapter" if count == 1 else f"there are {count} chapters"
        raise ControlError(
            f"cannot {action}: {there_are if count else 'the film has no chapters'}",
            "`hangctl chapter` lists them" if count else None,
        ) from None


def _chapters(settings: Settings) -> dict[str, Any]:
    with settings.connect() as connection:
        values = connection.get_properties("chapter-list", "chapter", "path")
    if not values["path"]:
        raise ControlError("no file is loaded, so there are no chapters", HINTS["NoMedia"])
    return values


def _list(settings: Settings) -> None:
    values = _chapters(settings)
    if not values["chapter-list"]:
        remark("the film has no chapters")
    for index, one in enumerate(values["chapter-list"] or []):
        title, start, current = one.get("title"), one.get("time"), index == values["chapter"]
        about = {"number": index + 1, "time": start, "title": title, "current": current}
        line = f"{'*' if current else ' '} {index + 1} {hms(start)} {title or ''}".rstrip()
        emit(dumps(about) if settings.json else escape(line))
