"""Room: the authority over one film watched together. Who is in it, what the rules are, where the film stands.

A Room is told facts and answers with orders (``hangd.engine.room.effects``); it reads no clock and waits for
nothing. What it does of its own accord, by ``deadline()`` and ``expire()``:

- an away member's time is up: it is gone for good, and another becomes host if it was
- everyone stands where a gate sent them, or it was closed for as long as one may be: it opens
- a stall is half a second old, in a room that waits for everyone: the gate closes
- the film ran to its end: the room pauses there, or moves on to the next of its queue
- a member's position, held back so as not to flood the others, is told
- nobody has been in for ``ttl``: the room is to be forgotten

All but the last also comes about before any input is looked at, so that a late timer changes no outcome. What members
ask for is in ``requests``, who comes in is in ``door``, the timeline's rules are in ``schedule``, the films' in
``media`` and ``queue``, the members' in ``membership``, their files' in ``admission``.

``now`` does not run back: where the stamps of two sources cross by a hair, the later one stands.
"""

from typing import Final, assert_never

from hangd.engine.room import queue as queues
from hangd.engine.room.effects import (
    ConnectionLost,
    ConnectionResumed,
    CreateRequested,
    ForgetRoom,
    JoinRequested,
    LatencyMeasured,
    MessageReceived,
    PasswordChecked,
    PasswordHashed,
    RoomEffect,
    RoomInput,
)
from hangd.engine.room.joining import Door
from hangd.engine.room.media import RoomMedia
from hangd.engine.room.refusal import as_error
from hangd.engine.room.requests import Requests
from hangd.engine.room.roster import Occupant
from hangd.engine.room.saved import SavedRoom
from hangd.engine.room.state import Assembly, RoomSettings
from hangd.engine.timeline import earliest
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import GetRoom, Report, Say
from hangd.protocol.model import Room as Snapshot
from hangd.protocol.model import RoomSummary, Timeline

__all__ = ["Room", "RoomSettings"]

_STALL_SECONDS: Final = 0.5
"""A stall shorter than this is over before a stop and a common start would be."""

_REPORT_SECONDS: Final = 1.0
_REPORT_SECONDS_PER_MEMBER: Final = 0.05
"""How often the others hear where a member is, if nothing but that changes: once a second, and less often in rooms of
more than 20, so that a room of N costs at most 20 N messages a second rather than N squared."""

_RTT_MAX: Final = 60.0
"""Seconds: the server gives a connection up for lost before a ping may take that long."""


class Room:
    """One room. Its first input is CreateRequested; ``password_hash`` is that of the password which it named."""

    def __init__(
        self, *, room_id: str, epoch: str, settings: RoomSettings, now: float, password_hash: str | None = None
    ) -> None:
        self._room = Assembly(room_id=room_id, epoch=epoch, settings=settings, now=now)
        self._room.set_password_hash(password_hash)
        self._media = RoomMedia(self._room)
        self._requests = Requests(self._room, self._media)
        self._settings = settings
        self._door = Door(self._room, self._requests, now)
        self._now = now
        self._empty_since: float | None = now
        self._rev_checked = 0
        self._changes = 0
        self._at_rest = False
        """Whether there is nothing to settle until `deadline` or another input."""
        self._due = self._earliest_due()

    @classmethod
    def restored(cls, saved: SavedRoom, *, epoch: str, settings: RoomSettings, now: float) -> "Room":
        """Make a room anew from what was saved of it, its times being those of the clock that runs now.

        The epoch is a new one: what came after the saving, if anything did, is lost, and was known by the old one.
        """
        room = cls(room_id=saved.room_id, epoch=epoch, settings=settings, now=now, password_hash=saved.password_hash)
        room._door.host_digest = saved.host_digest
        room._room.bring_back(saved, now)
        # Without members it was empty already, or becomes so now, and pauses where it is.
        room._empty_since = None if saved.members else saved.empty_since
        room._settle()
        return room

    @property
    def room_id(self) -> str:
        return self._room.room_id

    @property
    def name(self) -> str | None:
        """The alias, if it has one."""
        return self._room.name

    @property
    def epoch(self) -> str:
        return self.timeline.epoch

    @property
    def rev(self) -> int:
        return self._room.schedule.timeline.rev

    @property
    def timeline(self) -> Timeline:
        return self._room.schedule.timeline

    @property
    def changes(self) -> int:
        """Rises with each change of what `save` returns, and now and then without one."""
        return self._changes

    def handle(self, input: RoomInput, now: float) -> list[RoomEffect]:
        """Take in one fact. Returns the orders to carry out, in their order; raises nothing."""
        self._now = max(now, self._now)
        rests = self._at_rest and not _is_due(self._due, self._now)
        repeating = self._repeating(input) if rests else None
        before = (self.rev, len(self._room.roster))
        if not rests:
            self._settle()
        self._take(input)
        if repeating is None:
            self._settle()
        else:
            self._tell_in_time(repeating)
        if _is_lasting(input) or before != (self.rev, len(self._room.roster)):
            self._changes += 1
        return self._orders()

    def deadline(self) -> float | None:
        """Return the earliest time at which something happens without an input; `expire` is to be called then."""
        return self._due

    def expire(self, now: float) -> list[RoomEffect]:
        """Do what is due by ``now``, which is not before `deadline`."""
        self._now = max(now, self._now)
        before = (self.rev, len(self._room.roster))
        self._settle()
        if before != (self.rev, len(self._room.roster)):
            self._changes += 1
        if not self._door.shut and _is_due(self._forgotten_at, self._now):
            self._door.shut, self._due = True, None
            self._room.effects.append(ForgetRoom())
        return self._orders()

    def snapshot(self) -> Snapshot:
        return self._room.snapshot()

    def save(self) -> SavedRoom:
        """Return what is to be kept of this room, which has been created."""
        room = self._room
        assert self._door.host_digest is not None
        return SavedRoom(
            room_id=room.room_id,
            host_digest=self._door.host_digest,
            file_hash=room.file_hash,
            file=room.file,
            policy=room.policy,
            members=tuple(member.saved() for member in room.roster if member.full),
            timeline=room.timeline,
            name=room.name,
            password_hash=room.password_hash,
            banned=tuple(room.banned),
            empty_since=self._empty_since,
            queue=room.queue,
        )

    def summary(self) -> RoomSummary:
        """Return what a public list may say of this room."""
        room = self._room
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
        room = self._room
        room.roster.check()
        room.schedule.check()
        self._door.check()
        queues.check(room.queue, room.file_hash)
        assert not room.effects, "a turn is over when its orders are out"
        assert len(room.roster) <= self._settings.capacity
        assert 1 <= room.policy.capacity <= self._settings.capacity
        assert room.policy.has_password == (room.password_hash is not None)
        assert (self._empty_since is None) == (len(room.roster) > 0)
        assert len(room.roster) > 0 or not room.timeline.playing
        assert self._due == self._earliest_due(), "nothing changes between turns"
        assert self.rev >= self._rev_checked
        self._rev_checked = self.rev

    # ---- inputs -----------------------------------------------------------------------------------------------------

    def _take(self, input: RoomInput) -> None:
        match input:
            case MessageReceived():  # first: most are
                self._request(input)
            case CreateRequested() | JoinRequested():
                self._door.knock(input, self._now)
            case PasswordChecked(client_id=client_id, matches=matches):
                self._door.password_checked(client_id, self._now, matches=matches)
            case PasswordHashed(client_id=client_id, password_hash=password_hash):
                self._requests.set_password_hash(client_id, password_hash)
            case ConnectionLost(client_id=client_id):
                self._lose(client_id)
            case ConnectionResumed(client_id=client_id):
                member = self._room.roster.get(client_id)
                if member is not None:
                    member.resume()
                    self._room.tell_how(member, self._now)
            case LatencyMeasured(client_id=client_id, rtt=rtt):
                member = self._room.roster.get(client_id)
                if member is not None:
                    member.trips.append(min(max(0.0, rtt), _RTT_MAX) / 2)
            case _:
                assert_never(input)

    def _request(self, input: MessageReceived) -> None:
        sender = self._room.roster.get(input.client_id)
        try:
            if sender is None or not sender.present:
                raise RequestRefused("NotInRoom", "you are not in this room")
            self._requests.handle(sender, input.message, input.request_id, self._now)
        except RequestRefused as refused:
            self._room.send((input.client_id,), as_error(refused), input.request_id)

    def _repeating(self, input: RoomInput) -> Occupant | None:
        """Return whose report this is, if it says what that member's last one said but for the place: most inputs do.

        From a place nothing follows but that the others are told of it, unless a gate is closed.
        """
        if not isinstance(input, MessageReceived) or not isinstance(input.message, Report):
            return None
        member = self._room.roster.get(input.client_id)
        if member is None or self._room.schedule.gate is not None or not member.is_repeated_by(input.message):
            return None
        return member

    def _tell_in_time(self, member: Occupant) -> None:
        """Bring about all that follows from a place in a room that was at rest."""
        tell_at = member.told_at + self._telling_gap
        if tell_at <= self._now:
            self._room.tell_how(member, self._now)
        else:
            self._due = earliest(self._due, tell_at)

    def _lose(self, client_id: str) -> None:
        self._door.turn_away(client_id)
        member = self._room.roster.get(client_id)
        if member is None or not member.present:
            return
        if member.full:
            member.lose(self._now + self._settings.away)
            self._room.tell_how(member, self._now)
        else:
            # It has no secret to resume with: whoever comes back is somebody new.
            self._room.dismiss(member, "lost")

    # ---- time -------------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Bring about all that is due by now, and what follows from it.

        What follows from another timeline may take one more. Where it stayed as it was, this one has seen to all: who
        went, went first, and that somebody was told how another does makes no difference.
        """
        room, now, line = self._room, self._now, self.timeline
        for member in [m for m in room.roster if m.away_until is not None and m.away_until <= now]:
            room.dismiss(member, "lost")
        self._media.settle(now)
        self._review_gate()
        if self._waits_for_stalls and any(_is_due(self._stalled_at(member), now) for member in room.roster):
            room.broadcast(room.schedule.stall(now))
        gap = self._telling_gap
        for member in room.roster:
            if member.untold and member.told_at + gap <= now:
                room.tell_how(member, now)
        if len(room.roster) > 0:
            self._empty_since = None
        elif self._empty_since is None:
            self._empty_since = now
            if room.timeline.playing:
                room.schedule.hold(now)
        self._at_rest = self.timeline is line
        self._due = self._earliest_due()

    def _earliest_due(self) -> float | None:
        """Return when, if nothing is told before, `_settle` finds something to do, or the room is to be forgotten."""
        if self._door.shut:
            return None
        room, schedule, gap = self._room, self._room.schedule, self._telling_gap
        due = earliest(schedule.gate_until, schedule.ends_at, self._forgotten_at)
        waits = self._waits_for_stalls
        for member in room.roster:
            if member.away_until is not None and (due is None or member.away_until < due):
                due = member.away_until
            if member.untold and (due is None or member.told_at + gap < due):
                due = member.told_at + gap
            if waits:
                due = earliest(due, self._stalled_at(member))
        return due

    def _review_gate(self) -> None:
        room, schedule, now = self._room, self._room.schedule, self._now
        match schedule.gate:
            case None:
                return
            case "seeking":
                stand = room.roster.all_loaded_at if schedule.loading else room.roster.all_stand_at
                opens = stand(schedule.timeline.position, schedule.gate_rev) and room.roster.anybody_present
            case "buffering":
                waits = room.policy.wait == "everyone" and any(member.stalls for member in room.roster)
                opens = not waits and room.roster.anybody_present
        if not opens and _is_due(schedule.gate_until, now):
            opens = True
            if schedule.gate == "buffering":
                room.roster.forgive()
        if opens and len(room.roster) > 0:
            room.broadcast(schedule.open(now, room.roster.lead()))

    @property
    def _waits_for_stalls(self) -> bool:
        return self._room.policy.wait == "everyone" and self._room.schedule.running

    @staticmethod
    def _stalled_at(member: Occupant) -> float | None:
        """Return when a room that waits for everyone stops for this member's stall."""
        return member.buffering_since + _STALL_SECONDS if member.stalls and member.buffering_since is not None else None

    @property
    def _telling_gap(self) -> float:
        """For how long after the others heard how a member does they do not again, if only its position changed."""
        return max(_REPORT_SECONDS, _REPORT_SECONDS_PER_MEMBER * len(self._room.roster))

    @property
    def _forgotten_at(self) -> float | None:
        return self._empty_since + self._settings.ttl if self._empty_since is not None else None

    def _orders(self) -> list[RoomEffect]:
        orders, self._room.effects = self._room.effects, []
        return orders


def _is_lasting(input: RoomInput) -> bool:
    """Tell whether this fact by itself may change what is kept of a room, rather than by what it brings about."""
    match input:
        case MessageReceived(message=Report() | Say() | GetRoom()) | LatencyMeasured():
            return False  # these come by the hundred
        case ConnectionLost() | ConnectionResumed():
            return False  # who is away is not kept: after a restart everybody is
        case _:
            return True


def _is_due(time: float | None, now: float) -> bool:
    return time is not None and time <= now
