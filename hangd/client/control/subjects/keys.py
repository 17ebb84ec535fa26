"""Keys: what is carried out when a key is pressed in the window, or by a client with ``keypress``.

Keys are bound by hang itself (``default_bindings.conf``), by the user's file and by clients. A client's binding lasts
until the daemon ends. Key presses, buttons and the wheel come from the window.
"""

import contextlib
import logging
import re
from collections.abc import Iterable
from typing import Any, Final

from hangd.client.control.language.input_conf import DEFAULT_SECTION, Binding
from hangd.client.control.language.key_names import NAMES, UnknownKey, key_name
from hangd.client.control.language.kinds import Flag, Node, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.bindings import OF_CLIENTS_MAX, Bindings, together
from hangd.client.control.tables.command import Command, Context, Parameter
from hangd.client.control.tables.property import Property, PropertyTable
from hangd.log import escape

_log = logging.getLogger(__name__)
_WORDS: Final = {
    "MBTN_LEFT_DBL": "double click", "MBTN_LEFT": "click", "MBTN_MID": "middle click", "MBTN_RIGHT": "right click",
    "MBTN_BACK": "back button", "MBTN_FORWARD": "forward button", "WHEEL_UP": "wheel up", "WHEEL_DOWN": "wheel down",
    "WHEEL_LEFT": "wheel left", "WHEEL_RIGHT": "wheel right", "CLOSE_WIN": "close button", "SHARP": "#",
    **dict.fromkeys("PLAYPAUSE PLAYONLY PAUSEONLY PLAY PAUSE STOP FORWARD REWIND NEXT PREV".split(), "media key"),
    **dict.fromkeys("VOLUME_UP VOLUME_DOWN MUTE".split(), "media key"),
}  # fmt: skip
"""What people call keys and buttons, where it is not mpv's name."""
_IN_WORDS: Final = re.compile(rf"(?<!\w)(?:{'|'.join(_WORDS)})(?!\w)")


class _Pressing:
    """Whether a key's command is being carried out, which must not press keys."""

    is_on = False


def pressed(context: Context, name: str, repeated: bool) -> None:
    """A key has been pressed in the window, or repeats. ``name``: as the window calls it; mpv may not know the key."""
    with contextlib.suppress(UnknownKey):
        press(context, key_name(name), repeated)


def press(context: Context, name: str, repeated: bool = False) -> None:
    """Carry out what this key is bound to, if it is bound."""
    pressing = context.properties.state(_Pressing)
    if pressing.is_on:
        _log.warning("a key's command presses the key %s: ignored", escape(name))
        return
    bindings = context.properties.state(Bindings)
    binding = bindings.repeated(name) if repeated else bindings.pressed(name)
    if binding is None:
        if not repeated:
            _log.info("the key %s is not bound", escape(name))
        return
    pressing.is_on = True
    try:
        context.run_text(binding.command, repeated)
    finally:
        pressing.is_on = False


def _named(spelled: str) -> str:
    try:
        return key_name(spelled)
    except UnknownKey as error:
        raise CommandRefused.failed("NotFound", f"{error}; input-key-list has the names") from None


def _bind(context: Context, name: str, cmd: str) -> None:
    bindings, binding = context.properties.state(Bindings), Binding(_named(name), cmd)
    if not bindings.bind(binding):
        raise CommandRefused.failed("TooLarge", f"no more than {OF_CLIENTS_MAX} keys can be bound")
    context.properties.changed(frozenset({"input-bindings"}))


def _release(context: Context, name: str) -> None:
    if name:
        _named(name)  # Whatever the key does, it has done when it was pressed.


def _show(context: Context) -> None:
    if not context.viewer.desktop.show_keys(for_people(context.properties.state(Bindings).effective())):
        raise CommandRefused.failed("NotSupported", "there is no window to show them in; `hangctl keys` lists them")


def for_people(bindings: Iterable[Binding]) -> list[tuple[str, str]]:
    """Return what keys do, as people call them, and those together that do the same."""
    return [
        (", ".join(dict.fromkeys(map(_in_words, keys))), comment or command)
        for (command, comment), keys in together(bindings).items()
    ]


def _in_words(key: str) -> str:
    return _IN_WORDS.sub(lambda found: _WORDS[found[0]], key)


def _listed(properties: PropertyTable) -> list[dict[str, Any]]:
    bindings = properties.state(Bindings)
    return [
        {
            "section": each.section,
            "cmd": each.command,
            "is_weak": each.is_weak,
            "priority": _priority(each, bindings),
            **({"comment": each.comment} if each.comment else {}),
            "key": each.key,
        }
        for each in bindings.all()
    ]


def _priority(binding: Binding, bindings: Bindings) -> int:
    """Return mpv's number for how much a binding counts; -1: it counts for nothing now."""
    if binding.section != DEFAULT_SECTION or (binding.is_weak and not bindings.uses_defaults):
        return -1
    return 0 if binding.is_weak else 1


def _use_defaults(properties: PropertyTable, use: bool) -> None:
    properties.state(Bindings).uses_defaults = use
    properties.changed(frozenset({"input-bindings"}))


_NAME: Final = Parameter("name", Text())

COMMANDS: Final = (
    Command("keybind", "let a key of the window, or keypress, carry out this line of commands",
        (_NAME, Parameter("cmd", Text())), _bind),
    Command("keypress", "carry out what this key is bound to", (_NAME,),
        lambda context, name: press(context, _named(name))),
    Command("keydown", "the same as keypress", (_NAME,), lambda context, name: press(context, _named(name))),
    Command("keyup", "do nothing: a key does what it is bound to when it is pressed", (Parameter("name", Text(), ""),),
        _release),
    Command("window-show-keys", "show on the picture what keys do, or hide that again", (), _show),
)  # fmt: skip

PROPERTIES: Final = (
    Property("input-bindings", "what keys are bound to, each with its key and its cmd", Node(), _listed),
    Property("input-default-bindings", "whether the keys count that hang binds by itself", Flag(),
        lambda p: p.state(Bindings).uses_defaults, _use_defaults, option=True, stored=True),
    Property("input-key-list", "names of the keys that are not named by the character that they write",
        Node(), lambda _: list(NAMES)),
)  # fmt: skip
