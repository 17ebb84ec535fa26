"""The server as a real process with real sockets, and a client of twenty lines."""

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from hangd.server.app import _tell_pages
from hangd.server.settings import ServerSettings
from tests.support.servers.limits import UNLIMITED
from tests.support.servers.server import HASH, PATIENCE, process, running, typist

ROOT = Path(__file__).parent.parent.parent


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.real
async def test_two_people_with_twenty_lines_of_python_share_a_room() -> None:
    with process() as server:
        async with await typist(server.url) as anna, await typist(server.url.removesuffix("ws")) as bert:
            room = await anna.create()
            joined = await bert.join(room["room_id"])
            assert not joined["is_host"]
            await bert.say("JoinRoom", room_id=room["room_id"], file_hash=HASH)
            assert (await bert.hear("Error"))["code"] == "AlreadyInRoom"
            commands: list[dict[str, Any]] = [
                {"action": "Play", "timestamp": 0.0},
                {"action": "Speed", "rate": 1000 / 667},
                {"action": "Seek", "timestamp": 60.0},
                {"action": "Pause", "timestamp": 61.0},
                {"action": "Stop"},
            ]
            for number, command in enumerate(commands):
                one, other = (anna, bert) if number % 2 else (bert, anna)
                await one.say("SyncCommand", **command)
                assert (await other.hear("SyncBroadcast"))["command"] == command
            stranger = await typist(server.url)
            await stranger.say("JoinRoom", id=7, room_id=room["room_id"], file_hash="b" * 64)
            answer = await stranger.next()
            assert (answer["payload"]["code"], answer["re"]) == ("FileHashMismatch", 7)
            await bert.say("LeaveRoom")
            assert (await bert.hear("RoomLeft"))["reason"] == "left"


@pytest.mark.real
async def test_a_killed_full_member_is_away_and_resumes() -> None:
    with process() as server:
        async with await typist(server.url) as anna, await typist(server.url) as bert:
            await anna.hello("Anna")
            welcome = await bert.hello("Bert")
            await bert.join((await anna.create())["room_id"])
            await anna.hear("MemberJoined")
            bert.connection.transport.abort()
            assert (await anna.hear("MemberChanged"))["member"]["state"] == "away"
            async with await typist(server.url) as again:
                proof = {"client_id": welcome["client_id"], "secret": welcome["resume_secret"]}
                resumed = await again.hello("Bert", resume=proof)
                assert resumed["resumed"] and len(resumed["room"]["members"]) == 2
                while (await anna.hear("MemberChanged"))["member"]["state"] == "away":
                    pass
                await again.say("Say", text="back")
                assert (await anna.hear("Said"))["text"] == "back"


@pytest.mark.real
async def test_a_killed_basic_member_is_gone() -> None:
    with process() as server:
        async with await typist(server.url) as anna, await typist(server.url) as bert:
            await anna.hello("Anna")
            joined = await bert.join((await anna.create())["room_id"])
            bert.connection.transport.abort()
            assert (await anna.hear("MemberLeft"))["client_id"] == joined["client_id"]


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_shutdown_tells_all_clients(number: signal.Signals) -> None:
    with process() as server:
        async with await typist(server.url) as anna, await typist(server.url) as bert:
            await anna.hello("Anna")
            await bert.join((await anna.create())["room_id"])
            server.child.send_signal(number)
            goodbye = await anna.hear("Goodbye")
            assert goodbye["reason"] == "going-down" and goodbye["retry_after"] > 0
            assert await anna.closed() == await bert.closed() == 4001
        assert await server.wait() == 0
        with pytest.raises(OSError):
            await typist(server.url)


def deaf(url: str) -> socket.socket:
    """Open a WebSocket that reads nothing but the answer to its handshake."""
    host, port = url.removeprefix("ws://").removesuffix("/ws").split(":")
    sock = socket.create_connection((host, int(port)), timeout=PATIENCE)
    sock.sendall(
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert sock.recv(12) == b"HTTP/1.1 101"
    return sock


@pytest.mark.real
async def test_shutdown_cuts_off_clients_that_do_not_answer() -> None:
    with process(ServerSettings(shutdown_timeout=0.5)) as server, deaf(server.url):
        server.child.send_signal(signal.SIGTERM)
        assert await server.wait() == 0


@pytest.mark.real
async def test_a_second_signal_skips_the_wait() -> None:
    with process(ServerSettings(shutdown_timeout=600)) as server, deaf(server.url):
        async with await typist(server.url) as anna:
            server.child.send_signal(signal.SIGTERM)
            assert await anna.closed() == 4001
        server.child.send_signal(signal.SIGTERM)
        assert await server.wait() == 1


@pytest.mark.real
def test_a_port_in_use_is_one_clear_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        place = f"127.0.0.1:{sock.getsockname()[1]}"
        code = (
            "import sys; from hangd.server.app import run; from hangd.server.settings import ServerSettings;"
            f"sys.exit(run(ServerSettings(listen=({place!r},))))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"hangd: error: cannot listen on {place}: the port is in use (is another server running?)\n"


def make_certificate(folder: Path) -> None:
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    words += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(words, check=True, capture_output=True)


@pytest.mark.real
def test_sighup_reloads_the_certificate_unless_the_new_one_is_bad(tmp_path: Path) -> None:
    make_certificate(tmp_path)
    first = (tmp_path / "cert.pem").read_text()
    settings = ServerSettings(tls_cert=str(tmp_path / "cert.pem"), tls_key=str(tmp_path / "key.pem"))
    with process(settings) as server:
        place = ("127.0.0.1", int(server.url.removesuffix("/ws").rpartition(":")[2]))
        deadline = time.monotonic() + PATIENCE
        assert ssl.get_server_certificate(place, timeout=PATIENCE) == first
        make_certificate(tmp_path)
        second = (tmp_path / "cert.pem").read_text()
        server.child.send_signal(signal.SIGHUP)
        while ssl.get_server_certificate(place, timeout=PATIENCE) != second:
            assert time.monotonic() < deadline
        (tmp_path / "cert.pem").write_text(first)
        server.child.send_signal(signal.SIGHUP)
        while "the old certificate stays" not in server.log():
            assert time.monotonic() < deadline
        assert ssl.get_server_certificate(place, timeout=PATIENCE) == second


@pytest.mark.parametrize(
    ("public", "told"),
    [
        (None, "the page for browsers is at http://127.0.0.1:3005/, https://[::1]:443/"),
        ("wss://films.example.org/hang/ws", "the page for browsers is at https://films.example.org/hang/"),
        (
            "ws://h/rooms",
            "invites have no link for browsers: the path of ws://h/rooms (--public-url) does not end with /ws",
        ),
    ],
)
def test_the_log_says_where_the_page_is(public: str | None, told: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    _tell_pages(["ws://127.0.0.1:3005/ws", "wss://[::1]:443/ws", "ws+unix:/run/hang.socket"], public)
    assert caplog.messages == [told]


@pytest.mark.real
@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="sd_notify is a Unix socket")
async def test_systemd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(PATIENCE)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        with process() as server:
            assert await asyncio.to_thread(sock.recv, 4096) == f"READY=1\nSTATUS=listening on {server.url}".encode()
            async with await typist(server.url) as anna:
                await anna.create()
                heard = b""
                while heard != b"STATUS=clients: 1, rooms: 1":  # it may be told before there is the room
                    heard = await asyncio.to_thread(sock.recv, 4096)
            server.child.send_signal(signal.SIGTERM)
            while not heard.startswith(b"STOPPING=1"):
                heard = await asyncio.to_thread(sock.recv, 4096)


@pytest.mark.real
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="measures by /proc")
async def test_a_member_that_does_not_read_is_closed_and_delays_nobody() -> None:
    settings = ServerSettings(**UNLIMITED)
    with process(settings) as server:
        async with await typist(server.url) as anna:
            await anna.hello("Anna")
            room = (await anna.create())["room_id"]
            with deaf(server.url) as sock:
                for type, payload in (
                    ("Hello", {"protocol": 1, "name": "Deaf", "client": "test"}),
                    ("JoinRoom", {"room_id": room, "file_hash": HASH}),
                ):
                    data = json.dumps({"type": type, "payload": payload}).encode()
                    sock.sendall(Frame(Opcode.TEXT, data).serialize(mask=True))
                await anna.hear("MemberJoined")
                before = server.resident_bytes()
                said = 0
                state = "idle"
                while state != "away":
                    await anna.say("Say", text="x" * 500)
                    said += 1
                    while (message := await anna.next())["type"] != "Said":
                        state = message["payload"]["member"]["state"]
                    assert said < 50_000
                # Buffers of the two kernels' sides, of the server's transport and its outbox, in that order.
                assert said * 600 < 16 * 1024 * 1024
                assert server.resident_bytes() - before < 8 * 1024 * 1024


async def test_plain_http() -> None:
    async with running() as url:
        base = url.replace("ws://", "http://").removesuffix("/ws")
        assert await asyncio.to_thread(get, f"{base}/healthz") == (200, "ok\n")
        assert (await asyncio.to_thread(get, f"{base}/nothing"))[0] == 404
        assert (await asyncio.to_thread(get, f"{base}/ws?x=1"))[0] == 426
        assert "<!doctype html>" in (await asyncio.to_thread(get, f"{base}/"))[1]
        with pytest.raises(InvalidStatus, match="404"):
            await typist(url + "/elsewhere")


async def test_without_the_page_only_the_rooms_are_there() -> None:
    async with running(ServerSettings(web=False)) as url:
        base = url.replace("ws://", "http://").removesuffix("/ws")
        assert await asyncio.to_thread(get, f"{base}/healthz") == (200, "ok\n")
        assert (await asyncio.to_thread(get, f"{base}/"))[0] == 426
        assert (await asyncio.to_thread(get, f"{base}/index.html"))[0] == 404
        assert await (await typist(url)).create()


async def test_connections_from_one_address_are_limited() -> None:
    async with running(ServerSettings(max_per_address=2)) as url:
        async with await typist(url), await typist(url) as second:
            with pytest.raises(InvalidStatus, match="429"):
                await typist(url)
            await second.connection.close()
            # The server has seen the end of the second one when the next one is let in.
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        third = await typist(url)
                        break
                    except InvalidStatus:
                        await asyncio.sleep(0.01)
            assert await third.create()
            await third.connection.close()


async def test_a_room_with_a_password() -> None:
    async with running() as url, await typist(url) as anna, await typist(url) as bert:
        await anna.create(name="friday", password="correct horse")
        await bert.say("JoinRoom", room_id="friday", file_hash=HASH, password="wrong")
        assert (await bert.hear("Error"))["code"] == "WrongPassword"
        assert await bert.join("friday", password="correct horse")


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="counts /proc/self/fd")
async def test_the_server_leaves_nothing_open() -> None:
    before = open_files()
    for _ in range(5):
        async with running() as url, await typist(url) as anna:
            await anna.create(password="x")
    assert open_files() <= before + 2
