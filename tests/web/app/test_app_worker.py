"""The page's service worker in real Chromium, with the real server: versions of the page, and push messages."""

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import BrowserContext, Page, Worker, expect

from tests.web.served_page import ServedPage
from tests.web.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

INSTALL: Final = """async () => {
  const { registerWorker } = await import("./app/installation.js");
  await registerWorker();
  await navigator.serviceWorker.ready;
}"""

DOCUMENT: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8" /><title>{version}</title>
<link rel="icon" href="data:," /><script type="module" src="probe.js"></script></head><body></body></html>"""
PROBE: Final = """globalThis.probe = "{version}"; globalThis.later = () => import("./later.js");"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServedPage:
    site = ServedPage(tmp_path, monkeypatch)
    write(site, "one")
    return site


def write(site: ServedPage, version: str) -> None:
    """Make this version of a small page: a document, its module, and one that is imported later."""
    (site.folder / "index.html").write_text(DOCUMENT.format(version=version))
    (site.folder / "probe.js").write_text(PROBE.format(version=version))
    (site.folder / "later.js").write_text(f'export const later = "{version}";')


async def opened(context: BrowserContext, url: str) -> Page:
    page = await context.new_page()
    await page.goto(url)
    await until(page, "() => globalThis.probe !== undefined")
    return page


async def version(page: Page) -> list[str]:
    """Return the versions of the document, of its module, and of a module that is imported only now."""
    found = await page.evaluate("async () => [document.title, globalThis.probe, (await later()).later]")
    assert isinstance(found, list)
    return found


async def kept(page: Page) -> int:
    """Return how many versions of the page the browser keeps."""
    names = await page.evaluate("async () => (await caches.keys()).filter((name) => name.includes(' version '))")
    return len(names)


async def test_the_page_is_shown_without_a_server(context: BrowserContext, site: ServedPage) -> None:
    async with site.server():
        page = await opened(context, site.url)
        await page.evaluate(INSTALL)
        assert await kept(page) == 1
    await page.reload()
    assert await version(page) == ["one"] * 3
    headers = await page.evaluate("async () => [...(await fetch('./')).headers.keys()]")
    assert "content-security-policy" in headers
    assert await page.evaluate("crossOriginIsolated")


async def test_an_update_is_seen_at_once_and_versions_are_never_mixed(
    context: BrowserContext, site: ServedPage
) -> None:
    async with site.server():
        await (await opened(context, site.url)).evaluate(INSTALL)
        old = await opened(context, site.url)
    write(site, "two")
    async with site.server():
        new = await opened(context, site.url)
        assert await version(new) == ["two"] * 3
        assert await version(old) == ["one"] * 3  # its last module was on the server only as version two
        assert await kept(new) == 2
        await old.close()
        await new.reload()
        # The worker tidies up beside what it is asked for.
        await until(new, "async () => (await caches.keys()).filter((name) => name.includes(' version ')).length === 1")
    await new.reload()
    assert await version(new) == ["two"] * 3


async def test_a_worker_that_was_stopped_knows_its_windows_still(context: BrowserContext, site: ServedPage) -> None:
    async with site.server():
        await (await opened(context, site.url)).evaluate(INSTALL)
        old = await opened(context, site.url)
    write(site, "two")
    async with site.server():
        devtools = await context.new_cdp_session(old)
        await devtools.send("ServiceWorker.enable")
        await devtools.send("ServiceWorker.stopAllWorkers")
        assert await version(old) == ["one"] * 3


async def test_a_version_that_cannot_be_fetched_completely_is_not_kept(
    context: BrowserContext, site: ServedPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hangd.server.web import pages

    real = pages._listing

    def wrong(bodies: Any) -> bytes:
        listing = json.loads(real(bodies))
        listing["files"]["later.js"] = "0" * 64
        return json.dumps(listing).encode()

    monkeypatch.setattr(pages, "_listing", wrong)
    async with site.server():
        page = await opened(context, site.url)
        await page.evaluate(INSTALL)
        await page.reload()
        assert await version(page) == ["one"] * 3
        assert await kept(page) == 0


async def test_a_server_without_a_listing_is_shown_from_the_network(
    context: BrowserContext, site: ServedPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hangd.server.web import pages

    async with site.server():
        await (await opened(context, site.url)).evaluate(INSTALL)
    write(site, "two")
    monkeypatch.setattr(pages, "_LISTING", "elsewhere.json")
    async with site.server():
        page = await opened(context, site.url)
        assert await version(page) == ["two"] * 3


async def test_what_is_not_the_pages_own_passes_by(context: BrowserContext, site: ServedPage) -> None:
    async with site.server():
        await (await opened(context, site.url)).evaluate(INSTALL)
        page = await opened(context, site.url)
        assert await page.evaluate("navigator.serviceWorker.controller !== null")
        answers = await page.evaluate("""async () => {
          const socket = new WebSocket("ws");
          await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
          return [(await fetch("healthz")).status, (await fetch("./", { method: "POST" })).status];
        }""")
        assert answers == [200, 405]


async def test_nothing_is_registered_or_fails_over_plain_http(context: BrowserContext, site: ServedPage) -> None:
    async with site.server():
        page = await context.new_page()
        await page.goto(site.plain_url)
        assert not await page.evaluate("isSecureContext")
        assert await page.evaluate("async () => (await import('./app/installation.js')).registerWorker()") is None


# ---- push -----------------------------------------------------------------------------------------------------------


async def deliver(page: Page, site: ServedPage, data: str) -> None:
    """Give the service worker a push message, as the browser's push service would."""
    devtools = await page.context.new_cdp_session(page)
    registrations: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    devtools.on("ServiceWorker.workerRegistrationUpdated", registrations.put_nowait)
    await devtools.send("ServiceWorker.enable")
    while not (found := (await asyncio.wait_for(registrations.get(), 30))["registrations"]):
        pass
    await devtools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": site.url.rstrip("/"), "registrationId": found[0]["registrationId"], "data": data},
    )


SHOWN: Final = """async () => {
  const shown = await (await navigator.serviceWorker.ready).getNotifications();
  return shown.map(({ title, body, data, icon, tag }) => ({ title, body, data, icon, tag }));
}"""


async def notified(page: Page, site: ServedPage, data: str) -> dict[str, Any]:
    """Give the service worker a push message until a notification is shown, and return that.

    Once is not always enough: Chromium drops a message that DevTools deliver while it starts or stops the worker.
    """
    for second in range(60):
        if second % 10 == 0:
            await deliver(page, site, data)
        for _ in range(20):
            if shown := await page.evaluate(SHOWN):
                assert isinstance(shown, list)
                return dict(shown[0])
            await asyncio.sleep(0.05)
    raise AssertionError("nothing is shown")


async def test_an_invitation_is_shown(context: BrowserContext, site: ServedPage) -> None:
    await context.grant_permissions(["notifications"])
    async with site.server():
        page = await opened(context, site.url)
        await page.evaluate(INSTALL)
        invitation = {
            "title": "Ann invites you to watch together",
            "body": "film.mkv",
            "room": "fri day/ü",
            "invite": "a.b-c._",
        }
        shown = await notified(page, site, json.dumps(invitation))
    assert (shown["title"], shown["body"]) == (invitation["title"], invitation["body"])
    assert shown["data"] == {"room": "fri day/ü", "invite": "a.b-c._"}
    assert shown["icon"] == f"{site.url}app/icons/hang-192.png"


@pytest.mark.parametrize("data", ["", "no json", "[]", "null", '{"title": 5, "room": {}}'])
async def test_a_message_of_another_form_shows_something(context: BrowserContext, site: ServedPage, data: str) -> None:
    """A browser that is shown nothing for a message shows a warning of its own, and may end the subscription."""
    await context.grant_permissions(["notifications"])
    async with site.server():
        page = await opened(context, site.url)
        await page.evaluate(INSTALL)
        assert (await notified(page, site, data))["title"] == "hang"


CLICK: Final = """async (data) => {
  // Only a real click lets a worker open and focus windows, and there is no screen to click on here.
  globalThis.done = [];
  clients.openWindow = async (url) => { done.push(["open", url]); };
  WindowClient.prototype.focus = async function () { done.push(["focus", this.url]); };
  await registration.showNotification("x", { data });
  const [notification] = await registration.getNotifications();
  dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""


async def clicked(worker: Worker, room: str, **more: str) -> list[list[str]]:
    await worker.evaluate(CLICK, {"room": room, **more})
    done = await until(worker, "() => globalThis.done")
    assert isinstance(done, list)
    return done


async def test_a_click_goes_to_the_window_with_the_room_or_opens_one(context: BrowserContext, site: ServedPage) -> None:
    await context.grant_permissions(["notifications"])
    async with site.server():
        page = await opened(context, f"{site.url}#fri%20day")
        await page.evaluate(INSTALL)
        # The driver may learn of the worker later than the page does.
        while not context.service_workers:
            await context.wait_for_event("serviceworker")
        (worker,) = context.service_workers
        assert await clicked(worker, "fri day") == [["focus", f"{site.url}#fri%20day"]]
        assert await clicked(worker, "a/b") == [["open", f"{site.url}#a%2Fb"]]
        assert await clicked(worker, "a/b", invite="a.b") == [["open", f"{site.url}#a%2Fb&invite=a.b"]]
        assert await clicked(worker, "") == [["open", site.url]]
        await expect(page).to_have_title("one")
