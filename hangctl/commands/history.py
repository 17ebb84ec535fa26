"""The subcommand history: what was watched at this machine."""

import time
from typing import Any

import click

from hangctl.options import Settings, subcommand
from hangctl.output import draw, emit, emit_json, escape, hms, interactive, milliseconds, remark
from hangd.since import since_option

_LIMIT = 20
_LIMIT_MAX = 10_000
_NAMES_SHOWN = 3


@subcommand("history", reads=True)
@click.option("--since", callback=since_option, metavar="WHEN", help="Only what began since then: 24h, 7d, 2026-05-31.")
@click.option(
    "--limit",
    type=click.IntRange(1, _LIMIT_MAX),
    metavar="NUMBER",
    help=f"At most so many films, the latest ones. [default: {_LIMIT}; with --since, all]",
)
@click.option("--clear", is_flag=True, help="Forget all that was watched here.")
@click.pass_obj
def history(settings: Settings, since: float, limit: int | None, clear: bool) -> None:
    """List what was watched here, alone and in rooms, the latest last.

    A film is in it once it has played for a minute. The history stays on this machine, and `hangd run --no-history`
    keeps none. With whom it was watched is only told where the room's rules allow that (`hangctl policy`).
    """
    if clear:
        if since or limit is not None:
            raise click.UsageError("--clear forgets all of it: it cannot stand with --since or --limit")
        count = settings.request(["history-clear"], action="forget what was watched")
        remark("nothing was there" if not count else f"forgot {count} film{'' if count == 1 else 's'}")
        return
    most = limit or (_LIMIT_MAX if since else _LIMIT)
    found = settings.request(["history", since, most], action="read the history")
    found.reverse()
    if settings.json:
        for one in found:
            emit_json(one)
    elif not found:
        remark("no film was watched" + (" since then" if since else ""))
    elif interactive():
        draw(("began", "film", "watched", "where", "with", "corrections", "off by"), map(_row, found))
    else:
        for one in found:
            emit(escape("  ".join(str(cell) for cell in _row(one) if cell is not None)))


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    skew = one["skew_p50"]
    return (
        time.strftime("%Y-%m-%d %H:%M", time.localtime(one["started"])),
        one["film"],
        hms(one["seconds"]) if one["duration"] is None else f"{hms(one['seconds'])} of {hms(one['duration'])}",
        _where(one),
        _company(one),
        None if one["room_id"] is None else one["corrections"],
        None if skew is None else milliseconds(skew),
    )


def _where(one: dict[str, Any]) -> str:
    if one["room_id"] is None:
        return "alone"
    return str(one["room"] or one["room_id"][:8])


def _company(one: dict[str, Any]) -> str | None:
    """Return with whom it was watched: the first names, or how many they were where names are not kept."""
    names, most = one["with"], one["others"]
    if not names:
        return None if not most else f"{most} other{'' if most == 1 else 's'}"
    left = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {left} more" if left > 0 else "")
