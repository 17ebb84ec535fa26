"""What a peer that speaks plain HTTP can cost: memory that it fills, and work for a head."""

import asyncio
import re
import sys
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hangd.transport import http
from hangd.transport.http import Answer, HttpConnection, Request, Turns
from tests.transport.test_http import Shop, shop
from tests.transport.test_websocket import ended, until

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
START = b"GET / HTTP/1.1\r\nHost: x\r\n"
HEAD_MAX = 16 * 1024
KEPT_MAX = 64 * 1024


class Pipe:
    """A transport that notes what is written. It goes on delivering while reading is paused, as some loops do."""

    def __init__(self) -> None:
        self.out = b""
        self.reading = True
        self.over = False

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        self.out += data

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.over = True

    def close(self) -> None:
        self.over = True

    abort = close


def served(pipe: Pipe, asked: list[str], body: bytes = b"") -> HttpConnection:
    """Return a connection that answers with this body."""

    def decide(request: Request) -> Answer:
        asked.append(request.target)
        return Answer(200, body)

    return HttpConnection(
        cast(asyncio.Transport, pipe),
        pace=lambda request: 0.0,
        decide=decide,
        upgrade=lambda data: None,
        fields=(),
        turns=Turns(),
    )


def kept(connection: HttpConnection) -> int:
    """Return how many bytes a connection keeps of what has arrived."""
    return len(connection._raw) + len(connection._http.trailing_data[0])


# ---- memory ----------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(1, 260_000) | st.integers(0, 3), min_size=1, max_size=12),
    st.integers(1, 4000),
    st.booleans(),
)
def test_what_has_arrived_and_is_not_handled_is_kept_once_and_bounded(
    steps: list[int], length: int, writable: bool
) -> None:
    """A step is the bytes of a chunk, or, if it is small, turns of the loop. What is kept is answered in order."""

    async def run() -> None:
        pipe, asked = Pipe(), list[str]()
        connection = served(pipe, asked)
        if not writable:
            connection.pause_writing()
        number = sent = most = 0
        stream = b""
        for step in steps:
            if step <= 3:
                for _ in range(step):
                    await asyncio.sleep(0)
            while len(stream) < sent + step:
                stream += b"GET /%d HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n" % (number, b"y" * length)
                number += 1
            connection.received(stream[sent : sent + step])
            sent += step
            most = max(most, kept(connection))
        assert most <= KEPT_MAX
        connection.resume_writing()
        for _ in range(1200):
            await asyncio.sleep(0)
        whole = stream[:sent].count(b"\r\n\r\n")
        assert asked == [f"/{number}" for number in range(len(asked))]
        assert pipe.out.count(b"HTTP/1.1 200") == len(asked)
        assert len(asked) == min(whole, 1000) or pipe.over
        assert len(asked) >= min(
            whole, 1000, KEPT_MAX // len(b"GET /1000 HTTP/1.1\r\nHost: x\r\nX: \r\n\r\n" + b"y" * length)
        )
        assert pipe.out.count(b"Connection: close") == pipe.over
        assert kept(connection) <= KEPT_MAX
        connection.stop()

    asyncio.run(run())


async def test_floods_of_requests_whose_answers_nobody_takes_stay_small() -> None:
    async with shop() as (ours, come):
        for _ in range(10):
            browser = await come()
            browser.reader._limit = 1024  # type: ignore[attr-defined]
            browser.send("GET /big HTTP/1.1", f"X: {'y' * 16_000}")
            browser.writer.write(GET * 100_000)
        most = 0
        for _ in range(50):
            held = [transport._http for transport in ours.here]  # type: ignore[attr-defined]
            most = max(most, sum(kept(connection) for connection in held if connection is not None))
            await asyncio.sleep(0.01)
        assert most <= 10 * KEPT_MAX


async def test_answers_that_are_short_wait_for_a_peer_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"x" * 60_000
    monkeypatch.setattr(
        Shop, "requested", lambda shop, transport, request: shop.asked.append(request) or Answer(200, body)
    )
    async with shop() as (ours, come):
        browser = await come()
        browser.reader._limit = 1024  # type: ignore[attr-defined]
        browser.writer.write(GET * 900)
        seen = -1
        while seen != len(ours.asked):
            seen = len(ours.asked)
            await asyncio.sleep(0.2)
        (transport,) = ours.here
        assert transport._transport.get_write_buffer_size() <= 192 * 1024  # type: ignore[attr-defined]
        browser.reader._limit = 2**22  # type: ignore[attr-defined]
        for _ in range(900):
            assert (await browser.hear())[2] == body


async def test_more_requests_than_are_kept_end_with_a_last_answer_that_says_so() -> None:
    async with shop() as (ours, come):
        browser = await come()
        browser.send("GET /big HTTP/1.1")
        browser.writer.write(GET.replace(b"x\r\n", b"x\r\nX: " + b"y" * 970 + b"\r\n") * 900)
        fields: dict[str, str] = {}
        while "connection" not in fields:
            _, fields, _ = await browser.hear()
        assert await ended(browser.reader) == b""
        assert len(ours.asked) > 10


async def test_a_peer_that_takes_an_answer_slowly_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it takes is counted from when the answer was written."""
    monkeypatch.setattr(http, "_TAKE_TIMEOUT", 0.02)
    pipe = Pipe()
    left = 50_000

    def unsent() -> int:
        nonlocal left
        left -= 5000 if pipe.out else 0
        return left if pipe.out else 0

    monkeypatch.setattr(pipe, "get_write_buffer_size", unsent)
    connection = served(pipe, [], b"x" * 150_000)
    connection.pause_writing()
    connection.received(GET)
    await until(lambda: left <= 10_000 or pipe.over)
    assert not pipe.over
    connection.stop()


# ---- work ------------------------------------------------------------------------------------------------------------


def calls_for(head: bytes) -> tuple[int, list[bytes], bytes]:
    """Return how many functions are called for one head, what h11 has got of it, and the start of the answer."""

    async def run() -> tuple[int, list[bytes], bytes]:
        pipe = Pipe()
        connection = served(pipe, [])
        given: list[bytes] = []
        receive = connection._http.receive_data

        def received(data: bytes) -> None:
            given.append(bytes(data))
            receive(data)

        connection._http.receive_data = received  # type: ignore[method-assign]
        number = 0

        def count(frame: Any, event: str, argument: Any) -> None:
            nonlocal number
            number += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            connection.received(head)
            while not pipe.out:  # noqa: ASYNC110
                await asyncio.sleep(0)
        finally:
            sys.setprofile(None)
        connection.stop()
        return number, given, pipe.out[:12]

    return asyncio.run(run())


def filled(part: bytes) -> bytes:
    return START + part * ((HEAD_MAX - len(START) - 4) // len(part)) + b"\r\n\r\n"


PARTS = [b"a:\r\n", b" \r\n", b"a:\n", b"connection: a\r\n", b",", b"a,", b";", b" ", b"\t", b"\0", b"\v", b"\f", b"\r"]
PARTS += [b"a", b":", b"\n", b"\xff", b"upgrade: a\r\n", b"content-length: 0\r\n", b"cookie: a=b; c\r\n"]
NAMES = [b"", b"a: ", b"a:", b"connection:", b"upgrade:", b"accept-encoding:", b"content-length: 0", b"x: y"]


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(NAMES + PARTS), st.integers(0, 16_000)), max_size=5))
@example([(b"a:\r\n", 4000)])
@example([(b"a: ", 1), (b" ", 16_000), (b"\0", 1)])
@example([(b"connection:", 1), (b",", 16_000)])
@example([(b"upgrade:", 1), (b"a,", 8000)])
@example([(b"a:", 1), (b"\r", 16_000)])
def test_no_head_that_is_allowed_costs_much_more_than_an_ordinary_one(pieces: list[tuple[bytes, int]]) -> None:
    """Work is counted in calls. It is also in h11's expressions, which look at the spaces before a character that
    cannot be in a value once for each of them: h11 gets no such character."""
    ordinary, _, _ = calls_for(START + b"User-Agent: x\r\nAccept: */*\r\n\r\n")
    number, given, _ = calls_for(
        (START + b"".join(part * times for part, times in pieces))[: HEAD_MAX - 4] + b"\r\n\r\n"
    )
    assert number <= 8 * ordinary
    assert all(re.fullmatch(rb"(?:[^\0\v\f\r\n]*\r\n)+", data) for data in given)


@pytest.mark.parametrize("part", [b"a:\r\n", b"connection: a\r\n", b"a: ,;\r\n", b"a,"])
def test_too_many_fields_or_separators_are_refused(part: bytes) -> None:
    assert calls_for(filled(part))[2] == b"HTTP/1.1 431"


@pytest.mark.parametrize("part", [b"\0", b"\v", b"\f", b"\r", b" \0", b"\n", b"\r\n b", b"\r\n\tb"])
def test_characters_that_no_value_has_are_refused_unread(part: bytes) -> None:
    _, given, answer = calls_for(START + b"a:" + b" " * 16_000 + part + b"\r\n\r\n")
    assert (answer, given) == (b"HTTP/1.1 400", [])


def test_what_browsers_and_proxies_send_is_not_too_much() -> None:
    """Long cookies, with what they should not contain, and many fields."""
    head = START + b"Cookie: " + b'a={"b":1,"c":[2,3]}; ' * 500 + b"\r\nCOOKIE: d=1,2;\r\n"
    head += b"".join(b"X-Field-%d: a, b;q=0.5\r\n" % number for number in range(60)) + b"\r\n"
    assert len(head) <= HEAD_MAX
    assert calls_for(head)[2] == b"HTTP/1.1 200"


async def test_bytes_one_at_a_time_take_no_turns_of_other_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[object] = []
    monkeypatch.setattr(Turns, "ask", lambda turns_, work: turns.append(work))
    connection = served(Pipe(), [])
    for at in range(len(GET)):
        connection.received(GET[at : at + 1])
    assert len(turns) == 1
    connection.stop()


@pytest.mark.parametrize("junk", [b"\x16\x03", b"a\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", GET + b"\n", b"x" * 20_000])
async def test_junk_after_a_request_for_a_head_is_answered_in_a_sentence(junk: bytes) -> None:
    async with shop() as (_, come):
        browser = await come()
        await browser.ask("HEAD /a HTTP/1.1")
        browser.writer.write(junk)
        if junk.startswith(GET):
            await browser.hear()
        status, fields, body = await browser.hear()
        assert (status, fields["connection"]) in ((400, "close"), (431, "close"))
        assert body.endswith(b".\n")
        assert await ended(browser.reader) == b""
