"""WebSocket frames as they must not be, compression, foreign origins, and plain HTTP beside them.

What HTTP alone can be made of is tried in tests/transport and tests/server.
"""

import asyncio
import contextlib
import random
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.abuse.raw import HASH, UPGRADE, NoUpgrade, Raw, dial, frame, member, message
from tests.abuse.siege import ATTACKER, many, siege

pytestmark = pytest.mark.real

_SAY: Final = message("Say", text="x")
_PING: Final = b'{"type":"Ping","payload":{"t0":1}}'


class Sent(NamedTuple):
    data: bytes
    """What a member sends again and again."""
    codes: frozenset[int | None]
    """How its connection ends; None: without a closing frame, or it goes on."""


FRAMES: Final = {
    "compressed": Sent(bytes([0xC1]) + frame(b"\xaa\x56\x2a\x49\x04\x00")[1:], frozenset({1002})),
    "reserved bits": Sent(bytes([0xF1]) + _SAY[1:], frozenset({1002})),
    "reserved opcode": Sent(frame(b"x", 3), frozenset({1002})),
    "no mask": Sent(bytes([0x81, 2]) + b"{}", frozenset({1002})),
    "binary": Sent(frame(_PING, 2), frozenset({4500})),
    "no UTF-8": Sent(frame(b'{"type":"Say","payload":{"text":"\xff"}}'), frozenset({1007})),
    "65,537 bytes": Sent(frame(b" " * 65537), frozenset({1009})),
    "says 2**63 bytes": Sent(bytes([0x81, 0xFF]) + b"\x80" + bytes(7) + bytes(4), frozenset({1002, 1009})),
    "says 2**62 bytes": Sent(bytes([0x81, 0xFF]) + b"\x40" + bytes(7) + bytes(4), frozenset({1009})),
    "fragments of one byte, without an end": Sent(
        frame(b"{", fin=False) + frame(b" ", 0, fin=False) * 200, frozenset({1002, 1008, 1009, 4500, 4503})
    ),
    "a continuation of nothing": Sent(frame(b"x", 0), frozenset({1002})),
    "a ping of 126 bytes": Sent(frame(b"x" * 126, 9), frozenset({1002})),
    "a ping in fragments": Sent(frame(b"x", 9, fin=False), frozenset({1002})),
    "a closing frame of one byte": Sent(frame(b"x", 8), frozenset({1002})),
    "a closing frame with the code 1005": Sent(frame(b"\x03\xed", 8), frozenset({1002})),
    "pings": Sent(frame(b"x" * 125, 9) * 200, frozenset({1008, 4500, 4503, None})),
    "pongs": Sent(frame(b"x" * 125, 10) * 200, frozenset({1008, 4500, 4503, None})),
    "empty messages": Sent(frame(b""), frozenset({4500, 4503})),
    "nesting of 9,000": Sent(frame(b"[" * 9000), frozenset({4500})),
}
TIMES: Final = many(200, 30)


async def _ends(raw: Raw, data: bytes, limit: float = 5.0) -> int | None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit):
            for _ in range(TIMES):
                if raw.ended:
                    break
                raw.write(data)
                await asyncio.sleep(0)
            await raw.closed()
    return raw.close_code


async def test_frames_as_they_must_not_be(tmp_path: Path) -> None:
    async with siege(tmp_path) as besieged:
        wrong: dict[str, int | None] = {}
        async with besieged.attack(f"{len(FRAMES)} kinds of wrong frames, {TIMES} times each"):
            for name, sent in FRAMES.items():
                raw, _ = await member(besieged.port, "wrong", ATTACKER, keeps=False)
                code = await _ends(raw, sent.data, 3.0 if None in sent.codes else 10.0)
                raw.abort()
                if code not in sent.codes:
                    wrong[name] = code
        besieged.felt.check()
        assert wrong == {}


async def test_compression_is_not_negotiated(tmp_path: Path) -> None:
    offers = [
        b"permessage-deflate",
        b"permessage-deflate; client_max_window_bits; server_max_window_bits=8",
        b"permessage-deflate; server_no_context_takeover, permessage-deflate",
        b"x-webkit-deflate-frame, permessage-bzip2",
        b"permessage-deflate; " * 300 + b"x",
    ]
    async with siege(tmp_path) as besieged:
        async with besieged.attack(f"compression is offered {TIMES * len(offers)} times"):
            for _ in range(TIMES):
                for offer in offers:
                    raw = await dial(besieged.port, ATTACKER)
                    with contextlib.suppress(NoUpgrade):
                        await raw.upgrade(b"Sec-WebSocket-Extensions: " + offer)
                    assert b"extensions" not in raw.answered.lower()
                    raw.abort()
        besieged.felt.check()


async def test_foreign_origins(tmp_path: Path) -> None:
    origins = [
        "https://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
        "file://",
        "https://127.0.0.1:1",
        "x" * 500,
    ]
    async with siege(tmp_path) as besieged:
        let_in = []
        async with besieged.attack(f"{TIMES * len(origins)} connections of pages of other sites"):
            for origin in origins * TIMES:
                raw = await dial(besieged.port, ATTACKER)
                try:
                    await raw.upgrade(b"Origin: " + origin.encode())
                    let_in.append(origin)
                except NoUpgrade as refused:
                    assert " 403 " in str(refused), refused
                raw.abort()
        besieged.felt.check()
        assert let_in == []


async def test_plain_http_beside_the_rooms(tmp_path: Path) -> None:
    """Requests in a row, cut off, with bodies, and with heads of many sizes."""
    chance = random.Random(5)
    get = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    tricks = [
        get * 50,
        get[: chance.randrange(len(get))],
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n" + b"x" * 60_000,
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + get,
        b"GET /" + b"x" * 20_000,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000,
        UPGRADE + b"Content-Length: 5\r\n\r\nhello",
        UPGRADE.replace(b"13", b"12") + b"\r\n",
        UPGRADE.replace(b"websocket", b"h2c") + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(500),
        b"\r\n" * 5000,
        chance.randbytes(3000),
    ]
    async with siege(tmp_path) as besieged:
        async with besieged.attack(f"{len(tricks)} tricks of HTTP, {TIMES} times each"):
            for _ in range(TIMES):
                raws = []
                for trick in tricks:
                    raw = await dial(besieged.port, ATTACKER, keeps=False)
                    raw.write(trick)
                    raws.append(raw)
                await asyncio.sleep(0.03)
                for raw in raws:
                    raw.abort()
        besieged.felt.check()
        friend, _ = await member(besieged.port, "friend", ATTACKER, file_hash=HASH)
        friend.abort()
