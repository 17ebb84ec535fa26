"""Decide which film a room shows, edit its queue, and move on when a film has ended or a member asks for it.

``requests`` calls `handle` and `set_file`. ``room.Room`` calls `settle` in every turn, so that the end of a film comes
about on time.

To move on means that every member needs another file. A member that has it opens it and sends SetFile. A basic member
that has not got it cannot follow, and is put out. Where the room is to play the new film, it waits at a gate until all
members that have the film stand at its start (`Schedule.start_over`). It does not wait for a member that reports to
show nothing, and it waits for none longer than a gate may be closed. If no member has the film by then, the room
pauses at its start (`Room` reviews the gate): a clock that runs for nobody would end the film before anybody saw it.

The whole hash of the film that is shown may be unknown: reading a file takes minutes. It is told by SetEntry, or it is
that of the host's copy. Then, and when the film's quick hash or duration are told, every member that is verifying is
proven or put out.

With the policy ``loop`` the film starts again at its end, or after the last entry comes the first. Where the policy
``start`` lets the room wait, it also waits before the next film (``readiness``).
"""

from msgspec.structs import replace

from hangd.engine.film import known_duration, may_be_same
from hangd.engine.room import file_match, history, readiness, stalls
from hangd.engine.room import queue as queues
from hangd.engine.room.roster import RoomMember
from hangd.engine.room.state import RoomData
from hangd.protocol import messages
from hangd.protocol.errors import RequestRefused
from hangd.protocol.films import EntryChanged, MediaChanged, QueueChanged
from hangd.protocol.messages import RequestId, ServerMessage
from hangd.protocol.model import ROOM_ITSELF, QueueChange, QueueEntry


def settle(room: RoomData, now: float, *, members_changed: bool) -> None:
    """Compare the files of verifying members. Where the film has run out by ``now``, play it again or move on.

    A room that was paused at the end, or sent there while it was paused, stays: only a film that plays runs out. A
    film that nobody has played is not over because its length becomes known when the room is past it: the room pauses
    at 0.

    ``members_changed``: whether something may have changed of a member since the last call.
    """
    if members_changed:
        file_match.learn(room)
        if room.file_hash is None or any(member.verifying for member in room.roster):
            while _compare_first(room):
                pass
    schedule = room.schedule
    if schedule.overran(now) and not any(member.may_have_played for member in room.roster):
        room.broadcast(schedule.pause(now, at=0.0))
        return
    ends_at = schedule.ends_at
    # Files can be shorter than they say, so their players know best.
    is_due = ends_at is not None and ends_at <= now
    if not is_due and not (schedule.running and room.roster.all_ended(schedule.timeline.rev, room.may_control)):
        return
    entry = _next_entry(room)
    if room.policy.loop == "film" or (entry is not None and entry.id == room.queue.current):
        again = schedule.apply(messages.Seek(timestamp=0.0), now, room.roster.lead)
        assert again is not None, "a seek always takes effect"
        room.broadcast(again, reason="ended")
        return
    if ends_at is not None:
        room.broadcast(schedule.end(now), reason="ended")
    if entry is not None:
        waits = readiness.has_to_wait(room)
        schedule.start_over(known_duration(entry.file), 0.0, now, play=not waits)
        _show(room, queues.moved_on(room.queue, entry))
        if waits:
            readiness.wait(room, ROOM_ITSELF, now)


def _next_entry(room: RoomData) -> QueueEntry | None:
    """Return the entry that comes after the film that is shown, if any does."""
    entry = queues.following(room.queue)
    if entry is None and room.policy.loop == "queue" and room.queue.entries:
        return room.queue.entries[0]
    return entry


def handle(room: RoomData, sender: RoomMember, message: messages.FilmRequest, re: RequestId | None, now: float) -> None:
    """Carry out the request of a member that may control the room.

    Raises:
        RequestRefused: as the function of ``queue`` for this message says, and as `QueueShare.check` does.
    """
    match message:
        case messages.SetMedia():
            _set_media(room, sender, message, re, now)
        case messages.QueueInsert():
            _edit(room, queues.inserted(room.queue, message), sender, re)
        case messages.QueueRemove(ids=ids):
            _edit(room, queues.removed(room.queue, ids), sender, re)
        case messages.QueueMove(ids=ids, after=behind):
            _edit(room, queues.moved(room.queue, ids, behind), sender, re)
        case messages.SetEntry():
            if message.id == room.queue.current and message.file is not None and not file_match.counts(room, sender):
                message = replace(message, file=replace(message.file, duration=None))
            before = room.queue
            room.queue, entry = queues.learned(before, message)
            _tell(room, EntryChanged(entry), sender, re, changed=room.queue is not before)
            if entry.id == room.queue.current:
                room.describe(entry.file_hash, entry.file)


def set_file(room: RoomData, sender: RoomMember, message: messages.SetFile, re: RequestId | None) -> None:
    """Take in what a member says of its own file: a file of another film puts it out of the room.

    Raises:
        RequestRefused: NoSuchEntry, it is about an entry that is not shown now. The room moved on meanwhile.
    """
    if message.entry not in (None, room.queue.current):
        raise RequestRefused("NoSuchEntry", "the room shows another film by now")
    # More about the copy that was let in already (its length, say) does not undo what its hash proved.
    known = sender.file
    same = message.file_hash is None and known is not None and may_be_same(known, message.file)
    if not (same and room.policy.match == "hash"):
        try:
            sender.verifying = file_match.compare_files(room, message.file_hash, message.file, inside=True)
        except RequestRefused as refused:
            room.refuse(sender.client_id, refused, re)
            _has_another(room, sender, refused)
            return
    if not same:
        sender.file_hash = message.file_hash
    sender.file = message.file
    sender.returned = False
    file_match.learn(room)
    room.announce(messages.MemberChanged(sender.as_member()), sender=sender.client_id, re=re)


def _set_media(
    room: RoomData, sender: RoomMember, message: messages.SetMedia, re: RequestId | None, now: float
) -> None:
    change = queues.moved_to(room.queue, message)
    room.check_space(change)
    entry = queues.current_of(queues.after(room.queue, change))
    assert entry is not None
    waits = message.play and readiness.has_to_wait(room)
    room.schedule.start_over(known_duration(entry.file), message.start, now, play=message.play and not waits)
    if message.file is not None:
        sender.file_hash, sender.file = message.file_hash, message.file
        sender.returned = False
    _show(room, change, sender, re)
    if message.file is not None:
        room.announce(messages.MemberChanged(sender.as_member()))
    if waits:
        readiness.wait(room, sender.client_id, now)


def _compare_first(room: RoomData) -> bool:
    """Let one member's copy tell more of the film, or decide about one verifying member.

    Returns False where there is nothing of both to do.
    """
    host = room.roster.host
    if room.file_hash is None and room.file is not None and host is not None and host.file is not None:
        if host.file_hash is not None and may_be_same(room.file, host.file):
            room.learn(host.file_hash, queues.completed(room.file, host.file))
            file_match.learn(room)  # What was told before it was known that this is the film.
            return True
    for member in room.roster:
        if not member.verifying:
            continue
        try:
            compared = member.told_file and file_match.compare_files(room, member.file_hash, member.file, inside=True)
            member.verifying = compared
        except RequestRefused as refused:
            if member.role == "host":
                room.refuse(member.client_id, refused, None)
            _has_another(room, member, refused)
            return True
        if not member.verifying:
            room.announce(messages.MemberChanged(member.as_member()))
            return True
    return False


def _has_another(room: RoomData, member: RoomMember, refused: RequestRefused) -> None:
    """Put a member out whose file is another film. The host stays, without the film.

    By what others say of a film that they added, nobody takes the room away from its host.
    """
    if member.role != "host":
        room.remove(member, "mismatch", detail=refused.message)
        return
    member.file_hash = member.file = None
    member.verifying = False
    room.announce(messages.MemberChanged(member.as_member()))


def _edit(room: RoomData, change: QueueChange | None, sender: RoomMember, re: RequestId | None) -> None:
    room.check_space(change)
    room.change_queue(change)
    message = messages.Done() if change is None else QueueChanged(change, sender.client_id)
    _tell(room, message, sender, re, changed=change is not None)


def _tell(room: RoomData, message: ServerMessage, sender: RoomMember, re: RequestId | None, *, changed: bool) -> None:
    """Tell all full members. Where nothing changed, only answer the sender: another member did the same before."""
    if changed:
        room.announce(message, sender=sender.client_id, re=re)
    elif sender.full and re is not None:
        room.send((sender.client_id,), message, re)


def _show(room: RoomData, change: QueueChange, sender: RoomMember | None = None, re: RequestId | None = None) -> None:
    """Show the entry that this change makes current, on the timeline that stands already, and tell everyone.

    No sender: the room did it itself.
    """
    room.change_queue(change)
    entry = queues.current_of(room.queue)
    assert entry is not None
    history.film_changes(room, entry.file_hash, entry.file)
    room.file_hash, room.file = entry.file_hash, entry.file
    room.start = None  # Members take that from MediaChanged.
    stalls.forget(room)
    for member in tuple(room.roster):
        has_it = room.is_film(member.file_hash, member.file)
        proven = room.policy.match != "hash" or None not in (entry.file_hash, member.file_hash)
        member.change_film(room.timeline.rev, has_it=has_it, verifying=has_it and not proven)
        if not member.full and not has_it:
            # It knows no MediaChanged and cannot bring another file. If it stayed, it would play the old film to
            # the new film's timeline. Put out, it knows where it is, and comes back with the new file.
            room.remove(member, "mismatch", detail="the room moved on to another film")
    by = None if sender is None else sender.client_id
    room.announce(_media_changed(room, change, by), sender=by, re=re)
    pause = messages.SyncBroadcast(by or ROOM_ITSELF, messages.Pause(room.timeline.position), room.timeline)
    room.tell("basic", pause, but=by)


def _media_changed(room: RoomData, change: QueueChange, by: str | None) -> MediaChanged:
    assert room.file is not None
    copies = tuple(member.client_id for member in room.roster if member.told_file)
    verifying = tuple(member.client_id for member in room.roster if member.verifying)
    return MediaChanged(room.file_hash, room.file, room.timeline, change, copies, verifying, by)
