"""Recognize and read files that list films: M3U, PLS, or one name a line. As mpv 0.35 does (demux_playlist.c).

Names in such a file are relative to the file's own folder, unless they are absolute or URLs. A name that is no file of
this machine becomes an entry nevertheless, and fails when it is opened, as in mpv.

`hangd.player.files` calls this for each file that is to be played, `client.control.subjects.playlist` for ``loadlist``.
"""

import re
from collections.abc import Iterator
from typing import Final

from hangd.engine.playlist.playlist import Film
from hangd.file_names import path_of

BYTES_MAX: Final = 4 * 1024 * 1024
"""Room for ten thousand long names. A larger file is a film, given by mistake."""

PROBE: Final = 8192
"""How many bytes are looked at to tell a list from a film: a list has only text there."""

_BINARY: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_STREAM: Final = re.compile(rb"^#EXT-X-", re.MULTILINE)
"""Lines of a list of pieces of one film (HLS), which is no list of films."""
_NAMES: Final = (".m3u", ".m3u8")
"""Endings of lists that need not begin with a line that says so."""
_PLS_FILE: Final = re.compile(r"file[0-9]+=(.*)", re.IGNORECASE)
_SPACE: Final = " \f\n\r\t\v"


class NotAPlaylist(Exception):
    """The file is not a list of films."""


def is_playlist(head: bytes, name: str) -> bool:
    """Return whether a file is a list, by its first PROBE bytes and its name: M3U or PLS. A list of names alone is one
    only if its name says so."""
    text = _text(head)
    if text is None or _STREAM.search(head):
        return False
    first = text.strip(_SPACE).partition("\n")[0].strip(_SPACE).lower()
    return first in ("#extm3u", "[playlist]") or (first != "" and name.lower().endswith(_NAMES))


def read_playlist(content: bytes, folder: str) -> list[Film]:
    """Return the films that this content lists. ``folder``: absolute path of the list's folder. Raises NotAPlaylist."""
    text = _text(content)
    if len(content) > BYTES_MAX or text is None:
        raise NotAPlaylist
    lines = [line.strip(_SPACE) for line in text.strip(_SPACE).split("\n")]
    match lines[0].lower():
        case "#extm3u":
            listed = _m3u(lines)
        case "[playlist]":
            listed = _pls(lines)
        case _:
            listed = (Film(line) for line in lines if line)
    films = (Film(path_of(film.path, folder) or film.path, film.title) for film in listed)
    return [film for film in films if "\0" not in film.path]


def _text(content: bytes) -> str | None:
    """Return the text that these bytes are; None if they are none.

    Names of files are bytes; surrogates stand for those that are not UTF-8 (PEP 383). mpv ends lines with \\n alone.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if _BINARY.search(content[:PROBE]):
        return None
    return content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")


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
