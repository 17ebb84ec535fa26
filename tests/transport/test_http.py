"""Plain HTTP beside WebSockets on real sockets: keep-alive, what is refused, and peers that are slow or hostile."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hangd.transport import http, wire
from hangd.transport.base import Transport
from hangd.transport.http import Answer, Fields, Request, Turns
from tests.transport.test_websocket import PATIENCE, UPGRADE, Porter, door, ended, masked, until

BIG = b"0123456789abcdef" * 64 * 1024


class Shop(Porter):
    """An `Acceptor` that has something to show, and remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Request] = []
        self.here: list[Transport] = []

    @property
    def fields(self) -> Fields:
        return (("X-Test", "yes"),)

    def accepted(self, transport: Transport) -> bool:
        self.here.append(transport)
        return False

    def requested(self, transport: Transport, request: Request) -> Answer | None:
        self.asked.append(request)
        match request.path:
            case "/ws":
                return None
            case "/big":
                return Answer(200, BIG)
            case "/same":
                return Answer(304, b"", (("ETag", '"1"'),))
            case "/full":
                return Answer.sentence(429, "full", close=True)
            case "/cut":
                transport.abort()
        return Answer.sentence(404, f"no {request.path}")


class Browser:
    """Sends bytes, and reads answers one by one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, *lines: str) -> tuple[int, dict[str, str], bytes]:
        self.send(*lines)
        return await self.hear(head_only=lines[0].startswith("HEAD"))

    def send(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in (*lines, "Host: x", "")).encode("latin-1"))

    async def hear(self, *, head_only: bool = False) -> tuple[int, dict[str, str], bytes]:
        async with asyncio.timeout(PATIENCE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *rest = head.rstrip().split("\r\n")
            fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
            length = 0 if head_only else int(fields.get("content-length", "0"))
            return int(first.split()[1]), fields, await self.reader.readexactly(length)


@asynccontextmanager
async def shop(
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[tuple[Shop, Callable[[], "asyncio.Future[Browser]"]]]:
    made: list[asyncio.StreamWriter] = []
    ours = Shop()
    client = None
    if tls is not None:
        client = ssl.create_default_context()
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    async with door(tls, ours) as (_, port):

        async def come() -> Browser:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, limit=2**22)
            made.append(writer)
            return Browser(reader, writer)

        try:
            yield ours, lambda: asyncio.ensure_future(come())  # noqa: TID251
        finally:
            for writer in made:
                writer.transport.abort()


async def test_a_connection_serves_one_request_after_the_other() -> None:
    async with shop() as (ours, come):
        browser = await come()
        for path in ("/a", "/b?c=d", "/big"):
            status, fields, body = await browser.ask(f"GET {path} HTTP/1.1")
            assert (status, fields["x-test"], "connection" in fields) == (200 if path == "/big" else 404, "yes", False)
            assert body == (BIG if path == "/big" else f"no {path.partition('?')[0]}\n".encode())
        assert [request.target for request in ours.asked] == ["/a", "/b?c=d", "/big"]
        assert len(ours.here) == 1


async def test_head_is_answered_with_the_head_alone() -> None:
    async with shop() as (_, come):
        browser = await come()
        status, fields, _ = await browser.ask("HEAD /big HTTP/1.1")
        assert (status, fields["content-length"]) == (200, str(len(BIG)))
        assert (await browser.ask("GET /a HTTP/1.1"))[2] == b"no /a\n"


async def test_not_modified_has_no_body_and_no_length() -> None:
    async with shop() as (_, come):
        browser = await come()
        status, fields, _ = await browser.ask("GET /same HTTP/1.1")
        assert (status, fields["etag"], "content-length" in fields) == (304, '"1"', False)
        assert (await browser.ask("GET /a HTTP/1.1"))[0] == 404


async def test_requests_that_come_together_are_answered_in_order() -> None:
    async with shop() as (ours, come):
        browser = await come()
        for number in range(200):
            browser.send(f"GET /{number} HTTP/1.1")
        for number in range(200):
            assert (await browser.hear())[2] == f"no /{number}\n".encode()
        assert len(ours.asked) == 200


async def test_a_request_for_a_websocket_is_handed_on_as_it_came() -> None:
    for before in (b"", b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"):
        for pieces in ([UPGRADE], [UPGRADE[n : n + 1] for n in range(len(UPGRADE))]):
            async with shop() as (ours, come):
                browser = await come()
                for piece in [before, *pieces] if len(pieces) > 1 else [before + UPGRADE]:
                    browser.writer.write(piece)
                    await browser.writer.drain()
                if before:
                    assert (await browser.hear())[0] == 404
                assert (await browser.hear(head_only=True))[0] == 101
                browser.writer.write(masked(1, b"hello"))
                await until(lambda: [data for data, _ in ours.heard] == ["hello"])
                assert [request.upgrades for request in ours.asked] == [False, True][not before :]


async def test_a_websocket_outlives_the_deadlines_of_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_HEAD_TIMEOUT", "_IDLE_TIMEOUT", "_TAKE_TIMEOUT"):
        monkeypatch.setattr(http, name, 0.3)
    monkeypatch.setattr(wire, "_OPEN_TIMEOUT", 0.3)
    async with shop() as (ours, come):
        browser = await come()
        browser.writer.write(UPGRADE)
        assert (await browser.hear(head_only=True))[0] == 101
        await asyncio.sleep(1.0)
        browser.writer.write(masked(1, b"still here"))
        await until(lambda: bool(ours.heard))


async def test_a_websocket_that_is_refused_is_told_why_and_closed() -> None:
    async with shop() as (ours, come):
        browser = await come()
        browser.writer.write(UPGRADE.replace(b"/ws", b"/full"))
        status, fields, body = await browser.hear()
        assert (status, fields["connection"], fields["x-test"], body) == (429, "close", "yes", b"full\n")
        assert await ended(browser.reader) == b""
        await until(lambda: len(ours.gone) == 1)


async def test_an_opening_handshake_that_is_wrong_has_the_fields_of_all_answers() -> None:
    async with shop() as (_, come):
        browser = await come()
        browser.writer.write(UPGRADE.replace(b"Version: 13", b"Version: 99"))
        status, fields, _ = await browser.hear()
        assert (status, fields["x-test"]) == (400, "yes")


async def test_who_asks_for_the_rooms_without_a_websocket_is_told_to_upgrade() -> None:
    async with shop() as (_, come):
        status, fields, _ = await (await come()).ask("GET /ws HTTP/1.1")
        assert (status, fields["upgrade"]) == (426, "websocket")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PATCH", "BREW"])
async def test_other_methods_are_refused_and_the_connection_goes_on(method: str) -> None:
    async with shop() as (ours, come):
        browser = await come()
        status, fields, _ = await browser.ask(f"{method} /a HTTP/1.1")
        assert (status, fields["allow"]) == (405, "GET, HEAD")
        if "connection" not in fields:
            assert (await browser.ask("GET /a HTTP/1.1"))[0] == 404
        assert len(ours.asked) == int("connection" not in fields)


@pytest.mark.parametrize("field", ["Content-Length: 1000000000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize(("method", "status"), [("GET", 413), ("POST", 405)])
async def test_a_body_is_refused_unread(field: str, method: str, status: int) -> None:
    async with shop() as (ours, come):
        browser = await come()
        browser.send(f"{method} /a HTTP/1.1", field)
        browser.writer.write(b"5\r\nhello\r\n" * 100_000)
        got, fields, _ = await browser.hear()
        assert (got, fields["connection"]) == (status, "close")
        assert ours.asked == []
        assert await ended(browser.reader) == b""


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS client\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000, 431),
    ],
)
async def test_junk_is_refused_in_a_sentence(data: bytes, status: int) -> None:
    async with shop() as (ours, come):
        browser = await come()
        browser.writer.write(data)
        got, fields, body = await browser.hear()
        assert (got, fields["connection"], fields["x-test"]) == (status, "close", "yes")
        assert body.endswith(b".\n")
        assert ours.asked == []
        assert await ended(browser.reader) == b""


async def test_http_1_0_gets_one_answer() -> None:
    async with shop() as (_, come):
        browser = await come()
        status, fields, _ = await browser.ask("GET /big HTTP/1.0")
        assert (status, fields["connection"]) == (200, "close")
        assert await ended(browser.reader) == b""


async def test_who_sends_no_more_still_gets_its_answer() -> None:
    async with shop() as (_, come):
        browser = await come()
        browser.send("GET /big HTTP/1.1")
        browser.writer.write_eof()
        assert (await browser.hear())[2] == BIG
        assert await ended(browser.reader) == b""


async def test_the_connection_ends_after_many_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_REQUESTS_MAX", 3)
    async with shop() as (_, come):
        browser = await come()
        answers = [await browser.ask("GET /a HTTP/1.1") for _ in range(3)]
        assert [fields.get("connection") for _, fields, _ in answers] == [None, None, "close"]
        assert await ended(browser.reader) == b""


@pytest.mark.parametrize("start", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_a_request_that_is_never_whole_is_given_up(monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    monkeypatch.setattr(http, "_HEAD_TIMEOUT", 0.3)
    async with shop() as (ours, come):
        browser = await come()
        browser.writer.write(start)
        await until(lambda: len(ours.gone) == 1)


async def test_bytes_one_at_a_time_do_not_put_the_deadline_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_HEAD_TIMEOUT", 0.5)
    async with shop() as (ours, come):
        browser = await come()
        async with asyncio.timeout(PATIENCE):
            while not ours.gone:
                browser.writer.write(b"G")
                await asyncio.sleep(0.05)
        assert len(ours.gone) == 1


async def test_an_idle_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_IDLE_TIMEOUT", 0.3)
    async with shop() as (ours, come):
        browser = await come()
        await browser.ask("GET /a HTTP/1.1")
        assert await ended(browser.reader) == b""
        await until(lambda: len(ours.gone) == 1)


async def test_who_does_not_take_its_answer_is_cut_off_and_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_TAKE_TIMEOUT", 0.5)
    async with shop() as (ours, come):
        browser = await come()
        browser.reader._limit = 1024  # type: ignore[attr-defined]
        for _ in range(50):
            browser.send("GET /big HTTP/1.1")
        await until(lambda: len(ours.asked) > 0)
        (transport,) = ours.here
        assert transport._transport.get_write_buffer_size() <= 192 * 1024  # type: ignore[attr-defined]
        await until(lambda: len(ours.gone) == 1)
        assert len(ours.asked) <= 10


async def test_a_connection_that_is_cut_off_while_it_asks_is_over() -> None:
    async with shop() as (ours, come):
        browser = await come()
        browser.send("GET /cut HTTP/1.1")
        assert await ended(browser.reader) == b""
        await until(lambda: len(ours.gone) == 1)


async def test_under_tls(tmp_path: Path) -> None:
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    words += ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert")]
    await asyncio.to_thread(subprocess.run, words, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    async with shop(context) as (ours, come):
        browser = await come()
        assert (await browser.ask("GET /big HTTP/1.1"))[2] == BIG
        status, fields, _ = await browser.ask("GET /a HTTP/1.1", "Connection: close")
        assert (status, fields["connection"]) == (404, "close")
        assert await ended(browser.reader) == b""
        browser = await come()
        browser.writer.write(UPGRADE)
        assert (await browser.hear(head_only=True))[0] == 101
        await until(lambda: len(ours.transports) == 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(
    st.lists(
        st.sampled_from([b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n", b"GET ", UPGRADE]) | st.binary(max_size=60),
        max_size=6,
    )
)
def test_any_bytes_are_answered_or_end_the_connection(pieces: Sequence[bytes]) -> None:
    async def run() -> None:
        async with shop() as (ours, come):
            browser = await come()
            for piece in pieces:
                browser.writer.write(piece)
            browser.writer.write_eof()
            await ended(browser.reader)
            browser.writer.close()
            await until(lambda: len(ours.gone) == len(ours.here))

    asyncio.run(run())


async def test_a_turn_of_the_loop_has_one_request_however_many_wait() -> None:
    """So rooms wait for one request at most, whoever loads the page."""
    done: list[int] = []
    turns = Turns()
    for number in range(5):
        turns.ask(lambda number=number: done.append(number))  # type: ignore[misc]
    seen = []
    while len(done) < 5:
        await asyncio.sleep(0)
        seen.append(len(done))
        assert len(seen) < 50
    assert done == [0, 1, 2, 3, 4]
    assert all(later - earlier <= 1 for earlier, later in pairwise([0, *seen]))


async def test_work_that_fails_ends_no_other_work(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []
    turns = Turns()
    turns.ask(lambda: done.append(1 // 0))
    turns.ask(lambda: done.append(2))
    await until(lambda: done == [2])
    assert "ZeroDivisionError" in caplog.text


async def test_who_asks_for_a_websocket_and_hangs_up_is_let_go() -> None:
    async with shop() as (ours, come):
        for before in (b"", b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n"):
            browser = await come()
            browser.writer.write(before + UPGRADE)
            browser.writer.write_eof()
            await ended(browser.reader)
        await until(lambda: len(ours.gone) == 2)
