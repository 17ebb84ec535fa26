"""What VLC says that it uses for a film, and what it counts while it plays."""

from pathlib import Path

import pytest

from hangd.engine.player_facts import Statistics
from hangd.engine.player_messages import AddAudioFile, Resume, SeekTo, Settled, StatisticsChanged, TracksChanged
from hangd.player.vlc.player import VlcPlayer
from tests.support.daemons.playing import Stagehand

pytestmark = pytest.mark.real

MEDIA = Path(__file__).parents[3] / "media"
CLIP, TRACKS = str(MEDIA / "clip.mp4"), str(MEDIA / "tracks.mkv")


async def _until_rate_is_known(hand: Stagehand) -> Statistics:
    while (told := await hand.next(StatisticsChanged)).statistics.frame_rate is None:
        pass
    return told.statistics


async def test_what_vlc_uses_and_counts() -> None:
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=("--vout=dummy", "--aout=dummy")))
    await hand.load(CLIP)
    told = [event.statistics for event in hand.events if isinstance(event, StatisticsChanged)]
    assert told[0].frames_dropped == 0 and told[-1].frame_rate is None
    hand.do(Resume())
    first = await _until_rate_is_known(hand)
    assert (first.video_output, first.audio_output, first.hardware_decoder) == ("null", "null", "no")
    assert first.demuxer == "mp4"
    assert first.frame_rate is not None and 10.0 < first.frame_rate < 33.0  # of 30: a busy machine shows fewer
    hand.do(SeekTo(10.0))
    await hand.next(Settled)
    await hand.load(TRACKS, generation=2)
    second = next(e for e in hand.events if isinstance(e, StatisticsChanged) and e.generation == 2)
    assert (second.statistics.demuxer, second.statistics.frame_rate) == ("mkv", None)
    assert second.statistics.video_output == "null", "VLC keeps its output, and does not name it again"
    await hand.player.close()


async def test_a_file_beside_the_film_is_not_taken_for_the_film() -> None:
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=("--vout=dummy", "--aout=dummy")))
    await hand.load(CLIP)
    hand.do(AddAudioFile(TRACKS))
    await hand.next(TracksChanged)
    hand.do(Resume())
    assert (await _until_rate_is_known(hand)).demuxer == "mp4"
    await hand.player.close()
