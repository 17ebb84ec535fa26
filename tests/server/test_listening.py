"""From HOST:PORT to sockets."""

import errno
import logging
import socket
from pathlib import Path
from typing import Any

import pytest

from hangd.server import listening
from hangd.server.listening import StartFailed, bind, tls_context, url_of


def test_each_address_is_bound_and_has_a_url() -> None:
    sockets = bind(["127.0.0.1:0", "127.0.0.1:0"])
    try:
        for sock in sockets:
            host, port = sock.getsockname()
            assert url_of(sock, secure=False) == f"ws://{host}:{port}/ws"
            assert url_of(sock, secure=True).startswith("wss://")
            socket.create_connection((host, port), timeout=10).close()
    finally:
        for sock in sockets:
            sock.close()


@pytest.mark.parametrize(
    "place", ["", "3005", ":3005", "host:", "127.0.0.1:port", "127.0.0.1:65536", "127.0.0.1:-1", "::1:3005", "[::1]"]
)
def test_malformed_addresses(place: str) -> None:
    with pytest.raises(StartFailed, match="cannot listen on"):
        bind([place])


def test_an_unknown_host() -> None:
    with pytest.raises(StartFailed, match="no host named"):
        bind(["no-such-host.invalid:0"])


def test_a_port_in_use_is_an_error_and_closes_the_other_sockets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", 0))
        first = f"127.0.0.1:{free.getsockname()[1]}"
        free.close()
        with pytest.raises(StartFailed, match=f"{taken.getsockname()[1]}: the port is in use"):
            bind([first, f"127.0.0.1:{taken.getsockname()[1]}"])
        for sock in bind([first]):
            sock.close()


def without_ipv6(family: int, address: Any) -> socket.socket:
    if family == socket.AF_INET6:
        raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
    return socket.create_server(address)


def test_an_address_that_the_machine_lacks_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listening, "_bind_one", without_ipv6)
    with caplog.at_level(logging.WARNING):
        (sock,) = bind(["127.0.0.1:0", "[::1]:0"])
    sock.close()
    assert caplog.messages == ["not listening on [::1]:0: this machine has no such address"]
    with pytest.raises(StartFailed, match="no such address"):
        bind(["[::1]:0"])


def test_tls_files(tmp_path: Path) -> None:
    assert tls_context(None, None) is None
    with pytest.raises(StartFailed, match="needs its certificate"):
        tls_context(None, "key.pem")
    with pytest.raises(StartFailed, match="cannot read"):
        tls_context(str(tmp_path / "none.pem"), None)
    (tmp_path / "junk.pem").write_text("junk")
    with pytest.raises(StartFailed, match="cannot use"):
        tls_context(str(tmp_path / "junk.pem"), None)
