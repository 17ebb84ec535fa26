"""Changing properties by command: for key bindings and text lines, where set_property does not reach."""

from collections.abc import Callable
from typing import Final

from hangd.client.control.language.kinds import Direction, Double, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.command import Arguments, Command, Context, Parameter

__all__ = ["COMMANDS"]


def _as_command(change: Callable[[], None]) -> None:
    """Change a property on a command's behalf: whatever is wrong with the property, the command failed."""
    try:
        change()
    except CommandRefused as refused:
        raise CommandRefused("error running command", refused.code, refused.message) from None


def _set(context: Context, arguments: Arguments) -> None:
    _as_command(lambda: context.properties.write(arguments["name"], arguments["value"]))


def _add(context: Context, arguments: Arguments) -> None:
    _as_command(lambda: context.properties.add(arguments["name"], arguments["value"]))


def _multiply(context: Context, arguments: Arguments) -> None:
    _as_command(lambda: context.properties.multiply(arguments["name"], arguments["value"]))


def _cycle(context: Context, arguments: Arguments) -> None:
    _as_command(lambda: context.properties.cycle(arguments["name"], up=arguments["value"] == "up"))


def _cycle_values(context: Context, arguments: Arguments) -> None:
    words = [arguments["arg0"], *arguments["argN"]]
    step = 1
    if words[0] == "!reverse":
        words.pop(0)
        step = -1
    if len(words) < 2:
        raise CommandRefused("invalid parameter")
    name, *values = words

    def change() -> None:
        for index, value in enumerate(values):
            if context.properties.same(name, value):
                context.properties.write(name, values[(index + step) % len(values)])
                return
        context.properties.write(name, values[0 if step == 1 else -1])

    _as_command(change)


_NAME: Final = Parameter("name", Text())
_UP_DOWN: Final = Direction()

COMMANDS: Final = (
    Command("ignore", "do nothing", (), lambda context, arguments: None),
    Command("set", "give a property a value", (_NAME, Parameter("value", Text())), _set),
    Command("add", "add to a property's number, up to its limit", (_NAME, Parameter("value", Double(), 1.0)), _add),
    Command("multiply", "multiply a property's number", (_NAME, Parameter("value", Double())), _multiply),
    Command(
        "cycle",
        "give a property its next value, or with down the one before",
        (_NAME, Parameter("value", _UP_DOWN, "up")),
        _cycle,
    ),
    Command(
        "cycle-values",
        "give a property the next of these values; !reverse as the first word: the one before",
        (Parameter("arg0", Text()),),
        _cycle_values,
        rest="argN",
    ),
)
