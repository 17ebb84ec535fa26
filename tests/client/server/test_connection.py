"""Connection, over a link that falls silent."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request
from websockets.server import ServerProtocol

from hangd.client.server.connection import Connection
from hangd.engine.link import pings
from hangd.engine.link.link import LinkState
from hangd.protocol.messages import Pong, RequestId, ServerMessage, Welcome
from hangd.server.settings import ServerSettings
from hangd.tasks import Tasks
from tests.support.network.badlink import BadLink
from tests.support.servers.certificates import Authority
from tests.support.servers.server import PATIENCE, running


class Listening:
    """Notes what the link is."""

    def __init__(self) -> None:
        self.states: list[LinkState] = []
        self.changed = asyncio.Event()

    def welcomed(self, welcome: Welcome, now: float) -> None:
        pass

    def received(self, message: ServerMessage, re: RequestId | None, now: float) -> None:
        pass

    def link_changed(self, state: LinkState, reason: str | None) -> None:
        self.states.append(state)
        self.changed.set()

    def ponged(self, pong: Pong, now: float) -> None:
        pass

    def clock_replaced(self, now: float) -> None:
        pass

    async def reached(self, *states: LinkState) -> None:
        """Wait until these have come, in this order, and forget them."""
        async with asyncio.timeout(PATIENCE):
            while [state for state in self.states if state in states] != list(states):
                self.changed.clear()
                await self.changed.wait()
        self.states.clear()


async def test_a_link_that_falls_silent_is_dialed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody closes anything: nothing comes through any more, and then it does again."""
    for name, seconds in {"_OFTEN": 0.2, "_AGAIN": 0.2, "_DEAD_SECONDS": 0.5}.items():
        monkeypatch.setattr(pings, name, seconds)
    listening, tasks = Listening(), Tasks()
    connection = Connection(tasks, name="ada", client="test")
    connection.listener = listening
    async with running() as url:
        with BadLink(int(url.rsplit(":", 1)[1].split("/")[0])) as link:
            connection.want(link.url)
            await listening.reached(LinkState.UP)
            link.freeze(3.0)
            await listening.reached(LinkState.WAITING)
            await listening.reached(LinkState.UP)
            await connection.close()
    await tasks.cancel()


# ---- servers that do not want this viewer ---------------------------------------------------------------------------


@asynccontextmanager
async def refusing(
    error: dict[str, object] | None, close: int, *, greeted: bool
) -> AsyncIterator[tuple[str, list[str]]]:
    """Run a server that refuses, perhaps after it has greeted. Yields its URL, and what it has heard."""
    heard: list[str] = []
    welcome = {
        "client_id": "c", "resume_secret": "s" * 16, "protocol": 1, "server": "test", "clock_id": "k", "features": [],
        "limits": {}, "resumed": False,
    }  # fmt: skip

    async def serve_one(client: ServerConnection) -> None:
        message = json.loads(await client.recv())
        heard.append(message["type"])
        if greeted:
            await client.send(json.dumps({"type": "Welcome", "payload": welcome, "re": message["id"]}))
        if error is not None:
            about = {} if greeted else {"re": message["id"]}
            await client.send(json.dumps({"type": "Error", "payload": error, **about}))
        await client.close(close, "go away")

    async with serve(serve_one, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws", heard


UNAUTHORIZED = {"code": "Unauthorized", "message": "your login has ended", "retry": False}
BANNED = {"code": "Banned", "message": "you are banned here", "retry": False}


@pytest.mark.parametrize(
    ("error", "close", "code", "why"),
    [
        (UNAUTHORIZED, 4501, "Unauthorized", "your login has ended"),
        (BANNED, 4502, "Banned", "you are banned here"),
        (None, 4501, "Unauthorized", "go away"),
        (None, 4502, "Banned", "go away"),
    ],
)
@pytest.mark.parametrize("greeted", [True, False])
async def test_who_is_not_wanted_does_not_dial_again(
    error: dict[str, object] | None, close: int, code: str, why: str, greeted: bool
) -> None:
    listening, tasks = Listening(), Tasks()
    connection = Connection(tasks, name="ada", client="test")
    connection.listener = listening
    async with refusing(error, close, greeted=greeted) as (url, heard):
        connection.want(url)
        await listening.reached(LinkState.DOWN)
        refusal = connection.refusal
        assert refusal is not None and refusal.code == code and refusal.message == why == connection.reason
        await asyncio.sleep(1.0)
        assert heard == ["Hello"] and connection.state is LinkState.DOWN
        connection.want(url)  # The viewer may try again.
        await listening.reached(LinkState.DOWN)
        assert heard == ["Hello", "Hello"]
        connection.unwant()
        assert connection.refusal is None
        await connection.close()
    await tasks.cancel()


async def test_a_ban_that_comes_with_the_end_of_the_handshake_is_told() -> None:
    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol = ServerProtocol()
        protocol.receive_data(await reader.readuntil(b"\r\n\r\n"))
        (request,) = protocol.events_received()
        assert isinstance(request, Request)
        protocol.send_response(protocol.accept(request))
        protocol.send_text(json.dumps({"type": "Error", "payload": BANNED}).encode())
        protocol.send_close(4502, "banned")
        writer.write(b"".join(protocol.data_to_send()))
        await reader.read()
        writer.close()

    listening, tasks = Listening(), Tasks()
    connection = Connection(tasks, name="ada", client="test")
    connection.listener = listening
    async with await asyncio.start_server(serve_one, "127.0.0.1", 0) as server:
        connection.want(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws")
        await listening.reached(LinkState.DOWN)
        assert connection.refusal is not None and connection.reason == "you are banned here"
        await connection.close()
    await tasks.cancel()


async def test_who_guessed_too_often_comes_again_later() -> None:
    limited = {
        "code": "RateLimited", "message": "too many wrong passwords", "retry": True, "details": {"retry_after": 0.2},
    }  # fmt: skip
    listening, tasks = Listening(), Tasks()
    connection = Connection(tasks, name="ada", client="test")
    connection.listener = listening
    async with refusing(limited, 1013, greeted=False) as (url, heard):
        connection.want(url)
        await listening.reached(LinkState.GREETING, LinkState.WAITING, LinkState.GREETING)
        assert len(heard) >= 1
        await connection.close()
    await tasks.cancel()


@pytest.mark.parametrize("code", ["Unauthorized", "Banned"])
async def test_a_refused_request_is_no_refusal_of_the_viewer(code: str) -> None:
    """A room may ban, and a request may need an account: the connection goes on, and is dialed again if it breaks."""
    listening, tasks = Listening(), Tasks()
    connection = Connection(tasks, name="ada", client="test")
    connection.listener = listening
    error = {"code": code, "message": "not you", "retry": False}
    async with refusing(error, 1001, greeted=True) as (url, _):
        connection.want(url)
        await listening.reached(LinkState.UP, LinkState.WAITING, LinkState.UP)
        await connection.close()
    await tasks.cancel()


async def test_a_wrong_certificate_is_not_dialed_again_and_again(tmp_path: Path) -> None:
    """It may be renewed one day. Who asks for the server is told what is the matter now, and not after that pause."""
    authority = Authority(tmp_path, "authority")
    pair = authority.issue("localhost", begins=timedelta(days=-3), ends=timedelta(days=-1))
    listening, tasks = Listening(), Tasks()
    connection = Connection(tasks, name="ada", client="test", tls_ca=str(authority.path))
    connection.listener = listening
    async with running(ServerSettings(tls_cert=str(pair.certificate), tls_key=str(pair.key))) as served:
        url = served.replace("127.0.0.1", "localhost")
        connection.want(url)
        await listening.reached(LinkState.WAITING)
        assert connection.reason is not None and "its certificate has expired" in connection.reason
        await asyncio.sleep(1.5)
        assert listening.states == []
        connection.want(url)
        await listening.reached(LinkState.DIALING, LinkState.WAITING)
        await connection.close()
    await tasks.cancel()
