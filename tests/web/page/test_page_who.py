"""What the page shows and asks about who is who: accounts, invites, bans, on a scripted session."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.web.page.drawn_page import DrawnPage, drawn_page, page_url

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJyb29tIjoi.c2ln_-A"


@pytest_asyncio.fixture(loop_scope="session")
async def start(headless: Browser, port: int) -> AsyncIterator[DrawnPage]:
    async with drawn_page(headless, page_url(port)) as drawn:
        await drawn.trust()
        yield drawn


@pytest_asyncio.fixture(loop_scope="session")
async def room(start: DrawnPage) -> DrawnPage:
    await start.enter()
    await start.asked()
    return start


async def told(drawn: DrawnPage, selector: str) -> str:
    return str(await drawn.page.inner_text(selector))


async def test_what_a_server_wants_first_is_asked_before_anything_else(start: DrawnPage) -> None:
    await start.run("() => session.set({wants: 'password'})")
    field = start.page.get_by_label("Password of the server")
    await field.wait_for()
    for hidden in (".pick", ".new-room", "#name", ".account-button"):
        assert await start.page.locator(hidden).is_hidden(), hidden
    await field.fill("open")
    await start.run("() => { session.answer = {ok: false, code: 'NotConnected', text: 'That is wrong.'}; }")
    await field.press("Enter")
    await start.page.wait_for_selector(".gate >> text=That is wrong.")
    await field.fill("sesame")
    await field.press("Enter")
    await start.page.wait_for_selector(".pick")
    assert await start.asked() == [["givePassword", "open"], ["givePassword", "sesame"]]
    await start.run("() => session.set({wants: 'account'})")
    await start.page.get_by_label("Account name").fill("ada")
    await start.page.get_by_label("Password", exact=True).fill("correct horse")
    await start.page.click(".gate button[type=submit]")
    await start.page.wait_for_selector(".pick")
    assert await start.asked() == [["logIn", {"name": "ada", "password": "correct horse"}]]
    assert await told(start, ".account-button") == "Logged in as ada"


async def test_what_is_missing_in_a_login_is_not_asked_of_the_server(start: DrawnPage) -> None:
    await start.page.click(".account-button")
    for way, labels, wrong in (
        ("", {"Account name": "ada"}, "This is missing."),
        ("Log in with a code", {"Code": "BCDF-GHJ"}, "A code has eight letters."),
        ("Make an account", {"Account name": "ada", "Password": "1234567"}, "At least 8 characters."),
    ):
        if way:
            await start.page.click(f"text={way}")
        for label, text in labels.items():
            await start.page.get_by_label(label, exact=True).fill(text)
        await start.page.click("dialog button[type=submit]")
        assert await told(start, "dialog .problem") == wrong
    assert await start.asked() == []
    await start.page.click("text=Log in with a code")
    await start.page.get_by_label("Code", exact=True).fill("bcdf ghjk")
    await start.page.keyboard.press("Enter")
    await start.page.wait_for_selector("dialog", state="detached")
    assert await start.asked() == [["logIn", {"code": "BCDFGHJK"}]]


@pytest.mark.parametrize(
    ("features", "ways"),
    [
        (["accounts"], ["Log in with a code"]),
        (["accounts", "register"], ["Log in with a code", "Make an account"]),
        (["accounts", "register-invited"], ["Log in with a code", "Make an account"]),
    ],
)
async def test_only_what_the_server_lets_is_offered(start: DrawnPage, features: list[str], ways: list[str]) -> None:
    await start.run("(features) => session.set({features})", features)
    await start.page.click(".account-button")
    await start.page.wait_for_selector("dialog form")
    assert await start.page.locator("dialog .ways button").all_inner_texts() == ways
    if len(ways) > 1:
        await start.page.click("text=Make an account")
        invite = start.page.get_by_label("Invitation to make an account")
        assert await invite.count() == ("register-invited" in features)
        await start.page.get_by_label("Account name").fill("ada")
        await start.page.get_by_label("Password", exact=True).fill("correct horse")
        if "register-invited" in features:
            await invite.fill("a.b.c")
        await start.page.click("dialog button[type=submit]")
        await start.page.wait_for_selector("dialog", state="detached")
        token = "a.b.c" if "register-invited" in features else None
        assert await start.asked() == [["register", "ada", "correct horse", token]]


async def test_a_server_without_accounts_offers_none(start: DrawnPage) -> None:
    await start.run("() => session.set({features: ['web']})")
    await start.until("() => document.querySelector('.account-button').hidden")
    await start.enter()
    await start.open("settings")
    assert await start.page.locator("dialog >> text=Account").count() == 0
    await start.open("invite")
    assert await start.page.locator("dialog >> text=Make the link").count() == 0
    await start.open("rules")
    access = start.page.get_by_label("Who may join").locator("option")
    await access.first.wait_for(state="attached")
    assert await access.all_inner_texts() == ["Everyone who has the link"]


async def test_over_plain_http_it_is_said_why_nobody_can_log_in(start: DrawnPage) -> None:
    await start.run("() => { session.account.mayLogIn = false; }")
    await start.page.click(".account-button")
    await start.page.wait_for_selector("dialog >> text=others in the network could read your password")
    assert await start.page.locator("dialog input").count() == 0


async def test_a_code_for_another_device(room: DrawnPage) -> None:
    await room.run("() => session.set({account: 'ada'})")
    await room.open("account")
    await room.page.click("text=Code for another device")
    await room.page.wait_for_selector("text=BCDF GHJK")
    assert "within 5 minutes" in await told(room, ".pair-code")
    await room.run("() => { session.answer = {ok: false, code: 'NotConnected', text: 'Not now.'}; }")
    await room.page.click("dialog >> text=/^Log out$/")
    await room.page.wait_for_selector("dialog .problem >> text=Not now.")
    await room.page.click("text=Log out on all devices")
    await room.page.wait_for_selector("dialog", state="detached")
    asked = await room.asked()
    assert asked == [["ask", "CreatePairCode", {}], ["logOut", False], ["logOut", True]]


async def test_a_link_with_an_invite_is_made_and_revoked(room: DrawnPage) -> None:
    await room.run(
        "() => session.setRoom({policy: {...session.state.room.policy, access: 'invited', has_password: true}})"
    )
    await room.open("invite")
    await room.page.wait_for_selector("text=This room lets in only who has an invite. Make a link with one below.")
    links = room.page.locator("dialog input:visible")
    assert await links.count() == 0, "a link that lets in nobody"
    await room.page.get_by_label("Role of who comes by it").select_option("controller")
    await room.page.get_by_label("It is good for").select_option("7d")
    await room.page.get_by_label("How many people it lets in").select_option("5")
    await room.page.click("text=Make the link")
    field = room.page.get_by_label("Link with an invite")
    await field.wait_for()
    assert await field.input_value() == f"https://films.example/#friday&invite={TOKEN}"
    assert await links.count() == 1
    assert await room.page.locator("dialog .warning:visible").count() == 0
    assert await room.focused() == "Copy the link"
    rows = await room.page.locator("dialog li").all_inner_texts()
    assert [row.splitlines()[0] for row in rows] == ["Viewer, by Ada", "Controller, by \u2068נועה\u2069"]
    assert "22 hours left, for 3 people" in rows[0]
    await room.page.click("dialog li >> text=Revoke >> nth=0")
    await room.page.wait_for_selector("text=The invite is revoked. Who came in by it stays.")
    await room.page.click("text=Revoke all")
    await room.until("() => session.asked.filter(([, type]) => type === 'RevokeInvites').length === 2")
    asked = [call[1:] for call in await room.asked() if call[1] != "GetInvites"]
    assert asked == [
        ["CreateInvite", {"role": "controller", "expires_in": 7 * 86400, "uses": 5}],
        ["RevokeInvites", {"id": "a"}],
        ["RevokeInvites", {"everybodys": True}],
    ]


async def test_who_is_no_host_invites_viewers_and_revokes_their_own(room: DrawnPage) -> None:
    await room.run("() => session.set({isHost: false})")
    await room.open("invite")
    roles = await room.page.get_by_label("Role of who comes by it").locator("option").all_inner_texts()
    assert roles == ["Viewer"]
    await room.page.click("text=Revoke all")
    await room.until("() => session.asked.some(([, type]) => type === 'RevokeInvites')")
    assert ["ask", "RevokeInvites", {"everybodys": False}] in await room.asked()
    await room.run("() => session.set({mayControl: false})")
    await room.open("invite")
    assert await room.page.locator("dialog >> text=Make the link").count() == 0
    assert await room.page.locator("dialog input:visible").count() == 1
    await room.run("() => session.setRoom({policy: {...session.state.room.policy, access: 'invited'}})")
    await room.open("invite")
    await room.page.wait_for_selector("dialog >> text=You cannot make one: ask somebody who may control the room")
    assert await room.page.locator("dialog input:visible").count() == 0


@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("access", ["anyone", "accounts", "invited"])
async def test_the_button_that_makes_a_link_is_seen_at_once(
    headless: Browser, port: int, access: str, locked: bool
) -> None:
    async with drawn_page(headless, page_url(port), width=1280, height=800) as drawn:
        await drawn.trust()
        await drawn.enter()
        rules = {"access": access, "locked": locked, "has_password": True}
        await drawn.run("(rules) => session.setRoom({policy: {...session.state.room.policy, ...rules}})", rules)
        await drawn.open("invite")
        await drawn.page.wait_for_selector("dialog li")
        below: float = await drawn.run(
            """() => {
                const edge = document.querySelector("dialog").getBoundingClientRect().bottom;
                return document.querySelector("dialog form [type=submit]").getBoundingClientRect().bottom - edge;
            }"""
        )
        assert below <= 0


async def test_the_host_lets_somebody_in_again(room: DrawnPage) -> None:
    await room.open("rules")
    await room.page.click("text=Who is banned")
    rows = room.page.locator("dialog li")
    await rows.first.wait_for()
    assert await rows.count() == 2
    assert "“told the end”" in await rows.first.inner_text()
    assert "Known by account and device" in await rows.first.inner_text()
    assert "device and network (22 hours left)" in await rows.last.inner_text()
    await room.page.get_by_role("button", name="Let in again: Mallory").click()
    await room.page.wait_for_selector("text=Mallory may come in again.")
    assert await rows.count() == 1
    assert [call[1:] for call in await room.asked()] == [["GetBans", {}], ["Unban", {"id": "x"}]]
    await room.run("() => session.set({isHost: false})")
    await room.open("rules")
    assert await room.page.locator("text=Who is banned").is_hidden()


async def test_rules_about_who_may_join_and_what_is_kept(room: DrawnPage) -> None:
    await room.open("rules")
    await room.page.get_by_label("Who may join").select_option("accounts")
    await room.page.get_by_label("What is watched here may be kept").click()
    await room.until("() => session.asked.length === 2")
    assert await room.asked() == [["setPolicy", {"access": "accounts"}], ["setPolicy", {"history": False}]]


async def test_a_member_that_has_an_account_shows_it(room: DrawnPage) -> None:
    await room.run(
        """() => session.setRoom({members: session.state.room.members.map((one) =>
            one.client_id === "bob" ? {...one, account: "bob.s"} : one)})"""
    )
    await room.page.click("#tab-people")
    marks = room.page.locator(".member .account:visible")
    assert await marks.count() == 1
    assert await marks.get_attribute("aria-label") == "Logged in as bob.s"
    await room.page.click("text=Bob >> xpath=ancestor::li >> button")
    await room.page.wait_for_selector("dialog >> text=Account: bob.s")
    await room.page.click("dialog >> text=/^Ban$/")
    assert "Their account and their device" in await told(room, ".ask-ban")
    await room.page.keyboard.press("Escape")
    await room.page.click("text=Cem >> xpath=ancestor::li >> button")
    await room.page.wait_for_selector("dialog >> text=No account: this name is what they chose.")
    await room.page.click("dialog >> text=/^Ban$/")
    assert "their network for 24 hours" in await told(room, ".ask-ban")


async def test_a_link_that_is_pasted_brings_its_invite(start: DrawnPage, port: int) -> None:
    await start.page.fill("#room", f"{page_url(port)}#friday&invite={TOKEN}")
    await start.run("() => { session.answer = {ok: false, code: 'WrongPassword', text: 'There is a password.'}; }")
    await start.page.keyboard.press("Enter")
    await start.page.fill("#password", "sesame")
    await start.page.keyboard.press("Enter")
    await start.page.wait_for_selector("hang-room")
    joins = [call[1:] for call in await start.asked() if call[0] == "join"]
    assert joins == [["friday", {"invite": TOKEN}], ["friday", {"password": "sesame", "invite": TOKEN}]]
