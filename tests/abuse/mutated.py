"""Mutated frames: valid messages of every type with bytes or values changed, and frames that are none.

::

    python -m tests.abuse.mutated [--count 1000000] [--seed 7]

attacks a server of its own, beside an evening, and prints what became of the frames.
"""

import argparse
import asyncio
import contextlib
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.abuse.raw import HASH, NoUpgrade, Raw, dial, frame, message
from tests.abuse.siege import Siege, siege
from tests.support.rooms.mutations import ODD, bend

__all__ = ["throw"]

_GOLDEN: Final = Path(__file__).parents[1] / "golden" / "client-messages.jsonl"
_BATCH: Final = 25
"""Frames of one connection. After 20 that are no messages the server closes it."""
_CONNECTIONS: Final = 16
_GROWTH_MAX: Final = 160 << 20
"""Bytes. Passwords are hashed with 64 MiB at a time."""
_ODD: Final = [*ODD, HASH, "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "\u00e9" * 64]
_VALID: Final[list[dict[str, Any]]] = [json.loads(line) for line in _GOLDEN.read_text(encoding="utf-8").splitlines()]


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return each place of a message: an object or a list, and a key in it."""
    keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
    found = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], (dict, list)):
            found += _places(value[key])
    return found


def odd_value(chance: random.Random) -> bytes:
    """Return a valid message with one value replaced, removed, added or moved."""
    whole = json.loads(json.dumps(chance.choice(_VALID)))
    place, key = chance.choice(_places(whole))
    match chance.randrange(5):
        case 0:
            del place[key]
        case 1 if isinstance(place, dict):
            place["surplus"] = chance.choice(_ODD)
        case 2:
            place[key] = chance.choice(_VALID)["payload"]
        case _:
            place[key] = chance.choice(_ODD)
    return frame(json.dumps(whole).encode(errors="replace"))


def bent(chance: random.Random) -> bytes:
    """Return a valid message with some bytes changed, doubled or lost."""
    data = bend(json.dumps(chance.choice(_VALID)).encode(), chance)
    # One in twenty is no UTF-8, which ends the connection.
    return frame(data if chance.random() < 0.05 else data.decode(errors="replace").encode())


def valid(chance: random.Random) -> bytes:
    """Return a valid message, so that some reach what is behind the parser."""
    return frame(json.dumps(chance.choice(_VALID)).encode())


def deep(chance: random.Random) -> bytes:
    return frame(chance.choice([b"[", b'{"a":', b'{"type":"Say","payload":{"text":[']) * chance.randint(100, 5000))


def wrong_frame(chance: random.Random) -> bytes:
    """Return a frame of which a bit or the length is wrong, or none at all."""
    data = bytearray(odd_value(chance))
    match chance.randrange(4):
        case 0:
            data[0] = chance.randrange(256)
        case 1:
            data[1] = chance.randrange(256)
        case 2:
            return chance.randbytes(chance.randrange(1, 60))
        case _:
            return frame(chance.randbytes(chance.randrange(300)), chance.randrange(16), fin=chance.random() < 0.7)
    return bytes(data)


_MAKERS: Final[list[tuple[Callable[[random.Random], bytes], int]]] = [
    (odd_value, 50), (bent, 40), (valid, 9), (deep, 1),
]  # fmt: skip


async def throw(port: int, count: int, seed: int) -> Counter[str]:
    """Send so many mutated frames. Returns how often the server answered or did what."""
    makers, weights = zip(*_MAKERS, strict=True)
    done: Counter[str] = Counter()

    async def connections(number: int) -> None:
        chance = random.Random(f"{seed}-{number}")
        while done["frames"] < count:
            frames = [maker(chance) for maker in chance.choices(makers, weights, k=_BATCH - 1)]
            # The last one may put the connection out of step.
            frames.append(wrong_frame(chance))
            done["frames"] += len(frames)
            await _one(port, f"127.0.0.{2 + number % 4}", frames, chance, done)

    await asyncio.gather(*(connections(number) for number in range(_CONNECTIONS)))
    return done


async def _one(port: int, source: str, frames: list[bytes], chance: random.Random, done: Counter[str]) -> None:
    """Send frames over one connection, which is in a room or is not."""
    raw: Raw | None = None
    try:
        raw = await (await dial(port, source, keeps=False)).upgrade()
        if chance.random() < 0.8:
            raw.write(message("Hello", protocol=1, name="m", client="abuse"))
        if chance.random() < 0.7:
            raw.write(message("CreateRoom", file_hash=HASH))
        raw.write(b"".join(frames))
        raw.write(message("Ping", "last", t0=1.0))
        # A ping is answered in every state, unless the connection has ended or its frames are out of step.
        with contextlib.suppress(TimeoutError):
            await raw.ponged(timeout=0.5)
        for code, times in raw.codes.items():
            done[code] += times
        done[f"closed with {raw.close_code}" if raw.close_code is not None else "not closed"] += 1
    except (NoUpgrade, OSError) as error:
        done[f"no connection: {error}"] += 1
    finally:
        if raw is not None:
            raw.abort()


async def _main(count: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with siege(Path(folder)) as besieged:
            await attack(besieged, count, seed)


async def attack(besieged: Siege, count: int, seed: int) -> None:
    """Throw the frames, and check that the server lives, has not grown, and that the evening felt nothing."""
    begun = besieged.resident()
    async with besieged.attack(f"{count:,} mutated frames (seed {seed})"):
        done = await throw(besieged.port, count, seed)
    print(f"[abuse] {dict(done.most_common())}")
    assert besieged.server.runs, besieged.server.log()
    assert done["Internal"] == 0 and not done["closed with 1011"], done
    assert besieged.resident() - begun < _GROWTH_MAX
    besieged.felt.check()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="throw mutated frames at a server")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    sys.exit(asyncio.run(_main(arguments.count, arguments.seed)))
