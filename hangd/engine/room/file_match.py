"""Who may come in, as far as files go: is the newcomer's copy the film that this room watches?

A whole hash decides. Where there is only the quick hash (milliseconds instead of minutes), the member comes in at once
and is *verifying* until its whole hash is known and decides. Nothing of this is proof, a client can claim any hash:
it keeps people from watching different cuts by mistake, and nobody out who means harm.
"""

from typing import Final

from hangd.protocol.errors import RequestRefused
from hangd.protocol.model import FileInfo, Match

__all__ = ["compare_files", "is_same_copy"]

_DURATION_TOLERANCE: Final = 1.0
"""Seconds. Containers of one film round its length differently, by a frame or two of sound; cuts differ by more."""


def compare_files(
    match: Match, *, room_hash: str, room_file: FileInfo | None, file_hash: str | None, file: FileInfo | None
) -> bool:
    """Return whether a member with this file is still ``verifying`` (True), or needs no more proof (False).

    Raises:
        RequestRefused: FileHashMismatch, with what differs: the file does not belong in this room.
    """
    if match == "none" or file_hash == room_hash:
        return False
    if match == "duration":
        _compare_durations(room_file, file)
        return False
    if file_hash is not None:
        raise _mismatch(room_file, file)
    if file is None or file.quick_hash is None:
        raise RequestRefused("FileHashMismatch", "this room takes only its own film: it needs your file's hash")
    if room_file is None:
        # A basic client made the room, and told only the whole hash: that alone can tell, and it will.
        return True
    if room_file.size != file.size or room_file.quick_hash not in (None, file.quick_hash):
        raise _mismatch(room_file, file)
    return True


def is_same_copy(known: FileInfo | None, told: FileInfo) -> bool:
    """Tell whether ``told`` only says more about the file that was ``known`` already."""
    if known is None or known.size != told.size:
        return False
    return None in (known.quick_hash, told.quick_hash) or known.quick_hash == told.quick_hash


def _compare_durations(room_file: FileInfo | None, file: FileInfo | None) -> None:
    theirs = file.duration if file is not None else None
    ours = room_file.duration if room_file is not None else None
    if ours is None:
        raise RequestRefused("FileHashMismatch", "this room compares durations, and does not know its own film's yet")
    if theirs is None:
        raise RequestRefused("FileHashMismatch", "this room compares durations: it needs your file's")
    if abs(ours - theirs) > _DURATION_TOLERANCE:
        raise RequestRefused(
            "FileHashMismatch",
            f"your file is {theirs:.1f} s long, the room's {ours:.1f} s",
            details={"differs": "duration", "room_duration": ours, "your_duration": theirs},
        )


def _mismatch(room_file: FileInfo | None, file: FileInfo | None) -> RequestRefused:
    if room_file is None or file is None:
        return RequestRefused("FileHashMismatch", "your file is not the one that this room watches")
    if room_file.size != file.size:
        return RequestRefused(
            "FileHashMismatch",
            f"your file is {file.size} bytes long, the room's {room_file.size}: it is another file",
            details={"differs": "size", "room_size": room_file.size, "your_size": file.size},
        )
    return RequestRefused(
        "FileHashMismatch",
        "your file is as long as the room's, but its content differs: one of the two may be damaged",
        details={"differs": "content"},
    )
