"""Golden traces that are told by hand (`tests.golden.hand`): what viewers and rooms do rarely, and in rare orders.

Together with `tests.golden.by_hand_player` and the simulated ones they take nearly every branch of a follower.
`tests.golden.make_traces` writes them all.
"""

from collections.abc import Callable
from typing import Final

from hangd.engine.follower.inputs import FileClosed, LeftRoom, LinkLost, RoomRefused, StopRequested
from tests.golden.hand import Hand

__all__ = ["BY_ROOM"]


def _at_the_player(hand: Hand) -> None:
    """The viewer pauses, steps and starts at the player itself: the room is asked for the same."""
    hand.in_step()
    hand.settles(3.0)
    hand.receives(hand.timeline(3.0), answer=True)
    hand.settles(3.0)
    hand.shows(3.0)
    hand.settles(3.04)
    hand.shows(3.05)
    hand.receives(hand.timeline(3.04), answer=True)
    hand.settles(3.04)
    hand.shows(3.03)
    hand.shows(None)
    hand.starts(3.04)
    hand.receives(hand.timeline(3.04, playing=True, soon=0.1), answer=True)
    hand.samples(count=3)


def _taken_back(hand: Hand) -> None:
    """The viewer pauses and plays in quick succession: what was taken back before it was done is never requested."""
    hand.in_step()
    hand.pauses()
    hand.plays()
    hand.settles(1.4)
    hand.starts()
    hand.pauses()
    hand.plays()
    hand.pauses()
    hand.settles(2.0)
    hand.plays()
    hand.receives(hand.timeline(2.0, playing=True, soon=0.3), answer=True)
    hand.catches_up()
    hand.pauses()
    hand.receives(hand.timeline(40.0))
    hand.settles(2.5)
    hand.receives(hand.timeline(40.0), answer=True)
    hand.settles(40.0)
    hand.receives(hand.timeline(40.0, playing=True, soon=0.2))
    hand.starts()
    hand.pauses()
    hand.plays()
    hand.receives(hand.timeline(50.0))
    hand.settles(41.0)
    hand.receives(hand.timeline(50.0, playing=True), answer=True)
    hand.seeks(60.0)
    hand.pauses()
    hand.seeks(61.0, after=0.02)
    hand.plays()
    hand.wait(0.5)


def _stops(hand: Hand) -> None:
    """The film is stopped and played again: in a room by another member, in no room, and while the link is down."""
    hand.in_step()
    hand.receives(hand.timeline(), stop=True)
    hand.receives(hand.timeline(), stop=True)
    hand.receives(hand.timeline(0.0, playing=True, soon=0.5))
    hand.catches_up()
    hand.tell(StopRequested())
    hand.receives(hand.timeline(), stop=True, answer=True)
    hand.tell(LeftRoom(), StopRequested())
    hand.seeks(20.0)
    hand.settles()
    hand.plays()
    hand.starts()
    hand.tell(StopRequested(), FileClosed(), FileClosed())
    hand.plays()
    hand.opens(start=5.0)
    hand.plays()
    hand.enters(7.0)
    hand.settles()
    hand.receives(hand.timeline(7.0, playing=True, soon=0.2))
    hand.starts()
    hand.tell(LinkLost(), StopRequested())
    hand.enters(9.0, playing=True)
    hand.plays()
    hand.catches_up()


def _refused(hand: Hand) -> None:
    """The room refuses a pause, which is undone; and refuses another one after it has been silent for a while."""
    hand.in_step()
    hand.pauses()
    hand.settles(1.5)
    hand.tell(RoomRefused())
    hand.catches_up()
    hand.seeks(30.0)
    hand.due()
    hand.wait(1.5)
    hand.tell(RoomRefused())
    hand.catches_up()
    hand.samples(count=3)
    hand.tell(RoomRefused())
    hand.pauses()
    hand.wait(1.5)
    hand.settles(45.0)
    hand.tell(RoomRefused())
    hand.catches_up()


def _leaves(hand: Hand) -> None:
    """The viewer leaves the room while the player plays, seeks, loads, and is on its own, and goes on alone."""
    hand.tell(LeftRoom(), LinkLost())
    hand.in_step()
    hand.samples(count=2)
    hand.tell(LeftRoom())
    hand.samples(count=2)
    hand.enters(30.0, playing=True)
    hand.tell(LeftRoom())
    hand.catches_up()
    hand.enters(40.0, playing=True, gate="seeking")
    hand.tell(LeftRoom())
    hand.catches_up()
    hand.enters(10.0)
    hand.tell(LeftRoom())
    hand.settles()
    hand.enters(11.0, playing=True)
    hand.opens("/other")
    hand.tell(LeftRoom())
    hand.enters(20.0, playing=True)
    hand.catches_up()
    hand.receives(hand.timeline(22.0, playing=True, soon=1.0, rate=1.25))
    hand.tell(LeftRoom())
    hand.samples(count=2)
    hand.speeds(0.3)
    hand.seeks(50.0)
    hand.speeds(1.5)
    hand.settles()
    hand.enters(60.0)
    hand.tell(LinkLost(), LinkLost())
    hand.plays()
    hand.tell(LeftRoom())
    hand.catches_up()


def _room_silent(hand: Hand) -> None:
    """The room does not answer, but the server does; then it answers, late, and is restored with older revisions."""
    hand.in_step()
    hand.seeks(40.0)
    hand.wait(1.5)
    hand.catches_up()
    hand.plays()
    hand.pings()
    hand.wait(1.5)
    hand.catches_up()
    hand.speeds(1.25)
    hand.wait(1.5)
    hand.receives(hand.follower.state.on_own.room or hand.timeline(), answer=True)
    hand.catches_up()
    hand.receives(hand.timeline(70.0, playing=True, epoch="f", rev=1))
    hand.catches_up()
    hand.receives(hand.timeline(71.0, playing=True, epoch="f", rev=1))
    hand.receives(hand.timeline(71.0, playing=True, epoch="f", rev=1), answer=True)
    hand.pauses()
    hand.settles(73.0)
    hand.wait(1.5)
    hand.pings()
    hand.receives(hand.timeline(75.0, playing=True, epoch="f", rev=2))
    hand.starts(73.0)
    hand.pauses()
    hand.tell(LinkLost())
    hand.settles(74.0)
    hand.wait(2.0)


def _apart(hand: Hand) -> None:
    """The viewer pauses while the link is down: the player stands until the viewer plays, or the room is paused."""
    hand.in_step()
    hand.tell(LinkLost())
    hand.pauses()
    hand.settles(1.5)
    hand.enters(20.0, playing=True)
    hand.receives(hand.timeline(30.0, playing=True))
    hand.pauses()
    hand.seeks(10.0)
    hand.settles()
    hand.wait(3.0)
    hand.receives(hand.timeline(40.0))
    hand.settles()
    hand.receives(hand.timeline(40.0, playing=True, soon=0.2))
    hand.starts()
    hand.tell(LinkLost())
    hand.pauses()
    hand.settles(41.0)
    hand.enters(50.0, playing=True)
    hand.starts(41.0)
    hand.catches_up()
    hand.tell(LinkLost())
    hand.pauses()
    hand.settles(60.0)
    hand.plays()
    hand.starts()
    hand.speeds(1.25)
    hand.enters(65.0, playing=True)
    hand.catches_up()
    hand.speeds(1.5)
    hand.pauses()
    hand.tell(LinkLost())
    hand.settles(66.0)


BY_ROOM: Final[dict[str, Callable[[Hand], None]]] = {
    "at-the-player": _at_the_player,
    "taken-back": _taken_back,
    "stops": _stops,
    "refused": _refused,
    "leaves": _leaves,
    "room-silent": _room_silent,
    "apart": _apart,
}
