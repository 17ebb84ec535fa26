"""The page as a friend meets it: a real server, hangd at the other end, and nothing but the link."""

from collections.abc import Callable

import pytest
from playwright.async_api import Page

from tests.support.daemons.party import CLIP, Person, Server, wait_for
from tests.web.conftest import page_of
from tests.web.viewing import Chromium

pytestmark = pytest.mark.real

PICTURE = "() => document.querySelector('video').currentTime"
TYPED = """() => {
  location.hash = "sunday";
  document.querySelector("hang-page").parts.session.dispatchEvent(new CustomEvent("change"));
}"""


async def listen(page: Page, complaints: list[str]) -> None:
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)


async def link(page: Page, address: str) -> None:
    # A file dialog of the system cannot be driven; the browser's own way to pick files can.
    await page.add_init_script("delete window.showOpenFilePicker; delete window.showDirectoryPicker;")
    await page.goto(address)
    await page.wait_for_selector("hang-start")


async def pick(page: Page, button: str) -> None:
    async with page.expect_file_chooser() as chooser:
        await page.click(button)
    await (await chooser.value).set_files(CLIP)


def test_from_the_link_to_the_picture_in_two_clicks_and_a_file(
    server: Server, web_browser: Chromium, with_hangd: Callable[[str], Person]
) -> None:
    ada = with_hangd("ada")
    ada.ctl("create", "--name", "friday", "--server", f"127.0.0.1:{server.port}", CLIP)
    context = web_browser.run(web_browser._browser.new_context())
    page = web_browser.run(context.new_page())
    complaints: list[str] = []
    web_browser.run(listen(page, complaints))
    try:
        web_browser.run(link(page, page_of(server) + "#friday"))
        web_browser.run(pick(page, ".pick"))  # the first click, and the file
        web_browser.run(page.wait_for_selector(".pick[data-phase=open]"))
        web_browser.run(page.click(".join button[type=submit]"))  # the second click
        web_browser.run(page.wait_for_selector("hang-room hang-stage[data-copy=open]"))

        ada.ctl("play")
        wait_for(lambda: web_browser.run(page.evaluate(PICTURE)) > 1.5, "the film plays in the page")
        web_browser.run(page.keyboard.press("Space"))
        wait_for(lambda: ada.get("pause"), "hangd pauses too")
        web_browser.run(page.keyboard.press("ArrowRight"))
        wait_for(lambda: ada.get("time-pos") > 5, "hangd went on by 5 s too")
        wait_for(lambda: abs(web_browser.run(page.evaluate(PICTURE)) - ada.get("time-pos")) < 0.05, "one picture")

        ada.ctl("say", "hello <b>page</b>")
        wait_for(lambda: "hello <b>page</b>" in web_browser.run(page.inner_text(".lines")), "what was said is read")
        web_browser.run(page.reload())
        web_browser.run(page.wait_for_selector("hang-room hang-card[data-kind=none]"))  # back in its place
        web_browser.run(pick(page, "hang-card button:visible"))
        web_browser.run(page.wait_for_selector("hang-stage[data-copy=open]"))

        # The address of another room, typed over this one: nothing is left before the viewer says so. Something
        # happens in the room before the page is told of the address.
        web_browser.run(page.evaluate(TYPED))
        web_browser.run(page.wait_for_selector("dialog[open] .danger"))
        assert web_browser.run(page.evaluate("() => location.hash")) == "#friday"
        web_browser.run(page.click("dialog .danger"))
        web_browser.run(page.wait_for_selector("hang-start .pick[data-phase=open]"))  # the film is kept
        assert web_browser.run(page.evaluate("() => location.hash")) == "#sunday"
        web_browser.run(page.evaluate("() => { location.hash = ''; }"))
        web_browser.run(page.fill("#room", page_of(server) + "#Friday"))
        web_browser.run(page.click(".join button[type=submit]"))
        web_browser.run(page.wait_for_selector("hang-room hang-stage[data-copy=open]"))
        assert complaints == []
    finally:
        web_browser.run(context.close())
