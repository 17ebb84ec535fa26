"""Lines for a control socket that nobody in their right mind sends: random, mutated, and sensible ones at random."""

import random

from hangd.client.control.commands import COMMANDS
from hangd.client.control.properties import HANG_PROPERTIES, PROPERTIES

__all__ = ["any_line"]

VERBS = (
    "get_property", "get_property_string", "set_property", "observe_property", "unobserve_property", "client_name",
    "get_version", "enable_event", "disable_event", "request_log_messages", *COMMANDS,
)  # fmt: skip
NAMES = (*PROPERTIES, *HANG_PROPERTIES, "nope", "track-list/0/id", "room/members/0", "", "all", "/")
VALUES = (
    "0", "1", "-1", "1e308", "1e999", "null", "true", '"yes"', '"no"', '"x"', "[]", "{}", '"up"', '"absolute"',
    '"\\xff"',
    '"\\u0000"', '"${pause:${time-pos}}"', "9223372036854775808", '"' + "y" * 300 + '"',
)  # fmt: skip


def sensible(chance: random.Random) -> bytes:
    words = [f'"{chance.choice(VERBS)}"']
    words += [chance.choice([f'"{chance.choice(NAMES)}"', chance.choice(VALUES)]) for _ in range(chance.randrange(5))]
    more = chance.choice(["", ',"async":true', ',"async":1', ',"request_id":' + chance.choice(VALUES)])
    return f'{{"command":[{",".join(words)}]{more}}}'.encode()


def mutated(chance: random.Random) -> bytes:
    line = bytearray(sensible(chance))
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(line))
        match chance.randrange(4):
            case 0:
                line[at] = chance.randrange(256)
            case 1:
                del line[at : at + chance.randrange(1, 9)]
            case 2:
                line[at:at] = chance.choice([b"[", b"{", b'"', b"\\", b",", b"\0", b"\xff\xfe", b"[" * 60, b"}"])
            case 3:
                line[at:at] = line[chance.randrange(len(line)) :][:20]
    return bytes(line)


def any_line(chance: random.Random) -> bytes:
    match chance.randrange(5):
        case 0:
            return chance.randbytes(chance.randrange(100))
        case 1:
            return sensible(chance).replace(b'"', b"").replace(b"{command:[", b"").replace(b",", b" ")
        case 2:
            return sensible(chance)
    return mutated(chance)
