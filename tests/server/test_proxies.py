"""For whom a proxy connects: what is believed, what is ignored and what is refused."""

import asyncio
import http.client
import socket
import struct
from collections.abc import Sequence
from http.client import HTTPMessage
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import InvalidStatus

from hangd.config import ConfigError, Given, load
from hangd.server.app import serve
from hangd.server.proxies import BadForwarding, TrustedProxies
from hangd.server.settings import ServerSettings
from hangd.transport.preface import BadPreface, Preface, read_preface
from tests.support.daemons.party import free_port
from tests.support.servers.proxies import Proxy, caddy, nginx
from tests.support.servers.server import PATIENCE, running

PROXIES = TrustedProxies(["192.0.2.1", "10.0.0.0/8", "2001:db8::/32"])


def client(
    peer: str, forwarded_for: Sequence[str] = (), forwarded: Sequence[str] = (), proxies: TrustedProxies = PROXIES
) -> str:
    return proxies.client(peer, lambda name: {"X-Forwarded-For": forwarded_for, "Forwarded": forwarded}[name])


@pytest.mark.parametrize(
    ("peer", "field", "found"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["203.0.113.7"], "203.0.113.7"),
        ("::ffff:192.0.2.1", ["203.0.113.7"], "203.0.113.7"),
        ("2001:db8::5%eth0", ["203.0.113.7"], "203.0.113.7"),
        ("192.0.2.1", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        ("192.0.2.1", ["nonsense, 203.0.113.7"], "203.0.113.7"),
        ("192.0.2.1", ["203.0.113.7, 10.1.1.1,192.0.2.1"], "203.0.113.7"),
        ("192.0.2.1", ["203.0.113.7", "10.1.1.1"], "203.0.113.7"),
        ("192.0.2.1", ["10.3.3.3, 10.1.1.1"], "10.3.3.3"),
        ("192.0.2.1", ["203.0.113.7:4711"], "203.0.113.7"),
        ("192.0.2.1", ["[2a00::1]:4711"], "2a00::1"),
        ("192.0.2.1", ["2A00::1"], "2a00::1"),
        ("192.0.2.2", ["203.0.113.7"], "192.0.2.2"),
        ("192.0.2.2", ["nonsense"], "192.0.2.2"),
        ("", ["203.0.113.7"], ""),
    ],
)
def test_x_forwarded_for(peer: str, field: list[str], found: str) -> None:
    assert client(peer, field) == found


@pytest.mark.parametrize(
    ("field", "found"),
    [
        (["for=203.0.113.7"], "203.0.113.7"),
        (['For="[2a00::1]:4711";proto=https;by=_me'], "2a00::1"),
        (["for=198.51.100.1;host=a, proto=http;for=203.0.113.7 , for=10.1.1.1"], "203.0.113.7"),
        (['for="203.0.113.7:_port"', "for=10.1.1.1"], "203.0.113.7"),
        (['host="a,b;for=1.2.3.4";for=203.0.113.7'], "203.0.113.7"),
        (["for=198.51.100.1, proto=https"], "unknown"),
        (["for=198.51.100.1, for=unknown"], "unknown"),
        (["for=198.51.100.1, for=_hidden"], "_hidden"),
    ],
)
def test_forwarded(field: list[str], found: str) -> None:
    assert client("192.0.2.1", forwarded=field) == found


@pytest.mark.parametrize(
    "field", ["", "unknown", "203.0.113.7,", "203.0.113.7 198.51.100.1", "203.0.113.999", "[::1", "a" * 5000]
)
def test_a_malformed_x_forwarded_for_is_refused(field: str) -> None:
    with pytest.raises(BadForwarding, match="X-Forwarded-For"):
        client("192.0.2.1", [field])


@pytest.mark.parametrize(
    "field", ["203.0.113.7", "for=203.0.113.7 x", "for=::1", 'for="203.0.113.7', "for=203.0.113.7,,", "for="]
)
def test_a_malformed_forwarded_is_refused(field: str) -> None:
    with pytest.raises(BadForwarding, match="Forwarded"):
        client("192.0.2.1", forwarded=[field])


def test_two_fields_have_to_agree() -> None:
    """A proxy maintains one of them, so the other one may be the client's."""
    assert client("192.0.2.1", ["203.0.113.7"], ["for=203.0.113.7"]) == "203.0.113.7"
    with pytest.raises(BadForwarding, match="different clients"):
        client("192.0.2.1", ["203.0.113.7"], ["for=198.51.100.1"])


def test_peers_of_a_unix_socket_are_trusted_if_that_is_said() -> None:
    assert client("", ["203.0.113.7"], proxies=TrustedProxies(["unix"])) == "203.0.113.7"
    assert client("", [], proxies=TrustedProxies(["unix"])) == ""


@given(st.text(max_size=200), st.text(max_size=200))
def test_nothing_that_a_client_writes_changes_who_it_is(written: str, also: str) -> None:
    """A proxy adds the client's address to what the client has written, in the same field or in another one."""
    assert client("192.0.2.1", [f"{written}, 203.0.113.7"]) == "203.0.113.7"
    assert client("192.0.2.1", [written, "203.0.113.7"]) == "203.0.113.7"
    try:
        found = client("192.0.2.1", ["203.0.113.7"], [also])
    except BadForwarding:
        return
    assert found == "203.0.113.7"


def test_the_setting() -> None:
    networks = ("127.0.0.1", "10.0.0.0/8", "2001:db8::/32", "unix")
    flags = {"trusted_proxies": Given("--trusted-proxy", networks)}
    assert load(environment={}, flags=flags).server.trusted_proxies == networks
    for wrong in ("10.1.0.0/8", "proxy.example.org", "", "Unix"):
        with pytest.raises(ConfigError, match=r"^--trusted-proxy must be an address, a network"):
            load(environment={}, flags={"trusted_proxies": Given("--trusted-proxy", (wrong,))})


# ---- the PROXY protocol ---------------------------------------------------------------------------------------------

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def version_2(address: str, *, command: int = 0x21, more: bytes = b"") -> bytes:
    packed = ip_address(address).packed
    body = packed + packed + struct.pack("!HH", 4711, 3005) + more
    return SIGNATURE + struct.pack("!BBH", command, 0x11 if len(packed) == 4 else 0x21, len(body)) + body


PREFACES = [
    (version_2("203.0.113.7"), "203.0.113.7"),
    (version_2("2a00::1"), "2a00::1"),
    (version_2("203.0.113.7", more=b"\x04\x00\x01x"), "203.0.113.7"),
    (version_2("203.0.113.7", command=0x20), None),
    (SIGNATURE + b"\x20\x00\x00\x00", None),
    (SIGNATURE + b"\x21\x31" + struct.pack("!H", 216) + bytes(216), None),
    (b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 3005\r\n", "203.0.113.7"),
    (b"PROXY TCP6 2a00::1 2001:db8::1 4711 3005\r\n", "2a00::1"),
    (b"PROXY UNKNOWN\r\n", None),
    (b"PROXY UNKNOWN ffff:f... 1 2\r\n", None),
]


@pytest.mark.parametrize(("header", "address"), PREFACES)
def test_a_header_of_the_proxy_protocol(header: bytes, address: str | None) -> None:
    for end in range(len(header)):
        assert read_preface(header[:end]) is None
    assert read_preface(header) == read_preface(header + b"GET /ws HTTP/1.1\r\n") == Preface(len(header), address)


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", b"POST", b"PRO\n", b"\r\nGET"])
def test_http_without_a_header(data: bytes) -> None:
    assert read_preface(data) == Preface(0)


@pytest.mark.parametrize(
    "data",
    [
        b"PROXY TCP4 203.0.113.7\r\n",
        b"PROXY TCP4 2a00::1 ::1 1 2\r\n",
        b"PROXY TCP4 localhost 192.0.2.1 1 2\r\n",
        b"PROXY \r\n",
        b"PROXY " + b"x" * 200,
        SIGNATURE + b"\x11\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x22\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x00\x0b" + bytes(11),
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_a_malformed_header_is_refused(data: bytes) -> None:
    with pytest.raises(BadPreface):
        read_preface(data)


@given(
    st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE + b"\x21\x11\x00"]), st.binary(max_size=300)
)
def test_any_bytes_are_read_or_refused(start: bytes, data: bytes) -> None:
    try:
        found = read_preface(start + data)
    except BadPreface:
        return
    assert found is None or found.length <= len(start + data)


# ---- a server that counts -------------------------------------------------------------------------------------------


async def open_from(address: str, url: str, **fields: str) -> ClientConnection:
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    return await connect(url, proxy=None, local_addr=(address, 0), additional_headers=headers, open_timeout=PATIENCE)


async def refusal(address: str, url: str, **fields: str) -> int:
    with pytest.raises(InvalidStatus) as caught:
        await open_from(address, url, **fields)
    return caught.value.response.status_code


async def test_clients_of_a_trusted_proxy_are_counted_each() -> None:
    async with running(ServerSettings(max_per_address=1, trusted_proxies=("127.0.0.2",))) as url:
        await open_from("127.0.0.2", url, X_Forwarded_For="203.0.113.7")
        await open_from("127.0.0.2", url, X_Forwarded_For="203.0.113.8")
        assert await refusal("127.0.0.2", url, X_Forwarded_For="203.0.113.7") == 429
        assert await refusal("127.0.0.2", url, X_Forwarded_For="nobody") == 400
        # Nobody else is believed.
        await open_from("127.0.0.3", url, X_Forwarded_For="203.0.113.9")
        assert await refusal("127.0.0.3", url, X_Forwarded_For="203.0.113.10") == 429


async def test_a_connection_that_ends_is_counted_no_more() -> None:
    async with running(ServerSettings(max_per_address=1, trusted_proxies=("127.0.0.0/8",))) as url:
        for _ in range(3):
            connection = await open_from("127.0.0.2", url, X_Forwarded_For="203.0.113.7")
            await connection.close()
            await connection.wait_closed()
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("trusted", [(), ("unix",)])
async def test_a_unix_socket_has_no_addresses_to_count(trusted: tuple[str, ...], tmp_path: Path) -> None:
    """A proxy on the same machine may use one: systemd listens there and hands the socket over."""
    path = str(tmp_path / "socket")
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(path)
    bound.listen()
    bound.setblocking(False)
    settings = ServerSettings(max_per_address=1, trusted_proxies=trusted, keep_rooms=False)
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def client(**fields: str) -> ClientConnection:
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        return await unix_connect(path, "ws://localhost/ws", additional_headers=headers, open_timeout=PATIENCE)

    async with asyncio.TaskGroup() as group:
        group.create_task(serve(settings, stop=stop, ready=ready.set_result, sockets=[bound]))
        await asyncio.wait_for(ready, PATIENCE)
        await client()
        await client()
        await client(X_Forwarded_For="203.0.113.7")
        if trusted:
            with pytest.raises(InvalidStatus):
                await client(X_Forwarded_For="203.0.113.7")
        else:
            await client(X_Forwarded_For="203.0.113.7")
        stop.set()


async def test_the_proxy_protocol_in_front_of_http() -> None:
    async with running(ServerSettings(max_per_address=1, trusted_proxies=("127.0.0.2",))) as url:
        port = int(url.removesuffix("/ws").rpartition(":")[2])

        async def ask(source: str, start: bytes) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
            for byte in start:
                writer.write(bytes([byte]))
                await writer.drain()
            writer.write(
                b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            opened.append(writer)
            return (await asyncio.wait_for(reader.read(12), PATIENCE))[9:]

        opened: list[asyncio.StreamWriter] = []
        assert await ask("127.0.0.2", version_2("203.0.113.7")) == b"101"
        assert await ask("127.0.0.2", version_2("203.0.113.7")) == b"429"
        assert await ask("127.0.0.2", version_2("203.0.113.8")) == b"101"
        assert await ask("127.0.0.2", b"PROXY TCP4 203.0.113.9 192.0.2.1 1 2\r\n") == b"101"
        assert await ask("127.0.0.2", b"PROXY nobody\r\n") == b""
        assert await ask("127.0.0.3", version_2("203.0.113.10")) == b"400"
        for writer in opened:
            writer.close()


BEHIND = pytest.mark.parametrize("proxy", [nginx, caddy])


@pytest.mark.real
@BEHIND
async def test_two_viewers_behind_a_proxy(proxy: Proxy, tmp_path: Path) -> None:
    async with running(ServerSettings(max_per_address=1, trusted_proxies=("127.0.0.1",))) as url:
        port = free_port()
        with proxy(tmp_path, port, url.removesuffix("/ws").replace("ws://", "http://"), "/"):
            proxied = f"ws://127.0.0.1:{port}/ws"
            await open_from("127.0.0.2", proxied)
            await open_from("127.0.0.3", proxied)
            assert await refusal("127.0.0.2", proxied) == 429
            assert (
                await refusal("127.0.0.2", proxied, X_Forwarded_For="203.0.113.7", Forwarded="for=203.0.113.7") == 429
            )
            if proxy is nginx:  # It adds its client to what was written there; Caddy throws that away.
                await open_from("127.0.0.4", url, X_Forwarded_For="203.0.113.7")
                assert await refusal("127.0.0.4", url, X_Forwarded_For="203.0.113.8") == 429


@pytest.mark.real
@BEHIND
@pytest.mark.parametrize("path", ["/", "/hang/"])
async def test_the_page_behind_a_proxy(proxy: Proxy, path: str, tmp_path: Path) -> None:
    """At the root of a site and under a path: its files, their tags, and its own WebSocket and nobody else's."""
    async with running(ServerSettings(trusted_proxies=("127.0.0.1",))) as url:
        port = free_port()
        with proxy(tmp_path, port, url.removesuffix("/ws").replace("ws://", "http://"), path):

            def get(path: str, at: int | None = port, **fields: str) -> tuple[int, HTTPMessage, bytes]:
                connection = http.client.HTTPConnection("127.0.0.1", at, timeout=PATIENCE)
                connection.request("GET", path, headers={name.replace("_", "-"): fields[name] for name in fields})
                answer = connection.getresponse()
                return answer.status, answer.headers, answer.read()

            status, fields, body = await asyncio.to_thread(get, path)
            direct = await asyncio.to_thread(get, "/", urlsplit(url).port)
            assert (status, body) == (200, direct[2])
            assert b"<title>hang</title>" in body
            assert fields["Content-Security-Policy"].startswith("default-src 'none'")
            status, fields, body = await asyncio.to_thread(get, f"{path}page/main.js", Accept_Encoding="gzip")
            assert status == 200
            again = await asyncio.to_thread(
                get, f"{path}page/main.js", Accept_Encoding="gzip", If_None_Match=fields["ETag"]
            )
            assert (again[0], again[2]) == (304, b"")
            if path != "/":
                status, fields, _ = await asyncio.to_thread(get, path.rstrip("/"))
                assert status in (301, 302) and fields["Location"].endswith(path)
            proxied = f"ws://127.0.0.1:{port}{path}ws"
            await open_from("127.0.0.2", proxied, Origin=f"http://127.0.0.1:{port}")
            await open_from("127.0.0.2", proxied)
            for other in (f"http://127.0.0.1:{port + 1}", "https://evil.example", url.replace("ws:", "http:")):
                assert await refusal("127.0.0.2", proxied, Origin=other) == 403
