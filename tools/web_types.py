"""Make the page's view of the protocol from its JSON Schema: ``python -m tools.web_types``.

It writes two modules into hangd/web/protocol. types.js has a JSDoc type for each definition. defaults.js has, for each
definition that a server sends, what a field that was left out stands for, where definitions are within others, and what
kinds of values the fields have.

A type that a client may send has optional fields. A type that only a server sends has all its fields, because the
page fills in what was left out as soon as a message arrives.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path(__file__).parents[1]
_SCHEMA: Final = _ROOT / "docs" / "protocol.schema.json"
_FRAMES: Final = ("ClientFrame", "ServerFrame")
_WIDTH: Final = 120

Schema = dict[str, Any]


def modules() -> dict[str, str]:
    """Return the text of each module by its path below the repository's root."""
    definitions: dict[str, Schema] = json.loads(_SCHEMA.read_text(encoding="utf-8"))["$defs"]
    from_client, from_server = (
        frozenset(_reached(definitions, [frame["properties"]["payload"] for frame in definitions[frames]["oneOf"]]))
        for frames in _FRAMES
    )
    return {
        "hangd/web/protocol/types.js": _types(definitions, from_client),
        "hangd/web/protocol/defaults.js": _defaults(definitions, from_server),
    }


def _reached(definitions: dict[str, Schema], roots: list[Schema]) -> set[str]:
    """Return the names of all definitions to which these lead."""
    found: set[str] = set()
    left = [name for root in roots for name in _references(root)]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left.extend(_references(definitions[name]))
    return found


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield _name(schema)
        for key, part in schema.items():
            if key != "discriminator":  # It repeats the parts of anyOf.
                yield from _references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _references(part)


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


# ---- types.js --------------------------------------------------------------------------------------------------------


def _types(definitions: dict[str, Schema], from_client: frozenset[str]) -> str:
    lines = [
        "/**",
        " * The types of the protocol's messages. Made from docs/protocol.schema.json by tools/web_types.py.",
        " *",
        " * What only a server sends has all its fields: defaults.js says what those stand for that were left out.",
    ]
    for name, schema in definitions.items():
        if name not in _FRAMES:
            lines += [" *", *_typedef(name, schema, partial=name in from_client)]
    for frames, name, id in ((_FRAMES[0], "ClientMessage", "id"), (_FRAMES[1], "ServerMessage", "re")):
        lines += [" *", f" * @typedef {{{_frame(definitions[frames]['oneOf'][0], id)}"]
        lines += [f" *   | {_frame(frame, id)}" for frame in definitions[frames]["oneOf"][1:]]
        lines[-1] += f"}} {name}"
    return "\n".join([*lines, " */", "", "export {};", ""])


def _frame(frame: Schema, id: str) -> str:
    return f'{{type: "{frame["title"]}", payload: {_type(frame["properties"]["payload"])}, {id}?: RequestId}}'


def _typedef(name: str, schema: Schema, *, partial: bool) -> Iterator[str]:
    if "properties" not in schema:
        yield f" * @typedef {{{_type(schema)}}} {name}"
        return
    about = schema.get("description", "").partition("\n\n")[0].replace("\n", " ").replace("``", "`")
    words = f" * @typedef {{object}} {name}" + (f"  {about}" if about else "")
    yield from _wrapped(words)
    for field, part in schema["properties"].items():
        is_there = field in schema["required"] or not partial
        yield f" * @property {{{_type(part)}}} {field if is_there else f'[{field}]'}"


def _wrapped(text: str) -> Iterator[str]:
    while len(text) > _WIDTH:
        head, _, tail = text[: _WIDTH + 1].rpartition(" ")
        yield head
        text = f" *   {tail}{text[_WIDTH + 1 :]}"
    yield text


def _type(schema: Schema) -> str:
    match schema:
        case {"$ref": _}:
            return _name(schema)
        case {"anyOf": parts} | {"oneOf": parts}:
            return " | ".join(dict.fromkeys(map(_type, parts)))
        case {"enum": values}:
            return " | ".join(json.dumps(value) for value in values)
        case {"const": value}:
            return json.dumps(value)
        case {"type": "array"}:
            items = _type(schema["items"])
            return f"readonly ({items})[]" if " | " in items else f"readonly {items}[]"
        case {"type": "object", "additionalProperties": values}:
            return f"Record<string, {_type(values)}>"
        case {"type": "integer" | "number"}:
            return "number"
        case {"type": "string" | "boolean" | "null" as kind}:
            return str(kind)
    raise ValueError(f"no type is known for {schema}")


# ---- defaults.js -----------------------------------------------------------------------------------------------------


def _defaults(definitions: dict[str, Schema], from_server: frozenset[str]) -> str:
    tables = [
        (
            "DEFAULTS",
            "What a field that was left out stands for, by the name of its type.",
            "Record<string, Record<string, unknown>>",
            {
                name: fields
                for name, schema in definitions.items()
                if name in from_server and (fields := _left_out(schema))
            },
        ),
        (
            "WITHIN",
            "The type of each field that is, or lists, objects, by the name of the type that it is in.",
            "Record<string, Record<string, string>>",
            {
                name: fields
                for name, schema in definitions.items()
                if name in from_server and (fields := _objects(definitions, schema))
            },
        ),
        (
            "KINDS",
            "The kinds of values that each field may have, by the name of the type that it is in.",
            "Record<string, Record<string, string>>",
            {
                name: {field: _kinds(definitions, part) for field, part in schema["properties"].items()}
                for name, schema in definitions.items()
                if name in from_server and schema.get("properties")
            },
        ),
    ]
    text = "/** What messages leave out. Made from docs/protocol.schema.json by tools/web_types.py: do not edit. */\n"
    for name, about, kind, table in tables:
        text += f"\n/**\n * {about}\n *\n * @type {{{kind}}}\n */\nexport const {name} = {{\n"
        for key, fields in table.items():
            line = f"  {key}: {_literal(fields)},"
            if len(line) > _WIDTH:
                inner = "".join(f"    {field}: {_literal(value)},\n" for field, value in fields.items())
                line = f"  {key}: {{\n{inner}  }},"
            text += line + "\n"
        text += "};\n"
    return text


def _left_out(schema: Schema) -> dict[str, Any]:
    fields = schema.get("properties", {})
    return {field: fields[field]["default"] for field in fields if "default" in fields[field]}


def _objects(definitions: dict[str, Schema], schema: Schema) -> dict[str, str]:
    found = {}
    for field, part in schema.get("properties", {}).items():
        names = [name for name in dict.fromkeys(_references(part)) if "properties" in definitions[name]]
        if len(names) == 1:  # More than one: the commands, of which no field has to be filled in.
            found[field] = names[0]
    return found


def _kinds(definitions: dict[str, Schema], schema: Schema) -> str:
    """Return the kinds of JSON values that a schema allows, such as "number null"; "strings": an array of strings."""
    match schema:
        case {"$ref": _}:
            return _kinds(definitions, definitions[_name(schema)])
        case {"anyOf": parts} | {"oneOf": parts}:
            return " ".join(dict.fromkeys(_kinds(definitions, part) for part in parts))
        case {"enum": [value, *_]} | {"const": value}:
            return "string" if isinstance(value, str) else "number"
        case {"type": "array", "items": items}:
            return "strings" if _kinds(definitions, items) == "string" else "array"
        case {"type": "integer"}:
            return "number"
        case {"type": kind}:
            return str(kind)
    return "object"


def _literal(value: Any) -> str:
    """Return a value as JavaScript on one line, in the formatter's style."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key}: {_literal(part)}' for key, part in value.items())} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return repr(int(value)) if isinstance(value, float) and value.is_integer() else json.dumps(value)


if __name__ == "__main__":
    for path, text in modules().items():
        (_ROOT / path).write_text(text, encoding="utf-8")
