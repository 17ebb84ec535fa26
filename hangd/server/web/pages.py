"""The page for browsers: the files of `hangd.web`, read and compressed when the server starts, and answers with them.

They are served as they are, but for comments (`hangd.server.web.page_text`). Browsers keep them, and ask each time
whether they have changed (ETag), so that a new version of the server is a new version of the page at once.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from http import HTTPStatus
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from hangd.server.web.page_text import shortened, with_parts_announced
from hangd.transport.http import Answer, Fields, Request

_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
    "json": "application/json",
}
"""The endings of files that are served, and what they are."""
_INDEX: Final = "index.html"
_NOT_SERVED: Final = ("package.json",)
_LISTING: Final = "files.json"
_WORKER: Final = "worker"
"""A part of the names of all scripts that run as workers, and of no others."""
_SERVICE_WORKER: Final = "service_worker.js"
"""Browsers keep it themselves."""

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_ALLOWED: Final = ("autoplay", "fullscreen", "picture-in-picture", "screen-wake-lock", "clipboard-write")
_DENIED: Final = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
FIELDS: Final[Fields] = (
    ("Cache-Control", "no-cache"),
    ("Content-Security-Policy", _POLICY),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)
"""The header fields of every answer. docs/web.md says what each of them is for."""
_NOT_FOR_PARTS: Final = frozenset({"Content-Security-Policy", "Cross-Origin-Embedder-Policy", "Referrer-Policy"})
"""But these mean nothing for scripts and styles of the page. It has more than a hundred, most of which are smaller."""
_DOCUMENT_FIELDS: Final[Fields] = (
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", ", ".join([*(f"{name}=(self)" for name in _ALLOWED), *(f"{name}=()" for name in _DENIED)])),
)
"""Those that have a meaning for HTML only."""


@dataclass(frozen=True, slots=True)
class _Variant:
    """A file as it is sent, compressed or not."""

    body: bytes
    etag: str
    encoding: str | None

    @classmethod
    def of(cls, body: bytes, encoding: str | None = None) -> "_Variant":
        return cls(body, f'"{hashlib.sha256(body).hexdigest()[:24]}"', encoding)


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the page."""

    type: str
    plain: _Variant
    small: _Variant | None
    """With gzip, where that is smaller."""
    fields: Fields = ()
    """Beside those of all files."""
    without: Set[str] = frozenset()
    """Header fields of all answers that this one has not."""

    def answer(self, request: Request) -> Answer:
        takes_gzip = _takes_gzip(request.fields("Accept-Encoding"))
        sent = self.small if self.small is not None and takes_gzip else self.plain
        fields = [("ETag", sent.etag)]
        if self.small is not None:
            fields.append(("Vary", "Accept-Encoding"))
        if _knows(request.fields("If-None-Match"), sent.etag):
            return Answer(HTTPStatus.NOT_MODIFIED, fields=fields, without=self.without)
        fields.append(("Content-Type", self.type))
        fields.extend(self.fields)
        if sent.encoding is not None:
            fields.append(("Content-Encoding", sent.encoding))
        return Answer(HTTPStatus.OK, sent.body, fields, without=self.without)


class Pages:
    """Answers requests with the files of the page."""

    def __init__(self, files: dict[str, _File]) -> None:
        self._files = files

    @classmethod
    def load(cls) -> "Pages":
        """Read the files of `hangd.web`, in a checkout or as they are installed."""
        bodies = {
            path: file.read_bytes()
            for path, file in sorted(_walk(resources.files("hangd.web")))
            if path.rpartition(".")[2] in _TYPES and path not in _NOT_SERVED
        }
        _shorten(bodies)
        bodies[_LISTING] = _listing(bodies)
        files = {f"/{path}": _file(path, body) for path, body in bodies.items()}
        if index := files.get(f"/{_INDEX}"):
            files["/"] = index
        return cls(files)

    def answer(self, request: Request) -> Answer | None:
        """Return the answer to GET or HEAD. None: there is no such file."""
        file = self._files.get(request.path)
        return None if file is None else file.answer(request)

    @property
    def paths(self) -> Sequence[str]:
        """The paths of all files, each with a slash in front."""
        return tuple(self._files)


def _file(path: str, body: bytes) -> _File:
    name, ending = path.rpartition("/")[2], path.rpartition(".")[2]
    small = gzip.compress(body, 9, mtime=0)
    is_part = ending in ("js", "css") and _WORKER not in name
    return _File(
        _TYPES[ending],
        _Variant.of(body),
        _Variant.of(small, "gzip") if len(small) < len(body) else None,
        _DOCUMENT_FIELDS if ending == "html" else (),
        _NOT_FOR_PARTS if is_part else frozenset(),
    )


def _shorten(bodies: dict[str, bytes]) -> None:
    """Do what `hangd.server.web.page_text` does to these files, by their paths."""
    for path, body in bodies.items():
        if path.endswith((".js", ".css")):
            bodies[path] = shortened(body.decode(), script=path.endswith(".js")).encode()
    scripts = {path: body.decode() for path, body in bodies.items() if path.endswith(".js")}
    if _INDEX in bodies:
        bodies[_INDEX] = with_parts_announced(bodies[_INDEX].decode(), scripts).encode()


def _listing(bodies: Mapping[str, bytes]) -> bytes:
    """Return files.json, by which the page's service worker knows what a version of the page consists of."""
    hashes = {path: hashlib.sha256(body).hexdigest() for path, body in bodies.items() if path != _SERVICE_WORKER}
    version = hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()[:16]
    return json.dumps({"version": version, "files": hashes}, indent=1).encode()


def _walk(folder: Traversable, above: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        path = f"{above}{entry.name}"
        if entry.is_dir():
            yield from _walk(entry, f"{path}/")
        else:
            yield path, entry


def _takes_gzip(values: Sequence[str]) -> bool:
    for token in ",".join(values).split(","):
        coding, _, weight = token.partition(";")
        if coding.strip().lower() == "gzip":
            return weight.replace(" ", "").rstrip("0.") not in ("q=", "q")
    return False


def _knows(values: Sequence[str], etag: str) -> bool:
    """Tell whether the browser has the file already. A proxy that compresses it makes the tag a weak one."""
    tags = [tag.strip().removeprefix("W/") for tag in ",".join(values).split(",")]
    return etag in tags or tags == ["*"]
