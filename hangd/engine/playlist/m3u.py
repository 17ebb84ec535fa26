"""What a file that lists others says: M3U, PLS, or one name a line. As mpv 0.35 reads it (demux_playlist.c).

Names in it are relative to the file's own folder, unless they are absolute or URLs. What is no file of this machine is
an entry nevertheless, and fails as it is opened: so is mpv.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from hangd.engine.playlist.playlist import Film

__all__ = ["BYTES_MAX", "NotAPlaylist", "read_playlist"]

BYTES_MAX: Final = 4 * 1024 * 1024
"""A list of ten thousand long names. What is larger is a film by mistake."""

_PROBE: Final = 8192
"""Bytes of the beginning in which nothing may stand but text."""

_BINARY: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_NUMBERED: Final = re.compile(r"(file|title)([0-9]+)=(.*)", re.IGNORECASE)
_SPACE: Final = " \f\n\r\t\v"


class NotAPlaylist(Exception):
    """The file lists nothing that could be played."""


def read_playlist(content: bytes, folder: str) -> list[Film]:
    """Return the films that are listed in the content of a file of this folder (absolute path). Raises NotAPlaylist."""
    if len(content) > BYTES_MAX or _BINARY.search(content[:_PROBE]):
        raise NotAPlaylist
    # Names of files are bytes, which surrogates stand for (PEP 383). mpv ends lines with \n alone.
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
        found = _NUMBERED.fullmatch(line)
        if found is not None and found[1].lower() == "file" and found[3].strip(_SPACE):
            yield Film(found[3].strip(_SPACE))


def _located(name: str, folder: str) -> str:
    if name.startswith("file://"):
        return unquote_to_bytes(name.removeprefix("file://").encode("utf-8", "surrogateescape")).decode(
            "utf-8", "surrogateescape"
        )
    if name.startswith("/") or _URL.match(name):
        return name
    return f"{folder.rstrip('/')}/{name}"
