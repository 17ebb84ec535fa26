"""How exact VlcPlayer's starts, pauses and rates are. The bounds are for a machine that is busy with something else."""

import asyncio
import itertools
import statistics
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hangd.engine.player_messages import PauseFor, PauseNow, Resume, Sampled, SeekTo, SetRate, Settled, Started
from hangd.engine.timeline import playable_rate
from hangd.player.vlc import backend as vlc_backend
from hangd.player.vlc import core as vlc_core
from hangd.player.vlc.events import VlcEvent, attach_events
from hangd.player.vlc.libvlc import load_bindings
from hangd.player.vlc.motion.transport import Transport
from hangd.player.vlc.player import VlcPlayer
from tests.support.daemons.playing import Stagehand

pytestmark = [pytest.mark.real, pytest.mark.timed]

CLIPS = [str(Path(__file__).parents[3] / "media" / name) for name in ("clip.mp4", "tracks.mkv")]
FRAME = 1 / 30


@pytest.fixture
def reported_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Delay VLC's report that it plays by 0.2 s. It does play."""

    def attach_slowly(vlc: ModuleType, player: Any, load: Callable[[], int], post: Callable[[VlcEvent], None]) -> None:
        def told(event: VlcEvent) -> None:
            if event.kind == "Playing":
                threading.Timer(0.2, post, [event._replace(at=event.at + 0.2)]).start()
            else:
                post(event)

        attach_events(vlc, player, load, told)

    monkeypatch.setattr(vlc_backend, "attach_events", attach_slowly)


@pytest.fixture
def woken_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let VLC leave a pause 60 ms after it was told to, as if its thread had got no processor for so long."""
    vlc = load_bindings()
    at_once = vlc.MediaPlayer.set_pause

    def set_pause(player: Any, paused: int) -> None:
        if paused:
            at_once(player, paused)
        else:
            threading.Timer(0.060, at_once, [player, paused]).start()

    monkeypatch.setattr(vlc.MediaPlayer, "set_pause", set_pause)


@pytest.fixture
async def hand() -> AsyncIterator[Stagehand]:
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=("--vout=dummy", "--aout=dummy")))
    yield hand
    await hand.player.close()


async def samples(hand: Stagehand, count: int) -> list[Sampled]:
    return [await hand.next(Sampled) for _ in range(count)]


async def start(hand: Stagehand, position: float, ahead: float = 0.3) -> tuple[float, Started]:
    """Seek to ``position``, and start ``ahead`` seconds later. Return when it was to start, and the player's report."""
    hand.do(SeekTo(position))
    await hand.next(Settled)
    at = time.monotonic() + ahead
    hand.do(Resume(at))
    return at, await hand.next(Started)


def intercept(samples: list[Sampled], rate: float = 1.0) -> float:
    """Return the position at time 0 on the line through the samples. They are never early, so the greatest is exact."""
    return max(sample.position - rate * sample.at for sample in samples)


@pytest.mark.parametrize("clip", CLIPS)
async def test_starts_are_on_time(hand: Stagehand, clip: str) -> None:
    await hand.load(clip)
    late, off = [], []
    for position in (10.0, 20.05, 33.3, 41.77, 52.0):
        at, started = await start(hand, position)
        late.append(started.at - at)
        off.append(intercept(await samples(hand, 3)) + at - position)
    assert abs(statistics.median(late)) < 0.03
    # The samples of the same starts: after a seek the media is on time from the first frame on.
    assert abs(statistics.median(off)) < 0.03


@pytest.mark.usefixtures("reported_late")
async def test_a_late_report_is_not_taken_for_a_late_start(hand: Stagehand) -> None:
    await hand.load(CLIPS[0])
    starts = [await start(hand, position) for position in (10.0, 20.05, 33.3)]
    late = [started.at - at for at, started in starts]
    assert statistics.median(late) < 0.1


async def late_starts(hand: Stagehand, clip: str, ahead: float) -> tuple[float, float]:
    """Return the medians of how late starts are reported to be, and of how far the samples are behind."""
    await hand.load(clip)
    late, behind = [], []
    for position in (10.0, 20.05, 33.3):
        at, started = await start(hand, position, ahead)
        late.append(started.at - at)
        behind.append(position - intercept(await samples(hand, 3)) - at)
    return statistics.median(late), statistics.median(behind)


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.usefixtures("woken_late")
async def test_a_start_that_vlc_makes_late_is_corrected_at_once(hand: Stagehand, clip: str) -> None:
    late, behind = await late_starts(hand, clip, ahead=0.3)
    assert late < 0.001
    assert abs(behind) < 0.03


@pytest.mark.parametrize("clip", CLIPS)
async def test_a_start_that_is_commanded_late_is_corrected_at_once(hand: Stagehand, clip: str) -> None:
    late, behind = await late_starts(hand, clip, ahead=-0.05)
    assert late < 0.001
    assert abs(behind) < 0.03


async def test_a_start_that_is_too_late_to_be_corrected_is_reported_so(hand: Stagehand) -> None:
    late, behind = await late_starts(hand, CLIPS[0], ahead=-0.5)
    assert late == pytest.approx(behind, abs=0.03)
    assert late > 0.49


async def test_without_access_to_vlcs_clock_a_late_start_is_reported_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vlc_core, "_LIBRARY", "libvlccore.so.0")
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=("--vout=dummy", "--aout=dummy")))
    late, behind = await late_starts(hand, CLIPS[0], ahead=-0.05)
    assert late == pytest.approx(behind, abs=0.03)
    assert late > 0.049
    await hand.player.close()


async def test_a_resume_that_vlc_makes_late_keeps_its_position(hand: Stagehand, request: pytest.FixtureRequest) -> None:
    """Without a seek between pause and resume."""
    await hand.load(CLIPS[0])
    hand.do(Resume())
    await samples(hand, 2)
    request.getfixturevalue("woken_late")
    off = []
    for _ in range(3):
        hand.do(PauseNow())
        settled = await hand.next(Settled)
        at = time.monotonic() + 0.3
        hand.do(Resume(at))
        await hand.next(Started)
        off.append(intercept(await samples(hand, 2)) + at - settled.position)
    assert abs(statistics.median(off)) < 0.03


async def test_samples_agree_with_each_other(hand: Stagehand) -> None:
    await hand.load(CLIPS[0])
    hand.do(Resume())
    taken = await samples(hand, 16)
    lines = sorted((sample.position - sample.at for sample in taken), reverse=True)
    assert lines[0] - lines[len(lines) // 4] < 0.01
    gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(taken)]
    assert 0.2 < statistics.mean(gaps) < 0.6


async def test_pause_and_resume_keep_the_position(hand: Stagehand) -> None:
    await hand.load(CLIPS[0])
    hand.do(Resume())
    off = []
    for _ in range(5):
        line = intercept(await samples(hand, 2))
        hand.do(PauseNow())
        settled = await hand.next(Settled)
        # The frame that is shown is the one that begins next.
        assert -0.03 < settled.position - (line + settled.at) < FRAME + 0.03
        at = time.monotonic() + 0.3
        hand.do(Resume(at))
        await hand.next(Started)
        off.append(intercept(await samples(hand, 2)) + at - settled.position)
    assert abs(statistics.median(off)) < 0.02


async def test_pause_for_delays_by_exactly_its_seconds(hand: Stagehand) -> None:
    await hand.load(CLIPS[0])
    hand.do(Resume())
    off = []
    for seconds in (0.02, 0.05, 0.1, 0.25, 0.5):
        before = intercept(await samples(hand, 3))
        hand.do(PauseFor(seconds))
        off.append(before - intercept(await samples(hand, 3)) - seconds)
    assert abs(statistics.median(off)) < 0.01


@pytest.mark.parametrize("rate", [0.5, 1.05, 1.5])
async def test_rates_are_as_commanded(hand: Stagehand, rate: float) -> None:
    await hand.load(CLIPS[0])
    hand.do(SetRate(rate), Resume())
    while (first := await hand.next(Sampled)).rate == 1.0:
        pass
    last = (await samples(hand, 12))[-1]
    assert last.rate == playable_rate(rate)
    assert (last.position - first.position) / (last.at - first.at) == pytest.approx(playable_rate(rate), rel=0.01)


async def test_a_seek_reported_as_decoded_once_more_at_the_end_of_a_pause_slows_no_later_seek(
    hand: Stagehand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It happened with a webm once in a hundred starts: from then on each seek to a key frame took a second."""
    playing = Transport.playing

    def decoded_again(transport: Transport, at: float) -> None:
        playing(transport, at)
        transport.decoded(at + 0.005)

    monkeypatch.setattr(Transport, "playing", decoded_again)
    await hand.load(CLIPS[0])
    await start(hand, 10.5, ahead=1.0)
    hand.do(PauseNow())
    await hand.next(Settled)
    asked = time.monotonic()
    hand.do(SeekTo(20.0))
    await hand.next(Settled)
    assert time.monotonic() - asked < 0.5


@pytest.mark.parametrize("clip", CLIPS)
async def test_a_change_of_speed_counts_from_when_it_was_commanded(hand: Stagehand, clip: str) -> None:
    await hand.load(clip)
    hand.do(Resume())
    off, base, rate = [], intercept(await samples(hand, 3)), 1.0
    # At different moments between two samples, which come half a second apart.
    for new, moment in ((1.5, 0.1), (1.0, 0.3), (2.0, 0.4), (1.0, 0.2), (0.5, 0.3)):
        await asyncio.sleep(moment)
        changed, before = time.monotonic(), rate
        hand.do(SetRate(new))
        while (sample := await hand.next(Sampled)).rate == before:
            pass
        rate = sample.rate
        expected = base + (before - rate) * changed
        base = intercept([sample, await hand.next(Sampled)], rate)
        off.append(abs(base - expected))
    assert statistics.median(off) < 0.005


async def test_a_start_at_another_speed_has_it_from_its_first_moment(hand: Stagehand) -> None:
    await hand.load(CLIPS[0])
    hand.do(SetRate(1.5))
    rate, off = playable_rate(1.5), []
    for position in (10.0, 20.05, 33.3):
        at, _ = await start(hand, position)
        first = await samples(hand, 3)
        assert {sample.rate for sample in first} == {rate}
        off.append(abs(intercept(first, rate) + rate * at - position))
    assert statistics.median(off) < 0.005


async def test_a_trim_moves_the_media_by_rate_and_time(hand: Stagehand) -> None:
    """Two per cent for a second and a half: 30 ms."""
    await hand.load(CLIPS[1])
    hand.do(Resume())
    before = intercept(await samples(hand, 4))
    hand.do(SetRate(1.02))
    began = time.monotonic()
    while (await hand.next(Sampled)).at < began + 1.5:
        pass
    hand.do(SetRate(1.0))
    seconds = time.monotonic() - began
    moved = intercept(await samples(hand, 4)) - before
    assert moved == pytest.approx((playable_rate(1.02) - 1) * seconds, abs=0.015)
