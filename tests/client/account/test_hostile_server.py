"""A server that wants the logins of others: it sends what nobody asked for, and leads elsewhere.

The viewer is logged in at an honest server, and its file holds a password for it too. Then it goes to the hostile one.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from hangd.client.account import credentials
from hangd.client.control.port import CommandRefused
from tests.client.account.test_account import name
from tests.support.servers.logins import SECRET, Person

TOKENS = {
    "account": "eve",
    "access": "eves.access.token",
    "refresh": "eves-refresh-token-000000000000",
    "expires_in": 1.0,
}
WELCOME: dict[str, Any] = {
    "client_id": "c1",
    "resume_secret": "a-resume-secret-of-eves",
    "clock_id": "k1",
    "server": "evil",
    "protocol": 1,
    "features": [],
    "limits": {},
    "resumed": False,
}


class Hostile:
    """Hears what viewers say, answers Hello by a Welcome with ``more``, and then says ``says``."""

    def __init__(self, honest: str) -> None:
        self.honest = honest
        self.heard: list[str] = []
        self.says: list[dict[str, Any]] = []
        self.more: dict[str, Any] = {}
        self.answers: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda message: None
        self.url = ""

    async def __call__(self, connection: ServerConnection) -> None:
        async for text in connection:
            self.heard.append(str(text))
            message = json.loads(text)
            if message["type"] == "Hello":
                await connection.send(json.dumps({"type": "Welcome", "re": "hello", "payload": WELCOME | self.more}))
                for said in self.says:
                    await connection.send(json.dumps(said))
            elif (answer := self.answers(message)) is not None:
                await connection.send(json.dumps(answer | {"re": message["id"]}))


@asynccontextmanager
async def hostile(honest: str, redirect: str | None = None) -> AsyncIterator[Hostile]:
    server = Hostile(honest)

    def elsewhere(connection: ServerConnection, request: Request) -> Response | None:
        if redirect is None:
            return None
        response = connection.respond(HTTPStatus.FOUND, "elsewhere")
        response.headers["Location"] = redirect
        return response

    async with serve(server, "127.0.0.1", 0, process_request=elsewhere) as listening:
        server.url = f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}/ws"
        yield server


@pytest.fixture
async def evil(stack: AsyncExitStack, url: str) -> Hostile:
    return await stack.enter_async_context(hostile(url))


def secrets_of(ada: Person) -> list[str]:
    kept = ada.kept()
    return [kept["login"]["access"], kept["login"]["refresh"], SECRET, "the password of the honest one"]


SAID: dict[str, list[dict[str, Any]]] = {
    "Tokens that nobody asked for": [{"type": "Tokens", "payload": TOKENS}],
    "Tokens as the answer to Hello, and to requests to come": [
        {"type": "Tokens", "re": id, "payload": TOKENS} for id in ("hello", "r1", "r2", "r3")
    ],
    "Authenticated": [{"type": "Authenticated", "payload": {"account": "ada"}}],
    "an Error that says that the login has ended": [
        {"type": "Error", "payload": {"code": "Unauthorized", "message": "log in again", "retry": False}}
    ],
    "a second Welcome": [{"type": "Welcome", "re": "hello", "payload": WELCOME | {"account": "ada"}}],
}


@pytest.mark.parametrize("what", SAID)
async def test_it_gets_nothing_of_another_servers_and_changes_nothing(
    what: str, ada: Person, url: str, evil: Hostile
) -> None:
    daemon = await ada.registers()
    file = daemon.viewer.account.file
    async with file.held():
        kept = await file.read(url)
        await file.write(url, credentials.Credentials(kept.login, "the password of the honest one"))
    before = ada.kept()
    evil.says = SAID[what]
    evil.more = {
        "account": "ada",
        "public_url": url,
        "features": ["accounts", "register", "invites"],
        "needs_account": True,
    }
    await daemon.viewer.room("server-connect", {"url": evil.url})
    await asyncio.sleep(0.3)
    assert ada.kept() == before
    assert json.loads(ada.credentials.read_bytes())["servers"].keys() == {url}
    assert evil.heard and not [secret for secret in secrets_of(ada) if secret in "".join(evil.heard)]
    # And the honest one still knows the viewer.
    await daemon.viewer.room("server-connect", {"url": url})
    assert name(daemon) == "ada"


async def test_tokens_of_one_server_are_kept_for_that_one(ada: Person, url: str, evil: Hostile) -> None:
    """It says that its account is the honest server's, and gives that one's URL as its own."""
    daemon = await ada.registers()
    before = ada.kept()
    evil.more = {"public_url": url, "features": ["accounts"]}
    tokens = {"type": "Tokens", "payload": TOKENS | {"account": "ada"}}
    evil.answers = lambda message: tokens if message["type"] == "Login" else None
    login = {"url": evil.url, "name": "ada", "password": "another password"}
    assert await daemon.viewer.room("server-login", login) == {"account": "ada", "server": evil.url}
    assert ada.kept() == before
    await daemon.viewer.room("server-connect", {"url": url})
    assert name(daemon) == "ada" and ada.kept() == before
    assert not [secret for secret in secrets_of(ada) if secret in "".join(evil.heard)]


async def test_a_redirect_is_not_followed(ada: Person, url: str, evil: Hostile) -> None:
    daemon = await ada.registers()
    for to in (evil.url, evil.url.replace("ws", "http", 1)):
        async with hostile(url, redirect=to) as leads_there:
            with pytest.raises(CommandRefused):
                await daemon.viewer.room("server-connect", {"url": leads_there.url})
    assert evil.heard == []
