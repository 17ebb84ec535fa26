"""Both ends of a WebSocket on real sockets; hostile and dead peers."""

import asyncio
import errno
import socket
import ssl
import struct
import subprocess
import threading
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from hangd.protocol.model import FRAME_BYTES_MAX
from hangd.transport import dialing, wire
from hangd.transport.accepting import Ending, listen
from hangd.transport.base import Encoded, Listener, Transport
from hangd.transport.dial_failures import DialFailed
from hangd.transport.http import Answer, Fields, Request
from tests.support.network.dialed import DialedClient

PATIENCE = 30.0
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Porter:
    """An `Acceptor` that accepts everybody, and the `Listener` that records what each peer does."""

    def __init__(self) -> None:
        self.transports: list[Transport] = []
        self.heard: list[tuple[str | bytes, float]] = []
        self.latencies: list[float] = []
        self.gone: list[Transport] = []
        self.lost_at: list[float] = []
        self.caught_up = 0
        self.echo = False

    @property
    def fields(self) -> Fields:
        return ()

    def accepted(self, transport: Transport) -> bool:
        return False

    def forwarded(self, transport: Transport) -> None:
        raise AssertionError("nobody is trusted to say for whom it connects")

    def pace_connection(self, transport: Transport) -> float:
        return 0.0

    def pace_request(self, transport: Transport, request: Request) -> float | Answer:
        return 0.0

    def requested(self, transport: Transport, request: Request) -> Answer | None:
        answers = {"/full": (429, "full"), "/nothing": (404, "nothing")}
        return Answer.sentence(*answers[request.path], close=True) if request.path in answers else None

    def opened(self, transport: Transport, at: float) -> Listener:
        self.transports.append(transport)
        return self

    def ended(self, transport: Transport, ending: Ending) -> None:
        self.gone.append(transport)

    def received(self, data: str | bytes, at: float) -> None:
        self.heard.append((data, at))
        if self.echo:
            self.transports[-1].send(Encoded(data.encode() if isinstance(data, str) else data))

    def latency_measured(self, rtt: float, at: float) -> None:
        self.latencies.append(rtt)

    def writable_again(self) -> None:
        self.caught_up += 1

    def lost(self, at: float) -> None:
        self.lost_at.append(at)


@asynccontextmanager
async def door(tls: ssl.SSLContext | None = None, porter: Porter | None = None) -> AsyncIterator[tuple[Porter, int]]:
    porter = porter or Porter()
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    (server,) = await listen(porter, [sock], tls=tls)
    try:
        yield porter, sock.getsockname()[1]
    finally:
        for transport in porter.transports:
            transport.abort()
        server.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def hear(client: DialedClient, number: int) -> list[tuple[str | bytes, float]]:
    heard = []
    async with asyncio.timeout(PATIENCE):
        async for message in client:
            heard.append(message)
            if len(heard) == number:
                break
    return heard


async def raw(
    port: int, handshake: bytes = UPGRADE, *, receives: int | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a socket and complete the opening handshake. ``receives``: bytes of its receive buffer."""
    sock = socket.socket()
    if receives is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=sock)
    writer.write(handshake)
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    return reader, writer


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Read until the connection ends in any way. Return what came."""
    data = b""
    try:
        async with asyncio.timeout(PATIENCE):
            while chunk := await reader.read(65536):
                data += chunk
    except ConnectionError:
        pass
    return data


async def fill(transport: Transport) -> int:
    """Send messages of 10 kB until the transport is no longer writable. Return their number."""
    sent = 0
    while transport.writable:
        transport.send(Encoded(b"x" * 10_000))
        sent += 1
        assert sent < 10_000
        await asyncio.sleep(0)
    return sent


def masked(opcode: int, data: bytes = b"", fin: bool = True) -> bytes:
    return Frame(Opcode(opcode), data, fin).serialize(mask=True)


async def test_messages_go_both_ways_in_order_with_their_arrival_times() -> None:
    async with door() as (porter, port):
        client = await DialedClient.dial(f"ws://127.0.0.1:{port}/ws", timeout=PATIENCE)
        before = time.monotonic()
        for text in ("one", "zwölf", "x" * 1000):
            client.write(text.encode())
        await until(lambda: len(porter.heard) == 3)
        assert [data for data, _ in porter.heard] == ["one", "zwölf", "x" * 1000]
        assert before <= porter.heard[0][1] <= porter.heard[2][1] <= time.monotonic()
        big = "y" * 300_000
        for text in ("eins", big):
            porter.transports[0].send(Encoded(text.encode()))
        sent = time.monotonic()
        heard = await hear(client, 2)
        assert [data for data, _ in heard] == ["eins", big]
        assert heard[0][1] <= heard[1][1] <= time.monotonic()
        assert heard[0][1] >= before and sent
        client.close()
        await asyncio.wait_for(client.wait_closed(), PATIENCE)
        await until(lambda: len(porter.lost_at) == len(porter.gone) == 1)


async def test_a_message_is_handed_over_in_the_call_that_read_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    callers: list[list[str]] = []
    received = DialedClient.received

    def noted(client: DialedClient, data: str | bytes, at: float) -> None:
        callers.append([frame.name for frame in traceback.extract_stack()])
        received(client, data, at)

    monkeypatch.setattr(DialedClient, "received", noted)
    async with door() as (porter, port):
        client = await DialedClient.dial(f"ws://127.0.0.1:{port}/ws", timeout=PATIENCE)
        porter.transports[0].send(Encoded(b"x"))
        ((_, at),) = await hear(client, 1)
        assert at <= time.monotonic()
        assert "data_received" in callers[0]
        client.abort()


async def test_no_delay_on_either_end() -> None:
    async with door() as (porter, port):
        client = await DialedClient.dial(f"ws://127.0.0.1:{port}/ws", timeout=PATIENCE)
        for end in (client.transport, porter.transports[0]):
            assert isinstance(end, wire.Wire)
            sock = end._transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        client.abort()


async def test_the_servers_close_reaches_the_client() -> None:
    async with door() as (porter, port):
        client = await DialedClient.dial(f"ws://127.0.0.1:{port}/ws", timeout=PATIENCE)
        porter.transports[0].send(Encoded(b"last words"))
        porter.transports[0].close(4001, "going down")
        porter.transports[0].send(Encoded(b"unheard"))
        assert [data async for data, _ in client] == ["last words"]
        await client.wait_closed()
        assert (client.close_code, client.close_reason) == (4001, "going down")
        await until(lambda: len(porter.gone) == 1)


async def test_a_cut_connection_ends_the_iteration_with_1006() -> None:
    async with door() as (porter, port):
        client = await DialedClient.dial(f"ws://127.0.0.1:{port}/ws", timeout=PATIENCE)
        porter.transports[0].abort()
        assert await hear(client, 1) == []
        assert client.close_code == 1006
        client.write(b"into the void")


async def test_latency_is_measured_three_times_soon() -> None:
    async with door() as (porter, port):
        client = await DialedClient.dial(f"ws://127.0.0.1:{port}/ws", timeout=PATIENCE)
        await until(lambda: len(porter.latencies) >= 3)
        assert all(0 <= rtt < PATIENCE for rtt in porter.latencies)
        client.abort()


async def test_fragments_and_binary() -> None:
    async with door() as (porter, port):
        _, writer = await raw(port)
        writer.write(masked(1, b"one ", fin=False) + masked(9, b"ping") + masked(0, b"whole", fin=True))
        writer.write(masked(2, b"\xff"))
        await until(lambda: len(porter.heard) == 2)
        assert [data for data, _ in porter.heard] == ["one whole", b"\xff"]
        writer.close()
        await until(lambda: len(porter.gone) == 1)


@pytest.mark.parametrize("more", [masked(1, b"early"), masked(9), b"\xff\xff\xff"], ids=["message", "ping", "junk"])
async def test_frames_before_the_end_of_the_handshake_are_cut_off(more: bytes) -> None:
    async with door() as (porter, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UPGRADE + more)
        assert b"101" not in await ended(reader)
        await until(lambda: len(porter.gone) == 1)
        assert not porter.transports
        writer.close()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (masked(1, b"\xff\xfe"), 1007),
        (masked(1, b"x" * (FRAME_BYTES_MAX + 1)), 1009),
        (masked(1, b"x" * FRAME_BYTES_MAX, fin=False) + masked(0, b"x"), 1009),
        (b"\x83\x80\x00\x00\x00\x00", 1002),
        (b"\x81\x01x", 1002),
        (b"\xf1\x80\x00\x00\x00\x00", 1002),
        (masked(0, b"continues nothing"), 1002),
        (b"\x89\xfe\x00\x80" + b"\x00" * 132, 1002),
    ],
    ids=["utf-8", "large", "large in parts", "opcode", "unmasked", "reserved bits", "continuation", "long ping"],
)
async def test_invalid_frames_close_the_connection(data: bytes, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_CLOSE_TIMEOUT", 0.2)
    async with door() as (porter, port):
        reader, writer = await raw(port)
        writer.write(data)
        assert struct.pack("!H", code) in await ended(reader)
        await until(lambda: len(porter.gone) == 1)
        assert not porter.heard
        writer.close()


async def test_a_peer_that_does_not_read_becomes_unwritable_and_catches_up() -> None:
    async with door() as (porter, port):
        reader, writer = await raw(port)
        sent = await fill(porter.transports[0])
        taken = 0
        while taken < sent * 10_000:
            taken += len(await asyncio.wait_for(reader.read(65536), PATIENCE))
        await until(lambda: porter.caught_up == 1)
        assert porter.transports[0].writable
        writer.close()


async def test_a_closing_handshake_that_is_not_answered_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_CLOSE_TIMEOUT", 0.2)
    async with door() as (porter, port):
        _, writer = await raw(port)
        porter.transports[0].close(4002, "too slow")
        await until(lambda: len(porter.gone) == 1)
        writer.close()


async def test_a_peer_that_neither_reads_nor_answers_the_close_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_CLOSE_TIMEOUT", 0.2)
    async with door() as (porter, port):
        _, writer = await raw(port)
        await fill(porter.transports[0])
        porter.transports[0].close(4002, "too slow")
        await until(lambda: len(porter.gone) == 1)
        writer.close()


async def test_a_peer_that_half_closes_and_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_CLOSE_TIMEOUT", 0.2)
    async with door() as (porter, port):
        _, writer = await raw(port)
        await fill(porter.transports[0])
        writer.write_eof()
        await until(lambda: len(porter.gone) == 1)
        writer.close()


async def test_a_silent_peer_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_PING_TIMEOUT", 0.2)
    monkeypatch.setattr(wire, "_PING_GRACE", 0.1)
    async with door() as (porter, port):
        _, writer = await raw(port)
        await until(lambda: len(porter.gone) == 1)
        assert len(porter.lost_at) == 1
        writer.close()


async def test_a_peer_that_reads_slowly_is_kept_until_it_reads_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ping waits behind a large message for longer than an answer may take. Then the peer stops in the middle."""
    for name in ("_EARLY_PING_GAP", "_PING_TIMEOUT", "_PING_GRACE", "_PING_PATIENCE"):
        monkeypatch.setattr(wire, name, 1.0)
    async with door() as (porter, port):
        reader, writer = await raw(port, receives=4096)
        (transport,) = porter.transports
        assert isinstance(transport, wire.Wire)
        ping = await reader.readexactly(2 + 4)
        transport.send(Encoded(b"x" * 8_000_000))
        writer.write(masked(10, ping[2:]))
        await until(lambda: transport._pings == 2)
        ended_at = time.monotonic() + 6.0
        while time.monotonic() < ended_at:
            await reader.read(20_000)
            await asyncio.sleep(0.02)
            assert not porter.gone
        assert transport._overdue and transport.buffered, "the ping was not overdue"
        await until(lambda: len(porter.gone) == 1)
        writer.close()


async def test_a_peer_that_answers_pings_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_PING_INTERVAL", 0.01)
    async with door() as (porter, port):
        client = await DialedClient.dial(f"ws://127.0.0.1:{port}/ws", timeout=PATIENCE)
        await until(lambda: len(porter.latencies) > 10)
        assert not porter.gone
        client.abort()


def talk_and_answer_pings(url: str, leave: threading.Event) -> None:
    """Run a client on a thread, which answers pings even while the event loop is blocked."""
    with connect(url, compression=None) as client:
        client.send("stop there")
        leave.wait(PATIENCE)


class Sleeper(Porter):
    """The process is suspended after a ping, for longer than an answer may take."""

    def received(self, data: str | bytes, at: float) -> None:
        (transport,) = self.transports
        assert isinstance(transport, wire.Wire)
        if transport._ping is None:
            transport._beat()
        self.latencies.clear()
        time.sleep(0.5)
        super().received(data, at)


async def test_a_suspended_process_reads_the_answer_before_it_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """uvloop runs timers first when it wakes. The answer that waits in the socket still counts."""
    monkeypatch.setattr(wire, "_PING_TIMEOUT", 0.2)
    leave = threading.Event()
    async with door(porter=Sleeper()) as (porter, port):
        url = f"ws://127.0.0.1:{port}/ws"
        client = asyncio.get_running_loop().run_in_executor(None, talk_and_answer_pings, url, leave)
        await until(lambda: bool(porter.heard and porter.latencies) or bool(porter.gone))
        survived = not porter.gone
        leave.set()
        await client
        assert survived


async def test_an_opening_handshake_that_is_never_finished_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_OPEN_TIMEOUT", 0.2)
    async with door() as (porter, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UPGRADE[:40])
        await ended(reader)
        await until(lambda: len(porter.gone) == 1)
        assert not porter.transports
        writer.close()


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param(masked(9), id="pings"),
        pytest.param(masked(10), id="pongs"),
        pytest.param(masked(1, fin=False) + masked(0, fin=False) * 2999, id="fragments"),
    ],
)
async def test_a_flood_of_tiny_frames_is_cut_off(flood: bytes) -> None:
    async with door() as (porter, port):
        reader, writer = await raw(port)
        writer.write(flood * (3000 if len(flood) < 10 else 1))
        await ended(reader)
        await until(lambda: len(porter.gone) == 1)
        writer.close()


async def test_endless_pings_of_a_peer_that_does_not_read_do_not_fill_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_MINOR_MAX", 10**9)

    async def pour(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(masked(9, b"x" * 125) * 100)
            await writer.drain()

    async with door() as (porter, port):
        _, writer = await raw(port)
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(pour(writer), PATIENCE)
        await until(lambda: len(porter.gone) == 1)
        writer.close()


# ---- dialling -------------------------------------------------------------------------------------------------------


async def failure(attempt: Awaitable[Any]) -> DialFailed:
    with pytest.raises(DialFailed) as caught:
        await attempt
    assert str(caught.value).isprintable()
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:3005",
        "http://127.0.0.1/ws",
        "ws://",
        "ws:///ws",
        "ws://host:port/",
        "ws://host:99999/",
        "ws://me:secret@host/ws",
        "ws://host/ws#part",
        "ws://[::1/ws",
        "ws://ho\x1bst\n/\x00",
    ],
)
async def test_bad_urls(url: str) -> None:
    error = await failure(DialedClient.dial(url, timeout=PATIENCE))
    assert error.kind in ("bad-url", "no-address") if "\x1b" in url else error.kind == "bad-url"
    assert "secret" not in str(error)


async def test_nobody_listens() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        error = await failure(DialedClient.dial(f"ws://127.0.0.1:{sock.getsockname()[1]}/ws", timeout=PATIENCE))
        assert error.kind == "refused"
        error = await failure(DialedClient.dial(f"ws://localhost:{sock.getsockname()[1]}/ws", timeout=PATIENCE))
        assert error.kind == "refused"


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 70, "a..b"])
async def test_no_such_host(host: str) -> None:
    assert (await failure(DialedClient.dial(f"ws://{host}:1/ws", timeout=PATIENCE))).kind == "no-address"


async def test_a_name_that_could_not_be_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network, nobody knows whether there is a host of that name."""

    async def fail(server: Any) -> list[tuple[int, Any]]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(dialing, "_resolve", fail)
    error = await failure(DialedClient.dial("ws://h.test:1/ws", timeout=PATIENCE))
    assert (error.kind, str(error)) == (
        "no-address",
        "the name 'h.test' could not be looked up: is there a network?",
    )
    monkeypatch.setattr(dialing, "_resolve", lambda server: asyncio.sleep(PATIENCE))
    error = await failure(DialedClient.dial("ws://h.test:1/ws", timeout=0.1))
    assert (error.kind, str(error)) == (
        "no-address",
        "the name 'h.test' could not be looked up within 0.1 seconds: is there a network?",
    )


async def test_no_route(monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio's error has a text of its own instead of the system's."""

    async def fail(family: int, address: Any) -> socket.socket:
        raise OSError(errno.ENETUNREACH, f"Connect call failed {address}")

    monkeypatch.setattr(dialing, "_connect", fail)
    error = await failure(DialedClient.dial("ws://127.0.0.1:1/ws", timeout=PATIENCE))
    assert (error.kind, str(error)) == ("unreachable", "127.0.0.1:1 cannot be reached: Network is unreachable")


async def test_nothing_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        error = await failure(DialedClient.dial(f"ws://127.0.0.1:{sock.getsockname()[1]}/ws", timeout=2.0))
        assert error.kind == "timeout"


@contextmanager
def deaf(port: int) -> Iterator[str]:
    """An address that accepts no connection: the backlog is full, and the kernel drops the rest."""
    with ExitStack() as stack:
        sock = stack.enter_context(socket.socket())
        sock.bind(("127.0.0.9", port))
        sock.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.9", port))
        yield "127.0.0.9"


async def test_a_silent_address_leaves_time_for_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a host's IPv6 address is silent in a network without IPv6 routes."""
    monkeypatch.setattr(dialing, "_ADDRESS_TIMEOUT", 0.3)
    async with door() as (_, port):
        with deaf(port) as address:
            found = [(socket.AF_INET, (address, port)), (socket.AF_INET, ("127.0.0.1", port))]
            monkeypatch.setattr(dialing, "_resolve", lambda target: asyncio.sleep(0, found))
            client = await DialedClient.dial(f"ws://host:{port}/ws", timeout=PATIENCE)
            client.close()
            found.pop()
            assert (await failure(DialedClient.dial(f"ws://host:{port}/ws", timeout=PATIENCE))).kind == "timeout"


async def test_something_else_answers() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert (await failure(DialedClient.dial(f"ws://127.0.0.1:{port}/ws", timeout=PATIENCE))).kind == "not-a-server"
    server.close()


async def test_http_refusals() -> None:
    async with door() as (_, port):
        assert (
            await failure(DialedClient.dial(f"ws://127.0.0.1:{port}/nothing", timeout=PATIENCE))
        ).kind == "not-a-server"
        assert (await failure(DialedClient.dial(f"ws://127.0.0.1:{port}/full", timeout=PATIENCE))).kind == "full"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    words += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True)
    return certificate, key


async def test_tls(certificate: tuple[Path, Path]) -> None:
    there = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    there.load_cert_chain(*certificate)
    here = ssl.create_default_context(cafile=str(certificate[0]))
    async with door(there) as (porter, port):
        porter.echo = True
        client = await DialedClient.dial(f"wss://127.0.0.1:{port}/ws", timeout=PATIENCE, tls=here)
        client.write(b"hush")
        assert [data for data, _ in await hear(client, 1)] == ["hush"]
        porter.transports[0].close(4001, "going down")
        assert await hear(client, 1) == []
        await client.wait_closed()
        assert client.close_code == 4001
        await until(lambda: len(porter.gone) == 1)
        error = await failure(DialedClient.dial(f"wss://127.0.0.1:{port}/ws", timeout=PATIENCE))
        assert error.kind == "tls"
        error = await failure(DialedClient.dial(f"ws://127.0.0.1:{port}/ws", timeout=PATIENCE))
        assert error.kind == "not-a-server"
        assert str(error).endswith(f" (perhaps it speaks TLS: wss://127.0.0.1:{port}/ws)")
    async with door() as (_, port):
        error = await failure(DialedClient.dial(f"wss://127.0.0.1:{port}/ws", timeout=PATIENCE, tls=here))
        assert error.kind == "tls"
        assert str(error).endswith(f"perhaps it speaks no TLS: ws://127.0.0.1:{port}/ws")


async def test_a_private_certificate_authority(
    certificate: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANG_CONFIG", "/my/config.toml")
    there = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    there.load_cert_chain(*certificate)
    async with door(there) as (_, port):
        url = f"wss://127.0.0.1:{port}/ws"
        said = str(await failure(DialedClient.dial(url, timeout=PATIENCE)))
        assert "as tls_ca under [client] in /my/config.toml, and then run `hangctl daemon stop`" in said
        client = await DialedClient.dial(url, timeout=PATIENCE, tls_ca=str(certificate[0]))
        client.abort()
        (tmp_path / "empty.pem").touch()
        for path, reason in ((tmp_path / "empty.pem", "no certificates"), (tmp_path / "missing", "No such file")):
            error = await failure(DialedClient.dial(url, timeout=PATIENCE, tls_ca=str(path)))
            assert error.kind == "tls" and str(path) in str(error) and reason in str(error)


@pytest.mark.parametrize("zone", ["%25lo", "%lo"])
async def test_an_address_with_a_zone(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zone says through which interface; the server has no use for it (RFC 6874)."""
    hosts: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        hosts.extend(line for line in head.splitlines() if line.startswith("Host:"))
        writer.close()

    found: list[str] = []

    async def resolve(server: Any) -> list[tuple[int, Any]]:
        found.append(server.host)
        return [(socket.AF_INET, ("127.0.0.1", server.uri.port))]

    monkeypatch.setattr(dialing, "_resolve", resolve)
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        assert (
            await failure(DialedClient.dial(f"ws://[fe80::1{zone}]:{port}/ws", timeout=PATIENCE))
        ).kind == "not-a-server"
    assert (found, hosts) == (["fe80::1%lo"], [f"Host: [fe80::1]:{port}"])


async def test_a_peer_that_has_to_wait_is_not_heard_and_loses_nothing() -> None:
    async with door() as (porter, port):
        reader, writer = await raw(port)
        await until(lambda: len(porter.transports) == 1)
        transport = porter.transports[0]

        def stop_after_two(data: str | bytes, at: float) -> None:
            porter.heard.append((data, at))
            if len(porter.heard) == 2:
                transport.pause_reading()

        porter.received = stop_after_two  # type: ignore[method-assign]
        said = [str(number) for number in range(10)]
        writer.write(b"".join(masked(Opcode.TEXT, text.encode()) for text in said))
        await until(lambda: len(porter.heard) == 2)
        writer.write(masked(Opcode.TEXT, b"later"))
        await asyncio.sleep(0.05)
        assert [data for data, _ in porter.heard] == ["0", "1"]
        transport.resume_reading()
        await until(lambda: len(porter.heard) == 11)
        assert [data for data, _ in porter.heard] == [*said, "later"]
        transport.pause_reading()
        transport.close(1000, "enough")
        writer.write(masked(Opcode.CLOSE, b"\x03\xe8"))
        await ended(reader)
        await until(lambda: len(porter.lost_at) == 1)
        writer.close()


async def test_the_beginning_of_a_frame_behind_the_request_ends_the_connection() -> None:
    async with door() as (porter, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UPGRADE + b"\x81")
        assert await ended(reader) == b""
        assert not porter.transports
        writer.close()


async def test_a_large_answer_does_not_cut_off_a_peer_that_goes_on_asking() -> None:
    """What this side sends is limited by its outbox, and not by the transport, which cannot tell why it was sent."""
    async with door() as (porter, port):
        reader, writer = await raw(port)
        await until(lambda: len(porter.transports) == 1)
        large = b"x" * 3_000_000
        porter.transports[0].send(Encoded(large))
        assert porter.transports[0].buffered > 1_000_000
        for text in (b"one", b"two"):
            writer.write(masked(Opcode.TEXT, text))
        await until(lambda: len(porter.heard) == 2)
        frame = Encoded(large).frame
        async with asyncio.timeout(PATIENCE):
            received = b""
            while len(received) < len(frame):
                received += await reader.read(1_000_000)
        assert large in received
        writer.close()
