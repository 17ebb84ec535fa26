"""Names of files as people and programs write them: paths, file URLs, relative names. The daemon and hangctl use it.

A name is a string in which surrogates stand for the bytes that are not UTF-8 (PEP 383). mpv's rules: what stands behind
``file://`` is a path with percent-escapes, and nothing else has a meaning in it: ``file:///films/What?#1.mkv`` is the
file ``/films/What?#1.mkv``.
"""

import os
import re

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
NOT_HERE = "is a URL: hang plays files on this machine only"
"""The end of a sentence about a URL that is no file URL."""

_FILE_URL = re.compile(r"file://(?:localhost(?=/))?", re.IGNORECASE)


def path_of(name: str, folder: str) -> str | None:
    """Return the absolute path that is meant by a path, a name relative to ``folder``, or a file URL.

    None: it is another URL.
    """
    if found := _FILE_URL.match(name):
        from urllib.parse import unquote_to_bytes

        name = unquote_to_bytes(name[found.end() :].encode("utf-8", "surrogateescape")).decode(
            "utf-8", "surrogateescape"
        )
    elif is_url(name):
        return None
    return absolute(name, folder)


def is_url(name: str) -> bool:
    """Return whether this is a URL, and not the path of a file. File URLs are URLs."""
    return _URL.match(name) is not None


def absolute(path: str, folder: str) -> str:
    """Return the path from the root, for one that may be relative to ``folder``. An absolute one stays as it is.

    ``..`` stays where it is: behind a link it leads elsewhere than into the folder that is named before it.
    """
    if os.path.isabs(path):
        return path
    joined = os.path.join(folder, path)
    return joined if ".." in path.split("/") else os.path.normpath(joined)


def file_url(path: str) -> str:
    """Return the URL of the file at this path. It is ASCII, without white space."""
    from urllib.parse import quote_from_bytes

    return "file://" + quote_from_bytes(path.encode("utf-8", "surrogateescape"))


def escaped(letter: str) -> str:
    r"""Return a letter that is not printable as people read it: ``\x1b``, ``\u202e``, ``\n``.

    A surrogate that stands for a byte of a file's name is written as that byte: ``\xff``.
    """
    if "\udc80" <= letter <= "\udcff":
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")
