"""PitchCorrection: VLC writes what it plays to a file, and the test measures its tones."""

import asyncio
import statistics
import time
from array import array
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hangd.engine.player_messages import Resume, Sampled, SetRate, Started
from hangd.player.vlc.player import VlcPlayer
from tests.support.daemons.party import CLIP
from tests.support.daemons.playing import Stagehand

pytestmark = pytest.mark.real

SAMPLE_RATE = 48_000
CLICK_HERTZ = 1000.0
"""The clip's clicks: 5 ms of this tone each second, and twice as high in each tenth second."""


@pytest.fixture
async def hand(tmp_path: Path) -> AsyncIterator[Stagehand]:
    options = ("--vout=dummy", "--aout=afile", f"--audiofile-file={tmp_path / 'heard'}", "--audiofile-format=s16")
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=(*options, "--no-audiofile-wav", "--audiofile-channels=1")))
    yield hand
    await hand.player.close()


def tones(heard: Path) -> list[float]:
    """Return the frequency of each click in the file, in Hz: half a period lies between two changes of sign."""
    raw = heard.read_bytes()
    samples = array("h", raw[: len(raw) // 2 * 2])
    found, index = [], 0
    while index < len(samples):
        if abs(samples[index]) < 3000:
            index += 1
            continue
        burst = samples[index : index + SAMPLE_RATE * 3 // 1000]
        changes = [at for at in range(1, len(burst)) if (burst[at] > 0) != (burst[at - 1] > 0)]
        if len(changes) > 2:
            found.append(SAMPLE_RATE / 2 / ((changes[-1] - changes[0]) / (len(changes) - 1)))
        index += SAMPLE_RATE // 20
    return found


async def test_a_speed_keeps_the_pitch_and_so_does_its_end(hand: Stagehand, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    await hand.load(str(CLIP), start=20.0)
    hand.do(Resume())
    await hand.next(Started)
    places = {}
    for rate in (1.0, 1.5, 1.0):
        hand.do(SetRate(rate))
        await asyncio.sleep(2.5)  # what VLC has read ahead is heard first
        begin = heard.stat().st_size
        await asyncio.sleep(4.0)
        slice_of_it = tmp_path / "slice"
        slice_of_it.write_bytes(heard.read_bytes()[begin // 2 * 2 :])
        places[rate] = pitch = statistics.median(tones(slice_of_it))
        assert pitch == pytest.approx(CLICK_HERTZ, rel=0.12), f"at rate {rate}; 1.5 times as much without the stretcher"
    assert len(places) == 2


@pytest.mark.timed
async def test_switching_keeps_the_position(hand: Stagehand) -> None:
    await hand.load(str(CLIP), start=5.0)
    hand.do(Resume())
    await hand.next(Started)
    await hand.next(Sampled)
    hand.do(SetRate(1.5))
    while (sample := await hand.next(Sampled)).rate < 1.4:
        pass
    first = await hand.next(Sampled)
    await asyncio.sleep(2.0)
    later = sample
    while later.at < time.monotonic() - 0.5:
        later = await hand.next(Sampled)
    moved = later.position - first.position
    assert moved == pytest.approx((later.at - first.at) * later.rate, abs=0.05)
