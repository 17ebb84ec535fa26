"""Room: the authority over one film that is watched together.

A room is given inputs and returns effects (``inputs``, ``effects``). By itself, when `Room.deadline` has come and
`Room.expire` is called:

- it removes a member that was away for too long; another one becomes host if that was the host
- it opens a gate when every member has settled, or when the gate has been closed for as long as it may be; it pauses
  instead if that gate is before another film, which no member has
- it closes the gate for a stall that is half a second old, or pauses, if its policy says so
- it pauses if nobody follows it any more, because all have paused while it was out of reach
- it pauses at the end of the film, plays it again, or moves on to the next entry of its queue; at 0, if it learns
  that the film was over long ago
- it starts when the countdown of a start that had to wait is over
- it compares the files of members that are verifying with what it has learned of its film
- it announces the position of a member, if that was held back so as not to flood the others
- it returns the effect ForgetRoom after ``ttl`` seconds without members

It also does all of this, except the last, before it looks at any input, so that a late timer changes no outcome.

The data is in ``state``. What members ask for is in ``requests`` and ``media``, entering in ``joining``, the timeline's
rules in ``schedule``, when a paused room may start in ``readiness``, the films' rules in ``queue``, the members' in
``roster``, their files' in ``file_match``.
"""

from collections.abc import Container
from typing import Final, assert_never

from hangd.engine.room import inputs, joining, media, readiness, requests
from hangd.engine.room import queue as queues
from hangd.engine.room.effects import ForgetRoom, RoomEffect
from hangd.engine.room.roster import RoomMember
from hangd.engine.room.saved import SavedRoom
from hangd.engine.room.state import RoomData, RoomSettings
from hangd.engine.timeline import earliest, position_at
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import GetRoom, Pause, Play, Report, RoomState, Say, SyncBroadcast
from hangd.protocol.model import ROOM_ITSELF, RoomSummary, Timeline
from hangd.protocol.model import Room as RoomView

_STALL_SECONDS: Final = 0.5
"""A shorter stall is over before a stop and a common start would be."""

_ANNOUNCE_SECONDS: Final = 1.0
_ANNOUNCE_SECONDS_PER_MEMBER: Final = 0.05
"""How often a member's position is announced if only the position changes: once a second, and less often in rooms of
more than 20, so that a room of N members costs at most 20 N messages a second rather than N squared."""

_RETURN_SECONDS: Final = 10.0
"""How long a room that nobody follows waits for its members that are away, before it pauses at a position: after a
restart of the server they come back one after the other, within seconds."""

_RTT_MAX: Final = 60.0
"""Seconds. The server gives a connection up before a ping takes that long."""


class Room:
    """One room. Its first input is inputs.CreateRequested; ``password_hash`` is that of the password in it.

    Where the times of two sources are slightly out of order, the later one counts.
    """

    def __init__(
        self, *, room_id: str, epoch: str, settings: RoomSettings, now: float, password_hash: str | None = None
    ) -> None:
        self._data = RoomData.new(room_id=room_id, epoch=epoch, settings=settings, now=now)
        self._data.set_password_hash(password_hash)
        self.room_id: Final = room_id
        self.changes = 0
        """Rises when what `saved` returns has changed, and sometimes when it has not."""
        self._counted: tuple[int, int] | None = None
        """The timeline's rev and the number of members when ``changes`` last rose. None: it has not risen yet."""
        self._now = now
        self._rev_checked = 0
        self._at_rest = False
        """Whether nothing is due before `deadline` or another input."""
        self._due = self._earliest_due()

    @classmethod
    def restored(cls, saved: SavedRoom, *, epoch: str, settings: RoomSettings, now: float) -> "Room":
        """Return a room that continues a saved one, whose times are already those of the present clock.

        ``epoch`` is a new one: changes after the room was saved are lost, and members know them under the old epoch.
        """
        room = cls(room_id=saved.room_id, epoch=epoch, settings=settings, now=now)
        room._data.restore(saved, now)
        room._do_due()
        return room

    @property
    def timeline(self) -> Timeline:
        return self._data.schedule.timeline

    def handle(self, input: inputs.RoomInput, now: float) -> list[RoomEffect]:
        """Handle one input. Returns the effects to carry out, in order. Raises nothing."""
        self._now = max(now, self._now)
        rests = self._at_rest and not _is_due(self._due, self._now)
        repeating = self._repeating(input) if rests else None
        if not rests:
            self._do_due()
        self._handle(input)
        if repeating is None:
            self._do_due()
        else:
            self._announce_in_time(repeating)
        return self._end_turn(changed=_may_change_saved(input))

    def deadline(self) -> float | None:
        """Return the earliest time at which something happens without an input. Call `expire` then."""
        return self._due

    def expire(self, now: float) -> list[RoomEffect]:
        """Do what is due at ``now``, which is not before `deadline`."""
        self._now = max(now, self._now)
        self._do_due()
        if not self._data.forgotten and _is_due(self._forgotten_at, self._now):
            self._data.forgotten, self._due = True, None
            self._data.effects.append(ForgetRoom())
        return self._end_turn(changed=False)

    def recover(self, now: float, connected: Container[str]) -> list[RoomEffect]:
        """Return the effects after which all members know the room's state again.

        Call this after `handle` has raised an exception, which is a bug, or after an effect could not be carried out.
        What the failed call had changed stays; its effects are the first that are returned. ``connected`` are the ids
        of the clients that have a connection: the others are away now, if the room has missed that.

        Raises:
            Exception: the room is inconsistent, or fails again. The caller has to close it.
        """
        room = self._data
        self._now = max(now, self._now)
        for member in tuple(room.roster):
            if member.client_id not in connected:
                self._lose(member.client_id)
        self._do_due()
        room.send(room.roster.full_ids(), RoomState(room.view()))
        position = position_at(self.timeline, self._now)
        command = Play(position) if room.schedule.running else Pause(position)
        basic = room.roster.ids(lambda member: not member.full)
        room.send(basic, SyncBroadcast(ROOM_ITSELF, command, self.timeline))
        effects = self._end_turn(changed=True)
        assert room.host_digest is not None, "a room whose creation failed has no owner"
        self.check()
        return effects

    def view(self) -> RoomView:
        """Return the room as its members see it."""
        return self._data.view()

    def saved(self) -> SavedRoom:
        """Return what the store keeps of the room, which must have been created."""
        return self._data.saved()

    def has(self, client_id: str) -> bool:
        """Tell whether this client is a member, or waits for its password to be checked."""
        return client_id in self._data.roster or client_id in self._data.pending

    def summary(self) -> RoomSummary:
        """Return what the public list shows of this room."""
        room = self._data
        return RoomSummary(
            room_id=room.room_id,
            members=len(room.roster),
            locked=room.policy.locked,
            has_password=room.policy.has_password,
            name=room.name,
            media=room.file.name if room.file is not None else None,
        )

    def check(self) -> None:
        """Assert the invariants."""
        room = self._data
        room.roster.check()
        room.schedule.check()
        readiness.check(room, self._now)
        assert not any(client_id in room.roster for client_id in room.pending)
        assert not (room.forgotten and len(room.roster))
        queues.check(room.queue, room.file_hash, room.file)
        assert not room.effects, "all effects have been returned"
        assert len(room.roster) <= room.settings.capacity
        assert len(room.former) <= room.settings.capacity
        assert not any(member.return_digest in room.former for member in room.roster)
        assert 1 <= room.policy.capacity <= room.settings.capacity
        assert room.policy.has_password == (room.password_hash is not None)
        assert (room.empty_since is None) == (len(room.roster) > 0)
        assert len(room.roster) > 0 or not room.timeline.playing
        assert self._due == self._earliest_due(), "nothing changes between two calls"
        assert self.timeline.rev >= self._rev_checked
        self._rev_checked = self.timeline.rev

    # ---- inputs -----------------------------------------------------------------------------------------------------

    def _handle(self, input: inputs.RoomInput) -> None:
        match input:
            case inputs.MessageReceived():  # first, because most inputs are
                self._request(input)
            case inputs.CreateRequested() | inputs.JoinRequested():
                joining.request(self._data, input, self._now)
            case inputs.PasswordChecked(client_id=client_id, matches=matches):
                joining.password_checked(self._data, client_id, self._now, matches=matches)
            case inputs.PasswordHashed(client_id=client_id, password_hash=password_hash):
                requests.password_hashed(self._data, client_id, password_hash)
            case inputs.ConnectionLost(client_id=client_id):
                self._lose(client_id)
            case inputs.ConnectionResumed(client_id=client_id):
                member = self._data.roster.get(client_id)
                if member is not None:
                    member.resume(self._now)
                    self._data.announce_state(member, self._now)
            case inputs.LatencyMeasured(client_id=client_id, rtt=rtt):
                member = self._data.roster.get(client_id)
                if member is not None:
                    member.delays.append(min(max(0.0, rtt), _RTT_MAX) / 2)
            case _:
                assert_never(input)

    def _request(self, input: inputs.MessageReceived) -> None:
        sender = self._data.roster.get(input.client_id)
        try:
            if sender is None or not sender.present:
                raise RequestRefused("NotInRoom", "you are not in this room")
            sender.heard_at = self._now
            requests.handle(self._data, sender, input.message, input.request_id, self._now)
        except RequestRefused as refused:
            self._data.refuse(input.client_id, refused, input.request_id)

    def _repeating(self, input: inputs.RoomInput) -> RoomMember | None:
        """Return the sender of a report that differs from its last one in position and errors only. Most inputs do.

        Unless a gate is closed, nothing follows from a position, except that it is announced.
        """
        if not isinstance(input, inputs.MessageReceived) or not isinstance(input.message, Report):
            return None
        member = self._data.roster.get(input.client_id)
        if member is None or self._data.schedule.gate is not None or not member.repeats(input.message):
            return None
        return member

    def _announce_in_time(self, member: RoomMember) -> None:
        """Do all that follows from a new position of this member, in a room that is at rest."""
        announce_at = member.announced_at + self._announcement_gap
        if announce_at <= self._now:
            self._data.announce_state(member, self._now)
        else:
            self._due = earliest(self._due, announce_at)

    def _lose(self, client_id: str) -> None:
        room = self._data
        room.pending.pop(client_id, None)
        member = room.roster.get(client_id)
        if member is None or not member.present:
            return
        if member.full:
            room.pause_without(member, self._now)
            member.lose(self._now + room.settings.away)
            room.announce_state(member, self._now)
        else:
            # A basic client has no secret to resume with. If it comes back, it is a new client.
            room.remove(member, "lost")

    # ---- time -------------------------------------------------------------------------------------------------------

    def _do_due(self) -> None:
        """Do all that is due by now, and what follows from it.

        A change of the timeline may make more due, so the room is at rest only if the timeline stayed the same.
        Members that go do so first, and announcements make nothing else due.
        """
        room, now, line = self._data, self._now, self.timeline
        for member in [m for m in room.roster if m.away_until is not None and m.away_until <= now]:
            room.remove(member, "lost")
        media.settle(room, now)
        readiness.review(room, now)
        self._review_gate()
        self._stop_for_stall()
        self._pause_for_nobody()
        gap = self._announcement_gap
        for member in room.roster:
            if member.unannounced and member.announced_at + gap <= now:
                room.announce_state(member, now)
        if len(room.roster) > 0:
            room.empty_since = None
        elif room.empty_since is None:
            room.empty_since = now
            if room.timeline.playing:
                room.schedule.pause(now)
        self._at_rest = self.timeline is line
        self._due = self._earliest_due()

    def _earliest_due(self) -> float | None:
        """Return when, without another input, `_do_due` has something to do or the room is to be forgotten."""
        room, schedule, gap = self._data, self._data.schedule, self._announcement_gap
        if room.forgotten:
            return None
        countdown_ends = room.start.at if room.start is not None else None
        due = earliest(schedule.gate_until, schedule.ends_at, self._forgotten_at, countdown_ends)
        waits = self._waits_for_stalls
        if room.timeline.playing and room.roster.all_apart(room.timeline.rev):
            due = earliest(due, self._returned_by)
        for member in room.roster:
            if member.away_until is not None and (due is None or member.away_until < due):
                due = member.away_until
            if member.unannounced and (due is None or member.announced_at + gap < due):
                due = member.announced_at + gap
            if waits:
                due = earliest(due, self._stalled_at(member))
        return due

    def _review_gate(self) -> None:
        """Open the gate if everybody that it waits for has settled, or if its time is up."""
        room, schedule, now = self._data, self._data.schedule, self._now
        match schedule.gate:
            case None:
                return
            case "seeking":
                position, rev = schedule.timeline.position, schedule.gate_rev
                opens = room.roster.all_settled_at(position, rev, loading=schedule.loading)
            case "buffering":
                opens = room.policy.wait != "everyone" or not any(member.stalls for member in room.roster)
        # After a restart of the server all members are away. The room waits for them until its time is up.
        opens = opens and any(member.present for member in room.roster)
        if not opens and _is_due(schedule.gate_until, now):
            if schedule.loading and not any(member.has_film for member in room.roster):
                room.broadcast(schedule.pause(now))  # An older client knows this, but would not know a new reason.
                return
            opens = True
            if schedule.gate == "buffering":
                room.roster.ignore_stalls()
        if opens and len(room.roster) > 0:
            room.broadcast(schedule.open_gate(now, room.roster.lead()), reason="settled")

    def _stop_for_stall(self) -> None:
        """Close the gate for a stall that has lasted long enough, or pause, if the policy says so."""
        if not self._waits_for_stalls:
            return
        room, now = self._data, self._now
        stalled = next((member for member in room.roster if _is_due(self._stalled_at(member), now)), None)
        if stalled is not None:
            pauses = room.policy.stall == "pause"
            done = room.schedule.pause(now) if pauses else room.schedule.close_gate_for_stall(now)
            room.broadcast(done, reason="stall", about=stalled.client_id)

    def _pause_for_nobody(self) -> None:
        """Pause a room that plays although nobody follows it, at the first position at which a member stands."""
        room, schedule, now = self._data, self._data.schedule, self._now
        if not room.timeline.playing or not room.roster.all_apart(room.timeline.rev):
            return
        if self._returned_by is None or self._returned_by <= now:
            room.broadcast(schedule.pause(now, at=room.roster.first_apart()), reason="apart")

    @property
    def _returned_by(self) -> float | None:
        """When members that have the film, but are away, are not waited for any more. None: there is none."""
        away = self._data.settings.away
        known = (member for member in self._data.roster if member.has_film)
        lost = [member.away_until - away for member in known if member.away_until is not None]
        return max(lost) + _RETURN_SECONDS if lost else None

    @property
    def _waits_for_stalls(self) -> bool:
        policy = self._data.policy
        return (policy.wait == "everyone" or policy.stall == "pause") and self._data.schedule.running

    @staticmethod
    def _stalled_at(member: RoomMember) -> float | None:
        """Return when a room that waits for everyone closes the gate for this member's stall."""
        return member.buffering_since + _STALL_SECONDS if member.stalls and member.buffering_since is not None else None

    @property
    def _announcement_gap(self) -> float:
        """Seconds between two announcements of a member if only its position changes."""
        return max(_ANNOUNCE_SECONDS, _ANNOUNCE_SECONDS_PER_MEMBER * len(self._data.roster))

    @property
    def _forgotten_at(self) -> float | None:
        empty_since = self._data.empty_since
        return empty_since + self._data.settings.ttl if empty_since is not None else None

    def _end_turn(self, *, changed: bool) -> list[RoomEffect]:
        """Count a change of what is saved, and return the effects since the last turn."""
        counted = (self.timeline.rev, len(self._data.roster))
        if changed or counted != self._counted:
            self.changes += 1
            self._counted = counted
        effects, self._data.effects = self._data.effects, []
        return effects


def _may_change_saved(input: inputs.RoomInput) -> bool:
    """Tell whether this input may change what is saved of a room, apart from the timeline and the members' number."""
    if isinstance(input, inputs.MessageReceived):
        return not isinstance(input.message, Report | Say | GetRoom)  # These are frequent.
    return not isinstance(input, inputs.ConnectionInput)  # After a restart everybody is away.


def _is_due(time: float | None, now: float) -> bool:
    return time is not None and time <= now
