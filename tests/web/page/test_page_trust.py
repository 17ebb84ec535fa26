"""Who may come in, through the page, at a real server: accounts, invites, bans, as people meet them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Error, Page

from tests.support.daemons.party import BIN, CLIP, PATIENCE, Server, room_server
from tests.web.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

PASSWORD = "correct horse"


class Friend:
    """Somebody who has the page open, in a browser of their own."""

    def __init__(self, name: str, page: Page, address: str) -> None:
        self.name = name
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    async def open(self, hash: str = "") -> None:
        await self.page.goto("about:blank")
        await self.page.goto(self.address + hash)
        try:
            await self.page.wait_for_selector("hang-start")
        except Error as error:
            shown = await self.page.evaluate("() => document.body.innerText.slice(0, 500)")
            raise AssertionError(f"the start does not come: {shown!r}, {self.complaints}") from error

    async def join(self) -> None:
        """Press "Join", under the own name."""
        await self.page.fill("#name", self.name)
        await self.page.click(".join button[type=submit]")

    async def joined(self) -> None:
        await self.join()
        try:
            await self.page.wait_for_selector("hang-room")
        except Error as error:
            why = await self.page.evaluate("() => document.querySelector('.join .problem')?.textContent")
            raise AssertionError(f"{self.name} is not let in: {why}") from error

    async def refused(self) -> str:
        """Try to join, and return why it was refused."""
        await self.join()
        return str(await until(self.page, "() => document.querySelector('.join .problem').textContent"))

    async def dialog(self, what: str) -> None:
        await self.page.evaluate("what => document.querySelector('hang-room').parts.actions.open(what)", what)
        await self.page.wait_for_selector("dialog[open]")

    async def close_dialog(self) -> None:
        await self.page.keyboard.press("Escape")
        await self.page.wait_for_selector("dialog", state="detached")

    async def state(self, what: str) -> Any:
        return await self.page.evaluate(f"() => document.querySelector('hang-page').parts.session.state.{what}")

    async def until_state(self, what: str, value: str) -> None:
        """Wait until a part of the session's state is this, written as JavaScript."""
        await until(self.page, f"() => document.querySelector('hang-page').parts.session.state.{what} === {value}")

    async def heard_all(self) -> None:
        """Wait until the page has handled all that the server said before it was asked something."""
        await self.page.evaluate("() => document.querySelector('hang-page').parts.session.listRooms().then(() => {})")

    async def until_hash(self, hash: str) -> None:
        """Wait until the address ends so. It names a room some milliseconds after the room is seen."""
        await until(self.page, "(hash) => location.hash === hash", hash)

    async def create(self, room: str) -> None:
        await self.page.fill("#name", self.name)
        async with self.page.expect_file_chooser() as chooser:
            await self.page.click(".pick")
        await (await chooser.value).set_files(CLIP)
        await self.page.wait_for_selector(".pick[data-phase=open]")
        await self.page.fill("#new-name", room)
        await self.page.click("hang-new-room button[type=submit]")
        await self.page.wait_for_selector("hang-room")

    async def register(self) -> None:
        await self.page.click(".account-button")
        await self.page.click("text=Make an account")
        await self.page.get_by_label("Account name").fill(self.name.lower())
        await self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        await self.page.click("dialog button[type=submit]")
        await self.page.wait_for_selector("dialog", state="detached")

    async def make_invite(self, role: str = "viewer", uses: str = "") -> str:
        """Make a signed invite, and return the part of its link behind the page's address."""
        await self.dialog("invite")
        await self.page.get_by_label("Role of who comes by it").select_option(role)
        await self.page.get_by_label("How many people it lets in").select_option(uses)
        await self.page.click("text=Make the link")
        link = str(
            await until(self.page, "() => /[&]invite=.*/.exec(document.querySelector('dialog input').value)?.input")
        )
        assert link.startswith(self.address)
        await self.close_dialog()
        return link.removeprefix(self.address)


Somebody = Callable[..., Coroutine[Any, Any, Friend]]


@pytest.fixture
def trusting(tmp_path: Path) -> Any:
    with room_server("--data-dir", str(tmp_path), "--register", "open") as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def somebody(headless: Browser) -> AsyncIterator[Somebody]:
    """Return a function that opens the page of a server for somebody: in a new browser, or in another tab of one."""
    async with AsyncExitStack() as stack:

        async def opened(name: str, server: Server, hash: str = "", context: BrowserContext | None = None) -> Friend:
            if context is None:
                context = await stack.enter_async_context(await headless.new_context())
                # A file dialog of the system cannot be driven; the browser's own way to pick files can.
                await context.add_init_script("delete window.showOpenFilePicker; delete window.showDirectoryPicker;")
            friend = Friend(name, await context.new_page(), f"http://127.0.0.1:{server.port}/")
            await friend.open(hash)
            return friend

        yield opened


async def test_an_account_from_its_making_to_its_end(trusting: Server, somebody: Somebody) -> None:
    ada = await somebody("Ada", trusting)
    await ada.register()
    await until(ada.page, "() => document.querySelector('.account-button').textContent === 'Logged in as ada'")
    await ada.create("friday")
    assert [member["account"] for member in await ada.state("room.members")] == ["ada"]
    await ada.page.reload()
    await ada.page.wait_for_selector("hang-room")
    assert await ada.state("account") == "ada"

    # Another device, by a code.
    phone = await somebody("Ada's phone", trusting)
    await ada.dialog("account")
    await ada.page.click("text=Code for another device")
    code = str(await until(ada.page, "() => document.querySelector('.pair-code strong')?.textContent"))
    await ada.close_dialog()
    await phone.page.click(".account-button")
    await phone.page.click("text=Log in with a code")
    await phone.page.get_by_label("Code", exact=True).fill(code.lower())
    await phone.page.click("dialog button[type=submit]")
    await until(phone.page, "() => document.querySelector('.account-button').textContent === 'Logged in as ada'")

    # Another tab has the same login; out in one is out in the other, and back by the password.
    tab = await somebody("Ada", trusting, context=phone.page.context)
    await tab.until_state("account", "'ada'")
    await phone.page.click(".account-button")
    await phone.page.click("dialog >> text=/^Log out$/")
    for friend in (phone, tab):
        await friend.until_state("account", "null")
    await ada.heard_all()
    assert await ada.state("account") == "ada", "that was another login"
    await phone.page.click(".account-button")
    await phone.page.get_by_label("Account name").fill("ada")
    await phone.page.get_by_label("Password", exact=True).fill("wrong " + PASSWORD)
    await phone.page.click("dialog button[type=submit]")
    assert "wrong" in str(await until(phone.page, "() => document.querySelector('dialog .problem').textContent"))
    await phone.page.get_by_label("Password", exact=True).fill(PASSWORD)
    await phone.page.click("dialog button[type=submit]")
    await phone.until_state("account", "'ada'")

    # Out on all devices: the other ones are told, and do not try again.
    await phone.page.click(".account-button")
    await phone.page.click("text=Log out on all devices")
    await ada.page.wait_for_selector("hang-start")
    why = str(await until(ada.page, "() => document.querySelector('.join .problem').textContent"))
    assert "You are out of the room" in why or "log in" in why.lower()
    # The server says first that she is out of the room, and then closes the connection.
    await ada.until_state("link.phase", "'refused'")
    await ada.until_state("account", "null")
    await ada.open("#friday")
    await until(ada.page, "() => document.querySelector('.account-button').textContent === 'Log in'")
    for friend in (ada, phone, tab):
        assert friend.complaints == []


async def test_an_invite_lets_in_and_a_ban_keeps_out(trusting: Server, somebody: Somebody) -> None:
    ada = await somebody("Ada", trusting)
    await ada.create("friday")
    await ada.dialog("rules")
    await ada.page.get_by_label("Who may join").select_option("invited")
    await until(
        ada.page, "() => document.querySelector('hang-page').parts.session.state.room.policy.access === 'invited'"
    )
    await ada.close_dialog()

    mallory = await somebody("Mallory", trusting, "#friday")
    assert "invite" in await mallory.refused()
    invite = await ada.make_invite("controller", "1")
    await mallory.open(invite)
    await mallory.until_hash(invite[invite.index("#") :])
    await mallory.page.reload()
    await mallory.page.wait_for_selector("hang-start")
    await mallory.joined()
    await mallory.until_hash("#friday")  # The token is not left in the address.
    me = await mallory.state("me")
    roles = {member["client_id"]: member["role"] for member in await mallory.state("room.members")}
    assert roles[me] == "controller"
    await mallory.page.reload()
    await mallory.page.wait_for_selector("hang-room")

    # The invite was for one.
    eve = await somebody("Eve", trusting, invite)
    assert "invite" in (await eve.refused()).lower()
    many = await ada.make_invite()
    await ada.page.click("#tab-people")
    await ada.page.click("text=Mallory >> xpath=ancestor::li >> button")
    await ada.page.click("dialog >> text=Ban")
    await ada.page.click("text=Ban Mallory >> nth=-1")
    await mallory.page.wait_for_selector("hang-start")
    why = str(await until(mallory.page, "() => document.querySelector('.join .problem').textContent"))
    assert "this device until the host lifts it, and for your network for 24 hours" in why
    tries = {}
    tries["reload"] = await again(mallory, many)
    mallory.name = "Somebody else"
    tries["another name"] = await again(mallory, many)
    await forget(mallory)
    tries["nothing kept"] = await again(mallory, many)
    other = await somebody("Mallory", trusting, many)
    tries["another browser, same network"] = await other.refused()
    assert all("banned" in why.lower() for why in tries.values()), tries

    await ada.dialog("bans")
    await ada.page.wait_for_selector("dialog li >> text=Mallory")
    await ada.page.click("text=Let in again")
    await ada.page.wait_for_selector("text=Nobody is banned.")
    await ada.close_dialog()
    await mallory.open(many)
    await mallory.joined()

    # Revoked: nobody new comes in by it, and who came stays.
    await ada.dialog("invite")
    await ada.page.click("dialog li >> text=Revoke")
    await ada.page.wait_for_selector("text=The invite is revoked. Who came in by it stays.")
    await ada.close_dialog()
    late = await somebody("Late", trusting, many)
    assert "revoked" in await late.refused()
    assert await mallory.state("room.name") == "friday"
    for friend in (ada, mallory, eve, other, late):
        assert friend.complaints == []


async def test_who_the_admin_puts_out_is_told_and_stays_out(
    trusting: Server, tmp_path: Path, somebody: Somebody
) -> None:
    """The commands are other processes. The server learns of what they did within seconds."""
    ada, bob = await somebody("Ada", trusting), await somebody("Bob", trusting)
    await ada.register()
    await ada.create("friday")
    await bob.open("#friday")
    await bob.joined()
    await admin(tmp_path, "user", "ban", "ada")
    for friend, words in ((ada, ("ban", "--reason", "not here", "127.0.0.1")), (bob, ())):
        await friend.page.wait_for_selector("hang-start")
        why = str(await until(friend.page, "() => document.querySelector('.join .problem').textContent"))
        assert "banned" in why, why
        await friend.until_state("link.phase", "'refused'")
        # Without a click, nothing is tried again.
        await friend.page.wait_for_timeout(1500)
        assert await friend.state("link.phase") == "refused"
        assert "host" not in why, "it was the admin"
        assert "banned from this server" in await again(friend, "#friday")
        if words:
            await admin(tmp_path, *words)
    await admin(tmp_path, "unban", "127.0.0.1")
    await until_let_in(bob)


async def admin(folder: Path, *words: str) -> None:
    command = [*words, "--data-dir", str(folder)]
    process = await asyncio.create_subprocess_exec(BIN / "hangd", *command, stdout=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0, command


async def until_let_in(friend: Friend) -> None:
    """Join until it is granted: what an admin does counts within seconds."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        await friend.open("#friday")
        await friend.join()
        found = await until(
            friend.page, "() => document.querySelector('hang-room, .join .problem:not(:empty)')?.tagName"
        )
        if found == "HANG-ROOM":
            return
        await asyncio.sleep(1)
    raise AssertionError("nobody let them in again")


async def again(friend: Friend, hash: str) -> str:
    await friend.open(hash)
    return await friend.refused()


async def forget(friend: Friend) -> None:
    """Clear all that this browser keeps."""
    await friend.page.evaluate(
        """async () => {
            localStorage.clear();
            sessionStorage.clear();
            const all = await indexedDB.databases();
            await Promise.all(all.map(({name}) => new Promise((done) => {
                const request = indexedDB.deleteDatabase(name);
                request.onsuccess = request.onerror = request.onblocked = done;
            })));
        }"""
    )
    await friend.page.context.clear_cookies()


async def test_a_server_that_wants_an_account(tmp_path: Path, somebody: Somebody) -> None:
    with room_server("--data-dir", str(tmp_path), "--register", "open", "--require-token") as server:
        ada = await somebody("Ada", server, "#friday")
        await ada.page.wait_for_selector(".gate form")
        assert await ada.page.locator(".pick").is_hidden()
        await ada.page.click("text=Make an account")
        await ada.page.get_by_label("Account name").fill("ada")
        await ada.page.get_by_label("Password", exact=True).fill(PASSWORD)
        await ada.page.click(".gate button[type=submit]")
        await ada.page.wait_for_selector(".pick")
        assert "no such room" in await ada.refused()
        await ada.open()
        await ada.page.wait_for_selector(".pick")
        await ada.create("friday")
        await ada.page.reload()
        await ada.page.wait_for_selector("hang-room")
        # The server is killed, and comes back.
        server.kill()
        await until(ada.page, "() => document.querySelector('hang-page').parts.session.state.link.phase !== 'up'")
        server.restart()
        await until(
            ada.page,
            """() => {
                const { link, room, account, isHost } = document.querySelector("hang-page").parts.session.state;
                return link.phase === "up" && room !== null && account === "ada" && isHost;
            }""",
        )
        assert not [line for line in ada.complaints if "ERR_CONNECTION" not in line]


async def test_an_account_by_the_admin_s_invitation(tmp_path: Path, somebody: Somebody) -> None:
    with room_server("--data-dir", str(tmp_path), "--register", "invited") as server:
        ada = await somebody("Ada", server)
        command = ("user", "invite", "--data-dir", str(tmp_path))
        process = await asyncio.create_subprocess_exec(BIN / "hangd", *command, stdout=asyncio.subprocess.PIPE)
        token = max((await process.communicate())[0].decode().split(), key=len)
        await ada.page.click(".account-button")
        await ada.page.click("text=Make an account")
        await ada.page.get_by_label("Account name").fill("ada")
        await ada.page.get_by_label("Password", exact=True).fill(PASSWORD)
        await ada.page.click("dialog button[type=submit]")
        assert "invit" in str(await until(ada.page, "() => document.querySelector('dialog .problem').textContent"))
        await ada.page.get_by_label("Invitation to make an account").fill(token)
        await ada.page.click("dialog button[type=submit]")
        await ada.page.wait_for_selector("dialog", state="detached")
        assert await ada.state("account") == "ada"
        assert ada.complaints == []


async def test_a_server_that_has_a_password(tmp_path: Path, somebody: Somebody) -> None:
    secret = tmp_path / "password"
    secret.write_text("sesame\n")
    secret.chmod(0o600)
    with room_server("--password-file", str(secret)) as server:
        ada = await somebody("Ada", server)
        field = ada.page.get_by_label("Password of the server")
        await field.fill("open")
        await ada.page.click(".gate button")
        said = str(await until(ada.page, "() => document.querySelector('.gate .problem').textContent"))
        assert said.startswith("The password is wrong. Try again"), said
        assert '"open"' not in await ada.page.evaluate("() => Object.values({...localStorage})"), (
            "a guess at each visit"
        )
        await field.fill("sesame")
        await ada.page.click(".gate button")
        await ada.page.wait_for_selector(".pick")
        await ada.create("friday")
        await ada.page.reload()
        await ada.page.wait_for_selector("hang-room")
        tab = await somebody("Ada", server, "#friday", context=ada.page.context)
        await tab.joined()  # it is asked once
        assert ada.complaints == []
