"""Make the manual page hang-protocol(7): ``python -m tools.protocol_manual > man/hang-protocol.7``.

Descriptions are the docstrings of the messages and of their fields. The text around the lists is in
``protocol_manual.mdoc`` beside this module, where a line ``.@ NAME`` stands for a list that is made here.
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final, get_args

import msgspec
from msgspec import NODEFAULT, Meta, Struct

from hangd.protocol import accounts, errors, invites, messages, model, push
from tools.described import Field, fields, names, prose
from tools.ipc_manual import escaped

_FRAME: Final = Path(__file__).with_name("protocol_manual.mdoc")
_PLAIN: Final = {"str": "text", "int": "integer", "float": "number", "bool": "true or false", "dict": "object"}
_ABSENT: Final = {"; None: ": "; absent: ", "None: ": "Absent: ", '"ROOM_ITSELF"': f'"{model.ROOM_ITSELF}"'}
_NULL: Final = _ABSENT | {"; None: ": "; null: ", "None: ": "Null: "}
"""What the source says, and what the page says for it."""

_CLIENT: Final = [kind for name, kind in messages.CLIENT_TYPES.items() if name != "SyncCommand"]
_SERVER: Final = list(messages.SERVER_TYPES.values())
_ACTIONS: Final = get_args(messages.SyncCommand)


def page() -> str:
    lines: list[str] = []
    for line in _FRAME.read_text(encoding="utf-8").splitlines():
        lines.extend(_LISTS[line[3:]]() if line.startswith(".@ ") else [line])
    return "\n".join(lines) + "\n"


def _within(kinds: Iterable[Any], unions: Iterable[Any]) -> Callable[[], Iterator[str]]:
    wanted = [one for union in unions for one in get_args(union)]
    return lambda: _structs(kind for kind in kinds if kind in wanted)


def _without(kinds: Iterable[Any], unions: Iterable[Any]) -> Callable[[], Iterator[str]]:
    others = [one for union in unions for one in get_args(union)]
    return lambda: _structs(kind for kind in kinds if kind not in others)


def _structs(kinds: Iterable[type[Struct]]) -> Iterator[str]:
    yield ".Bl -tag -width Ds"
    for kind in kinds:
        yield f".It Sy {kind.__name__}"
        yield from prose(kind.__dict__.get("__doc__") or "", _NULL)
        if sources := fields(kind):
            yield ".Bl -tag -width Ds -compact"
            for field in msgspec.structs.fields(kind):
                yield from _field(field, sources[field.name])
            yield ".El"
    yield ".El"


def _field(field: msgspec.structs.FieldInfo, source: Field) -> Iterator[str]:
    default = field.default_factory() if field.default_factory is not NODEFAULT else field.default
    nullable = default is NODEFAULT and _is_nullable(source.type)
    words = _shown(source.type, source.module) + (" or null" if nullable else "")
    if default is None or isinstance(default, Struct):
        words += ", optional"
    elif default is not NODEFAULT:
        words += f", default {msgspec.json.encode(default).decode()}"
    yield f".It Va {field.name} Pq {escaped(words.replace(chr(34), ''))}"
    if source.about:
        yield from prose(source.about, _NULL if nullable else _ABSENT)


def _is_nullable(expression: ast.expr) -> bool:
    return any(isinstance(part, ast.Constant) and part.value is None for part in _parts(expression))


def _parts(expression: ast.expr) -> list[ast.expr]:
    """Return the types that a union consists of."""
    if isinstance(expression, ast.BinOp):
        return [*_parts(expression.left), *_parts(expression.right)]
    return [expression]


def _shown(expression: ast.expr, module: ModuleType) -> str:
    """Return a type as it is written in the source, in the words of the page."""
    match expression:
        case ast.BinOp():
            parts = [part for part in _parts(expression) if not isinstance(part, ast.Constant)]
            return " or ".join(_shown(part, module) for part in parts)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _PLAIN.get(name, "Action" if name == "SyncCommand" else name)
        case ast.Constant(value=value):
            return str(value)
        case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Tuple(elts=values)):
            *most, last = [str(ast.literal_eval(value)) for value in values]
            return f"{', '.join(most)} or {last}"
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[item, _])):
            return f"list of {_shown(item, module)}"
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, meta])):
            shown = _shown(inner, module)
            # Its limits may be named, in this module or in another.
            limits = _limits(eval(ast.unparse(meta), vars(module)), is_text=shown == "text")
            return f"{shown},{limits.removeprefix(' of')}" if shown.startswith("list") else f"{shown}{limits}"
        case ast.Subscript(value=ast.Name(id="dict")):
            return "object"
    raise ValueError(f"no words are known for the type {ast.unparse(expression)}")


def _limits(meta: Meta, *, is_text: bool) -> str:
    if meta.ge is not None:
        return f" from {_number(meta.ge)} to {_number(meta.le)}"
    unit = " characters" if is_text else ""
    if meta.min_length is not None:
        return f" of {meta.min_length} to {meta.max_length}{unit}"
    return f" of at most {meta.max_length}{unit}" if meta.max_length is not None else ""


def _number(value: float | None) -> str:
    assert value is not None  # Where the protocol has a limit below, it has one above.
    return str(int(value) if value == int(value) else value)


# ---- what messages consist of ----------------------------------------------------------------------------------------


def _mentioned() -> dict[str, ModuleType]:
    """Return the names in the types of all messages that are no messages themselves, with their modules."""
    found: dict[str, ModuleType] = {}
    left = [(each.type, each.module) for kind in (*_CLIENT, *_SERVER, *_ACTIONS) for each in fields(kind).values()]
    while left:
        expression, module = left.pop(0)
        for node in ast.walk(expression):
            home, name = module, getattr(node, "id", "")
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                home, name = vars(module)[node.value.id], node.attr
            value = vars(home).get(name)
            if name in found or name in ("SyncCommand", "NAME_MAX") or not inspect.ismodule(home):
                continue
            if isinstance(value, type) and issubclass(value, Struct):
                found[name] = module_of(value)
                left += [(each.type, each.module) for each in fields(value).values()]
            elif name[:1].isupper() and not name.isupper():
                for owner in (home, model, errors):
                    if name in names(owner):
                        found[name] = owner
                        left.append((names(owner)[name][0], owner))
                        break
    return found


def module_of(kind: type) -> ModuleType:
    module = inspect.getmodule(kind)
    assert module is not None
    return module


def _objects() -> Iterator[str]:
    kinds = [vars(module)[name] for name, module in sorted(_mentioned().items())]
    return _structs(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Struct))


def _types() -> Iterator[str]:
    yield ".Bl -tag -width Ds"
    for name, module in sorted(_mentioned().items()):
        if isinstance(vars(module)[name], type):
            continue
        expression, about = names(module)[name]
        if name == "ErrorCode":
            yield ".It Sy ErrorCode"
            yield "One of the words in"
            yield ".Sx ERROR CODES ."
            continue
        yield f".It Sy {name} Pq {escaped(_shown(expression, module))}"
        if meaning := _pattern(expression, module):
            yield from prose(f"{meaning[0].upper()}{meaning[1:]}.")
        yield from prose(about, _ABSENT) if about else ()
    yield ".El"


def _pattern(expression: ast.expr, module: ModuleType) -> str:
    """Return what the pattern of a type of texts requires, in words."""
    if not re.search(r"\bpattern=", ast.unparse(expression)):
        return ""
    meta = eval(ast.unparse(expression), vars(module)).__metadata__[0]
    return model.PATTERN_MEANINGS[meta.pattern]


_ABOUT_ACCOUNTS: Final = (accounts.AccountRequest, accounts.AccountAnswer)
_ABOUT_TRUST: Final = (invites.TrustRequest, invites.TrustAnswer)
_APART: Final = (messages.FilmRequest, push.PushRequest, *_ABOUT_ACCOUNTS, *_ABOUT_TRUST)

_LISTS: Final[Mapping[str, Callable[[], Iterator[str]]]] = {
    "requests": _without(_CLIENT, _APART),
    "actions": lambda: _structs(_ACTIONS),
    "film requests": _within(_CLIENT, [messages.FilmRequest]),
    "account requests": _within(_CLIENT, _ABOUT_ACCOUNTS),
    "trust requests": _within(_CLIENT, _ABOUT_TRUST),
    "push requests": _within(_CLIENT, [push.PushRequest]),
    "server messages": _without(_SERVER, _APART),
    "account answers": _within(_SERVER, _ABOUT_ACCOUNTS),
    "trust answers": _within(_SERVER, _ABOUT_TRUST),
    "objects": _objects,
    "types": _types,
}

if __name__ == "__main__":
    print(page(), end="")
