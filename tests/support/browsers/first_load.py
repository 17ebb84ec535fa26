"""What a first visit to the page loads until its start can be used: as the server counts it, and as Chromium does."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from hangd.server.web.page_text import imported
from hangd.server.web.pages import FIELDS, Pages
from hangd.transport.http import Answer, Request

if TYPE_CHECKING:
    from playwright.async_api import Page

__all__ = ["FIRST_LOAD_MAX", "counted", "first_load", "visited"]

FIRST_LOAD_MAX: Final = 150 * 1024
"""Bytes, bodies and header fields."""

_STATUS_DATE_LENGTH: Final = 80
"""Bytes of each answer's head that the server adds: the status, the date, and the length of the body."""

_WATCH: Final = """() => {
  new MutationObserver((_, observer) => {
    if (document.querySelector("hang-page button") === null) return;
    observer.disconnect();
    window.usableAt = performance.now();
  }).observe(document, { childList: true, subtree: true });
  performance.setResourceTimingBufferSize(1000);
}"""
_BEFORE: Final = """() => performance.getEntriesByType("resource")
  .filter((entry) => entry.startTime <= window.usableAt).map((entry) => entry.name)"""


def first_load(pages: Pages) -> list[str]:
    """Return the paths of the page, and of all that it loads before it runs."""
    index = _get(pages, "/").body.decode()
    links = re.findall(r'<link rel="(?:stylesheet|icon|manifest)" href="([^"]+)"', index)
    scripts = {path[1:]: _get(pages, path).body.decode() for path in pages.paths if path.endswith(".js")}
    return ["/", *(f"/{path}" for path in [*links, *imported("page/main.js", scripts)])]


def counted(pages: Pages, path: str) -> tuple[int, int]:
    """Return how many bytes the answer for a browser has: its body, and its head."""
    answer = _get(pages, path, "gzip, deflate, br")
    common = [field for field in FIELDS if field[0] not in answer.without]
    head = sum(len(name) + len(value) + 4 for name, value in [*common, *answer.fields])
    return len(answer.body), head + _STATUS_DATE_LENGTH


def _get(pages: Pages, path: str, encoding: str | None = None) -> Answer:
    answer = pages.answer(Request(path, lambda name: [encoding] if name == "Accept-Encoding" and encoding else ()))
    assert answer is not None, path
    return answer


async def visited(page: "Page", url: str) -> Mapping[str, int]:
    """Visit the page for the first time in this context, and wait until its start can be used.

    Returns the paths that it asked for until then, and how many bytes came for each, with the heads of the answers.
    """
    devtools = await page.context.new_cdp_session(page)
    paths: dict[str, str] = {}
    came: dict[str, int] = {}

    def asked(event: dict[str, Any]) -> None:
        paths[event["requestId"]] = urlsplit(event["request"]["url"]).path

    def loaded(event: dict[str, Any]) -> None:
        came[paths[event["requestId"]]] = event["encodedDataLength"]

    devtools.on("Network.requestWillBeSent", asked)
    devtools.on("Network.loadingFinished", loaded)
    await devtools.send("Network.enable")
    await page.add_init_script(f"({_WATCH})()")
    await page.goto(url)
    await page.wait_for_function("() => window.usableAt !== undefined")
    before = {"/", *(urlsplit(name).path for name in await page.evaluate(_BEFORE))}
    return {path: came[path] for path in before}
