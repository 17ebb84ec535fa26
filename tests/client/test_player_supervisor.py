"""What a player says late must not undo what was asked since."""

import asyncio
from collections.abc import Mapping
from typing import Any

from hangd.client.notices import Notices
from hangd.client.player_supervisor import PlayerSupervisor
from hangd.engine.player_messages import (
    Load,
    PlayerCommand,
    SelectTrack,
    SetMute,
    SetVolume,
    Track,
    TracksChanged,
    Unload,
    VolumeChanged,
)
from hangd.player.base import EventSink
from hangd.tasks import Tasks


class Silent:
    """A player that does as it is told and says nothing of it yet."""

    name = "silent"

    def __init__(self, sink: EventSink) -> None:
        self.commands: list[PlayerCommand] = []

    def do(self, command: PlayerCommand) -> None:
        self.commands.append(command)

    async def close(self) -> None: ...


async def keeper() -> tuple[PlayerSupervisor, list[Mapping[str, Any]]]:
    told: list[Mapping[str, Any]] = []
    notices = Notices(lambda: {})
    notices.subscribe(told.append, lambda names: None)
    made = PlayerSupervisor(Silent, lambda event: None, notices, Tasks())
    made.open()
    await asyncio.sleep(0)
    return made, told


async def test_old_news_of_the_volume_is_no_news() -> None:
    made, _ = await keeper()
    made.do(SetVolume(1.0))
    made.do(SetVolume(2.0))
    made.do(SetMute(True))
    for percent, mute in ((1.0, False), (2.0, False), (2.0, True)):
        made.heard(VolumeChanged(1, percent, mute), current=True)
        assert (made.desired.volume, made.desired.mute) == (2.0, True)
    made.heard(VolumeChanged(1, 30.0, False), current=True)
    assert (made.desired.volume, made.desired.mute) == (30.0, False), "somebody at the player's own window"


async def test_a_track_is_chosen_as_soon_as_it_is_asked_for() -> None:
    made, _ = await keeper()
    tracks = (Track("audio", 1, "", True), Track("audio", 2, "", False), Track("video", 0, "", True))
    made.heard(TracksChanged(1, tracks), current=True)
    made.do(SelectTrack("audio", 2))
    assert [track.selected for track in made.tracks] == [False, True, True]


async def test_each_film_that_begins_ends_once() -> None:
    made, told = await keeper()
    for number, path in enumerate(("/a", "/b"), 1):
        made.carry_out(Load(path, number, entry=number))
    made.carry_out(Unload())
    made.carry_out(Unload())
    assert [(event["event"], event.get("playlist_entry_id")) for event in told] == [
        ("start-file", 1), ("end-file", 1), ("start-file", 2), ("end-file", 2), ("idle", None), ("idle", None),
    ]  # fmt: skip
