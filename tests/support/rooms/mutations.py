"""Values and bytes that no message should have, for tests that send damaged messages."""

import random
from typing import Any, Final

__all__ = ["ODD", "bend"]

ODD: Final[list[Any]] = [
    None, True, -1, 0, 1e308, -1e-308, 2**63, 2**70, "", "\x00", "\x1b[2J", "\u202e", "x" * 5000, [], {}, [[[]]],
    {"a": {"b": {}}}, "NaN", [None] * 200, "\ud800",
]  # fmt: skip


def bend(message: bytes, chance: random.Random) -> bytes:
    """Return a message with some bytes changed, doubled or lost. It may not be UTF-8 any more."""
    data = bytearray(message)
    for _ in range(chance.randint(1, 4)):
        index = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[index] = chance.randrange(256)
            case 1:
                del data[index : index + chance.randint(1, 9)]
            case 2:
                data[index:index] = data[: chance.randrange(40)]
            case _:
                data[index:index] = b'"\\u' + bytes(chance.randrange(48, 103) for _ in range(4))
        data = data or bytearray(b"{")
    return bytes(data)
