"""Requests, opening handshakes and frames that two programs could read in two ways, at a real server.

Each has one answer, and what follows it on the connection is read as nothing else than the next request. A body, a
length that is none, or anything that a proxy in front could take for another request, ends the connection.
"""

import asyncio
import re
from pathlib import Path
from typing import Final

import pytest

from tests.support.servers.server import PATIENCE
from tests.support.servers.server_process import server_process

pytestmark = pytest.mark.real

_HOST: Final = b"Host: x\r\n"
_KEY: Final = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
_WS: Final = _HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" + _KEY
_SMUGGLED: Final = b"GET /healthz HTTP/1.1\r\nHost: smuggled\r\n\r\n"
_BODY: Final = b"0\r\n\r\n" + _SMUGGLED
_PROBE: Final = b"GET /probe HTTP/1.1\r\n" + _HOST + b"\r\n"


def get(more: bytes = b"", *, head: bytes = _HOST, line: bytes = b"GET /healthz HTTP/1.1") -> bytes:
    return line + b"\r\n" + head + more + b"\r\n"


def ws(more: bytes = b"", *, without: bytes = b"", instead: bytes = b"", line: bytes = b"GET /ws HTTP/1.1") -> bytes:
    return get(more, head=_WS.replace(without, instead) if without else _WS, line=line)


def fields(number: int) -> bytes:
    return b"".join(b"X-%d: y\r\n" % index for index in range(number))


_ENDED: Final[dict[str, tuple[bytes, int]]] = {
    "a length and chunks": (get(b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n") + _BODY, 413),
    "a body": (get(b"Content-Length: %d\r\n" % len(_SMUGGLED)) + _SMUGGLED, 413),
    "a POST with a body": (get(b"Content-Length: 5\r\n", line=b"POST /ws HTTP/1.1") + b"hello" + _SMUGGLED, 405),
    "chunks": (get(b"Transfer-Encoding: chunked\r\n") + _BODY, 413),
    "chunks after a tab": (get(b"Transfer-Encoding:\tchunked\r\n") + _BODY, 413),
    "chunks in other letters": (get(b"tRANSFER-eNCODING: CHUNKED\r\n") + _BODY, 413),
    "chunks, with a space before the colon": (get(b"Transfer-Encoding : chunked\r\n") + _BODY, 400),
    "chunks in the line below": (get(b"X: y\r\n Transfer-Encoding: chunked\r\n") + _BODY, 400),
    "another encoding": (get(b"Transfer-Encoding: xchunked\r\n") + _SMUGGLED, 501),
    "identity": (get(b"Transfer-Encoding: identity\r\n") + _SMUGGLED, 501),
    "two lengths": (get(b"Content-Length: 0\r\nContent-Length: 5\r\n") + _SMUGGLED, 400),
    "two lengths in one": (get(b"Content-Length: 0, 5\r\n") + _SMUGGLED, 400),
    "a length with a sign": (get(b"Content-Length: +0\r\n") + _SMUGGLED, 400),
    "a negative length": (get(b"Content-Length: -1\r\n") + _SMUGGLED, 400),
    "a length in base 16": (get(b"Content-Length: 0x0\r\n") + _SMUGGLED, 400),
    "a length of 23 digits": (get(b"Content-Length: 99999999999999999999999\r\n") + _SMUGGLED, 400),
    "a length of 00": (get(b"Content-Length: 00\r\n") + _SMUGGLED, 413),
    "lines that end with LF": (b"GET /healthz HTTP/1.1\nHost: x\n\n" + _SMUGGLED, 400),
    "one line that ends with LF": (get(b"X: a\nContent-Length: 5\r\n") + _SMUGGLED, 400),
    "a CR within a value": (get(b"X: a\rContent-Length: 5\r\n") + _SMUGGLED, 400),
    "a folded field": (get(b"X: a\r\n b\r\n") + _SMUGGLED, 400),
    "a field folded by a tab": (get(b"X: a\r\n\tContent-Length: 5\r\n") + _SMUGGLED, 400),
    "a field before all others that is folded": (get(head=b" Host: x\r\n") + _SMUGGLED, 400),
    "a zero byte in a value": (get(b"X: a\0b\r\n") + _SMUGGLED, 400),
    "a zero byte in the path": (get(line=b"GET /heal\0thz HTTP/1.1") + _SMUGGLED, 400),
    "a field without a colon": (get(b"nonsense\r\n") + _SMUGGLED, 400),
    "a field without a name": (get(b": x\r\n") + _SMUGGLED, 400),
    "no host": (get(head=b"") + _SMUGGLED, 400),
    "two hosts": (get(b"Host: y\r\n") + _SMUGGLED, 400),
    "HTTP/1.0": (get(line=b"GET /healthz HTTP/1.0") + _SMUGGLED, 200),
    "HTTP/2.0": (get(line=b"GET /healthz HTTP/2.0") + _SMUGGLED, 505),
    "HTTP/0.9": (b"GET /healthz\r\n\r\n" + _SMUGGLED, 400),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "CONNECT": (get(line=b"CONNECT evil:443 HTTP/1.1") + _SMUGGLED, 405),
    "OPTIONS *": (get(line=b"OPTIONS * HTTP/1.1", more=b"Content-Length: 3\r\n") + _SMUGGLED, 405),
    "TRACE": (get(line=b"TRACE / HTTP/1.1") + _SMUGGLED, 405),
    "an empty line first": (b"\r\n\r\n" + _SMUGGLED, 400),
    "100,000 empty lines": (b"\r\n" * 100_000, 400),
    "200 fields": (get(fields(200)), 431),
    "5,000 fields": (get(fields(5000)), 431),
    "a line of 20,000 characters": (get(line=b"GET /" + b"a" * 20_000 + b" HTTP/1.1"), 431),
    "a field of 20,000 characters": (get(b"X: " + b"a" * 20_000 + b"\r\n"), 431),
    "a line that never ends": (b"GET /" + b"a" * 1_000_000, 431),
    "TLS": (bytes.fromhex("16030100c8010000c40303") + bytes(32), 400),
    "the PROXY protocol of a stranger": (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + get(), 400),
    "its version 2": (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12) + get(), 400),
    "compression 300 times": (
        ws(b"Sec-WebSocket-Extensions: " + b", ".join([b"permessage-deflate"] * 300) + b"\r\n"),
        431,
    ),
    "a WebSocket with a body": (ws(b"Content-Length: %d\r\n" % len(_SMUGGLED)) + _SMUGGLED, 413),
    "a WebSocket with chunks": (ws(b"Transfer-Encoding: chunked\r\n") + _BODY, 413),
    "a WebSocket by POST": (ws(b"Content-Length: 3\r\n", line=b"POST /ws HTTP/1.1") + b"abc" + _SMUGGLED, 405),
    "a WebSocket of HTTP/1.0": (ws(line=b"GET /ws HTTP/1.0"), 505),
    "a WebSocket without a key": (ws(without=_KEY), 400),
    "a WebSocket with a short key": (ws(without=b"dGhlIHNhbXBsZSBub25jZQ=="), 400),
    "a WebSocket with two keys": (ws(_KEY), 400),
    "a WebSocket of version 8": (ws(without=b"13", instead=b"8"), 400),
    "a WebSocket of two versions": (ws(b"Sec-WebSocket-Version: 13\r\n"), 400),
    "a WebSocket without Connection": (ws(without=b"Connection: Upgrade\r\n"), 426),
    "a WebSocket or else": (ws(without=b"Upgrade: websocket", instead=b"Upgrade: h2c, websocket"), 426),
    "a WebSocket of another page": (ws(b"Origin: https://evil.example\r\n"), 403),
    "a WebSocket of a page of no site": (ws(b"Origin: null\r\n"), 403),
    "a WebSocket of two pages": (ws(b"Origin: http://x\r\nOrigin: https://evil.example\r\n"), 403),
    "a subprotocol that is none": (ws(b"Sec-WebSocket-Protocol: ,,,;\r\n"), 400),
}
"""What is sent, and the status of the one answer, after which the connection ends."""

_GOES_ON: Final[dict[str, tuple[bytes, list[int]]]] = {
    "three at once": (get() * 3, [200, 200, 200]),
    "a length of 0, and the next request": (get(b"Content-Length: 0\r\n") + get(), [200, 200]),
    "90 fields": (get(fields(90)), [200]),
    "no file": (get(line=b"GET /../../etc/passwd HTTP/1.1"), [404]),
    "no file, in other letters": (get(line=b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1"), [404]),
    "a whole URL": (get(line=b"GET http://evil.example/healthz HTTP/1.1"), [404]),
    "h2c": (get(b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n"), [200]),
    "a body that is announced and never comes": (get(b"Expect: 100-continue\r\n"), [200]),
    "a WebSocket by HEAD": (ws(line=b"HEAD /ws HTTP/1.1"), [426]),
    "a WebSocket elsewhere": (ws(line=b"GET /other HTTP/1.1"), [404]),
}
"""What is sent, and the statuses of the answers, after which the connection can be used."""

_OFFERS: Final = {
    "compression": ws(b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"),
    "compression 200 times": ws(b"Sec-WebSocket-Extensions: " + b", ".join([b"permessage-deflate"] * 200) + b"\r\n"),
    "an extension that is none": ws(b"Sec-WebSocket-Extensions: ;;;==\r\n"),
    "subprotocols": ws(b"Sec-WebSocket-Protocol: chat, superchat\r\n"),
    "to close, too": ws(without=b"Connection: Upgrade", instead=b"Connection: close, Upgrade"),
}
"""Opening handshakes of which nothing is accepted but the WebSocket."""


def frame(opcode: int, data: bytes = b"", *, fin: bool = True, masked: bool = True, bits: int = 0) -> bytes:
    mask = 0x80 if masked else 0
    length = bytes([mask | len(data)]) if len(data) < 126 else bytes([mask | 126]) + len(data).to_bytes(2, "big")
    return bytes([fin << 7 | bits << 4 | opcode]) + length + (bytes(4) if masked else b"") + data


_FRAMES: Final = {
    "without a mask": (frame(1, b"{}", masked=False), 1002),
    "compressed": (frame(1, b"{}", bits=4), 1002),
    "of an unknown kind": (frame(3), 1002),
    "of an unknown kind that controls": (frame(11), 1002),
    "a long ping": (frame(9, b"a" * 126), 1002),
    "a ping in parts": (frame(9, fin=False), 1002),
    "a second part first": (frame(0, b"a"), 1002),
    "a message within another": (frame(1, b"{", fin=False) + frame(1, b"}"), 1002),
    "a close code of one byte": (frame(8, b"\x03"), 1002),
    "a close code that nobody sends": (frame(8, b"\x03\xed"), 1002),
    "a close reason that is no text": (frame(8, b"\x03\xe8\xff"), 1007),
    "a text that is none": (frame(1, b"\xff"), 1007),
    "a text of which a part is cut off": (frame(1, b"\xc3", fin=False) + frame(0, b""), 1007),
    "2^64 bytes": (b"\x81\xff" + b"\xff" * 8 + bytes(4), 1009),
    "2^40 bytes": (b"\x81\xff" + (1 << 40).to_bytes(8, "big") + bytes(4), 1009),
    "a request of HTTP": (_SMUGGLED, 1002),
}
"""Frames, and the code with which the server closes."""

_STATUS: Final = re.compile(rb"HTTP/1\.1 (\d{3}) ")


async def conversation(port: int, data: bytes, answers: int, then: bytes) -> tuple[list[int], bytes]:
    """Send ``data``, await so many answers, send ``then``, and read to the end. Return the statuses, and all bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = b""
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write(data)
            while len(_STATUS.findall(heard)) < answers and (chunk := await reader.read(65536)):
                heard += chunk
            writer.write(then)
            while chunk := await reader.read(65536):
                heard += chunk
    except ConnectionError:
        pass  # The server has ended it while something was still being sent.
    finally:
        writer.close()
    return [int(status) for status in _STATUS.findall(heard)], heard


async def test_malformed_http_has_one_answer_and_ends_the_connection(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server:
        found = await asyncio.gather(*(conversation(server.port, data, 1, b"") for data, _ in _ENDED.values()))
        statuses = dict(zip(_ENDED, (status for status, _ in found), strict=True))
        assert statuses == {name: [status] for name, (_, status) in _ENDED.items()}
        await server.terminate()
    assert "smuggled" not in server.log()


async def test_odd_http_is_answered_and_the_connection_can_be_used(tmp_path: Path) -> None:
    last = _PROBE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    async with server_process(tmp_path) as server:
        tried = _GOES_ON.values()
        found = await asyncio.gather(*(conversation(server.port, data, len(all), last) for data, all in tried))
        statuses = dict(zip(_GOES_ON, (status for status, _ in found), strict=True))
        assert statuses == {name: [*all, 404] for name, (_, all) in _GOES_ON.items()}


async def test_nothing_is_accepted_of_an_opening_handshake_but_the_websocket(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server:
        for name, data in _OFFERS.items():
            statuses, heard = await conversation(server.port, data, 1, frame(8, b"\x03\xe8"))
            assert statuses == [101], name
            assert b"Sec-WebSocket-Extensions" not in heard and b"Sec-WebSocket-Protocol" not in heard, name
        # A frame before the answer: no client does that.
        assert await conversation(server.port, ws() + frame(1, b"{}"), 1, b"") == ([], b"")


async def test_malformed_frames_are_closed_with_a_code(tmp_path: Path) -> None:
    async with server_process(tmp_path) as server:
        found = await asyncio.gather(*(conversation(server.port, ws(), 1, data) for data, _ in _FRAMES.values()))
        for (name, (_, code)), (statuses, heard) in zip(_FRAMES.items(), found, strict=True):
            assert statuses == [101], name
            assert re.search(rb"\x88.%s" % re.escape(code.to_bytes(2, "big")), heard, re.DOTALL), (name, heard)
        log = server.log()
    assert log.count("closed by the server (1002: ") == sum(code == 1002 for _, code in _FRAMES.values())
