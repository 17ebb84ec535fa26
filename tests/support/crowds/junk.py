"""Random lines for a control socket: valid requests with random arguments, mutated requests, and random bytes."""

import json
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hangd.client.control.commands import COMMANDS
from hangd.client.control.properties import PROPERTIES

__all__ = ["any_line"]

VERBS = (
    "get_property", "get_property_string", "set_property", "set_property_string", "observe_property",
    "observe_property_string", "unobserve_property", "client_name", "get_version", "get_time_us", "enable_event",
    "disable_event", "request_log_messages", *COMMANDS,
)  # fmt: skip
NAMES = (
    *PROPERTIES, "nope", "track-list/0/id", "track-list/count", "room/members/0", "playlist/0/id",
    "metadata/by-key/title", "options/volume", "user-data/a/b", "", "all", "/", "a/" * 40,
)  # fmt: skip
VALUES = (
    "0", "1", "-1", "1e308", "1e999", "null", "true", '"yes"', '"no"', '"x"', "[]", "{}", '"up"', '"absolute"',
    '"\\xff"', '"+10"', '"50%"', '"1:02:03"', "0x10", "010", '"append-play"', '"replace"', '"inf"', '"nan"', '"auto"',
    '"\\u0000"', '"${pause:${time-pos}}"', '"${="', '"${?pause==yes:${a:${b:${c:}}}}"', "9223372036854775808",
    '"' + "y" * 300 + '"', '"é\\ud83d"', "[" * 60 + "]" * 60, '{"a":[1,{"b":[]}],}', '"osd-msg"', '"raw"',
)  # fmt: skip
PIECES = (
    b"[", b"{", b'"', b"\\", b",", b"\0", b"\xff\xfe", b"[" * 60, b"}", b"=", b":", b";", b"#", b"'", b"`", b"`X",
    b"${", b"}", b"\\u", b"\\x", b"\r", b"\t", b"-", b"1e9", b"0x", b"\xf0\x9f", b"\xed\xa0\x80", b"true", b"null",
)  # fmt: skip
GOLDEN = Path(__file__).parents[2] / "golden" / "mpv-ipc.jsonl"


@cache
def golden() -> tuple[bytes, ...]:
    """Return the requests that were recorded with mpv itself."""
    records = map(json.loads, GOLDEN.read_text(encoding="utf-8").splitlines())
    return tuple(str(record["ask"]).encode("latin-1", "replace") for record in records if "ask" in record)


def sensible(chance: random.Random) -> bytes:
    """Return a request with an existing command, existing properties and random arguments."""
    words = [chance.choice([f'"{chance.choice(NAMES)}"', chance.choice(VALUES)]) for _ in range(chance.randrange(5))]
    more = chance.choice(["", ',"async":true', ',"async":1', ',"request_id":' + chance.choice(VALUES)])
    verb = chance.choice(VERBS)
    if chance.random() < 0.15:
        keys = ("name", "value", "url", "target", "flags", "text", "level", "file", "room", "id", "_flags", "")
        named = ",".join(f'"{chance.choice(keys)}":{word}' for word in words)
        return f'{{"command":{{"_name":"{verb}"{"," * bool(named)}{named}}}{more}}}'.encode()
    prefix = '"no-osd",' * (chance.random() < 0.1)
    return f'{{"command":[{prefix}{",".join([json.dumps(verb), *words])}]{more}}}'.encode()


def regrown(chance: random.Random) -> bytes:
    """Return a recorded request with one value replaced, in another of the spellings that mpv accepts."""
    try:
        message = json.loads(chance.choice(golden()))
    except ValueError:
        return sensible(chance)
    value = _value(chance)
    at: Any = message
    while True:
        keys: Sequence[Any] = list(at) if isinstance(at, dict) else range(len(at)) if isinstance(at, list) else ()
        if not keys:
            break
        key = chance.choice(keys)
        if isinstance(at[key], (dict, list)) and chance.random() < 0.8:
            at = at[key]
            continue
        at[key] = value
        break
    text = json.dumps(message, ensure_ascii=chance.random() < 0.5)
    match chance.randrange(6):
        case 0:
            text = text.replace('": ', '"=')
        case 1:
            text = text.replace("]", ",]").replace("}", ",}")
        case 2:
            text = text.replace('"command"', "command").replace('"request_id"', "request_id")
        case 3:
            text = "".join(f"\\x{ord(each):02x}" if each in "abc" else each for each in text)
    return text.encode("utf-8", "surrogatepass")


def text_line(chance: random.Random) -> bytes:
    """Return a line in the syntax of mpv's input.conf, which gets no answer."""
    line = sensible(chance)
    if chance.random() < 0.3:
        line += b" ; " + sensible(chance)
    line = line.replace(b"{", b"").replace(b'"command":[', b"").replace(b",", b" ").replace(b"]", b"")
    return line.replace(b'"', chance.choice([b"", b"", b"'", b'"']))


def mutated(chance: random.Random) -> bytes:
    """Return a request with a few bytes changed, removed, doubled, or taken from another request."""
    line = bytearray(chance.choice((sensible, regrown, text_line, _as_recorded))(chance)) or bytearray(b" ")
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(line) + 1)
        match chance.randrange(5):
            case 0:
                line[at : at + 1] = chance.randbytes(1)
            case 1:
                del line[at : at + chance.randrange(1, 9)]
            case 2:
                line[at:at] = chance.choice(PIECES)
            case 3:
                line[at:at] = line[chance.randrange(len(line) + 1) :][:20]
            case 4:
                line[at:] = chance.choice(golden())[-chance.randrange(1, 40) :]
    return bytes(line)


def any_line(chance: random.Random) -> bytes:
    """Return any of these lines. It may contain newlines."""
    match chance.randrange(8):
        case 0:
            return chance.randbytes(chance.randrange(100))
        case 1:
            return text_line(chance)
        case 2:
            return sensible(chance)
        case 3:
            return regrown(chance)
        case 4:
            return _as_recorded(chance)
    return mutated(chance)


def _as_recorded(chance: random.Random) -> bytes:
    return chance.choice(golden())


def _value(chance: random.Random) -> Any:
    match chance.randrange(6):
        case 0:
            return chance.choice(NAMES)
        case 1:
            return chance.choice(VERBS)
        case 2:
            return chance.uniform(-1e3, 1e3) * 10.0 ** chance.randrange(-9, 300)
        case 3:
            return chance.choice([2**63 - 1, -(2**63), 2**64, 0, -1, True, False, None])
        case 4:
            return chance.choice([[], {}, [[[]]], {"a": {"b": 1}}, ["osd-msg", "seek", 1]])
    return "".join(chr(chance.choice([chance.randrange(1, 128), chance.randrange(0x110000)])) for _ in range(6))
