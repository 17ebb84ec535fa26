"""Screening: which film a room shows, and how it moves on to another: asked to, or because the film has ended.

Moving on means that everybody needs another file. Who has it says so (SetFile) as it opens it; a basic member that has
not can not follow, and is out. Where the room is to play there, it waits at a gate until those who have the film stand
at its start (`Schedule.start_over`): nobody waits for a member that says it has nothing to show, and for none longer
than the gate may be closed.
"""

from hangd.engine.room import queue as queues
from hangd.engine.room.file_match import is_same_copy
from hangd.engine.room.roster import RoomMember
from hangd.engine.room.state import RoomData, known_duration
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import (
    MediaChanged,
    MemberChanged,
    Pause,
    QueueChanged,
    RequestId,
    RoomState,
    SetFile,
    SetMedia,
    SetQueue,
    SyncBroadcast,
)
from hangd.protocol.model import ROOM_ITSELF, Queue, QueueEntry

__all__ = ["Screening"]


class Screening:
    """Requests are of present members that may control the room; each is refused before it has changed anything."""

    def __init__(self, room: RoomData) -> None:
        self._room = room

    def settle(self, now: float) -> None:
        """Bring about the end of the film, if it is there, and what follows it.

        A room that was paused or sent to the end while it stood there stays: only what runs can run out.
        """
        room, schedule = self._room, self._room.schedule
        ends_at = schedule.ends_at
        if ends_at is not None and ends_at <= now:
            room.broadcast(schedule.end(now))
        elif not (schedule.running and schedule.duration is None and room.roster.all_ended(schedule.timeline.rev)):
            return
        entry = queues.following(room.queue)
        if entry is not None:
            schedule.start_over(known_duration(entry.file), 0.0, now, play=True)
            self._show(entry, queues.moved_on(room.queue, entry))

    def set_queue(self, sender: RoomMember, message: SetQueue, re: RequestId | None) -> None:
        room = self._room
        room.queue = queues.edited(room.queue, message)
        room.announce(QueueChanged(room.queue), sender=sender.client_id, re=re)

    def set_media(self, sender: RoomMember, message: SetMedia, re: RequestId | None, now: float) -> None:
        room = self._room
        queue = queues.moved_to(room.queue, message)
        entry = queues.current_of(queue)
        assert entry is not None
        room.schedule.start_over(known_duration(entry.file), message.start, now, play=message.play)
        if message.file_hash is not None:
            sender.file_hash, sender.file = message.file_hash, message.file
        self._show(entry, queue, sender, re)

    def set_file(self, sender: RoomMember, message: SetFile, re: RequestId | None) -> None:
        room = self._room
        # More about the copy that was let in already (its length, say) does not undo what its hash proved.
        same = message.file_hash is None and is_same_copy(sender.file, message.file)
        if not (same and room.policy.match == "hash"):
            try:
                sender.verifying = room.compare(message.file_hash, message.file)
            except RequestRefused as refused:
                if queues.holds_besides(room.queue, room.file_hash, message.file_hash, message.file):
                    raise  # the room moved on while this was on its way: its sender is where it belongs
                room.refuse(sender.client_id, refused, re)
                room.remove(sender, "mismatch", detail=refused.message)
                return
        if not same:
            sender.file_hash = message.file_hash
        sender.file = message.file
        room.learn_file(sender.file_hash, sender.file)
        room.announce(MemberChanged(sender.as_member()), sender=sender.client_id, re=re)

    def _show(
        self, entry: QueueEntry, queue: Queue, sender: RoomMember | None = None, re: RequestId | None = None
    ) -> None:
        """Be this film's room, whose timeline stands already, and tell everyone. No sender: it is the room's doing."""
        room = self._room
        room.file_hash, room.file, room.queue = entry.file_hash, entry.file, queue
        for member in tuple(room.roster):
            has_it = member.file_hash == entry.file_hash
            member.ready = False
            member.verifying = room.policy.match == "hash" and not has_it
            if not has_it:
                member.file_hash = member.file = None
            if not member.full and not has_it:
                # It knows no MediaChanged and can bring no other file: left in, it would play the old film to the new
                # one's timeline. Out, it knows where it stands, and comes back with the new file.
                room.remove(member, "mismatch", detail="the room moved on to another film")
        timeline = room.timeline
        by = None if sender is None else sender.client_id
        room.announce(MediaChanged(entry.file_hash, entry.file, timeline, room.queue), sender=by, re=re)
        # Who is still to prove its file, and that nobody is ready any more, changed for all at once.
        room.send(room.roster.full_ids(), RoomState(room.view()))
        basic = room.roster.ids(lambda member: not member.full and member is not sender)
        room.send(basic, SyncBroadcast(by or ROOM_ITSELF, Pause(timeline.position), timeline))
