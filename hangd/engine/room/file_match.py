"""Decide whether a member's file is a copy of the film that the room shows: on joining, on SetFile, when more is known.

Where ``match`` is "hash", the hash of the whole file decides. Until the room knows that of its film and the member that
of its copy (minutes), size and quick hash (milliseconds) let the member in, and it is *verifying*. Where ``match`` is
"duration", the durations decide, and a member is verifying until the room knows that of its film. Where it is "none",
every file is a copy. None of this is proof, since a client can claim any hash: it prevents that people watch different
cuts by mistake, and does not keep out anybody with bad intentions.
"""

from hangd.engine.film import DURATION_TOLERANCE, known_duration, may_be_same
from hangd.engine.room.state import RoomData
from hangd.protocol.errors import RequestRefused
from hangd.protocol.model import FileInfo


def compare_files(room: RoomData, file_hash: str | None, file: FileInfo | None) -> bool:
    """Return whether it is not known yet if this file is a copy of the film (True: its member is ``verifying``).

    Raises:
        RequestRefused: FileHashMismatch, with what differs: it is no copy of the film.
    """
    match, room_file = room.policy.match, room.file
    if match == "none" or (file_hash is not None and file_hash == room.file_hash):
        return False
    if match == "duration":
        return not room.is_film(file_hash, file) and _compare_durations(room_file, file)
    if file_hash is not None and room.file_hash is not None:
        raise _mismatch(room_file, file)
    if file_hash is None and (file is None or file.quick_hash is None):
        raise RequestRefused.file_mismatch("this room takes only its own film: it needs your file's hash")
    # Either may be unknown: basic clients tell the whole hash alone.
    if room_file is not None and file is not None and not may_be_same(room_file, file):
        raise _mismatch(room_file, file)
    return True


def _compare_durations(room_file: FileInfo | None, file: FileInfo | None) -> bool:
    theirs = known_duration(file)
    ours = known_duration(room_file)
    if theirs is None:
        raise RequestRefused.file_mismatch("this room compares durations: it needs your file's")
    if ours is None:
        return True
    if abs(ours - theirs) > DURATION_TOLERANCE:
        raise RequestRefused.file_mismatch(
            f"your file is {theirs:.1f} s long, the room's {ours:.1f} s",
            differs="duration",
            room_duration=ours,
            your_duration=theirs,
        )
    return False


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
