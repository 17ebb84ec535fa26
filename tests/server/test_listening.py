"""From HOST:PORT to sockets."""

import errno
import logging
import socket
import subprocess
from typing import Any

import pytest

from hangd.server import listening
from hangd.server.listening import StartFailed, WrongSetting, bind, tls_context, url_of
from hangd.server.settings import listen_place


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


@pytest.mark.parametrize("place", ["", "3005", ":3005", "localhost", "host:", "127.0.0.1:port", "127.0.0.1:-1", "::1"])
def test_malformed_addresses(place: str) -> None:
    with pytest.raises(ValueError, match=r"^must (be HOST:PORT, such as|have brackets)") as error:
        listen_place(place)
    assert repr(place) in str(error.value)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("127.0.0.1:99999", "must have a port of at most 65535, not 99999"),
        ("h:" + "9" * 5000, f"must have a port of at most 65535, not {'9' * 20}"),
        ("::1:3005", "must have brackets around an IPv6 address, as in [::1]:3005, not '::1:3005'"),
    ],
)
def test_what_is_wrong_with_an_address(place: str, why: str) -> None:
    with pytest.raises(ValueError) as error:
        listen_place(place)
    assert str(error.value) == why


def test_places_to_listen() -> None:
    assert listen_place("[::1]:0") == ("::1", 0)
    assert listen_place("localhost:65535") == ("localhost", 65535)


def test_a_port_alone_is_told_how_it_is_written() -> None:
    with pytest.raises(ValueError, match=r"^must be HOST:PORT, such as 0\.0\.0\.0:4106 \(every address\)"):
        listen_place("4106")


def test_an_unknown_host() -> None:
    with pytest.raises(StartFailed, match=r"no host named|is there a network"):
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


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The paths of files, by name: two certificates with their keys, the first with the key in one file too, a locked
    key, and others that are of no use."""
    folder = tmp_path_factory.mktemp("pems")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    for name in ("a", "b"):
        made = ("-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", f"{name}.key", "-out", name)
        openssl("req", "-x509", *made)
    openssl("rsa", "-aes128", "-passout", "pass:secret", "-in", "a.key", "-out", "locked")
    (folder / "both").write_text((folder / "a").read_text() + (folder / "a.key").read_text())
    (folder / "junk").write_text("junk")
    (folder / "cut").write_text("-----BEGIN CERTIFICATE-----\nMII\n")
    return {name: str(folder / name) for name in ("a", "a.key", "b.key", "both", "locked", "junk", "cut", "none")}


@pytest.mark.parametrize(
    ("certificate", "key", "why"),
    [
        (None, "a.key", "a TLS key needs its certificate (--tls-cert)"),
        ("none", "a.key", "cannot read {none} (--tls-cert): No such file or directory"),
        ("a", "none", "cannot read {none} (--tls-key): No such file or directory"),
        ("junk", "a.key", "{junk} (--tls-cert) contains no certificate in PEM format"),
        (
            "a",
            None,
            "{a} (--tls-cert) contains no private key in PEM format: name the file of the key with --tls-key",
        ),
        ("a", "junk", "{junk} (--tls-key) contains no private key in PEM format"),
        ("a", "b.key", "the private key in {b.key} (--tls-key) belongs to another certificate"),
        ("a", "locked", "the private key in {locked} (--tls-key) needs a password: use one that needs none"),
        ("cut", "a.key", "the certificate {cut} or its private key in {a.key} (--tls-key) is damaged"),
    ],
)
def test_tls_files_that_cannot_be_used(
    pems: dict[str, str], certificate: str | None, key: str | None, why: str
) -> None:
    for name, path in pems.items():
        why = why.replace(f"{{{name}}}", path)
    with pytest.raises(WrongSetting) as error:
        tls_context(certificate and pems[certificate], key and pems[key])
    assert str(error.value) == why


def test_tls_files(pems: dict[str, str]) -> None:
    assert tls_context(None, None) is None
    assert tls_context(pems["a"], pems["a.key"]) is not None
    assert tls_context(pems["both"], None) is not None
