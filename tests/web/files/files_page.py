"""An empty page beside hangd/web, its headers as strict as the page's own: for tests of hangd/web/files alone."""

import contextlib
import functools
import http.server
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page

__all__ = ["PLAIN", "WEB", "choose", "files_page", "served"]

WEB: Final = Path(__file__).parents[3] / "hangd" / "web"

PLAIN: Final = "plain.test"
"""A host that the browser takes for one of a home network: plain http, and no secure context."""

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:;"
        " connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "Cache-Control": "no-store",
}
_ISOLATION: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
"""Where the context is no secure one, Chromium ignores the first and writes an error to the console."""
_EMPTY: Final = b'<!doctype html><title>files</title><link rel="icon" href="data:,"><body></body>'


@contextlib.asynccontextmanager
async def files_page(browser: Browser, host: str = "127.0.0.1") -> AsyncIterator[Page]:
    """Open the empty page in a context of its own. What goes wrong in the page is raised at the end."""
    problems: list[str] = []
    with served() as port:
        page = await browser.new_page()
        try:
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("console", lambda told: problems.append(told.text) if told.type == "error" else None)
            await page.goto(f"http://{host}:{port}/empty.html")
            yield page
        finally:
            await page.close()
    assert not problems, problems


async def choose(page: Page, path: Path) -> None:
    """Choose a file in the page's only `<input type=file>`, and make that one first."""
    await page.evaluate("""() => {
      const input = document.createElement("input");
      input.type = "file";
      document.body.replaceChildren(input);
    }""")
    await page.set_input_files("input", str(path))


@contextlib.contextmanager
def served() -> Iterator[int]:
    """Serve hangd/web, and the empty page at /empty.html, on a port of 127.0.0.1, which this yields."""
    handler = functools.partial(_Handler, directory=str(WEB))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


class _Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/empty.html":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(_EMPTY)))
        self.end_headers()
        self.wfile.write(_EMPTY)

    def end_headers(self) -> None:
        is_plain = self.headers.get("Host", "").startswith(PLAIN)
        for name, value in (_HEADERS if is_plain else {**_HEADERS, **_ISOLATION}).items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass
