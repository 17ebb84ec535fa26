"""Decide whether a member's file is a copy of the film that the room shows, and whose copy says what the film is like.

Where ``match`` is "hash", the hash of the whole file decides. Until the room knows that of its film and the member that
of its copy (minutes), size and quick hash (milliseconds) let the member in, and it is *verifying*. Where ``match`` is
"duration", the durations decide, and a member is verifying until the room knows that of its film. Where it is "none",
every file is a copy. None of this is proof, since a client can claim any hash: it prevents that people watch different
cuts by mistake, and does not keep out anybody with bad intentions.

A length ends the film, and a hash puts members out, so what the room believes of its film is not what anybody tells
(`learn`). The host's copy counts, if its hash is the film's: what it says replaces what was known. Where the host has
told of no such copy, or its client is basic and could not say more later, those count that may control the room, for
what is not known yet. A viewer's word never counts.
"""

from msgspec.structs import replace

from hangd.engine.film import DURATION_TOLERANCE, known_duration, may_be_same
from hangd.engine.room import queue as queues
from hangd.engine.room.roster import RoomMember
from hangd.engine.room.state import RoomData
from hangd.protocol.errors import RequestRefused
from hangd.protocol.model import FileInfo


def learn(room: RoomData) -> None:
    """Take in what the copies of those members say whose word about the film counts, and tell all full members."""
    known, told = room.file, _told_by_host(room)
    if told is not None:
        if told is known:  # This is asked in every turn, and nearly always so.
            return
        known = known or told
        quick_hash, duration = told.quick_hash or known.quick_hash, told.duration or known.duration
        if (told.size, quick_hash, duration) != (known.size, known.quick_hash, known.duration) or room.file is None:
            room.learn(room.file_hash, replace(known, size=told.size, quick_hash=quick_hash, duration=duration))
        return
    if known is not None and None not in (known.quick_hash, known.duration):
        return
    # This is asked in every turn, and most members of a room without a known file have told of none.
    for member in [one for one in room.roster.members.values() if one.file is not None]:
        if room.may_control(member) and (told := _told(room, member)) is not None:
            room.learn(room.file_hash, told if room.file is None else queues.completed(room.file, told))


def counts(room: RoomData, member: RoomMember) -> bool:
    """Tell whether what this member says of the film that is shown counts."""
    return member.role == "host" or (_told_by_host(room) is None and room.may_control(member))


def _told_by_host(room: RoomData) -> FileInfo | None:
    host = room.roster.host
    return None if host is None or not host.full else _told(room, host)


def _told(room: RoomData, member: RoomMember) -> FileInfo | None:
    """Return what a member has told of its copy, if that is the very film by its hash."""
    return member.file if room.is_film(member.file_hash, member.file) else None


def compare_files(room: RoomData, file_hash: str | None, file: FileInfo | None, *, inside: bool = False) -> bool:
    """Return whether it is not known yet if this file is a copy of the film (True: its member is ``verifying``).

    ``inside``: it is a member's, which knows what the film is like. Others are told no more than that theirs is none.

    Raises:
        RequestRefused: FileHashMismatch, with what differs: it is no copy of the film.
    """
    match, room_file = room.policy.match, room.file
    if match == "none" or (file_hash is not None and file_hash == room.file_hash):
        return False
    if match == "duration":
        return not room.is_film(file_hash, file) and _compare_durations(room_file, file, inside)
    if file_hash is not None and room.file_hash is not None:
        raise _mismatch(room_file, file, inside)
    if file_hash is None and (file is None or file.quick_hash is None):
        raise RequestRefused.file_mismatch("this room takes only its own film: it needs your file's hash")
    # Either may be unknown: basic clients tell the whole hash alone.
    if room_file is not None and file is not None and not may_be_same(room_file, file):
        raise _mismatch(room_file, file, inside)
    return True


def _compare_durations(room_file: FileInfo | None, file: FileInfo | None, inside: bool) -> bool:
    theirs = known_duration(file)
    ours = known_duration(room_file)
    if theirs is None:
        raise RequestRefused.file_mismatch("this room compares durations: it needs your file's")
    if ours is None:
        return True
    if abs(ours - theirs) > DURATION_TOLERANCE and not inside:
        raise RequestRefused.file_mismatch("your file is not as long as the room's film", differs="duration")
    if abs(ours - theirs) > DURATION_TOLERANCE:
        raise RequestRefused.file_mismatch(
            f"your file is {theirs:.1f} s long, the room's {ours:.1f} s",
            differs="duration",
            room_duration=ours,
            your_duration=theirs,
        )
    return False


def _mismatch(room_file: FileInfo | None, file: FileInfo | None, inside: bool) -> RequestRefused:
    if room_file is None or file is None:
        return RequestRefused.file_mismatch("your file is not the one that this room watches")
    if room_file.size != file.size and not inside:
        return RequestRefused.file_mismatch(
            "your file is not as many bytes long as the room's: it is another file", differs="size"
        )
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
