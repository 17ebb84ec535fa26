"""Compare what is known of two files: whether they are the same file, or two copies of one film.

A room compares its members' files with its film, and a client what it has here with what the room shows. A whole hash
decides; size and quick hash decide until it is known.
"""

from typing import Final

from hangd.protocol.model import FileHash, FileInfo, Match

DURATION_TOLERANCE: Final = 2.0
"""Seconds. Encodings of one film differ by a title card or the rounding of their container; cuts differ by more."""


def known_duration(file: FileInfo | None) -> float | None:
    """Return the film's duration in seconds, if it is known. A file that says 0 s does not know its duration."""
    return (file.duration or None) if file is not None else None


def may_be_same(one: FileInfo, other: FileInfo) -> bool:
    """Tell whether nothing that is known of both files tells them apart."""
    return one.size == other.size and (None in (one.quick_hash, other.quick_hash) or one.quick_hash == other.quick_hash)


def is_same(
    one_hash: FileHash | None, one: FileInfo | None, other_hash: FileHash | None, other: FileInfo | None
) -> bool:
    """Tell whether two files are the same by a hash: the whole hash if both are known, else the quick hash."""
    if one_hash is not None and other_hash is not None:
        return one_hash == other_hash
    if one is None or other is None or one.quick_hash is None:
        return False
    return (one.size, one.quick_hash) == (other.size, other.quick_hash)


def is_copy(
    match: Match, film_hash: FileHash | None, film: FileInfo | None, file_hash: FileHash | None, file: FileInfo
) -> bool | None:
    """Tell whether a room that compares files in this way would take ``file`` as a copy of its film.

    None: that depends on the file's duration, which is not known yet.
    """
    if match == "none" or is_same(file_hash, file, film_hash, film):
        return True
    if match == "hash":
        return False
    wanted, duration = known_duration(film), known_duration(file)
    if duration is None:
        return None
    return wanted is None or abs(wanted - duration) <= DURATION_TOLERANCE
