"""A real player in a lost one's place: the film, the tracks, the added file, the volume and the speed are as before."""

import asyncio
from pathlib import Path

import pytest

from hangd.client.media.files import MediaFiles
from hangd.client.settings import ClientSettings
from hangd.client.viewer import Viewer
from hangd.engine.player_messages import AddSubtitleFile, PlayerDied, SelectTrack, SetVolume
from hangd.engine.playlist.playlist import Film, Loading
from hangd.player.base import EventSink
from hangd.player.vlc.player import VlcPlayer
from tests.support.daemons.party import PATIENCE, TRACKS

pytestmark = pytest.mark.real


async def test_a_new_player_becomes_all_that_the_lost_one_was(tmp_path: Path) -> None:
    subtitles = tmp_path / "added.srt"
    subtitles.write_text("1\n00:00:00,000 --> 00:00:09,000\nhello\n")
    sinks: list[EventSink] = []

    def make(sink: EventSink) -> VlcPlayer:
        sinks.append(sink)
        return VlcPlayer(sink, options=("--vout=dummy",))

    viewer = Viewer(ClientSettings(name="ada"), make, MediaFiles(None), version="0", quit=lambda: None)

    def tracks() -> set[tuple[str, str | None, int | None, bool]]:
        return {(t.kind, t.file, None if t.file else t.id, t.selected) for t in viewer.tracks}

    async def until(condition: object) -> None:
        await asyncio.wait_for(viewer.notices.until(condition), PATIENCE)  # type: ignore[arg-type]

    viewer.set_paused(True)
    viewer.playlist.load([Film(str(TRACKS))], Loading())
    await asyncio.wait_for(viewer.settle("paused"), PATIENCE)
    viewer.play_command(AddSubtitleFile(str(subtitles)))
    viewer.play_command(SelectTrack("audio", max(track.id for track in viewer.tracks if track.kind == "audio")))
    viewer.play_command(SetVolume(40.0))
    viewer.set_speed(1.5)
    viewer.seek(3.0)
    await until(lambda: ("subtitle", str(subtitles), None, True) in tracks())
    await asyncio.wait_for(viewer.settle("done"), PATIENCE)
    before = tracks()
    sinks[-1](PlayerDied(viewer.follower.picture.state.generation, "hung", "it does not answer"))
    assert len(sinks) == 2
    await until(lambda: viewer.tracks and tracks() == before)
    await asyncio.wait_for(viewer.settle("paused"), PATIENCE)
    assert (viewer.position(), viewer.wanted(SetVolume).percent, round(viewer.speed, 2)) == (3.0, 40.0, 1.5)
    await viewer.close()
