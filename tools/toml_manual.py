"""Make the manual page hang.toml(5) from the settings: ``python -m tools.toml_manual > man/hang.toml.5``.

A key's description is the docstring of its field. Its type, limits and default are those that `hangd.config` goes by,
its option is that of the command line. The text around the lists is in ``toml_manual.mdoc`` beside this module, where a
line ``.@ SECTION`` stands for the keys of a section.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from msgspec import NODEFAULT
from msgspec.inspect import BoolType, FloatType, IntType, LiteralType, Metadata, Type, UnionType, VarTupleType

from hangd.cli.main import main
from hangd.config import SECTIONS, variable
from tools.described import fields, prose
from tools.ipc_manual import escaped

_FRAME: Final = Path(__file__).with_name("toml_manual.mdoc")
_WORDS: Final = {"None: ": "If it is absent: "}
"""What the source says, and what the page says for it: TOML has no None."""
_QUOTE: Final = r"\(dq"
_OPTION_NAMES: Final = {"motd_file": "motd"}
"""Parameters of the command line that are called otherwise than the key that they set."""


def page() -> str:
    lines: list[str] = []
    for line in _FRAME.read_text(encoding="utf-8").splitlines():
        lines.extend(_keys(SECTIONS[line[3:]]) if line.startswith(".@ ") else [line])
    return "\n".join(lines) + "\n"


def _keys(section: type[msgspec.Struct]) -> Iterator[str]:
    options = _options()
    sources = fields(section)
    yield ".Bl -tag -width Ds"
    for field in msgspec.structs.fields(section):
        yield f".It Va {field.name} Pq {escaped(_kind(msgspec.inspect.type_info(field.type)))}"
        yield from prose(sources[field.name].about, _WORDS)
        if field.default not in (NODEFAULT, None, "", ()):
            yield "The default is"
            yield f".Li {escaped(_toml(field.default)).replace(chr(34), _QUOTE)} ."
        if flags := options.get(field.name):
            yield "Option"
            yield f".Fl {' , '.join(escaped(flag[1:]) for flag in flags)} ,"
        yield "variable" if flags else "Variable"
        yield f".Ev {variable(field.name)} ."
    yield ".El"


def _options() -> Mapping[str, list[str]]:
    """Return the options of the command line by the key that they set."""
    parameters = [parameter for name in ("run", "server") for parameter in main.commands[name].params]
    return {
        _OPTION_NAMES.get(each.name, each.name): [*each.opts, *each.secondary_opts]
        for each in parameters
        if isinstance(each, click.Option) and each.name is not None
    }


def _kind(info: Type) -> str:
    """Return what values of this type are, for people."""
    if isinstance(info, Metadata):
        return "path" if (info.extra or {}).get("path") else _kind(info.type)
    if isinstance(info, UnionType):  # Settings have no other unions than with None.
        return _kind(next(one for one in info.types if not isinstance(one, msgspec.inspect.NoneType)))
    match info:
        case BoolType():
            return "true or false"
        case LiteralType(values=values):
            return " or ".join([", ".join(map(str, values[:-1])), str(values[-1])])
        case VarTupleType(item_type=item):
            inner = _kind(item)
            return f"list of {'texts' if inner == 'text' else 'paths' if inner == 'path' else f'these: {inner}'}"
        case IntType() | FloatType():
            return f"{'whole number' if isinstance(info, IntType) else 'number'}{_range(info)}"
    return "text"


def _range(info: IntType | FloatType) -> str:
    if info.gt is not None:
        return f" above {info.gt:.12g}, up to {info.le:.12g}"
    return "" if info.ge is None else f" from {info.ge:.12g} to {info.le:.12g}"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f"{value:g}" if isinstance(value, float) else json.dumps(value)


if __name__ == "__main__":
    print(page(), end="")
