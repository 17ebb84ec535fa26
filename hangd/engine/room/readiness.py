"""Decide when a paused room may start: the policy ``start``, the starts that have to wait, and the countdown.

::

               Play                   nobody is missing                 3 s later
    paused  ----------->  waiting  ---------------------->  countdown  ----------->  running
       ^                     |  <--------------------------     |
       |                     |       somebody is missing        |
       +---------------------+----------------------------------+  Pause, Stop, another film
                                                                   (a forced Play starts at once)

With ``start: ready`` every present full member that has the film, or may be opening it, has to be ready, and at least
one has to be there; with a number, so many of them. A member that leaves or is away counts no more. One that comes in,
or gets the film, during the countdown is waited for too: a room never starts before those that it waits for are ready.

All this is `RoomData.start`, which is what members are told. The timeline is paused meanwhile, so that clients that
know nothing of this do the right thing: a Play that has to wait is answered by a Pause of the room itself. The store
keeps nothing of it: after a restart of the server somebody has to ask for the start again.

``requests`` and ``media`` call `wait`, `ask` and `drop`; ``room.Room`` calls `review` in every turn.
"""

from typing import Final

from msgspec.structs import replace

from hangd.engine.room.roster import RoomMember
from hangd.engine.room.state import RoomData
from hangd.protocol.messages import Pause, Play, RequestId, StartChanged
from hangd.protocol.model import PendingStart

_COUNTDOWN: Final = 3.0
"""Seconds. Long enough to sit down and to press pause, short enough not to wonder whether it works."""

_SAME_POSITION: Final = 0.25
"""Seconds. A Play that names a position this near to the timeline's means that one: players seek no better."""


def has_to_wait(room: RoomData) -> bool:
    """Tell whether a start of the room, if it were paused, would have to wait."""
    return room.policy.start != "anyone"


def ask(room: RoomData, sender: RoomMember, command: Play, re: RequestId | None, now: float) -> None:
    """Take a Play of the paused room that has to wait, or one more while it waits.

    Raises:
        RequestRefused: InvalidMessage, the timestamp is past the end of the film.
    """
    position = room.timeline.position
    if abs(command.timestamp - position) > _SAME_POSITION:
        position = command.timestamp
    paused = room.schedule.apply(Pause(timestamp=position), now, None)
    assert paused is not None, "a pause always takes effect"
    wait(room, sender.client_id, now)
    # A new timeline also for a client whose player has started already.
    room.answer_otherwise(paused, command.command_id, reason="waiting", sender=sender, re=re)


def wait(room: RoomData, by: str, now: float) -> None:
    """Let the paused room start once nobody is missing, as this client asked for. The first one to ask stays that."""
    _tell(room, _counted(room, room.start or PendingStart(by=by), now))


def drop(room: RoomData) -> None:
    """Forget the start that the room waits with: it plays, or somebody paused."""
    _tell(room, None)


def review(room: RoomData, now: float) -> None:
    """Begin, stop or end the countdown, as far as that is due by ``now``."""
    if room.start is None:
        return
    if len(room.roster) == 0:
        room.start = None
        return
    start = _counted(room, room.start, now)
    if start.at is None or start.at > now:
        _tell(room, start)
        return
    drop(room)
    if room.policy.stall == "pause":
        room.roster.ignore_stalls()
    played = room.schedule.apply(Play(timestamp=room.timeline.position), now, room.roster.lead)
    assert played is not None, "a paused room can start"
    room.broadcast(played, reason="ready")


def check(room: RoomData, now: float) -> None:
    """Assert the invariants."""
    start = room.start
    if start is not None:
        assert not room.timeline.playing
        assert len(room.roster) > 0
        assert start == _counted(room, start, now), "nothing changes between two calls"
        assert (start.at is None) == (start.missing > 0)


def _counted(room: RoomData, start: PendingStart, now: float) -> PendingStart:
    """Return what this start waits for now. The countdown begins now if nobody is missing any more."""
    awaited = [member for member in room.roster if member.follows or member.may_bring_film]
    unready = tuple(member.client_id for member in awaited if not member.ready)
    match room.policy.start:
        case "anyone":
            missing = 0
        case "ready":
            missing = len(unready) if awaited else 1
        case number:
            missing = max(0, number - (len(awaited) - len(unready)))
    if missing:
        return replace(start, waiting_for=unready, missing=missing, at=None)
    return replace(start, waiting_for=(), missing=0, at=now + _COUNTDOWN if start.at is None else start.at)


def _tell(room: RoomData, start: PendingStart | None) -> None:
    if start != room.start:
        room.start = start
        room.announce(StartChanged(start))
