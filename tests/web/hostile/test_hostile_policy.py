"""The content security policy forbids nothing that the page does, and everything that somebody smuggles into it."""

from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Route

from hangd.server.push.keys import create_key
from tests.support.daemons.party import CLIP, Server, room_server
from tests.web.hostile.hostile_page import WatchedPage

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

SUBTITLES: Final = "1\n00:00:00,000 --> 00:00:50,000\n<i>Good</i> <script>window.ran=1</script>\n"


def url_of(server: Server) -> str:
    """Return the address of the page under a name that browsers trust without a certificate."""
    return f"http://localhost:{server.port}/"


async def picked(watched: WatchedPage, button: str, path: Path) -> None:
    async with watched.page.expect_file_chooser() as chooser:
        await watched.page.click(button)
    await (await chooser.value).set_files(path)


async def test_an_evening_violates_nothing(watched: WatchedPage, tmp_path: Path) -> None:
    page = watched.page
    create_key(tmp_path / "data")
    subtitles = tmp_path / "clip.en.srt"
    subtitles.write_text(SUBTITLES)
    await page.context.grant_permissions(["notifications", "clipboard-write"])
    with room_server("--data-dir", str(tmp_path / "data"), "--push-contact", "me@example.org") as server:
        await page.goto(url_of(server))
        await page.wait_for_selector("hang-start")
        await picked(watched, ".pick", CLIP)
        await page.wait_for_selector(".pick[data-phase=open]")
        await watched.until("() => document.querySelector('.new-room').open")
        await page.click(".new-room button[type=submit]")
        await page.wait_for_selector("hang-room hang-stage[data-copy=open]")
        # Hashing runs in a worker of its own.
        await watched.until("() => session.state.room.file_hash !== null")
        # The service worker controls the page, or is on its way.
        await watched.run("async () => void await navigator.serviceWorker.ready")
        await page.click(".play")
        await watched.until("() => session.state.playing.motion === 'playing'")
        await page.fill(".write input", "hello <b>all</b>")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".said.own")
        await page.click("#tab-queue")
        await picked(watched, "hang-queue button.wide", CLIP)
        await watched.until("() => session.state.room.queue.entries.length === 2")
        await page.click("[data-icon=invite]")
        await page.click("dialog button.primary")
        await watched.until("() => document.querySelector('dialog .hint').textContent !== ''")
        await page.keyboard.press("Escape")
        await page.click("[data-icon=settings]")
        await picked(watched, "dialog button:has-text('subtitle')", subtitles)
        await watched.until("() => document.querySelector('hang-subtitles p i') !== null")
        await page.click("dialog app-settings button:visible >> nth=0")  # invitations by push, in this browser
        await page.keyboard.press("Escape")
        await page.click("[data-icon=pip]")
        await watched.until("() => document.pictureInPictureElement !== null")
        await page.click("[data-icon=pip]")
        await page.keyboard.press("f")
        await page.wait_for_selector(".room[data-full]")
        await page.keyboard.press("f")
        await page.wait_for_selector(".room:not([data-full])")
        await page.reload()  # now from the service worker
        await page.wait_for_selector("hang-room")
        await page.click("[data-icon=leave]")
        await page.wait_for_selector("dialog[open]")
        # Chromium's push service is on the internet, and need not answer here.
        await watched.ran_nothing(lambda line: line.startswith("push:"))


INLINE: Final = '<script>window.ran = 1</script><p style="color: red" onclick="window.ran = 1">x</p></body>'
SMUGGLED: Final = {
    "eval": ("() => { setTimeout(() => { try { eval('window.ran = 1'); } catch {} }); }", "require-trusted-types-for"),
    "a string as a timer": ("() => { try { setTimeout('window.ran = 1'); } catch {} }", "require-trusted-types-for"),
    "innerHTML": (
        "() => { try { document.body.innerHTML = '<img src=x onerror=window.ran=1>'; } catch {} }",
        "require-trusted-types-for",
    ),
    "an attribute": (
        "() => { const one = document.createElement('p'); document.body.append(one);"
        " try { one.setAttribute('onclick', 'window.ran = 1'); } catch {} one.click(); }",
        "",
    ),
    "another site's script": (
        "() => { const one = document.createElement('script'); try { one.src = 'https://example.org/x.js'; } catch {}"
        " document.head.append(one); }",
        "require-trusted-types-for",
    ),
    "another site": ("() => { void fetch('https://example.org/').catch(() => {}); }", "connect-src"),
    "a frame": (
        "() => { const one = document.createElement('iframe'); one.src = 'https://example.org/';"
        " document.body.append(one); }",
        "frame-src",
    ),
    "a picture": ("() => { new Image().src = 'https://example.org/x.png'; }", "img-src"),
}
"""What a script in the page could try, and the directive that forbids it."""


async def test_what_is_smuggled_in_is_forbidden_and_reported(watched: WatchedPage) -> None:
    async def with_inline(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=(await answer.text()).replace("</body>", INLINE))

    with room_server() as server:
        await watched.page.route(url_of(server), with_inline)
        await watched.page.goto(url_of(server))
        await watched.page.wait_for_selector("hang-start")
        for inline in ("script-src-elem inline", "style-src-attr inline"):
            await watched.until(f"() => violations.some((line) => line.includes('{inline}'))")
        # A handler in markup is looked at when it is to run.
        await watched.page.evaluate("() => document.querySelector('[onclick]').click()")
        await watched.until("() => violations.some((line) => line.startsWith('script-src-attr inline'))")
        for name, (script, directive) in SMUGGLED.items():
            known = len(await watched.violations())
            await watched.page.evaluate(script)
            # What was tried before may be told of once more meanwhile.
            told = f"() => violations.slice({known}).some((line) => line.startsWith('{directive}'))"
            try:
                await watched.until(told)
            except AssertionError as error:
                raise AssertionError(f"{name}: {(await watched.violations())[known:]}") from error
        assert await watched.page.evaluate("() => window.ran") is None
