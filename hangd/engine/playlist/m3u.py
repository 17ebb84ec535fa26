"""Read files that list films: M3U, PLS, or one name a line. As mpv 0.35 reads them (demux_playlist.c).

Names in such a file are relative to the file's own folder, unless they are absolute or URLs. A name that is no file of
this machine becomes an entry nevertheless, and fails when it is opened, as in mpv.

`client.control.subjects.playlist` calls this for the command ``loadlist``.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from hangd.engine.playlist.playlist import Film

BYTES_MAX: Final = 4 * 1024 * 1024
"""Room for ten thousand long names. A larger file is a film, given by mistake."""

_PROBE: Final = 8192
"""How many bytes are looked at to tell a list from a film: a list has only text there."""

_BINARY: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PLS_FILE: Final = re.compile(r"file[0-9]+=(.*)", re.IGNORECASE)
_SPACE: Final = " \f\n\r\t\v"


class NotAPlaylist(Exception):
    """The file is not a list of films."""


def read_playlist(content: bytes, folder: str) -> list[Film]:
    """Return the films that this content lists. ``folder``: absolute path of the list's folder. Raises NotAPlaylist."""
    if len(content) > BYTES_MAX or _BINARY.search(content[:_PROBE]):
        raise NotAPlaylist
    # Names of files are bytes; surrogates stand for those that are not UTF-8 (PEP 383). mpv ends lines with \n alone.
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    lines = [line.strip(_SPACE) for line in text.split("\n")]
    match lines[0].lower():
        case "#extm3u":
            listed = _m3u(lines)
        case "[playlist]":
            listed = _pls(lines)
        case _:
            listed = (Film(line) for line in lines if line)
    return [Film(_located(film.path, folder), film.title) for film in listed if "\0" not in film.path]


def _m3u(lines: list[str]) -> Iterator[Film]:
    title: str | None = None
    for line in lines:
        if line.startswith("#EXTINF:"):
            title = line.partition(",")[2] or title
        elif line and not line.startswith("#"):
            yield Film(line, title)
            title = None


def _pls(lines: list[str]) -> Iterator[Film]:
    for line in lines:
        found = _PLS_FILE.fullmatch(line)
        if found is not None and found[1].strip(_SPACE):
            yield Film(found[1].strip(_SPACE))


def _located(name: str, folder: str) -> str:
    if name.startswith("file://"):
        return unquote_to_bytes(name.removeprefix("file://").encode("utf-8", "surrogateescape")).decode(
            "utf-8", "surrogateescape"
        )
    if name.startswith("/") or _URL.match(name):
        return name
    return f"{folder.rstrip('/')}/{name}"
