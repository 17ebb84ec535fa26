"""The output of ``hangd replay``: the result of a replay as text or as JSON."""

from typing import Any

import msgspec

from hangd.engine.trace.replay import Difference, Replayed
from hangd.log import escape


def report(replayed: Replayed) -> str:
    """Return the result as lines of text. Characters that a terminal would interpret are escaped."""
    header, difference = replayed.header, replayed.difference
    about = [f"hangd {header.hangd}", header.player, header.date, header.title]
    corrections = ", ".join(f"{count} {name}" for name, count in sorted(replayed.corrections.items()))
    lines = [
        ", ".join(word for word in about if word),
        f"{replayed.steps} steps in {replayed.span:.1f} s; corrections: {corrections or 'none'}",
        *(["comes out the same"] if difference is None else _describe(difference)),
    ]
    return "\n".join(map(escape, lines))


def report_json(replayed: Replayed) -> str:
    """Return the result as one JSON object."""
    header = replayed.header
    result = {"same": replayed.is_same, "steps": replayed.steps, "span": replayed.span}
    found = {"corrections": replayed.corrections, "difference": replayed.difference}
    about = {"hangd": header.hangd, "player": header.player, "date": header.date, "title": header.title}
    return _json({**result, **found, **about})


def _describe(difference: Difference) -> list[str]:
    return [
        f"line {difference.line}, at {difference.now:.6f} s, comes out otherwise",
        f"  told:     {_json(difference.input)}",
        f"  recorded: {_outcome(difference.recorded, difference.recorded_raised)}",
        f"  now:      {_outcome(difference.effects, difference.raised)}",
    ]


def _outcome(effects: list[Any], raised: str | None) -> str:
    return f"failed: {raised}" if raised is not None else _json(effects)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
