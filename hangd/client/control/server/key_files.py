"""Files of key bindings: hang's own, and the user's, which is read again when the settings are."""

import logging
import os
import stat
from pathlib import Path
from typing import Final

from hangd.client.control import commands
from hangd.client.control.language import input_conf
from hangd.client.control.language.input_conf import Binding
from hangd.client.control.language.lines import Request
from hangd.client.control.language.nearest import did_you_mean
from hangd.client.control.port import CommandRefused
from hangd.client.control.properties import PROPERTIES
from hangd.client.control.tables.bindings import Bindings
from hangd.client.control.tables.property import PropertyTable
from hangd.log import escape
from hangd.tasks import in_thread

_log = logging.getLogger(__name__)

DEFAULTS: Final = Path(__file__).with_name("default_bindings.conf")
_SIZE_MAX: Final = 1_000_000
"""Bytes, as in mpv."""
_SECONDS: Final = 10.0
"""How long the disk may take. A sleeping disk starts in less."""
_WARNINGS_MAX: Final = 20
"""Lines of one file that the log names."""
_OF_PROPERTIES: Final = ("set", "add", "multiply", "cycle", "cycle-values")


def default_bindings(properties: PropertyTable) -> list[Binding]:
    """Return what hang binds by itself."""
    bindings, wrong = _parsed(DEFAULTS.read_text(encoding="utf-8"), properties)
    assert not wrong, wrong
    return bindings


async def read_bindings(properties: PropertyTable, path: Path, *, named: bool) -> None:
    """Read the user's file of bindings, in place of what it had before. What is wrong with it is logged.

    A file that cannot be read changes nothing; one that is not there has no bindings.

    Args:
        named: the settings name the file, so it has to be there.
    """
    try:
        text = await in_thread(_text, path, deadline=_SECONDS, doing=f"reading {path}")
    except FileNotFoundError:
        text = ""
        if named:
            _log.warning("%s: there is no such file of key bindings", escape(str(path)))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        _log.warning("%s: the key bindings cannot be read: %s", escape(str(path)), escape(reason))
        return
    bindings, wrong = _parsed(text, properties)
    for each in wrong[:_WARNINGS_MAX]:
        _log.warning("%s:%d: %s", escape(str(path)), each.number, escape(each.why))
    if len(wrong) > _WARNINGS_MAX:
        _log.warning("%s: %d more lines are wrong", escape(str(path)), len(wrong) - _WARNINGS_MAX)
    if bindings:
        _log.info("%s: %d key bindings", escape(str(path)), len(bindings))
    properties.state(Bindings).set_file(bindings)
    properties.changed(frozenset({"input-bindings"}))


def _text(path: Path) -> str:
    """Return what a file says. Raises OSError, or ValueError where it is no file of text."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise ValueError("it is no file")
        data = opened.read(_SIZE_MAX + 1)
    if len(data) > _SIZE_MAX:
        raise ValueError(f"it is longer than {_SIZE_MAX} bytes")
    return data.decode("utf-8", "surrogateescape")


def _parsed(text: str, properties: PropertyTable) -> tuple[list[Binding], list[input_conf.WrongLine]]:
    return input_conf.parse(text, lambda request: commands.complaint(request) or _wrong_property(request, properties))


def _wrong_property(request: Request, properties: PropertyTable) -> str | None:
    """Return what is wrong with the property that a command names, if it names one."""
    names = [each for each in request.arguments if each != "!reverse"]
    if request.name not in _OF_PROPERTIES or not names or "$" in names[0]:
        return None
    try:
        properties.one_name(names[0])
    except CommandRefused:
        return f"there is no property {names[0]}{did_you_mean(names[0], PROPERTIES)}"
    return None
