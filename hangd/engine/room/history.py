"""What a room watched: which film, for how long, by how many, and how well their players kept together.

One record for each film: from when it first plays until another film is shown or the last member has gone. A restart
of the server in between does not end it, because the room is saved with it. There is nothing of persons in it. A room
whose policy does not want a history has none, and what it has of the current film is dropped.

- ``seconds`` is time during which the timeline ran and somebody with the film was there. A film that plays while all
  are away, after a restart of the server for instance, counts once one of them is back.
- ``members`` is the most members with the film that were there at one time while it ran.
- ``corrections`` counts how often a player reported that it plays, then that it seeks, waits for data or is paused, and
  then that it plays again, while the timeline did not change: it had jumped, stalled, or waited for the others. A stall
  for which the whole room waits or pauses counts too. A player that trims its rate does not tell that, and nobody sees
  it. Of a member that was away in between nothing is known.
- The percentiles are of the errors in the reports of players that play on the current timeline (`hangd.engine.skew`).
  A player reports every two seconds, so each second of each viewer weighs about the same.

The room is saved for this at least once a minute while members report. So a restart after which they are back loses a
minute of corrections and errors, and one after which nobody comes back also up to a minute of ``seconds``.
"""

from typing import Final

from hangd.engine.film import known_duration
from hangd.engine.room.effects import KeepWatched
from hangd.engine.room.roster import RoomMember
from hangd.engine.room.saved import Watching
from hangd.engine.room.state import RoomData
from hangd.protocol.messages import Report
from hangd.protocol.model import FileHash, FileInfo

_LEAST_SECONDS: Final = 10.0
"""A film that played for less was not watched: somebody looked for the right file."""
_SAVE_SECONDS: Final = 60.0


def review(room: RoomData, now: float) -> bool:
    """Take in what has changed by ``now``. Returns whether the room should be saved, because it was not for a while."""
    if not (room.settings.history and room.policy.history):
        room.watching = None
        return False
    watching, schedule = room.watching, room.schedule
    if watching is None and not schedule.running:
        return False
    is_attended = any(member.present and member.has_film for member in room.roster)
    if watching is None:
        if not is_attended:
            return False
        watching = room.watching = Watching(started_at=max(now, schedule.timeline.at), saved_at=now)
    _count(watching, now)
    if is_attended:
        watching.seconds += watching.unattended
        watching.unattended = 0.0
    watching.attended = is_attended
    watching.runs_from = max(now, schedule.timeline.at) if schedule.running else None
    watching.ends_at = schedule.ends_at
    if schedule.running and watching.members < len(room.roster):  # In large rooms, counting takes a while.
        viewers = sum(member.present and member.has_film for member in room.roster)
        watching.members = max(watching.members, viewers)
    if len(room.roster) == 0:
        _end(room, watching)
    elif now >= watching.saved_at + _SAVE_SECONDS:
        watching.saved_at = now
        return True
    return False


def film_changes(room: RoomData, file_hash: FileHash | None, file: FileInfo | None) -> None:
    """The room is about to show this film, and its timeline is that of the new film already."""
    watching = room.watching
    if watching is not None and not room.is_film(file_hash, file):
        _count(watching, room.timeline.at)
        _end(room, watching)


def reported(room: RoomData, member: RoomMember, report: Report) -> None:
    """A member's player reports, and the room does not know that report yet."""
    watching = room.watching
    if watching is None or report.apart or not room.schedule.running or report.rev != room.timeline.rev:
        return
    watching.skew.learn(report)
    before = member.report
    if report.state == "playing":
        watching.corrections += member.interrupted == report.rev
        member.interrupted = None
    elif before is not None and before.state == "playing" and before.rev == report.rev:
        # Not counted before it plays again: a viewer's own pause is reported before it is requested.
        member.interrupted = report.rev


def stalled(room: RoomData) -> None:
    """The room waits or pauses, because a member's player waits for data."""
    if room.watching is not None:
        room.watching.corrections += 1


def _count(watching: Watching, now: float) -> None:
    """Count the time up to ``now``, or to the film's end if that was earlier."""
    if watching.runs_from is None:
        return
    until = now if watching.ends_at is None else min(now, watching.ends_at)
    elapsed = max(0.0, until - watching.runs_from)
    watching.runs_from = max(watching.runs_from, until)
    if watching.attended:
        watching.seconds += elapsed
    else:
        watching.unattended += elapsed


def _end(room: RoomData, watching: Watching) -> None:
    room.watching = None
    if watching.seconds < _LEAST_SECONDS:
        return
    skew = watching.skew
    room.effects.append(
        KeepWatched(
            room=room.name,
            film=None if room.file is None else room.file.name,
            duration=known_duration(room.file),
            started_at=watching.started_at,
            seconds=watching.seconds,
            members=watching.members,
            corrections=watching.corrections,
            skew_p50=skew.percentile(0.5),
            skew_p95=skew.percentile(0.95),
        )
    )
