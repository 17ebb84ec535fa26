"""A page with nothing but a film, for scripts and tests that drive hangd/web/player directly."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

_HERE: Final = Path(__file__).parent
WEB: Final = _HERE.parent.parent.parent / "hangd" / "web"
MEDIA: Final = _HERE.parent.parent / "media"

_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:;"
    " connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'"
)
"""As hangd's server sends it: a player that needs more would not work there."""

_PAGE: Final = b"""<!doctype html>
<html><head><meta charset="utf-8"><title>film</title><link rel="stylesheet" href="/film.css">
<script type="module" src="/film.js"></script></head><body><video></video></body></html>
"""

_STYLE: Final = b"html, body, video { margin: 0; width: 100%; height: 100%; background: black; overflow: hidden; }"

_SCRIPT: Final = (_HERE / "film_page.js").read_bytes()


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extra: dict[str, Path]
    isolated: bool

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        content = self._content(path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Type", self.guess_type(path) if "." in path else "text/html")
        self.send_header("Content-Length", str(len(content or b"")))
        self.send_header("Content-Security-Policy", _CSP)
        if self.isolated:
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(content or b"")

    def _content(self, path: str) -> bytes | None:
        match path:
            case "/":
                return _PAGE
            case "/film.css":
                return _STYLE
            case "/film.js":
                return _SCRIPT
        kind, _, name = path[1:].partition("/")
        folder = {"web": WEB, "media": MEDIA}.get(kind)
        file = self.extra.get(name) if folder is None else folder / name
        return file.read_bytes() if file is not None and file.is_file() else None

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def film_page(extra: dict[str, Path] | None = None, *, isolated: bool = True) -> Iterator[str]:
    """Serve the page, and return its URL.

    Args:
        extra: further files, by the name under which `film.open` finds them.
        isolated: whether the page gets the finer clock that browsers give to pages that are isolated from others.
    """
    handler = type("Handler", (_Handler,), {"extra": extra or {}, "isolated": isolated})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
