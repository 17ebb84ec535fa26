"""A room server of the test's own: the page as the real one serves it, and whatever the test says over the WebSocket.

Left alone it greets whoever comes, has one room, lets everybody in, and answers pings. A test changes ``room``, and
says to the page what no real server would.
"""

import asyncio
import contextlib
import http
import json
import time
from collections.abc import AsyncIterator
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from hangd.server.web.pages import FIELDS, Pages
from hangd.transport import http as hang_http
from tests.support.daemons.party import PATIENCE
from tests.web.hostile.hostile_page import film, film_hash

ME: Final = "me"
ROOM: Final = "11111111-1111-4111-8111-111111111111"

Message = dict[str, Any]


def member(client_id: str, name: str, **more: Any) -> Message:
    known = {"client_id": client_id, "name": name, "role": "controller", "state": "paused", "ready": False}
    return known | {"verifying": False} | more


def timeline(**more: Any) -> Message:
    return {"epoch": "e", "rev": 1, "playing": False, "position": 0.0, "rate": 1.0, "at": 0.0, "gate": None} | more


def entry(name: str, number: int) -> Message:
    return {"id": f"entry-{number}", "file": {"size": 1000 + number, "name": name}, "file_hash": None}


def message(type: str, **payload: Any) -> str:
    return json.dumps({"type": type, "payload": payload})


class ScriptedServer:
    """See the module's docstring."""

    def __init__(self) -> None:
        self._pages = Pages.load()
        self._here: ServerConnection | None = None
        self.url = ""
        self.heard: list[Message] = []
        """All that pages have said since the server began, but for pings."""
        policy = {"control": "everyone", "has_password": False, "match": "none", "wait": "nobody", "capacity": 600}
        queue: Message = {"rev": 1, "entries": [], "current": None}
        self.room: Message = {
            "room_id": ROOM,
            "name": "friday",
            "file_hash": film_hash(),
            "file": film(),
            "policy": policy | {"locked": False},
            "members": [member(ME, "Guest", role="host"), member("ada", "Ada")],
            "timeline": timeline(),
            "queue": queue,
        }
        self.early: list[str] = []
        """What is said before the Welcome, as frames."""
        self.refusals: list[Message] = []
        """The Errors with which the next Hellos are refused, one each."""

    def welcome(self, client_id: str) -> Message:
        """Return the payload of a Welcome."""
        known = {"client_id": client_id, "resume_secret": "s" * 32, "protocol": 1, "server": "test", "clock_id": "c"}
        return known | {"features": ["web"], "limits": {}, "resumed": False}

    async def say(self, *frames: str | bytes) -> None:
        """Send frames to the page, as they are. Its connection may have ended."""
        for frame in frames:
            with contextlib.suppress(ConnectionClosed):
                await self.here.send(frame)

    async def connected(self) -> ServerConnection:
        """Wait until the page is in the room, and return its connection."""
        deadline = time.monotonic() + PATIENCE
        while self._here is None:
            assert time.monotonic() < deadline, "the page did not come"
            await asyncio.sleep(0.02)
        return self._here

    async def another_than(self, connection: ServerConnection) -> None:
        """Wait until the page has come back over another connection."""
        deadline = time.monotonic() + PATIENCE
        while self._here in (None, connection):
            assert time.monotonic() < deadline, "the page did not come back"
            await asyncio.sleep(0.02)

    @property
    def here(self) -> ServerConnection:
        assert self._here is not None
        return self._here

    async def hear(self, type: str) -> Message:
        """Wait until a page says this, and return the last such message."""
        deadline = time.monotonic() + PATIENCE
        while not (found := [each for each in self.heard if each["type"] == type]):
            assert time.monotonic() < deadline, f"the page did not say {type}"
            await asyncio.sleep(0.02)
        return found[-1]

    async def serve_page(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer a request for a file of the page; None: it is the WebSocket."""
        if request.path == "/ws":
            return None
        asked = hang_http.Request(request.path, request.headers.get_all)
        answer = self._pages.answer(asked) or hang_http.Answer.sentence(404, "nothing")
        fields = [field for field in FIELDS if field[0] not in answer.without] + [*answer.fields]
        fields += [("Content-Length", str(len(answer.body))), ("Connection", "close")]
        return Response(answer.status, http.HTTPStatus(answer.status).phrase, Headers(fields), answer.body)

    async def serve_room(self, connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for frame in connection:
                said: Message = json.loads(frame)
                if said["type"] != "Ping":
                    self.heard.append(said)
                for answer in self._answers(said):
                    await connection.send(answer)
                if said["type"] == "JoinRoom":
                    self._here = connection
        if self._here is connection:
            self._here = None

    def _answers(self, said: Message) -> list[str]:
        payload: Message
        match said["type"]:
            case "Hello" if self.refusals:
                return [json.dumps({"type": "Error", "re": said["id"], "payload": self.refusals.pop(0)})]
            case "Hello":
                welcome = json.dumps({"type": "Welcome", "re": said["id"], "payload": self.welcome(ME)})
                return [*self.early, welcome]
            case "JoinRoom":
                payload = {"room_id": ROOM, "client_id": ME, "is_host": True, "room": self.room}
                return [json.dumps({"type": "RoomJoined", "re": said["id"], "payload": payload})]
            case "Ping":
                at = time.monotonic()
                return [message("Pong", t0=said["payload"]["t0"], t1=at, t2=at)]
            case "SyncCommand":
                # Told anew each time, so that whoever presses a button sees that it does something.
                command = said["payload"]
                before = self.room["timeline"]
                now = {"rev": before["rev"] + 1, "playing": command["action"] == "Play", "at": time.monotonic()}
                self.room["timeline"] = before | now
                payload = {"from_client": ME, "command": command, "timeline": self.room["timeline"]}
                return [json.dumps({"type": "SyncBroadcast", "re": said.get("id"), "payload": payload})]
            case "Report":
                return []
        if "id" not in said:
            return []
        error = {"code": "Forbidden", "message": "no", "retry": False}
        return [json.dumps({"type": "Error", "re": said["id"], "payload": error})]


@contextlib.asynccontextmanager
async def scripted_server(scripted: ScriptedServer | None = None) -> AsyncIterator[ScriptedServer]:
    """Run such a server on a free port of 127.0.0.1. ``scripted``: this one, which may be of another class."""
    scripted = scripted or ScriptedServer()
    async with serve(
        scripted.serve_room, "127.0.0.1", 0, process_request=scripted.serve_page, compression=None, max_size=None
    ) as server:
        (sock,) = server.sockets
        scripted.url = f"http://127.0.0.1:{sock.getsockname()[1]}/"
        yield scripted
