"""What VLC says that it uses for a film, and what it counts while it plays."""

from pathlib import Path

import pytest

from hangd.engine.player_facts import Statistics
from hangd.engine.player_messages import Resume, SeekTo, Settled, StatisticsChanged
from hangd.player.vlc.player import VlcPlayer
from tests.support.playing import Stagehand

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
    assert first.frame_rate == pytest.approx(30.0, rel=0.1)
    hand.do(SeekTo(10.0))
    await hand.next(Settled)
    await hand.load(TRACKS, generation=2)
    second = next(e for e in hand.events if isinstance(e, StatisticsChanged) and e.generation == 2)
    assert (second.statistics.demuxer, second.statistics.frame_rate) == ("mkv", None)
    assert second.statistics.video_output == "null", "VLC keeps its output, and does not name it again"
    await hand.player.close()
