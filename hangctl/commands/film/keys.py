"""The subcommand ``keys``: what keys do in the film's window."""

from typing import Any

import click

from hangctl.options import Settings, subcommand
from hangctl.output import draw, emit, emit_json, escape, interactive


@subcommand("keys", reads=True)
@click.pass_obj
def keys(settings: Settings) -> None:
    """List what keys, buttons and the wheel do in the film's window."""
    bindings: list[dict[str, Any]] = settings.request(["get_property", "input-bindings"], action="list the keys")
    counting: dict[str, int] = {}
    for each in bindings:
        counting[each["key"]] = max(each["priority"], counting.get(each["key"], 0))
    found = [each for each in bindings if counting[each["key"]] == each["priority"] and each["cmd"] != "ignore"]
    if interactive() and not settings.json:
        draw(("key", "does", ""), ((each["key"], each.get("comment"), each["cmd"]) for each in found))
        return
    for each in found:
        if settings.json:
            emit_json(each)
        else:
            emit(escape("  ".join(filter(None, (each["key"], each.get("comment"), each["cmd"])))))
