"""Films without a picture: music, and films whose picture VLC cannot decode."""

import asyncio
import time
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hangd.engine.player_messages import (
    CommandFailed,
    Ended,
    Load,
    Loaded,
    LoadFailed,
    PauseNow,
    PictureChanged,
    Resume,
    Sampled,
    SeekTo,
    Settled,
    Started,
    TakePicture,
    Unload,
)
from hangd.player.vlc import backend
from hangd.player.vlc.player import VlcPlayer
from tests.bench.skew.clips import available
from tests.media.make_clips import ffmpeg
from tests.support.daemons.party import CLIP
from tests.support.daemons.playing import Stagehand

pytestmark = pytest.mark.real

SECONDS = 12.0


@pytest.fixture
async def hand() -> AsyncIterator[Stagehand]:
    hand = Stagehand(lambda sink: VlcPlayer(sink, options=("--vout=dummy", "--aout=dummy")))
    yield hand
    await hand.player.close()


@pytest.fixture
def music(tmp_path: Path) -> str:
    path = tmp_path / "music.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(round(2 * 8000 * SECONDS)))
    return str(path)


async def test_music_plays_as_a_film_does(hand: Stagehand, music: str) -> None:
    hand.do(Load(path=music, generation=1, start=3.0))
    loaded = await hand.next(Loaded, unless=(LoadFailed,))
    assert loaded.duration == pytest.approx(SECONDS, abs=0.01)
    assert [track.kind for track in loaded.tracks] == ["audio"]
    assert (await hand.next(Settled)).position == 3.0
    hand.do(Resume())
    assert (await hand.next(Started)).position == 3.0
    assert (await hand.next(Sampled)).position >= 3.0
    hand.do(PauseNow())
    paused = await hand.next(Settled)
    assert 3.0 <= paused.position < 5.0
    hand.do(SeekTo(6.5))
    assert (await hand.next(Settled)).position == 6.5
    hand.do(TakePicture("/nowhere/picture.png"))
    assert (await hand.next(CommandFailed)).command == "TakePicture"
    assert not any(isinstance(event, PictureChanged) for event in hand.events), "nothing is wrong with the picture"


async def test_a_cover_that_cannot_be_decoded(hand: Stagehand, music: str) -> None:
    head = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0" + b"\xff\xc0\x00\x11\x08\x01\x00\x01\x00\x03"
    (Path(music).parent / "cover.jpg").write_bytes(head + bytes(5000))
    hand.do(Load(path=music, generation=1))
    loaded = await hand.next(Loaded, unless=(LoadFailed,))
    assert [(track.kind, track.is_cover) for track in loaded.tracks] == [("audio", False), ("video", True)]
    await hand.next(Settled)
    hand.do(Resume())
    assert (await hand.next(Sampled)).position >= 0.0
    hand.do(TakePicture("/nowhere/picture.png"))
    assert (await hand.next(CommandFailed)).command == "TakePicture"
    await hand.load(str(CLIP), generation=2)


async def test_music_ends_when_its_last_second_has_been_heard(hand: Stagehand, music: str) -> None:
    """VLC reads more than a second ahead, and stops when it has read the last of it."""
    await hand.load(music, start=9.0)
    hand.do(Resume())
    started, ended = await hand.next(Started), await hand.next(Ended)
    assert ended.position == pytest.approx(SECONDS, abs=0.02)
    assert ended.at - started.at == pytest.approx(2.9, abs=0.1)
    hand.do(SeekTo(2.0), Resume())
    assert (await hand.next(Settled)).position == 2.0
    assert (await hand.next(Sampled)).position >= 2.0


async def test_music_can_be_paused_within_its_last_second(hand: Stagehand, music: str) -> None:
    await hand.load(music, start=11.0)
    hand.do(Resume())
    started = await hand.next(Started)
    await asyncio.sleep(started.at + 0.6 - time.monotonic())
    hand.do(PauseNow())
    paused = await hand.next(Settled, unless=(Ended,))
    assert 11.5 < paused.position < SECONDS
    await asyncio.sleep(0.6)
    assert not any(isinstance(event, Ended) for event in hand.events)
    hand.do(Resume())
    assert (await hand.next(Started)).position == paused.position
    assert (await hand.next(Ended)).position == pytest.approx(SECONDS, abs=0.02)
    hand.do(Unload())


@pytest.mark.skipif(available() is not None, reason=str(available()))
async def test_an_ogg_plays_from_where_it_was_sought(hand: Stagehand, tmp_path: Path) -> None:
    """VLC's own demuxer for Ogg goes on seconds away from there."""
    ffmpeg("-f lavfi -i anoisesrc=duration=60:sample_rate=48000 -c:a libvorbis music.ogg", folder=tmp_path)
    await hand.load(str(tmp_path / "music.ogg"))
    for target in (50.0, 10.0):
        hand.do(SeekTo(target), Resume())
        started, sample = await hand.next(Started), await hand.next(Sampled)
        assert sample.position - target == pytest.approx(sample.at - started.at, abs=0.3)


async def test_a_picture_that_cannot_be_decoded(
    hand: Stagehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wait in ("_OUTPUT_SECONDS", "_PICTURE_SECONDS"):
        monkeypatch.setattr(backend, wait, 3600.0)
    film = tmp_path / "film.mp4"
    film.write_bytes(CLIP.read_bytes().replace(b"avc1", b"zzzz"))
    await hand.load(str(film), start=57.5)  # no picture is waited for
    problems = [event.message for event in hand.events if isinstance(event, PictureChanged)]
    assert problems == ["no picture here: VLC cannot decode this film's picture"]
    hand.do(Resume())
    assert (await hand.next(Sampled)).position >= 57.5
    assert (await hand.next(Ended)).position == pytest.approx(60.0, abs=0.05)


async def test_a_damaged_picture(hand: Stagehand, tmp_path: Path) -> None:
    content = bytearray(CLIP.read_bytes())
    begin = content.index(b"avcC") + 9
    content[begin : begin + 20] = (byte ^ 0x5A for byte in content[begin : begin + 20])
    film = tmp_path / "film.mp4"
    film.write_bytes(content)
    await hand.load(str(film), start=10.0)
    problems = [event.message for event in hand.events if isinstance(event, PictureChanged)]
    assert problems == ["no picture here: VLC cannot decode this film's picture"]
    hand.do(Resume())
    assert (await hand.next(Sampled)).position >= 10.0
