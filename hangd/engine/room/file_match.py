"""Decide whether a member's file is the film that the room watches. Called on joining and on SetFile.

The hash of the whole file decides. A member that only has the quick hash yet (milliseconds instead of minutes) may
enter and is *verifying* until its whole hash decides. None of this is proof, since a client can claim any hash: it
prevents that people watch different cuts by mistake, and does not keep out anybody with bad intentions.
"""

from typing import Final

from hangd.engine.room.state import RoomData
from hangd.protocol.errors import RequestRefused
from hangd.protocol.model import FileInfo

_DURATION_TOLERANCE: Final = 1.0
"""Seconds. Containers round the length of one film differently, by a frame or two of audio; cuts differ by more."""


def compare_files(room: RoomData, file_hash: str | None, file: FileInfo | None) -> bool:
    """Return whether a member with this file still has to tell its whole hash (True: it is ``verifying``).

    Raises:
        RequestRefused: FileHashMismatch, with what differs: it is not the room's film.
    """
    match, room_file = room.policy.match, room.file
    if match == "none" or file_hash == room.file_hash:
        return False
    if match == "duration":
        _compare_durations(room_file, file)
        return False
    if file_hash is not None:
        raise _mismatch(room_file, file)
    if file is None or file.quick_hash is None:
        raise RequestRefused.file_mismatch("this room takes only its own film: it needs your file's hash")
    if room_file is None:
        # A basic client created the room and told only the whole hash, so the quick hash cannot be compared.
        return True
    if room_file.size != file.size or room_file.quick_hash not in (None, file.quick_hash):
        raise _mismatch(room_file, file)
    return True


def _compare_durations(room_file: FileInfo | None, file: FileInfo | None) -> None:
    theirs = file.duration if file is not None else None
    ours = room_file.duration if room_file is not None else None
    if ours is None:
        raise RequestRefused.file_mismatch("this room compares durations, and does not know its own film's yet")
    if theirs is None:
        raise RequestRefused.file_mismatch("this room compares durations: it needs your file's")
    if abs(ours - theirs) > _DURATION_TOLERANCE:
        raise RequestRefused.file_mismatch(
            f"your file is {theirs:.1f} s long, the room's {ours:.1f} s",
            differs="duration",
            room_duration=ours,
            your_duration=theirs,
        )


def _mismatch(room_file: FileInfo | None, file: FileInfo | None) -> RequestRefused:
    if room_file is None or file is None:
        return RequestRefused.file_mismatch("your file is not the one that this room watches")
    if room_file.size != file.size:
        return RequestRefused.file_mismatch(
            f"your file is {file.size} bytes long, the room's {room_file.size}: it is another file",
            differs="size",
            room_size=room_file.size,
            your_size=file.size,
        )
    return RequestRefused.file_mismatch(
        "your file is as long as the room's, but its content differs: one of the two may be damaged", differs="content"
    )
