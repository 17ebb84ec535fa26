"""Where a room was before its last seek, whoever sought: what undo goes back to."""

import pytest

from hangd.client.server.seeks import ONE_SEEK, Seeks
from hangd.protocol.messages import Pause, Seek
from hangd.protocol.model import Timeline


class Room:
    """A room that plays, and a `Seeks` that hears of its commands."""

    def __init__(self) -> None:
        self.seeks = Seeks()
        self.timeline = Timeline(playing=True, position=0.0, rate=1.0, at=100.0, rev=1, epoch="e")

    def seek(self, position: float, at: float) -> None:
        before = self.timeline
        self.timeline = Timeline(playing=True, position=position, rate=1.0, at=at, rev=1, epoch="e")
        self.seeks.learn(Seek(timestamp=position), before, self.timeline)

    def undo(self, at: float) -> None:
        assert self.seeks.position_before is not None
        self.seek(self.seeks.position_before, at)


def test_nothing_is_known_before_the_first_seek_or_after_another_film() -> None:
    room = Room()
    room.seeks.learn(Pause(timestamp=1.0), room.timeline, room.timeline)
    assert room.seeks.position_before is None
    room.seek(60.0, 110.0)
    room.seeks.forget()
    assert room.seeks.position_before is None


def test_it_is_where_the_room_was_when_it_was_sought() -> None:
    room = Room()
    room.seek(60.0, 110.0)
    assert room.seeks.position_before == 10.0
    room.seek(0.0, 120.0)
    assert room.seeks.position_before == 70.0


def test_seeks_in_quick_succession_are_one() -> None:
    room = Room()
    for count in range(1, 4):
        room.seek(10.0 + 60 * count, 110.0 + count * ONE_SEEK / 2)
    assert room.seeks.position_before == 10.0 + ONE_SEEK / 2


@pytest.mark.parametrize("pause", [0.5, 30.0])
def test_a_second_undo_undoes_the_first(pause: float) -> None:
    room = Room()
    room.seek(60.0, 110.0)
    room.undo(110.0 + pause)
    assert room.timeline.position == 10.0
    room.undo(110.0 + 2 * pause)
    assert room.timeline.position == 60.0 + pause
