"""The bad link delays by at least what was set and not much more, and it freezes and cuts."""

import socket
import socketserver
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.support.daemons.party import PATIENCE, wait_for
from tests.support.network.badlink import BadLink

LATE = 1.0
"""Seconds that a busy machine may be late. On an idle one it is less than half a millisecond."""

pytestmark = pytest.mark.real


class Echo(socketserver.ThreadingTCPServer):
    """A server that sends back what it receives; ``arrivals`` has the time of each chunk."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        self.arrivals: list[float] = []
        super().__init__(("127.0.0.1", 0), EchoConnection)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class EchoConnection(socketserver.BaseRequestHandler):
    server: Echo
    request: socket.socket

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(ConnectionError):
            while data := self.request.recv(1 << 16):
                self.server.arrivals.append(time.monotonic())
                self.request.sendall(data)


@pytest.fixture(name="echo")
def serve_echo() -> Iterator[Echo]:
    with Echo() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def connected(link: BadLink) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", link.port), PATIENCE) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield client


def exactly(client: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := client.recv(size - len(data))):
        data += more
    return data


def round_trip(client: socket.socket) -> float:
    before = time.monotonic()
    client.sendall(b"ping")
    assert exactly(client, 4) == b"ping"
    return time.monotonic() - before


def refused(link: BadLink) -> bool:
    try:
        socket.create_connection(("127.0.0.1", link.port), PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


def is_closed(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


def test_each_direction_has_its_own_delay(echo: Echo) -> None:
    with BadLink(echo.port, out=0.04, back=0.01) as link, connected(link) as client:
        out, back = [], []
        for _ in range(20):
            sent = time.monotonic()
            took = round_trip(client)
            out.append(echo.arrivals[-1] - sent)
            back.append(took - out[-1])
    assert min(out) >= 0.04
    assert min(back) >= 0.01
    assert statistics.median(out) < 0.04 + LATE
    assert statistics.median(back) < 0.01 + LATE


def test_jitter_stays_within_its_bound(echo: Echo) -> None:
    with BadLink(echo.port, out=0.11, jitter=0.1) as link, connected(link) as client:
        trips = [round_trip(client) for _ in range(20)]
    assert min(trips) >= 0.11 - 0.1, "on the way back the delay is never negative"
    assert max(trips) - min(trips) > 0.1 / 2, "of twenty delays, whatever the machine adds to them"


def test_the_order_is_kept(echo: Echo) -> None:
    sent = b"".join(number.to_bytes(2, "big") for number in range(400))
    with BadLink(echo.port, out=0.02, back=0.02, jitter=0.02) as link, connected(link) as client:
        for index in range(0, len(sent), 2):
            client.sendall(sent[index : index + 2])
            time.sleep(0.0005)
        assert exactly(client, len(sent)) == sent


def test_more_data_than_any_buffer_holds_comes_through(echo: Echo) -> None:
    sent = bytes(range(256)) * (1 << 15)
    with BadLink(echo.port, out=0.01) as link, connected(link) as client:
        threading.Thread(target=client.sendall, args=(sent,), daemon=True).start()
        assert exactly(client, len(sent)) == sent


def test_delays_change_while_it_is_connected(echo: Echo) -> None:
    with BadLink(echo.port) as link, connected(link) as client:
        assert round_trip(client) < LATE
        link.set(back=LATE)
        assert round_trip(client) >= LATE
        link.set(back=0)
        assert round_trip(client) < LATE


def test_while_frozen_no_data_passes_and_none_is_lost(echo: Echo) -> None:
    with BadLink(echo.port) as link, connected(link) as client:
        round_trip(client)
        frozen = time.monotonic()
        link.freeze(0.5)
        client.sendall(b"one")
        with connected(link) as other:
            other.sendall(b"two")
            assert exactly(client, 3) == b"one"
            assert time.monotonic() - frozen >= 0.5
            assert exactly(other, 3) == b"two"
        assert min(echo.arrivals[1:]) - frozen >= 0.5


def test_the_longer_of_two_freezes_counts(echo: Echo) -> None:
    with BadLink(echo.port) as link, connected(link) as client:
        begin = time.monotonic()
        link.freeze(0.6)
        link.freeze(0.1)
        assert round_trip(client) > 0.3
        assert time.monotonic() - begin >= 0.6


def test_a_cut_closes_connections_and_refuses_new_ones_until_its_end(echo: Echo) -> None:
    with BadLink(echo.port, out=0.01, back=0.01) as link, connected(link) as client:
        round_trip(client)
        begin = time.monotonic()
        link.cut(1.0)
        assert is_closed(client)
        if not refused(link):
            assert time.monotonic() - begin >= 1.0, "too slow to see it"
        wait_for(lambda: not refused(link), "the link's return")
        assert time.monotonic() - begin >= 1.0
        with connected(link) as again:
            assert round_trip(again) >= 0.02


def test_a_half_close_is_forwarded(echo: Echo) -> None:
    with BadLink(echo.port, out=0.05) as link, connected(link) as client:
        before = time.monotonic()
        client.sendall(b"last")
        client.shutdown(socket.SHUT_WR)
        assert exactly(client, 100) == b"last", "the answer still arrives, then the end of the server's side"
        assert time.monotonic() - before >= 0.05


def test_without_a_server_connections_are_closed(echo: Echo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        unused_port = sock.getsockname()[1]
    with BadLink(unused_port) as link, connected(link) as client:
        assert is_closed(client)


def test_close_ends_connections_and_the_process(echo: Echo, capfd: pytest.CaptureFixture[str]) -> None:
    with BadLink(echo.port) as link, connected(link) as client:
        round_trip(client)
        link.cut(60)
        link.freeze(60)
        link.close()
        assert is_closed(client)
        assert refused(link)
        with pytest.raises((RuntimeError, ValueError)):
            link.cut(1)
    assert capfd.readouterr().err == ""
