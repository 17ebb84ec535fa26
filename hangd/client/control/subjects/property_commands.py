"""Commands that change properties: for key bindings and text lines, which cannot use ``set_property``."""

from dataclasses import replace
from typing import Final

from hangd.client.control.language.kinds import Direction, Double, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.command import Command, Context, Parameter, changes_properties


def _cycle_values(context: Context, arg0: str, argN: list[str]) -> None:
    words = [arg0, *argN]
    reverse = words[0] == "!reverse"
    name, *values = words[1:] if reverse else words
    if not values:
        raise CommandRefused.invalid()
    step = -1 if reverse else 1
    for index, value in enumerate(values):
        if context.properties.same(name, value):
            context.properties.write(name, values[(index + step) % len(values)])
            return
    context.properties.write(name, values[-1 if reverse else 0])


_QUIET: Final = ("pause", "fullscreen")
"""Properties whose change is seen without being shown, as in mpv."""
_SOUGHT: Final = ("time-pos", "percent-pos", "chapter")


def _show(context: Context, name: str, **_: object) -> None:
    properties, desktop = context.properties, context.viewer.desktop
    name = properties.one_name(name)
    if name in _SOUGHT:
        desktop.show_progress()
    if name == "chapter" or name not in (*_SOUGHT, *_QUIET):
        desktop.show_property(name)


def _show_cycled(context: Context, arg0: str, argN: list[str]) -> None:
    _show(context, argN[0] if arg0 == "!reverse" else arg0)


def _is_counted(context: Context, name: str, **_: object) -> bool:
    """Return whether a property has so many values that a key is held down to get through them."""
    return context.properties.is_counted(name)


_NAME: Final = Parameter("name", Text())
_ROWS: Final = (
    Command("ignore", "do nothing", (), lambda context: None),
    Command("set", "write a property", (_NAME, Parameter("value", Text())),
        lambda context, name, value: context.properties.write(name, value), show=_show),
    Command("add", "add to the value of a property, up to its limit", (_NAME, Parameter("value", Double(), 1.0)),
        lambda context, name, value: context.properties.add(name, value), repeats=_is_counted, show=_show),
    Command("multiply", "multiply the value of a property", (_NAME, Parameter("value", Double())),
        lambda context, name, value: context.properties.multiply(name, value), repeats=True, show=_show),
    Command("cycle", "write the next value of a property, or with down the previous one",
        (_NAME, Parameter("value", Direction(), "up")),
        lambda context, name, value: context.properties.cycle(name, up=value == "up"), repeats=_is_counted,
        show=_show),
    Command("cycle-values", "write the next of these values to a property; after the word !reverse, the previous one",
        (Parameter("arg0", Text()),), _cycle_values, rest="argN", show=_show_cycled),
    Command("del", "delete a value in user-data", (_NAME,),
        lambda context, name: context.properties.delete(name)),
)  # fmt: skip

COMMANDS: Final = tuple(replace(row, run=changes_properties(row.run)) for row in _ROWS)
