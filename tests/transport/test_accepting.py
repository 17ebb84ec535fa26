"""Sockets between being accepted and their first request: they are known, end in time, and can be cut off."""

import asyncio
import ssl
from pathlib import Path

import pytest

from hangd.transport import accepting
from hangd.transport.accepting import Ending
from hangd.transport.base import Transport
from tests.support.servers.certificates import Authority
from tests.transport.test_websocket import PATIENCE, UPGRADE, Porter, door, ended, masked, until


class Watchful(Porter):
    """Notes who is accepted, and how connections end. It cuts off whom it is told to, at once."""

    def __init__(self, *, refuses: bool = False) -> None:
        super().__init__()
        self.accepted_from: list[Transport] = []
        self.endings: list[Ending] = []
        self._refuses = refuses

    def accepted(self, transport: Transport) -> bool:
        self.accepted_from.append(transport)
        if self._refuses:
            transport.abort()
        return False

    def ended(self, transport: Transport, ending: Ending) -> None:
        super().ended(transport, ending)
        self.endings.append(ending)


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*Authority(tmp_path, "authority").issue("127.0.0.1"))
    return context


def client_hello() -> bytes:
    out = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost").do_handshake()
    return out.read()


async def test_a_socket_is_known_before_the_handshake_of_tls_and_can_be_cut_off_in_it(tls: ssl.SSLContext) -> None:
    porter = Watchful()
    async with door(tls, porter) as (_, port):
        for sent in (b"", client_hello()[:50], client_hello()):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            await until(lambda: len(porter.accepted_from) == 1)
            assert porter.accepted_from[0].address == "127.0.0.1"
            await asyncio.sleep(0.05)
            porter.accepted_from.pop().abort()
            await ended(reader)
            await until(lambda: len(porter.endings) == 1)
            assert porter.endings.pop() == Ending()
            writer.close()
        assert not porter.transports


@pytest.mark.parametrize("secure", [False, True])
async def test_who_is_cut_off_at_once_gets_nothing(secure: bool, tls: ssl.SSLContext) -> None:
    porter = Watchful(refuses=True)
    async with door(tls if secure else None, porter) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(UPGRADE)
        assert await ended(reader) == b""
        await until(lambda: porter.endings == [Ending()])
        writer.close()


async def test_a_handshake_of_tls_that_comes_byte_by_byte_is_given_up(
    tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "_TLS_TIMEOUT", 0.5)
    porter = Watchful()
    async with door(tls, porter) as (_, port), asyncio.timeout(PATIENCE):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        hello = client_hello()
        while not porter.endings:
            writer.write(hello[:1])
            hello = hello[1:] or b"\x16"
            await asyncio.sleep(0.02)
        assert len(hello) > 1 or porter.endings == [Ending()]
        writer.close()


async def test_what_speaks_no_tls_is_let_go(tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture) -> None:
    porter = Watchful()
    async with door(tls, porter) as (_, port):
        for _ in range(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(UPGRADE)
            await ended(reader)
            writer.close()
        await until(lambda: porter.endings == [Ending()] * 5)
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


@pytest.mark.parametrize("secure", [False, True])
async def test_how_a_connection_has_ended(secure: bool, tls: ssl.SSLContext) -> None:
    porter = Watchful()
    trusting = ssl._create_unverified_context() if secure else None
    close = masked(8, b"\x03\xe9what a client says")
    async with door(tls if secure else None, porter) as (_, port):
        for data, how in [
            (close, "closed by the client (1001)"),
            (b"\x81\x02{}", "closed by the server (1002: what came is no frame that is allowed)"),
            (None, "lost"),
        ]:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
            writer.write(UPGRADE)
            await reader.readuntil(b"\r\n\r\n")
            if data is None:
                writer.transport.abort()
            else:
                writer.write(data)
                await ended(reader)
            await until(lambda: len(porter.endings) == 1)
            ending = porter.endings.pop()
            assert ending.how == how
            assert data is None or (ending.sent or 0) > 100
            writer.close()


async def test_hundreds_that_come_at_once_are_all_taken() -> None:
    porter = Watchful()
    async with door(None, porter) as (_, port):
        came = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(400)))
        for _, writer in came:
            writer.write(UPGRADE)
        await until(lambda: len(porter.transports) == 400)
        for _, writer in came:
            writer.close()
