"""The protocol as JSON Schema (2020-12), for other implementations. ``hangd protocol-schema`` prints it."""

import inspect
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from hangd.protocol.messages import CLIENT_TYPES, SERVER_TYPES, RequestId
from hangd.protocol.model import PROTOCOL

_REFERENCE: Final = "#/$defs/{name}"


def schema() -> dict[str, Any]:
    """Return the schema of a frame of either side. ``$defs`` contains ClientFrame and ServerFrame separately."""
    kinds = [*CLIENT_TYPES.values(), *SERVER_TYPES.values(), RequestId]
    built, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    payloads = dict(zip([*CLIENT_TYPES, *SERVER_TYPES, "RequestId"], built, strict=True))
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"The hang protocol, version {PROTOCOL}",
        "oneOf": [{"$ref": "#/$defs/ClientFrame"}, {"$ref": "#/$defs/ServerFrame"}],
        "$defs": {
            "ClientFrame": _frames(CLIENT_TYPES, payloads, "id"),
            "ServerFrame": _frames(SERVER_TYPES, payloads, "re"),
            "RequestId": payloads["RequestId"],
            **dict(sorted(components.items())),
        },
    }
    _clean_descriptions(whole)
    return whole


def schema_text() -> str:
    """Return the schema as the text of docs/protocol.schema.json."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"


def _frames(types: Mapping[str, object], payloads: Mapping[str, dict[str, Any]], id_key: str) -> dict[str, Any]:
    """Return the schema of the envelopes of these types. A payload without required fields may be absent."""
    return {
        "oneOf": [
            {
                "title": name,
                "type": "object",
                "properties": {
                    "type": {"const": name},
                    "payload": payloads[name],
                    id_key: {"$ref": "#/$defs/RequestId"},
                },
                "required": ["type"] if _may_be_empty(kind) else ["type", "payload"],
            }
            for name, kind in types.items()
        ]
    }


def _clean_descriptions(node: Any) -> None:
    """Remove the indentation of docstrings from all descriptions, as Python itself does from 3.13 on."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "description" and isinstance(value, str):
                node[key] = inspect.cleandoc(value)
            else:
                _clean_descriptions(value)
    elif isinstance(node, list):
        for value in node:
            _clean_descriptions(value)


def _may_be_empty(kind: Any) -> bool:
    try:
        msgspec.convert({}, kind)
    except msgspec.ValidationError:
        return False
    return True
