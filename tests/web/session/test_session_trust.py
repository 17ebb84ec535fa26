"""The page's session and what a server says of who it is: ended logins, bans, invites, and two tabs with one login."""

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from playwright.async_api import Browser
from websockets.asyncio.server import ServerConnection

from tests.web.hostile.hostile_page import PATIENCE, WatchedPage, watched_page
from tests.web.scripted_server import ROOM, Message, ScriptedServer, message, scripted_server

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

TOKEN: Final = "eyJhbGciOiJFZERTQSJ9.eyJyb29tIjoi.c2ln_-A"
PROBLEM: Final = "() => document.querySelector('.join .problem').textContent"


class TrustingServer(ScriptedServer):
    """It has accounts, and invites. Everybody's password is right, and tokens are good for ``seconds``."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 900.0
        self.refused: Message | None = None
        """What JoinRoom is answered with, as an Error."""
        self._made = 0
        self.account: str | None = None
        """Whose a Hello with a token is."""

    def welcome(self, client_id: str) -> Message:
        hello = [said["payload"] for said in self.heard if said["type"] == "Hello"][-1]
        account = self.account if hello["token"] else None
        return super().welcome(client_id) | {"features": ["web", "accounts", "invites"], "account": account}

    def _answers(self, said: Message) -> list[str]:
        payload: Message
        match said["type"]:
            case "Login" | "Refresh":
                self._made += 1
                self.account = "ada"
                payload = {"account": "ada", "access": f"a{self._made}", "refresh": f"refresh-token-{self._made}"}
                answer = {"type": "Tokens", "payload": payload | {"expires_in": self.seconds}}
            case "Authenticate":
                answer = {"type": "Authenticated", "payload": {"account": "ada"}}
            case "JoinRoom" if self.refused is not None:
                answer = {"type": "Error", "payload": {"retry": False} | self.refused}
            case _:
                return super()._answers(said)
        return [json.dumps(answer | {"re": said["id"]})]

    async def hear_more(self, type: str, count: int) -> None:
        """Wait until pages have said this so many times."""
        deadline = time.monotonic() + PATIENCE
        while len(self.said(type)) < count:
            assert time.monotonic() < deadline, f"pages did not say {type} {count} times"
            await asyncio.sleep(0.05)

    def said(self, type: str) -> list[Message]:
        """Return the payloads of all such messages of pages."""
        return [each["payload"] for each in self.heard if each["type"] == type]


class SlowServer(ScriptedServer):
    """It answers no Hello before the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.greeted = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def serve_room(self, connection: ServerConnection) -> None:
        hello = json.loads(await connection.recv())
        self.heard.append(hello)
        self.greeted.set()
        await self.may_answer.wait()
        for answer in self._answers(hello):
            await connection.send(answer)
        await super().serve_room(connection)


@contextlib.asynccontextmanager
async def trusting_server() -> AsyncIterator[TrustingServer]:
    async with scripted_server(TrustingServer()) as server:
        assert isinstance(server, TrustingServer)
        yield server


async def log_in(watched: WatchedPage) -> None:
    assert await watched.run("() => session.account.logIn({name: 'ada', password: 'correct horse'})") == {"ok": True}


@pytest.mark.parametrize(
    ("code", "close", "said", "shown"),
    [
        (
            "Banned",
            4502,
            "you are banned from this server until Friday",
            "You are banned from this server until Friday.",
        ),
        ("Unauthorized", 4501, "somebody used an old login of yours: log in again", "Somebody used an old login"),
        (None, 4502, "", "You are banned from this server. Only its admin can lift that."),
        (None, 4501, "", "The server does not let you in any more. Log in again, or ask whoever runs it."),
    ],
)
async def test_who_is_shut_out_is_told_why_and_does_not_dial_again(
    headless: Browser, code: str | None, close: int, said: str, shown: str
) -> None:
    async with trusting_server() as server, watched_page(headless) as watched:
        await watched.enter(server.url, "friday", copy=None)
        await log_in(watched)
        here = await server.connected()
        greeted = len(server.said("Hello"))
        if code is not None:
            await server.say(message("Error", code=code, message=said, retry=False))
        await here.close(close, "x")
        await watched.page.wait_for_selector("hang-start")
        await watched.until(f"() => ({PROBLEM})().includes({json.dumps(shown)})")
        assert await watched.run("() => session.state.link.phase") == "refused"
        if close == 4501:
            await watched.until("() => session.state.account === null")
        await asyncio.sleep(2.5)
        assert len(server.said("Hello")) == greeted
        # The viewer may try again, by hand. A login that was ended is not shown again.
        await watched.page.click(".join button[type=submit]")
        await watched.page.wait_for_selector("hang-room")
        assert (server.said("Hello")[-1]["token"] is None) == (close == 4501)


async def test_a_refusal_of_what_has_no_id_is_no_reason_for_a_later_end(headless: Browser) -> None:
    async with trusting_server() as server, watched_page(headless) as watched:
        await watched.enter(server.url, "friday", copy=None)
        await server.connected()
        await server.say(message("Error", code="Unauthorized", message="log in first", retry=False))
        await server.say(message("Said", from_client="ada", text="hello", at=1.0))
        await server.say(message("RoomLeft", room_id=ROOM, reason="kicked", detail="too loud"))
        await watched.page.wait_for_selector("hang-start")
        await watched.until(f"() => ({PROBLEM})() === 'The host put you out of the room: too loud'")


@pytest.mark.parametrize(
    ("code", "said", "shown"),
    [
        (
            "Banned",
            "you are banned from this room for another 23 hours",
            "You are banned from this room for another 23",
        ),
        (
            "Unauthorized",
            "this room lets in only who has an account: log in",
            "This room lets in only who has an account",
        ),
        ("InvalidInvite", "this invite has expired: ask for a new one", "This invite has expired: ask for a new one."),
        ("InvalidInvite", "this invite was revoked", "This invite was revoked."),
        ("InvalidInvite", "", "This room lets in only who has an invite. Ask a member for a link with an invite."),
        ("Banned", "", "You are banned from this room. Only its host can lift that."),
    ],
)
async def test_a_refusal_says_why(headless: Browser, code: str, said: str, shown: str) -> None:
    async with trusting_server() as server, watched_page(headless) as watched:
        server.refused = {"code": code, "message": said}
        await watched.page.goto(f"{server.url}#friday&invite={TOKEN}")
        await watched.page.wait_for_selector("hang-start")
        await watched.page.click(".join button[type=submit]")
        await watched.until(f"() => ({PROBLEM})().startsWith({json.dumps(shown)})")
        assert await watched.run("() => session.state.link.phase") == "up"
        assert await watched.page.evaluate("() => location.hash") == f"#friday&invite={TOKEN}"


@pytest.mark.parametrize(
    ("reason", "account", "shown"),
    [
        (None, False, "from the room. It holds for this device until the host lifts it, and for your network for 24 h"),
        (" told the end ", False, "from the room: told the end. It holds for this device until"),
        ("why?", True, "from the room: why? It holds for your account and this device until the host lifts it."),
    ],
)
async def test_who_is_banned_is_told_for_how_long_and_by_what(
    headless: Browser, reason: str | None, account: bool, shown: str
) -> None:
    async with trusting_server() as server, watched_page(headless) as watched:
        await watched.enter(server.url, "friday", copy=None)
        if account:
            await log_in(watched)
        await server.connected()
        await server.say(message("RoomLeft", room_id=ROOM, reason="banned", detail=reason))
        await watched.page.wait_for_selector("hang-start")
        await watched.until(f"() => ({PROBLEM})().startsWith({json.dumps('The host banned you ' + shown)})")


async def test_an_invite_is_given_once_and_leaves_the_address(headless: Browser) -> None:
    async with trusting_server() as server, watched_page(headless) as watched:
        await watched.page.goto(f"{server.url}#friday&invite={TOKEN}")
        await watched.page.wait_for_selector("hang-start")
        assert await watched.page.inner_text("h1 .room-name") == "friday"
        await watched.page.click(".join button[type=submit]")
        await watched.page.wait_for_selector("hang-room")
        assert server.said("JoinRoom")[-1]["invite"] == TOKEN
        # A room is seen some milliseconds before the address names it.
        await watched.until("() => location.hash === '#friday'")
        kept = await watched.page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert TOKEN not in kept
        # Another room's link, with an invite, in place of this one.
        await watched.page.evaluate(f"() => {{ location.hash = 'sunday&invite={TOKEN}'; }}")
        await watched.page.click("dialog .danger")
        await watched.page.wait_for_selector("hang-start")
        assert await watched.page.evaluate("() => location.hash") == f"#sunday&invite={TOKEN}"


async def test_who_joins_while_the_page_connects_is_let_in_under_their_name(headless: Browser) -> None:
    async with scripted_server(SlowServer()) as server, watched_page(headless) as watched:
        assert isinstance(server, SlowServer)
        await watched.page.goto(f"{server.url}#friday")
        await watched.page.wait_for_selector("hang-start")
        await server.greeted.wait()
        await watched.page.fill("#name", "Eve")
        await watched.page.click(".join button[type=submit]")
        server.may_answer.set()
        await watched.page.wait_for_selector("hang-room, .join .problem:not(:empty)")
        assert await watched.page.query_selector("hang-room") is not None
        names = [said["payload"]["name"] for said in server.heard if said["type"] == "Hello"]
        assert names == ["guest", "Eve"]


async def test_a_device_is_the_same_at_each_visit(headless: Browser) -> None:
    async with trusting_server() as server, watched_page(headless) as watched, watched_page(headless) as other:
        for page, host in (
            (watched, "127.0.0.1"),
            (watched, "127.0.0.1"),
            (watched, "home.test"),
            (other, "127.0.0.1"),
        ):
            known = len(server.said("Hello"))
            await page.page.goto(server.url.replace("127.0.0.1", host))
            await server.hear_more("Hello", known + 1)
            await page.page.goto("about:blank")
        first, second, plain, elsewhere = [hello["device"] for hello in server.said("Hello")]
        assert len(first) == 43
        assert first == second
        assert len({first, plain, elsewhere}) == 3


async def test_two_tabs_with_one_login_use_no_refresh_token_twice(headless: Browser) -> None:
    context = await headless.new_context()
    async with trusting_server() as server:
        server.seconds = 8.0  # So it is renewed after 6.4 s.
        tabs = [WatchedPage(await context.new_page()) for _ in range(3)]
        for tab in tabs:
            await tab.page.goto(server.url)
            await tab.until("() => session.state.link.phase === 'up'")
        await log_in(tabs[0])
        for tab in tabs:
            await tab.until("() => session.state.account === 'ada'")
        assert len(server.said("Authenticate")) == 2
        await server.hear_more("Refresh", 3)
        for tab in tabs:
            await tab.page.reload()
            await tab.until("() => session.state.account === 'ada'")
        used = Counter(each["refresh"] for each in server.said("Refresh"))
        assert max(used.values()) == 1, used
        assert [int(each.rpartition("-")[2]) for each in used] == list(range(1, len(used) + 1)), "each the newest one"
    await context.close()


async def test_over_plain_http_nobody_logs_in(headless: Browser) -> None:
    async with trusting_server() as server, watched_page(headless) as watched:
        await watched.page.goto(server.url.replace("127.0.0.1", "home.test"))
        await watched.until("() => session.state.link.phase === 'up'")
        outcome: Any = await watched.run("() => session.account.logIn({name: 'ada', password: 'correct horse'})")
        assert outcome["code"] == "Insecure"
        assert "https" in outcome["text"]
        assert not server.said("Login")
        await watched.page.fill("#room", "friday")
        await watched.page.click(".join button[type=submit]")
        await watched.page.wait_for_selector("hang-room")
