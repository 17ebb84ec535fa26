"""``hangd history``: which films the rooms of a server watched, from its store. The server may run meanwhile."""

from typing import TYPE_CHECKING, Any

import click

from hangd.cli.stores import date, opened, say_rows, store_options
from hangd.since import since_option

if TYPE_CHECKING:
    from hangd.store.base import Watched


@click.command()
@click.option("--since", callback=since_option, metavar="WHEN", help="Only what began since then: 24h, 7d, 2026-05-31.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@store_options
@click.pass_context
def history(context: click.Context, /, since: float, as_json: bool, **_options: object) -> None:
    """List the films that were watched in rooms, the latest last.

    A film is in it once its room has gone on to another one, or has no members left.
    """
    from hangd.log import escape

    with opened(context, tell=False) as store:
        found, where = store.watched(since), store.where
    rows = [_plain(one) if as_json else _shown(one) for one in found]
    nothing = (
        f"no film was watched{' since then' if since else ''}, as far as {escape(where)} tells; a film that plays now "
        "is not listed yet"
    )
    if rows:
        click.echo(f"({escape(where)})", err=True)
    say_rows(rows, as_json=as_json, nothing=nothing)


def _plain(one: "Watched") -> dict[str, Any]:
    """Return a record for programs: times in seconds."""
    return {
        "started": one.started_at,
        "room_id": one.room_id,
        "room": one.room,
        "film": one.film,
        "duration": one.duration,
        "seconds": one.seconds,
        "members": one.members,
        "corrections": one.corrections,
        "skew_p50": one.skew_p50,
        "skew_p95": one.skew_p95,
    }


def _shown(one: "Watched") -> dict[str, Any]:
    """Return a record as people read it. A room without a name is called by the beginning of its id."""
    return {
        "started": date(one.started_at),
        "watched": _hms(one.seconds),
        "members": one.members,
        "room": one.room or one.room_id[:8],
        "film": one.film,
        "corrections": one.corrections,
        "half within": _milliseconds(one.skew_p50),
        "95 % within": _milliseconds(one.skew_p95),
    }


def _hms(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _milliseconds(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds * 1000:.0f} ms"
