"""Room: the authority over one film that is watched together.

A room is given inputs and returns effects (``inputs``, ``effects``). By itself, when `Room.deadline` has come and
`Room.expire` is called:

- it removes a member that was away for too long; another one becomes host if that was the host
- it opens a gate when every member has settled, or when the gate has been closed for as long as it may be; it pauses
  instead if that gate is before another film, which no member has
- it closes the gate for a stall that is half a second old, or pauses, if its policy says so (``stalls``)
- it pauses if nobody follows it any more, because all have paused while it was out of reach
- it pauses at the end of the film, plays it again, or moves on to the next entry of its queue; at 0, if it learns
  that the film was over long ago
- it starts when the countdown of a start that had to wait is over
- it compares the files of members that are verifying with what it has learned of its film
- it tells the members what the others' players do, as far as that was held back so as not to flood them (``untold``)
- it returns the effect ForgetRoom after ``ttl`` seconds without members, or sooner (``attendance``)

It also does all of this, except the last, before it looks at any input, so that a late timer changes no outcome.

The data is in ``state``. What members ask for is in ``requests`` and ``media``, entering in ``joining``, the timeline's
rules in ``schedule``, when a paused room may start in ``readiness``, the films' rules in ``queue``, the members' in
``roster``, their files' in ``file_match``, what is kept of a film that was watched in ``history``.
"""

from collections.abc import Container
from math import inf
from typing import Final, assert_never

from hangd.engine.room import history, inputs, media, readiness, requests, stalls, views
from hangd.engine.room import queue as queues
from hangd.engine.room.admission import attendance, bans, inviting, joining
from hangd.engine.room.effects import ForgetRoom, RoomEffect
from hangd.engine.room.queue_space import QueueShare, size_of, unlimited
from hangd.engine.room.saved import BasicMember, SavedRoom
from hangd.engine.room.state import RoomData, RoomSettings
from hangd.engine.timeline import earliest
from hangd.protocol.errors import RequestRefused
from hangd.protocol.invites import GetBans, GetInvites
from hangd.protocol.messages import GetRoom, Pause, Play, Report, RoomState, Say, Seek, Speed, Stop, SyncBroadcast
from hangd.protocol.model import Room as RoomView
from hangd.protocol.model import RoomSummary, Timeline

_RETURN_SECONDS: Final = 10.0
"""How long a room that nobody follows waits for its members that are away, before it pauses at a position: after a
restart of the server they come back one after the other, within seconds."""

_READING: Final = frozenset({Report, Say, GetRoom, GetInvites, GetBans})
"""Messages that change nothing that is saved."""

_COMMANDS: Final = frozenset({Play, Pause, Seek, Speed, Stop})


class Room:
    """One room. Its first input is inputs.CreateRequested; ``password_hash`` is that of the password in it.
    ``queue_share``: the memory for its queue. None: as much as it needs. Whoever has given it ends it.

    Where the times of two sources are slightly out of order, the later one counts.
    """

    def __init__(
        self,
        *,
        room_id: str,
        epoch: str,
        settings: RoomSettings,
        now: float,
        password_hash: str | None = None,
        queue_share: QueueShare | None = None,
    ) -> None:
        self._data = RoomData.new(
            room_id=room_id, epoch=epoch, settings=settings, now=now, queue_share=queue_share or unlimited()
        )
        self._data.set_password_hash(password_hash)
        self.room_id: Final = room_id
        self.changes = 0
        """Rises when what `saved` returns has changed, and sometimes when it has not. What the room learns of the film
        that it watches (`Watching`) raises it once a minute only."""
        self._counted: tuple[int, int, float] | None = None
        """The timeline's rev, `Roster.changes` and the time attended when ``changes`` last rose. None: it has not."""
        self._now = now
        self._rev_checked = 0
        self._at_rest = False
        """Whether nothing is due before `deadline` or another input."""
        self._members_changed = True
        """Whether something may have changed of a member since all of them were looked at, which takes a while."""
        self._members_due: float | None = None
        """When something is due because of a member, beside its stall."""
        self._due = self._earliest_due()
        """When something is due beside what is to be told of the members' players. Infinity: never."""

    @classmethod
    def restored(
        cls,
        saved: SavedRoom,
        *,
        epoch: str,
        settings: RoomSettings,
        now: float,
        queue_share: QueueShare | None = None,
    ) -> "Room":
        """Return a room that continues a saved one, whose times are already those of the present clock.

        Basic members among the saved ones are present. Tell it of those that have lost their connections meanwhile.
        ``epoch`` is a new one: changes after the room was saved are lost, and members know them under the old epoch.
        """
        room = cls(room_id=saved.room_id, epoch=epoch, settings=settings, now=now, queue_share=queue_share)
        room._data.restore(saved, now)
        room._do_due()
        room._at_rest = False  # The history is looked at in the first turn: here nobody would take its effects.
        return room

    @property
    def timeline(self) -> Timeline:
        return self._data.schedule.timeline

    def handle(self, input: inputs.RoomInput, now: float) -> list[RoomEffect]:
        """Handle one input. Returns the effects to carry out, in order. Raises nothing."""
        self._now = now if now > self._now else self._now
        rests = self._at_rest and self._due > self._now
        if rests and type(input) is inputs.LatencyMeasured:
            self._handle(input)  # It counts when the room starts the next time.
            return []
        repeating = rests and self._is_repeating(input)
        if not rests:
            self._catch_up()
        else:
            self._tell_reports()
            if self._data.stalls_counted is not None:
                stalls.count(self._data, self._now)  # The input may end a stall.
        self._members_changed |= not _is_command(input)
        self._handle(input)
        if repeating:
            self._tell_reports()
        else:
            self._catch_up()
        return self._end_turn(changed=_may_change_saved(input))

    def deadline(self) -> float | None:
        """Return the earliest time at which something happens without an input. Call `expire` then."""
        return None if (deadline := min(self._due, self._data.untold_deadline)) == inf else deadline

    def is_due(self, now: float) -> bool:
        """Tell whether there is something to do before an input at ``now``."""
        return self._due <= now or self._data.untold_due <= now

    def catch_up(self, now: float) -> list[RoomEffect]:
        """Do what is due at ``now``, except to forget the room: before an input, to tell apart what follows from it."""
        self._now = max(now, self._now)
        self._wake()
        return self._end_turn(changed=False)

    def expire(self, now: float) -> list[RoomEffect]:
        """Do what is due at ``now``, which is not before `deadline`."""
        self._now = max(now, self._now)
        self._wake()
        if not self._data.forgotten and _is_due(self._forgotten_at, self._now):
            self._data.forgotten, self._due = True, inf
            joining.close(self._data)
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
        self._members_changed = True
        for member in tuple(room.roster):
            if member.client_id not in connected:
                self._lose(member.client_id)
        self._catch_up()
        room.tell("full", RoomState(room.view()))
        room.tell("basic", views.standing(room, self._now))
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

    @property
    def is_created(self) -> bool:
        """Whether its first input has come. Before that there is nothing to save."""
        return self._data.host_digest is not None

    def has(self, client_id: str) -> bool:
        """Tell whether this client is a member, or waits for its password to be checked."""
        return client_id in self._data.roster or client_id in self._data.pending

    def is_member(self, client_id: str) -> bool:
        return client_id in self._data.roster

    @property
    def member_count(self) -> int:
        return len(self._data.roster)

    @property
    def queue_share(self) -> QueueShare:
        return self._data.queue_share

    @property
    def host_id(self) -> str | None:
        """The client id of the host. None: there are no members."""
        host = self._data.roster.host
        return None if host is None else host.client_id

    def is_present(self, client_id: str) -> bool:
        """Tell whether this client is a member that is not away."""
        member = self._data.roster.get(client_id)
        return member is not None and member.present

    def knows(self, tag: str) -> bool:
        """Tell whether a member has this tag (`hangd.engine.room.admission.identity`)."""
        return any(tag in member.tags for member in self._data.roster)

    @property
    def makes_place(self) -> bool:
        """Whether it may be removed for another room (``attendance``): nobody is there but who is away, if anybody."""
        return attendance.makes_place(self._data)

    @property
    def makes_place_of_many(self) -> bool:
        """The same where it is one of very many rooms from one network."""
        return attendance.makes_place(self._data, of_many=True)

    def attendance(self) -> tuple[int, int]:
        """Return how many members there are, and how many of them are present."""
        members = self._data.roster.members.values()
        return len(members), sum(member.present for member in members)

    def summary(self) -> RoomSummary:
        """Return what the public list shows of this room."""
        return views.summary(self._data)

    def standing(self, now: float) -> SyncBroadcast:
        """Return what tells a basic member where the timeline is at ``now``."""
        return views.standing(self._data, now)

    def basic_members(self) -> tuple[BasicMember, ...]:
        """Return what `saved` leaves out, for an owner that takes the room over while these are still connected."""
        return self._data.roster.basic()

    def check(self) -> None:
        """Assert the invariants."""
        room = self._data
        room.roster.check()
        room.schedule.check()
        readiness.check(room, self._now)
        assert not any(client_id in room.roster for client_id in room.pending)
        assert {id for id, one in room.pending.items() if one.password_hash is not None} <= room.comparing
        assert room.comparing or not room.pending, "who waits, waits for a comparison"
        attendance.check(room)
        stalls.check(room)
        assert all(client_id in room.roster for client_id in (*room.untold.states, *room.untold.positions))
        bans.check_roster(room)
        inviting.check(room)
        assert not (room.forgotten and len(room.roster))
        queues.check(room.queue, room.file_hash, room.file)
        assert room.queue_share.used == size_of(room.queue.entries)
        assert not room.effects, "all effects have been returned"
        assert len(room.roster) <= room.settings.capacity + any(member.owner for member in room.roster)
        assert len(room.former) <= room.settings.capacity
        assert not any(member.return_digest in room.former for member in room.roster)
        assert 1 <= room.policy.capacity <= room.settings.capacity
        assert room.policy.has_password == (room.password_hash is not None)
        assert (room.empty_since is None) == (len(room.roster) > 0)
        assert len(room.roster) > 0 or not room.timeline.playing
        assert self._due == self._earliest_due(), "nothing changes between two calls"
        if not self._members_changed and not room.forgotten:
            assert self._members_due == self._due_of_members(), "a command changes no member"
        assert self.timeline.rev >= self._rev_checked
        self._rev_checked = self.timeline.rev

    # ---- inputs -----------------------------------------------------------------------------------------------------

    def _handle(self, input: inputs.RoomInput) -> None:
        match input:
            case inputs.MessageReceived():  # first, because most inputs are
                self._request(input)
            case inputs.CreateRequested() | inputs.JoinRequested():
                joining.request(self._data, input, self._now)
            case inputs.AnswerLost(request=request):
                self.changes += joining.answer_lost(self._data, request, self._now)
            case inputs.PasswordChecked() | inputs.CheckLost():
                joining.password_checked(self._data, input, self._now)
            case inputs.PasswordHashed(client_id=client_id, password_hash=password_hash):
                requests.password_hashed(self._data, client_id, password_hash)
            case inputs.HashLost(client_id=client_id):
                requests.hash_lost(self._data, client_id)
            case inputs.ConnectionLost(client_id=client_id):
                self._lose(client_id)
            case inputs.ConnectionResumed(client_id=client_id, identity=identity):
                self.changes += joining.resumed(self._data, client_id, identity, self._now)
            case inputs.LatencyMeasured(client_id=client_id, rtt=rtt):
                if (member := self._data.roster.get(client_id)) is not None:
                    member.measured(rtt)
            case inputs.IdentityChanged(client_id=client_id, identity=identity):
                if (member := joining.identified(self._data, client_id, identity, self._now)) is not None:
                    self._data.announce_member(member)
            case inputs.AccountEnded(tag=tag, reason=reason, detail=detail):
                for member in [member for member in self._data.roster if tag in member.tags]:
                    self._data.pause_without(member, self._now)
                    self._data.remove(member, reason, detail=detail)
            case inputs.AdminRemoved(client_id=client_id, detail=detail):
                if (member := self._data.roster.get(client_id)) is not None:
                    self._data.pause_without(member, self._now)
                    self._data.remove(member, "removed", detail=detail)
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

    def _is_repeating(self, input: inputs.RoomInput) -> bool:
        """Tell whether this is a report that differs from its sender's last one in position and errors only. Most
        inputs are.

        Unless a gate is closed, nothing follows from a position, except that it is told.
        """
        if type(input) is not inputs.MessageReceived or type(input.message) is not Report:
            return False
        member = self._data.roster.get(input.client_id)
        return member is not None and self._data.schedule.gate is None and member.repeats(input.message)

    def _review_history(self) -> None:
        if history.review(self._data, self._now):
            self.changes += 1

    def _lose(self, client_id: str) -> None:
        room = self._data
        room.pending.pop(client_id, None)
        member = room.roster.get(client_id)
        if member is None or not member.present:
            return
        if member.full:
            room.pause_without(member, self._now)
            member.lose(self._now + room.settings.away)
            room.roster.presence_changed()
            room.announce_member(member)
        else:
            # A basic client has no secret to resume with. If it comes back, it is a new client.
            room.remove(member, "lost")

    # ---- time -------------------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        """Do what is due. Most often some positions are to be told, which makes nothing else due."""
        if self._at_rest and self._due > self._now:
            self._tell_reports()
        else:
            self._members_changed = True
            self._catch_up()

    def _tell_reports(self) -> None:
        if self._data.untold_due <= self._now:
            self._data.tell_reports(self._now)
            self._review_history()

    def _catch_up(self) -> None:
        """Do all that is due by now, and keep in the history what has come of it."""
        self._do_due()
        self._review_history()

    def _do_due(self) -> None:
        """Do all that is due by now, and what follows from it.

        A change of the timeline may make more due, so the room is at rest only if the timeline stayed the same.
        Members that go do so first, and announcements make nothing else due.
        """
        room, now, line = self._data, self._now, self.timeline
        if self._members_changed or _is_due(self._members_due, now):
            self._members_changed = True
            for member in [m for m in room.roster if m.away_until is not None and m.away_until <= now]:
                room.remove(member, "lost")
        room.tell_reports(now)
        media.settle(room, now, members_changed=self._members_changed)
        attendance.review(room, now)
        stalls.count(room, now)
        readiness.review(room, now)
        self._review_gate()
        stalls.stop(room, now)
        self._pause_for_nobody()
        if room.roster.members:
            room.empty_since = None
        elif room.empty_since is None:
            room.empty_since = now
            if room.timeline.playing:
                room.schedule.pause(now)
        self._at_rest = self.timeline is line
        self._members_changed |= not self._at_rest
        self._due = self._earliest_due()
        self._members_changed = not self._at_rest

    def _earliest_due(self) -> float:
        """Return when, without another input, `_do_due` has something to do or the room is to be forgotten."""
        room, schedule = self._data, self._data.schedule
        if room.forgotten:
            return inf
        if self._members_changed:
            self._members_due = self._due_of_members()
        starts, stalls_end = None if room.start is None else room.start.at, stalls.due(room)
        due = earliest(schedule.gate_until, schedule.ends_at, self._forgotten_at, self._members_due, starts, stalls_end)
        if room.timeline.playing and room.roster.all_apart(room.timeline.rev, room.may_control):
            due = earliest(due, self._returned_by)
        return inf if due is None else due

    def _due_of_members(self) -> float | None:
        return min((m.away_until for m in self._data.roster if m.away_until is not None), default=None)

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
        # Nobody has been heard after a restart of the server, or a change of the owner: full members are away. The room
        # waits for them until its time is up.
        opens = opens and any(member.present and member.heard_at is not None for member in room.roster)
        if not opens and _is_due(schedule.gate_until, now):
            if schedule.loading and not any(member.has_film for member in room.roster):
                room.broadcast(schedule.pause(now))  # An older client knows this, but would not know a new reason.
                return
            opens = True
            if schedule.gate == "buffering":
                room.roster.ignore_stalls()
        if opens and len(room.roster) > 0:
            room.broadcast(schedule.open_gate(now, room.roster.lead()), reason="settled")

    def _pause_for_nobody(self) -> None:
        """Pause a room that plays although nobody follows it, at the first position at which a member stands."""
        room, schedule, now = self._data, self._data.schedule, self._now
        if not room.timeline.playing or not room.roster.all_apart(room.timeline.rev, room.may_control):
            return
        if self._returned_by is None or self._returned_by <= now:
            room.broadcast(schedule.pause(now, at=room.roster.first_apart(room.may_control)), reason="apart")

    @property
    def _returned_by(self) -> float | None:
        """When members that have the film, but are away, are not waited for any more. None: there is none."""
        away = self._data.settings.away
        known = (member for member in self._data.roster if member.has_film)
        lost = [member.away_until - away for member in known if member.away_until is not None]
        return max(lost) + _RETURN_SECONDS if lost else None

    @property
    def _forgotten_at(self) -> float | None:
        empty_since = self._data.empty_since
        return empty_since + attendance.ttl(self._data) if empty_since is not None else None

    def _end_turn(self, *, changed: bool) -> list[RoomEffect]:
        """Count a change of what is saved, and return the effects since the last turn."""
        counted = (self.timeline.rev, self._data.roster.changes, self._data.attended)
        if changed or counted != self._counted:
            self.changes += 1
            self._counted = counted
        effects, self._data.effects = self._data.effects, []
        return effects


def _is_command(input: inputs.RoomInput) -> bool:
    """Tell whether this is a request that concerns the timeline alone."""
    return isinstance(input, inputs.MessageReceived) and type(input.message) in _COMMANDS


def _may_change_saved(input: inputs.RoomInput) -> bool:
    """Tell whether this input may change what is saved of a room, apart from the timeline, and who is a member."""
    if isinstance(input, inputs.MessageReceived):
        return type(input.message) not in _READING
    return isinstance(input, inputs.PasswordHashed | inputs.IdentityChanged)


def _is_due(time: float | None, now: float) -> bool:
    return time is not None and time <= now
