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


_NAME: Final = Parameter("name", Text())
_ROWS: Final = (
    Command("ignore", "do nothing", (), lambda context: None),
    Command("set", "write a property", (_NAME, Parameter("value", Text())),
        lambda context, name, value: context.properties.write(name, value)),
    Command("add", "add to the value of a property, up to its limit", (_NAME, Parameter("value", Double(), 1.0)),
        lambda context, name, value: context.properties.add(name, value)),
    Command("multiply", "multiply the value of a property", (_NAME, Parameter("value", Double())),
        lambda context, name, value: context.properties.multiply(name, value)),
    Command("cycle", "write the next value of a property, or with down the previous one",
        (_NAME, Parameter("value", Direction(), "up")),
        lambda context, name, value: context.properties.cycle(name, up=value == "up")),
    Command("cycle-values", "write the next of these values to a property; after the word !reverse, the previous one",
        (Parameter("arg0", Text()),), _cycle_values, rest="argN"),
    Command("del", "delete a value in user-data", (_NAME,),
        lambda context, name: context.properties.delete(name)),
)  # fmt: skip

COMMANDS: Final = tuple(replace(row, run=changes_properties(row.run)) for row in _ROWS)
