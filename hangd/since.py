"""Read since when people want to see a history: 90m, 24h, 7d, a date. hangd and hangctl use it.

Times of day are local. Nothing slow is imported.
"""

import re
import time

import click

_UNITS = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}
_AGO = re.compile(r"([0-9]{1,6})\s*([mhdw])", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[ T]([0-9]{1,2}):([0-9]{2}))?")
_WRONG = "is no time: write 24h, 7d or 2w for how long ago, or a date like 2026-05-31"


def since(text: str, now: float) -> float:
    """Return the Unix time that is meant. It is not below 0.

    Understood are 90m, 24h, 7d and 2w (so long before ``now``), today, yesterday, and a date, perhaps with a time.

    Raises:
        ValueError: ``str()`` is the end of a sentence that begins with what was written.
    """
    word = text.strip()
    if found := _AGO.fullmatch(word):
        return max(0.0, now - int(found[1]) * _UNITS[found[2].lower()])
    if word.lower() in ("today", "yesterday"):
        day = time.localtime(now)
        return _moment(day.tm_year, day.tm_mon, day.tm_mday - (word.lower() == "yesterday"))
    if found := _DATE.fullmatch(word):
        year, month, day_of_month, hour, minute = (int(part or 0) for part in found.groups())
        try:
            time.strptime(f"{year:04}-{month:02}-{day_of_month:02} {hour:02}:{minute:02}", "%Y-%m-%d %H:%M")
            return _moment(year, month, day_of_month, hour, minute)
        except (ValueError, OverflowError):
            raise ValueError("is no date that there is") from None
    raise ValueError(_WRONG)


def since_option(context: click.Context, parameter: click.Parameter, value: str | None) -> float:
    """Read an option by `since`; 0 where it is not given. It is a callback of click."""
    if value is None:
        return 0.0
    try:
        return since(value, time.time())
    except ValueError as error:
        raise click.BadParameter(f"{value!r} {error}", context, parameter) from None


def _moment(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> float:
    """Return the Unix time of a local date. A day 0 is the last one of the month before."""
    return max(0.0, time.mktime((year, month, day, hour, minute, 0, 0, 0, -1)))
