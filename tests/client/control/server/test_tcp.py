"""Control over TCP: clients with the token, clients without it, and browsers."""

import asyncio
import json
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.exceptions import InvalidMessage
from websockets.sync.client import connect

from hangd.client.control.server.sockets import ControlServer
from hangd.client.control.server.tcp import TcpListener
from hangd.socket_path import SocketUnusable
from tests.support.daemons.control import PATIENCE, ControlClient, control_server, until
from tests.support.daemons.recording_viewer import RecordingViewer

LOOPBACK = ("127.0.0.1", 0)
GUESTS = 64
"""Clients that have not shown the token yet, at a time."""


@asynccontextmanager
async def tcp_server(
    folder: Path, viewer: RecordingViewer, patience: float = PATIENCE, address: tuple[str, int] = LOOPBACK
) -> AsyncIterator[tuple[ControlServer, TcpListener]]:
    listener = TcpListener(address, folder / "token", patience=patience)
    async with control_server(folder, viewer, tcp=listener) as server:
        yield server, listener


@pytest.fixture
async def server_and_listener(
    tmp_path: Path, viewer: RecordingViewer
) -> AsyncIterator[tuple[ControlServer, TcpListener]]:
    async with tcp_server(tmp_path, viewer) as both:
        yield both


@pytest.fixture
def listener(server_and_listener: tuple[ControlServer, TcpListener]) -> TcpListener:
    return server_and_listener[1]


@pytest.fixture
def token(tmp_path: Path, listener: TcpListener) -> str:
    return (tmp_path / "token").read_text().strip()


def auth(token: str) -> bytes:
    return json.dumps({"command": ["auth", token]}).encode()


def exchanged(address: tuple[str, int], *pieces: bytes) -> bytes:
    """Write these pieces, end, and return everything that comes back; b"" after a reset."""
    with socket.create_connection(address, timeout=PATIENCE) as sock:
        try:
            for piece in pieces:
                sock.sendall(piece)
            sock.shutdown(socket.SHUT_WR)
            answer = b""
            while data := sock.recv(65536):
                answer += data
            return answer
        except (ConnectionResetError, BrokenPipeError):
            return b""


async def test_with_the_token_a_client_can_do_what_the_unix_socket_allows(
    listener: TcpListener, token: str, viewer: RecordingViewer, tmp_path: Path
) -> None:
    client = await ControlClient.connect_tcp(listener.address)
    assert await client.ask("auth", token) == {"request_id": 1, "error": "success"}
    assert (await client.ask("observe_property", 1, "pause"))["error"] == "success"
    assert (await client.event("property-change"))["data"] is True
    assert (await client.ask("set_property", "pause", False))["error"] == "success"
    assert (await client.event("property-change"))["data"] is False
    viewer.gate.set()
    assert (await client.ask("room-leave"))["error"] == "success"
    assert (await client.ask("auth", token))["error"] == "invalid parameter", "auth is no command afterwards"
    beside = await ControlClient.connect(tmp_path / "hangd.sock")
    names = {(await each.ask("client_name"))["data"] for each in (client, beside)}
    assert len(names) == 2
    await beside.close()
    await client.close()


async def test_ipv6(tmp_path: Path, viewer: RecordingViewer) -> None:
    if not socket.has_ipv6:
        pytest.skip("there is no IPv6 here")
    async with tcp_server(tmp_path, viewer, address=("::1", 0)) as (_, listener):
        token = (tmp_path / "token").read_text().strip()
        client = await ControlClient.connect_tcp(listener.address)
        assert (await client.ask("auth", token))["error"] == "success"
        await client.close()


async def test_lines_may_arrive_together_or_byte_by_byte(listener: TcpListener, token: str) -> None:
    """As a shell sends them: the token, requests, and the end."""
    text = auth(token) + b'\n{"command":["get_property","duration"],"request_id":"x"}\n{"command":["get_version"]}\n'
    wanted = (
        b'{"request_id":0,"error":"success"}\n{"data":20.000000,"request_id":"x","error":"success"}\n'
        b'{"data":131075,"request_id":0,"error":"success"}\n'
    )
    assert await asyncio.to_thread(exchanged, listener.address, text) == wanted
    assert await asyncio.to_thread(exchanged, listener.address, *(text[i : i + 1] for i in range(len(text)))) == wanted


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ({"command": ["auth", "x" * 43], "request_id": 7}, "that is not the token"),
        ({"command": ["auth", ""], "request_id": 7}, "that is not the token"),
        ({"command": ["auth", "é"], "request_id": 7}, "that is not the token"),
        ({"command": ["auth"], "request_id": 7}, "the first line must be"),
        ({"command": ["auth", 7], "request_id": 7}, "the first line must be"),
        ({"command": ["set_property", "pause", False], "request_id": 7}, "the first line must be"),
        ({"command": {"_name": "auth", "token": "x"}, "request_id": 7}, "the first line must be"),
    ],
)
async def test_a_wrong_token_is_refused_and_the_connection_closed(
    line: dict[str, object], answer: str, listener: TcpListener, viewer: RecordingViewer
) -> None:
    client = await ControlClient.connect_tcp(listener.address)
    client.send(json.dumps(line).encode(), b'{"command":["set_property","pause",false]}')
    said = json.loads(await client.line())
    assert (said["request_id"], said["error"], said["details"]["code"]) == (7, "error running command", "Unauthorized")
    assert answer in said["details"]["message"]
    assert await client.rest() == b""
    assert viewer.calls == []
    await client.close()


async def test_a_malformed_first_line_is_answered_and_the_connection_closed(
    listener: TcpListener, token: str, viewer: RecordingViewer
) -> None:
    malformed = b'{"request_id":0,"error":"invalid parameter"}\n'
    for line in (b"{", b'{"command":', b"{}", b'{"command":["auth","' + token.encode() + b'"\0]}'):
        said = await asyncio.to_thread(exchanged, listener.address, line + b"\n")
        assert said == malformed, line
    # As everywhere: with "async" the id must be a number.
    line = b'{"command":["auth","' + token.encode() + b'"],"async":true,"request_id":"x"}\n'
    said = await asyncio.to_thread(exchanged, listener.address, line)
    assert said == b'{"request_id":"x","error":"invalid parameter"}\n'
    said = await asyncio.to_thread(exchanged, listener.address, line.replace(b'"x"', b"5"))
    assert said == b'{"request_id":5,"error":"success"}\n'


@pytest.mark.parametrize(
    "start",
    [b"\n", b" {", b"\r\n{", b"\0{", b"[", b"set pause no\n", b"#\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\0"],
)
async def test_a_client_that_does_not_begin_with_a_brace_is_aborted_unanswered(
    start: bytes, listener: TcpListener, token: str, viewer: RecordingViewer
) -> None:
    text = start + auth(token) + b'\n{"command":["set_property","pause",false]}\n'
    assert await asyncio.to_thread(exchanged, listener.address, text) == b""
    assert viewer.calls == []
    await until(lambda: not listener.guests)


async def test_a_browser_never_gets_an_answer(listener: TcpListener, token: str, viewer: RecordingViewer) -> None:
    """Requests with commands as their body, and a WebSocket's upgrade, by real clients of both."""
    url = f"127.0.0.1:{listener.address[1]}"
    body = auth(token) + b'\n{"command":["set_property","pause",false]}\n'

    def fetch() -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for data in (None, body):
            with pytest.raises((urllib.error.URLError, ConnectionError)):
                opener.open(f"http://{url}/", data=data, timeout=PATIENCE)
        with pytest.raises((InvalidMessage, ConnectionError, EOFError)):
            connect(f"ws://{url}/", proxy=None, open_timeout=PATIENCE)

    await asyncio.to_thread(fetch)
    assert viewer.calls == []


@pytest.mark.parametrize("text", [b"set pause no", b"  seek 5", b'["command"]', b"\r\tquit", b"seek 5\0{}", b"\xff"])
async def test_a_text_line_ends_the_connection_and_is_not_carried_out(
    text: bytes, listener: TcpListener, token: str, viewer: RecordingViewer
) -> None:
    client = await ControlClient.connect_tcp(listener.address)
    await client.ask("auth", token)
    ask = b'{"command":["get_property","pause"]}'
    client.send(b"", b" \r", b"# a note", b"\0seek 5", b"\t" + ask, text, ask)
    assert await client.rest() == b'{"data":true,"request_id":0,"error":"success"}\n', (
        "the request before it is answered, the one after it is not"
    )
    assert viewer.calls == []
    await client.close()


async def test_text_lines_are_carried_out_on_the_unix_socket(
    listener: TcpListener, tmp_path: Path, viewer: RecordingViewer
) -> None:
    client = await ControlClient.connect(tmp_path / "hangd.sock")
    client.send(b"set pause no")
    await client.ask("client_name")
    assert viewer.calls == [("set_paused", False)]
    await client.close()


async def test_a_client_that_does_not_show_the_token_in_time_is_aborted(
    tmp_path: Path, viewer: RecordingViewer
) -> None:
    async with tcp_server(tmp_path, viewer, patience=0.05) as (_, listener):
        token = (tmp_path / "token").read_text().strip()
        known = await ControlClient.connect_tcp(listener.address)
        await known.ask("auth", token)
        for beginning in (b"", b'{"command":["au'):
            client = await ControlClient.connect_tcp(listener.address)
            client.writer.write(beginning)
            assert await rest(client) == b""
        assert (await known.ask("client_name"))["error"] == "success", "after the token there is no such limit"
        await known.close()


async def test_a_first_line_that_is_too_long_is_aborted(listener: TcpListener) -> None:
    client = await ControlClient.connect_tcp(listener.address)
    client.writer.write(b'{"command":["auth","' + b"x" * 5000)
    assert await rest(client) == b""
    client = await ControlClient.connect_tcp(listener.address)
    client.send(b'{"command":["auth","' + b"x" * 5000 + b'"]}')
    assert await rest(client) == b""


async def test_many_clients_without_the_token_do_not_keep_one_with_it_out(listener: TcpListener, token: str) -> None:
    crowd = [await ControlClient.connect_tcp(listener.address) for _ in range(3 * GUESTS)]
    client = await ControlClient.connect_tcp(listener.address)
    assert (await client.ask("auth", token))["error"] == "success"
    assert len(listener.guests) <= GUESTS
    assert await rest(crowd[0]) == b"", "the one that has waited longest was aborted"
    assert (await client.ask("client_name"))["error"] == "success"
    for each in (*crowd, client):
        await each.close()
    await until(lambda: not listener.guests)


async def test_a_flood_of_clients_does_not_come_before_the_token_of_one_is_read(
    listener: TcpListener, token: str
) -> None:
    """All of them wait to be accepted when the loop goes on, before and after one that has sent the token."""
    before = [connecting(listener) for _ in range(100)]
    known = socket.create_connection(listener.address, timeout=PATIENCE)
    known.sendall(auth(token) + b"\n")
    after = [connecting(listener) for _ in range(300)]
    known.setblocking(False)
    answer = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(known, 4096), PATIENCE)
    assert answer == b'{"request_id":0,"error":"success"}\n'
    await until(lambda: len(listener.guests) <= GUESTS)
    for each in (*before, known, *after):
        each.close()
    await until(lambda: not listener.guests)


def connecting(listener: TcpListener) -> socket.socket:
    connecting = socket.socket()
    connecting.setblocking(False)
    connecting.connect_ex(listener.address)
    return connecting


async def test_closing_aborts_clients_without_the_token_and_lets_others_finish(
    tmp_path: Path, viewer: RecordingViewer
) -> None:
    async with tcp_server(tmp_path, viewer) as (server, listener):
        token = (tmp_path / "token").read_text().strip()
        client, guest = [await ControlClient.connect_tcp(listener.address) for _ in range(2)]
        await client.ask("auth", token)
        await until(lambda: len(listener.guests) == 1)
        viewer.sink({"event": "said", "text": "bye"})
        await server.close()
        assert b'"bye"' in await client.rest()
        assert await rest(guest) == b""


async def test_an_address_or_token_that_cannot_be_used_is_reported_in_one_line(tmp_path: Path) -> None:
    async with tcp_server(tmp_path, RecordingViewer()) as (_, listener):
        second = ControlServer(
            RecordingViewer(), tmp_path / "second.sock", tcp=TcpListener(listener.address, tmp_path / "t")
        )
        with pytest.raises(SocketUnusable, match=rf"cannot listen at 127.0.0.1:{listener.address[1]}: Address alr"):
            await second.start()
        assert not (tmp_path / "second.sock").exists(), "nothing is left behind"
    (tmp_path / "token").chmod(0o644)
    with pytest.raises(SocketUnusable, match="not private"):
        async with tcp_server(tmp_path, RecordingViewer()):
            pass


async def test_without_unix_sockets_there_is_tcp_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(SocketUnusable, match="no Unix sockets: use --control-tcp"):
        await ControlServer(RecordingViewer(), tmp_path / "hangd.sock").start()
    async with tcp_server(tmp_path, RecordingViewer()) as (_, listener):
        await (await known(listener, (tmp_path / "token").read_text().strip())).close()
        assert os.listdir(tmp_path) == ["token"]
    code = "import sys; sys.modules['fcntl'] = None; import hangd.client.daemon"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0, "the import needs no fcntl"


async def test_two_hundred_clients_by_tcp(listener: TcpListener, token: str, viewer: RecordingViewer) -> None:
    clients = [await ControlClient.connect_tcp(listener.address) for _ in range(4)]
    for client in clients:
        await client.ask("auth", token)
    clients += [await known(listener, token) for _ in range(196)]
    for client in clients:
        await client.ask("observe_property", 1, "volume")
    await clients[0].ask("set_property", "volume", 42)
    for client in clients:
        while (await client.event("property-change"))["data"] != 42.0:
            pass
    await asyncio.gather(*(client.close() for client in clients))


async def known(listener: TcpListener, token: str) -> ControlClient:
    client = await ControlClient.connect_tcp(listener.address)
    await client.ask("auth", token)
    return client


async def rest(client: ControlClient) -> bytes:
    """Return everything up to the end of the connection, which may be a reset."""
    try:
        return await client.rest()
    except ConnectionError:
        return b""
    finally:
        await client.close()
