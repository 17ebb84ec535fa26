"""Decide which film a room shows, edit its queue, and move on when a film has ended or a member asks for it.

``requests`` calls `handle` and `set_file`. ``room.Room`` calls `settle` in every turn, so that the end of a film comes
about on time.

To move on means that every member needs another file. A member that has it opens it and sends SetFile. A basic member
that has not got it cannot follow, and is put out. Where the room is to play the new film, it waits at a gate until all
members that have the film stand at its start (`Schedule.start_over`). It does not wait for a member that reports to
show nothing, and it waits for none longer than a gate may be closed.

An entry without a whole hash cannot be shown yet. Where it comes next at the end of a film, the room stands at that end
until the hash is told, and then moves on. A command, or a restart of the server, ends this waiting.
"""

from hangd.engine.room import queue as queues
from hangd.engine.room.file_match import compare_files
from hangd.engine.room.roster import RoomMember
from hangd.engine.room.state import RoomData, known_duration
from hangd.protocol import messages
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import RequestId, ServerMessage
from hangd.protocol.model import ROOM_ITSELF, FileHash, FileInfo, Queue


def settle(room: RoomData, now: float) -> None:
    """End the film if it has run out by ``now``, and move on to the next entry.

    A room that was paused at the end, or sent there while it was paused, stays: only a film that plays runs out.
    """
    schedule = room.schedule
    ends_at = schedule.ends_at
    if ends_at is not None and ends_at <= now:
        room.broadcast(schedule.end(now))
    elif schedule.running and schedule.duration is None:
        if not room.roster.all_ended(schedule.timeline.rev):
            return
    elif room.awaits_hash != schedule.timeline.rev:
        return
    entry = queues.following(room.queue)
    if entry is None:
        room.awaits_hash = None
    elif entry.file_hash is None:
        room.awaits_hash = schedule.timeline.rev
    else:
        schedule.start_over(known_duration(entry.file), 0.0, now, play=True)
        _show(room, entry.file_hash, entry.file, queues.moved_on(room.queue, entry))


def handle(room: RoomData, sender: RoomMember, message: messages.FilmRequest, re: RequestId | None, now: float) -> None:
    """Carry out the request of a member that may control the room.

    Raises:
        RequestRefused: as the function of ``queue`` for this message says.
    """
    match message:
        case messages.SetMedia():
            _set_media(room, sender, message, re, now)
        case messages.QueueInsert():
            queue, ids = queues.inserted(room.queue, message)
            _edit(room, queue, messages.QueueChanged(queue, ids), sender, re)
        case messages.QueueRemove(ids=ids):
            queue = queues.removed(room.queue, ids)
            _edit(room, queue, messages.QueueChanged(queue), sender, re)
        case messages.QueueMove(ids=ids, after=after):
            queue = queues.moved(room.queue, ids, after)
            _edit(room, queue, messages.QueueChanged(queue), sender, re)
        case messages.SetEntry(id=id, file_hash=file_hash):
            queue, entry = queues.hashed(room.queue, id, file_hash)
            _edit(room, queue, messages.EntryChanged(entry), sender, re)


def set_file(room: RoomData, sender: RoomMember, message: messages.SetFile, re: RequestId | None) -> None:
    """Take in what a member says of its own file: a file of another film puts it out of the room."""
    # More about the copy that was let in already (its length, say) does not undo what its hash proved.
    same = message.file_hash is None and queues.is_same_copy(sender.file, message.file)
    if not (same and room.policy.match == "hash"):
        try:
            sender.verifying = compare_files(room, message.file_hash, message.file)
        except RequestRefused as refused:
            if queues.holds_another(room.queue, room.file_hash, message.file_hash, message.file):
                raise  # the room moved on while this was on its way: its sender stays
            room.refuse(sender.client_id, refused, re)
            room.remove(sender, "mismatch", detail=refused.message)
            return
    if not same:
        sender.file_hash = message.file_hash
    sender.file = message.file
    room.learn_file(sender.file_hash, sender.file)
    room.announce(messages.MemberChanged(sender.as_member()), sender=sender.client_id, re=re)


def _set_media(
    room: RoomData, sender: RoomMember, message: messages.SetMedia, re: RequestId | None, now: float
) -> None:
    queue = queues.moved_to(room.queue, message)
    entry = queues.current_of(queue)
    assert entry is not None and entry.file_hash is not None
    room.schedule.start_over(known_duration(entry.file), message.start, now, play=message.play)
    if message.file_hash is not None:
        sender.file_hash, sender.file = message.file_hash, message.file
    _show(room, entry.file_hash, entry.file, queue, sender, re)


def _edit(room: RoomData, queue: Queue, message: ServerMessage, sender: RoomMember, re: RequestId | None) -> None:
    """Tell all full members. Where nothing changed, only answer the sender: another member did the same before."""
    changed, room.queue = queue is not room.queue, queue
    if changed:
        room.announce(message, sender=sender.client_id, re=re)
    elif sender.full and re is not None:
        room.send((sender.client_id,), message, re)


def _show(
    room: RoomData,
    file_hash: FileHash,
    file: FileInfo,
    queue: Queue,
    sender: RoomMember | None = None,
    re: RequestId | None = None,
) -> None:
    """Show this film on the timeline that stands already, and tell everyone. No sender: the room did it itself."""
    room.file_hash, room.file, room.queue = file_hash, file, queue
    for member in tuple(room.roster):
        has_it = member.file_hash == file_hash
        member.ready = False
        member.verifying = room.policy.match == "hash" and not has_it
        if not has_it:
            member.file_hash = member.file = None
        if not member.full and not has_it:
            # It knows no MediaChanged and cannot bring another file. If it stayed, it would play the old film to
            # the new film's timeline. Put out, it knows where it is, and comes back with the new file.
            room.remove(member, "mismatch", detail="the room moved on to another film")
    timeline = room.timeline
    by = None if sender is None else sender.client_id
    room.announce(messages.MediaChanged(file_hash, file, timeline, room.queue), sender=by, re=re)
    # The change of film changed ``verifying`` and ``ready`` of all members, so everybody gets the complete room.
    room.send(room.roster.full_ids(), messages.RoomState(room.view()))
    basic = room.roster.ids(lambda member: not member.full and member is not sender)
    room.send(basic, messages.SyncBroadcast(by or ROOM_ITSELF, messages.Pause(timeline.position), timeline))
